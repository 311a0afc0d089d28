/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bucket counts in cycles of the collector, so that a profile does not show
 * objects whose frees are not yet known. With C collections begun:
 *
 *     allocations ─▶ future[(C+2)%3]      at the end of marking: C++, and
 *     sweeping    ─▶ future[(C+1)%3]      future[C%3] ─▶ active
 *
 * runtime/pprof shows active, after moving future[C%3] into it; and when no
 * bucket has anything there (before the first collection), all of them.
 */
#include "target/go_heap_profile.h"

#include "target/go_buckets.h"
#include "target/go_symbolise.h"

#include <math.h>

/* While the collector turns a cycle over, buckets that were read before and
 * after do not fit together. A program that does so every time is collecting
 * all the time. */
#define MAX_TRIES 3
#define FUTURES 3
/* runtime.MemProfileRate when nobody sets it. */
#define DEFAULT_RATE_BYTES ((uint64_t)512 << 10)

enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE, TYPE_COUNT };

struct counts {
    uint64_t allocs, frees;
};

struct site {
    uint64_t object_bytes;
    struct counts active, future[FUTURES];
    size_t stack_first;
    uint32_t stack_count;
};

struct reader {
    struct lg_go *go;
    enum lg_heap_when when;
    struct lg_arena *scratch;
    LG_VEC(struct site) sites;
    LG_VEC(uint64_t) stacks; /* of all sites, one behind the other */
    uint32_t published;      /* which future is active already: C % 3 */
    bool published_known;
    bool any_active;
    struct lg_go_heap_profile_info info;
    struct lg_go_symbols symbols;
    struct lg_go_locations locations;
    struct lg_profile *profile;
};

static struct counts counts_at(const struct lg_go *go, const uint8_t *record)
{
    return (struct counts){lg_go_get(go, record, LG_MEM_CYCLE_ALLOCS),
                           lg_go_get(go, record, LG_MEM_CYCLE_FREES)};
}

static void add(struct counts *to, struct counts more)
{
    to->allocs += more.allocs;
    to->frees += more.frees;
}

static bool take_stack(struct reader *r, const struct lg_go_bucket *b,
                       struct site *site)
{
    site->stack_first = r->stacks.count;
    for (size_t i = 0; i < b->stack_count && b->stack[i] != 0; i++) {
        uint64_t *place = lg_push(r->scratch, &r->stacks);
        if (place == NULL)
            return false;
        *place = b->stack[i];
        site->stack_count++;
    }
    return true;
}

static bool take_bucket(void *context, const struct lg_go_bucket *b)
{
    struct reader *r = context;
    const struct lg_go_layout *l = r->go->layout;
    struct site *site = lg_push(r->scratch, &r->sites);
    if (site == NULL || !take_stack(r, b, site))
        return false;
    site->object_bytes = b->object_bytes;
    site->active =
        counts_at(r->go, b->record + l->offset[LG_MEM_RECORD_ACTIVE]);
    for (size_t i = 0; i < FUTURES; i++)
        site->future[i] =
            counts_at(r->go, b->record + l->offset[LG_MEM_RECORD_FUTURE] +
                                 i * (size_t)l->offset[LG_MEM_CYCLE_SIZE]);
    if (r->published_known)
        add(&site->active, site->future[r->published]);
    r->any_active |= (site->active.allocs | site->active.frees) != 0;
    return true;
}

/* false: not found. Go 1.19: mProfCycle is cycle << 1 | flushed; before, a
 * struct {cycle u32; flushed bool}. */
static bool read_cycle(const struct lg_go *go, uint32_t *cycle_ret)
{
    uint64_t address = go->vars[LG_VAR_MPROF_CYCLE];
    uint32_t value;
    if (address == 0 || !lg_image_u32(go->image, address, &value))
        return false;
    *cycle_ret = go->minor != 0 && go->minor <= 18 ? value : value >> 1;
    return true;
}

static bool read_sites_once(struct reader *r, bool *is_whole_ret,
                            struct lg_error *err)
{
    uint32_t before = 0, after = 0;
    struct lg_go_buckets_seen seen;
    const struct lg_go *go = r->go;
    r->sites.count = 0;
    r->stacks.count = 0;
    r->any_active = false;
    r->published_known = read_cycle(go, &before);
    r->published = before % FUTURES;
    if (!lg_go_buckets_walk(r->go, go->vars[LG_VAR_MBUCKETS], LG_BUCKET_MEMORY,
                            (size_t)go->layout->offset[LG_MEM_RECORD_SIZE],
                            take_bucket, r, &seen, err))
        return false;
    r->info.bucket_count = seen.count;
    r->info.truncated = seen.truncated;
    *is_whole_ret = !read_cycle(go, &after) || after == before;
    return true;
}

