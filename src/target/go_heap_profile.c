/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_heap_profile.h"

#include "decode/heap_shape.h"
#include "target/go_heap_sites.h"
#include "target/go_symbolise.h"

struct maker {
    struct lg_go *go;
    const struct lg_go_heap_sites *sites;
    struct lg_go_symbols symbols;
    struct lg_go_locations locations;
    struct lg_profile *profile;
    struct lg_arena *scratch;
};

/* Go 1.24 has parts of the runtime in packages of its own. */
static bool is_runtime(const struct maker *m, struct lg_str function)
{
    return lg_str_starts(function, LG_STR("runtime.")) ||
           ((m->go->minor == 0 || m->go->minor >= 24) &&
            lg_str_starts(function, LG_STR("internal/runtime/")));
}

/* How many callers at the head are the allocator's own; 0 when all are. Names
 * are taken at the return address itself, as runtime/pprof takes them.
 * UINT32_MAX: out of memory. */
static uint32_t skip_runtime(struct maker *m, const uint64_t *stack,
                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct lg_go_place *place =
            lg_go_symbols_place(&m->symbols, stack[i]);
        if (place == NULL)
            return UINT32_MAX;
        const struct lg_go_shown_line *lines =
            lg_go_place_lines(&m->symbols, place);
        if (lines == NULL || !is_runtime(m, lines[0].function))
            return i;
    }
    return 0;
}

/* locations: room for the site's stack. false: out of memory. */
static bool locations_of(struct maker *m, const struct lg_go_heap_site *site,
                         uint32_t *locations, size_t *count_ret)
{
    *count_ret = 0;
    if (site->stack_count == 0)
        return true;
    const uint64_t *stack = m->sites->stacks.items + site->stack_first;
    uint32_t skip = skip_runtime(m, stack, site->stack_count);
    if (skip == UINT32_MAX ||
        !lg_go_locations_callers(&m->locations, stack + skip,
                                 site->stack_count - skip, locations,
                                 count_ret))
        return false;
    if (*count_ret != 0 || skip == 0)
        return true;
    return lg_go_locations_callers(&m->locations, stack, site->stack_count,
                                   locations, count_ret);
}

/* "bytes": the size of the site's objects. Before 1.27, which counts no bytes,
 * it was told only where something had been allocated. */
static bool add_label(struct maker *m, const struct lg_go_heap_site *site)
{
    struct lg_profile *p = m->profile;
    if (site->object_bytes == 0 ||
        (site->counts.allocs == 0 &&
         lg_go_has(m->go->layout, LG_MEM_CYCLE_ALLOC_BYTES)))
        return true;
    return lg_profile_add_label(
        p, (uint32_t)(p->samples.count - 1),
        &(struct lg_label){.is_numeric = true,
                           .key = LG_STR("bytes"),
                           .num = (int64_t)site->object_bytes});
}

static void unsample(const struct maker *m, const struct lg_go_heap_site *site,
                     uint64_t count, int64_t *count_ret, int64_t *bytes_ret)
{
    lg_heap_shape_unsample(count, (double)(count * site->object_bytes),
                           m->sites->info.rate_bytes, count_ret, bytes_ret);
}

static bool add_site(struct maker *m, const struct lg_go_heap_site *site)
{
    uint64_t live = site->counts.allocs - site->counts.frees;
    int64_t values[LG_HEAP_TYPES];
    unsample(m, site, site->counts.allocs, &values[LG_ALLOC_OBJECTS],
             &values[LG_ALLOC_SPACE]);
    unsample(m, site, live, &values[LG_INUSE_OBJECTS], &values[LG_INUSE_SPACE]);
    uint32_t *stack = lg_new(m->scratch, uint32_t, site->stack_count);
    size_t depth;
    bool ok = stack != NULL && locations_of(m, site, stack, &depth) &&
              lg_profile_sample(m->profile, stack, depth, values) &&
              add_label(m, site);
    if (stack != NULL)
        lg_arena_trim(m->scratch, stack, site->stack_count * sizeof *stack, 0);
    return ok;
}

static bool make_profile(struct maker *m, struct lg_arena *arena)
{
    if (!lg_profile_init(m->profile, arena) || !lg_heap_shape_types(m->profile))
        return false;
    m->profile->period = (int64_t)m->sites->info.rate_bytes;
    lg_go_symbols_init(&m->symbols, m->go, arena);
    if (!lg_go_locations_init(&m->locations, &m->symbols, m->profile))
        return false;
    lg_each(site, m->sites->items)
        if (!add_site(m, site))
            return false;
    return true;
}

bool lg_go_heap_profile_read(struct lg_go *go, enum lg_heap_when when,
                             struct lg_arena *arena, struct lg_profile *ret,
                             struct lg_go_heap_profile_info *info_ret,
                             struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_profile profile;
    struct lg_go_heap_sites sites;
    struct maker m = {
        .go = go, .sites = &sites, .profile = &profile, .scratch = &scratch};
    lg_arena_init(&scratch, 0);
    bool ok = lg_go_heap_sites_read(go, when, &scratch, &sites, err) &&
              (make_profile(&m, arena) || lg_fail_nomem(err));
    lg_arena_deinit(&scratch);
    if (ok) {
        *ret = profile;
        *info_ret = sites.info;
    }
    return ok;
}