/* All of one cycle if it can be had. */
static bool read_sites(struct reader *r, struct lg_error *err)
{
    for (int i = 0; i < MAX_TRIES; i++) {
        bool is_whole;
        if (!read_sites_once(r, &is_whole, err))
            return false;
        if (is_whole)
            return true;
    }
    r->info.torn_count = r->info.bucket_count;
    return true;
}

/* What lies beyond active counts as well: for the present, or because nothing
 * has been published yet. */
static void add_futures(struct reader *r)
{
    if (r->when == LG_HEAP_PUBLISHED && r->any_active)
        return;
    lg_each(site, r->sites)
        for (uint32_t i = 0; i < FUTURES; i++)
            if (!r->published_known || i != r->published)
                add(&site->active, site->future[i]);
}

/* A counter read while it changed, or that lies. */
static void mend(struct reader *r, struct site *site)
{
    if (site->active.allocs >= site->active.frees)
        return;
    site->active.frees = site->active.allocs;
    r->info.torn_count++;
}

static int64_t to_int64(double x)
{
    return x < 0x1p63 ? (int64_t)x : INT64_MAX;
}

/* An object of n bytes is sampled with the probability 1 - e^(-n/rate): what
 * was sampled stands for so many more (runtime/pprof, scaleHeapSample). */
static void unsample(uint64_t count, uint64_t object_bytes, uint64_t rate,
                     int64_t *count_ret, int64_t *bytes_ret)
{
    double scale = 1, objects = (double)count;
    *count_ret = *bytes_ret = 0;
    if (count == 0 || object_bytes == 0)
        return;
    if (rate > 1)
        scale = 1 / (1 - exp(-(double)object_bytes / (double)rate));
    *count_ret = to_int64(objects * scale);
    *bytes_ret = to_int64((double)(count * object_bytes) * scale);
}

/* Go 1.24 has parts of the runtime in packages of its own. */
static bool is_runtime(const struct reader *r, struct lg_str function)
{
    return lg_str_starts(function, LG_STR("runtime.")) ||
           ((r->go->minor == 0 || r->go->minor >= 24) &&
            lg_str_starts(function, LG_STR("internal/runtime/")));
}

/* How many callers at the head are the allocator's own; 0 when all are. Names
 * are taken at the return address itself, as runtime/pprof takes them.
 * UINT32_MAX: out of memory. */
static uint32_t skip_runtime(struct reader *r, const uint64_t *stack,
                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct lg_go_place *place =
            lg_go_symbols_place(&r->symbols, stack[i]);
        if (place == NULL)
            return UINT32_MAX;
        const struct lg_go_shown_line *lines =
            lg_go_place_lines(&r->symbols, place);
        if (lines == NULL || !is_runtime(r, lines[0].function))
            return i;
    }
    return 0;
}

/* UINT32_MAX: out of memory. */
static uint32_t node_of(struct reader *r, const struct site *site)
{
    const uint64_t *stack = r->stacks.items + site->stack_first;
    if (site->stack_count == 0)
        return 0;
    uint32_t skip = skip_runtime(r, stack, site->stack_count);
    if (skip == UINT32_MAX)
        return UINT32_MAX;
    uint32_t node = lg_go_locations_callers(&r->locations, stack + skip,
                                            site->stack_count - skip);
    if (node != 0 || skip == 0)
        return node;
    return lg_go_locations_callers(&r->locations, stack, site->stack_count);
}

/* "bytes": the size of the site's objects. Before 1.27, which counts no bytes,
 * it was told only where something had been allocated. */
static bool add_label(struct reader *r, const struct site *site)
{
    struct lg_profile *p = r->profile;
    if (site->object_bytes == 0 ||
        (site->active.allocs == 0 &&
         lg_go_has(r->go->layout, LG_MEM_CYCLE_ALLOC_BYTES)))
        return true;
    struct lg_profile_label *label = lg_push(p->arena, &p->labels);
    if (label == NULL)
        return false;
    *label = (struct lg_profile_label){
        .sample = (uint32_t)(p->sample_nodes.count - 1),
        .key = LG_STR("bytes"),
        .num = (int64_t)site->object_bytes,
    };
    return true;
}

static bool add_site(struct reader *r, struct site *site)
{
    int64_t values[TYPE_COUNT];
    mend(r, site);
    unsample(site->active.allocs, site->object_bytes, r->info.rate_bytes,
             &values[ALLOC_OBJECTS], &values[ALLOC_SPACE]);
    unsample(site->active.allocs - site->active.frees, site->object_bytes,
             r->info.rate_bytes, &values[INUSE_OBJECTS], &values[INUSE_SPACE]);
    uint32_t node = node_of(r, site);
    return node != UINT32_MAX && lg_profile_sample(r->profile, node, values) &&
           add_label(r, site);
}

static bool add_types(struct lg_profile *p)
{
    static const struct lg_value_type types[TYPE_COUNT] = {
        [ALLOC_OBJECTS] = {LG_STR("alloc_objects"), LG_STR("count")},
        [ALLOC_SPACE] = {LG_STR("alloc_space"), LG_STR("bytes")},
        [INUSE_OBJECTS] = {LG_STR("inuse_objects"), LG_STR("count")},
        [INUSE_SPACE] = {LG_STR("inuse_space"), LG_STR("bytes")},
    };
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        struct lg_value_type *place = lg_push(p->arena, &p->types);
        if (place == NULL)
            return false;
        *place = types[i];
    }
    p->period_type = (struct lg_value_type){LG_STR("space"), LG_STR("bytes")};
    p->default_type = LG_STR("inuse_space");
    return true;
}

static bool make_profile(struct reader *r, struct lg_arena *arena)
{
    if (!lg_profile_init(r->profile, arena) || !add_types(r->profile))
        return false;
    r->profile->period = (int64_t)r->info.rate_bytes;
    lg_go_symbols_init(&r->symbols, r->go, arena);
    if (!lg_go_locations_init(&r->locations, &r->symbols, r->profile))
        return false;
    add_futures(r);
    lg_each(site, r->sites)
        if (!add_site(r, site))
            return false;
    return true;
}

/* The linker clears what nobody can read: runtime.disableMemoryProfiling is
 * set when the program does not reach runtime.MemProfile (Go 1.17), and the
 * runtime then sets the rate to 0 at its start. */
static void read_settings(struct reader *r)
{
    const struct lg_go *go = r->go;
    uint64_t rate = DEFAULT_RATE_BYTES, address;
    uint8_t off = 0;
    address = go->vars[LG_VAR_MEM_PROFILE_RATE];
    if (address != 0)
        (void)lg_image_u64(go->image, address, &rate);
    address = go->vars[LG_VAR_DISABLE_MEM_PROFILING];
    if (address != 0)
        (void)lg_image_read(go->image, address, &off, sizeof off);
    r->info.compiled_out = off == 1;
    r->info.disabled = r->info.compiled_out || (int64_t)rate <= 0;
    r->info.rate_bytes = (int64_t)rate > 0 ? rate : 0;
}

/* A layout may come out of the program's own DWARF. */
static bool is_layout_fit(const struct lg_go_layout *l)
{
    if (!lg_go_has(l, LG_MEM_RECORD_SIZE) ||
        !lg_go_has(l, LG_MEM_RECORD_ACTIVE) ||
        !lg_go_has(l, LG_MEM_RECORD_FUTURE) ||
        !lg_go_has(l, LG_MEM_CYCLE_SIZE) || !lg_go_has(l, LG_MEM_CYCLE_FREES))
        return false;
    int64_t record = l->offset[LG_MEM_RECORD_SIZE];
    int64_t cycle = l->offset[LG_MEM_CYCLE_SIZE];
    return cycle >= 16 && l->offset[LG_MEM_CYCLE_ALLOCS] <= cycle - 8 &&
           l->offset[LG_MEM_CYCLE_FREES] <= cycle - 8 &&
           l->offset[LG_MEM_RECORD_ACTIVE] <= record - cycle &&
           l->offset[LG_MEM_RECORD_FUTURE] <= record - FUTURES * cycle;
}

static bool read_all(struct reader *r, struct lg_error *err)
{
    read_settings(r);
    /* What was sampled before the runtime knew is not worth showing. */
    if (r->info.compiled_out)
        return true;
    if (r->go->vars[LG_VAR_MBUCKETS] == 0)
        return r->info.disabled ||
               lg_fail(err, LG_ABSENT,
                       "the list of allocation sites (runtime.mbuckets) was "
                       "not found");
    if (!is_layout_fit(r->go->layout))
        return lg_fail(err, LG_UNSUPPORTED,
                       "this Go's allocation sites are not known");
    return read_sites(r, err);
}

bool lg_go_heap_profile_read(struct lg_go *go, enum lg_heap_when when,
                             struct lg_arena *arena, struct lg_profile *ret,
                             struct lg_go_heap_profile_info *info_ret,
                             struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_profile profile;
    struct reader r = {
        .go = go, .when = when, .scratch = &scratch, .profile = &profile};
    lg_arena_init(&scratch, 0);
    bool ok =
        read_all(&r, err) && (make_profile(&r, arena) || lg_fail_nomem(err));
    lg_arena_deinit(&scratch);
    if (ok) {
        *ret = profile;
        *info_ret = r.info;
    }
    return ok;
}
