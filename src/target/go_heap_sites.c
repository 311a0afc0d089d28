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
 *
 * Once a collection's garbage is swept, what it left is known already: active
 * and what becomes active with the next one, future[(C+1)%3].
 */
#include "target/go_heap_sites.h"

#include "target/go_buckets.h"
#include "target/go_spans.h"

/* While the collector turns a cycle over, buckets that were read before and
 * after do not fit together. A program that does so every time is collecting
 * all the time. */
#define MAX_TRIES 3
/* runtime.MemProfileRate when nobody sets it. */
#define DEFAULT_RATE_BYTES ((uint64_t)512 << 10)

struct reader {
    struct lg_go *go;
    enum lg_heap_when when;
    struct lg_arena *arena;
    struct lg_go_heap_sites *sites;
    uint32_t published; /* which future is active already: C % 3 */
    bool published_known;
    bool is_swept; /* within that cycle */
    uint32_t cycle;
    bool any_active;
};

static struct lg_go_site_counts counts_at(const struct lg_go *go,
                                          const uint8_t *record)
{
    return (struct lg_go_site_counts){
        lg_go_get(go, record, LG_MEM_CYCLE_ALLOCS),
        lg_go_get(go, record, LG_MEM_CYCLE_FREES)};
}

static void add(struct lg_go_site_counts *to, struct lg_go_site_counts more)
{
    to->allocs += more.allocs;
    to->frees += more.frees;
}

static bool take_stack(struct reader *r, const struct lg_go_bucket *b,
                       struct lg_go_heap_site *site)
{
    site->stack_first = r->sites->stacks.count;
    for (size_t i = 0; i < b->stack_count && b->stack[i] != 0; i++) {
        uint64_t *place = lg_push(r->arena, &r->sites->stacks);
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
    struct lg_go_heap_site *site = lg_push(r->arena, &r->sites->items);
    if (site == NULL || !take_stack(r, b, site))
        return false;
    site->object_bytes = b->object_bytes;
    site->counts =
        counts_at(r->go, b->record + l->offset[LG_MEM_RECORD_ACTIVE]);
    for (size_t i = 0; i < LG_GO_PROFILE_FUTURES; i++)
        site->future[i] =
            counts_at(r->go, b->record + l->offset[LG_MEM_RECORD_FUTURE] +
                                 i * (size_t)l->offset[LG_MEM_CYCLE_SIZE]);
    if (r->published_known)
        add(&site->counts, site->future[r->published]);
    r->any_active |= (site->counts.allocs | site->counts.frees) != 0;
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

static bool is_swept(struct lg_go *go)
{
    struct lg_go_spans spans;
    return lg_go_spans_read(go, &spans, NULL) && !spans.truncated &&
           spans.unswept_count == 0;
}

static bool read_sites_once(struct reader *r, bool *is_whole_ret,
                            struct lg_error *err)
{
    uint32_t before = 0, after = 0;
    struct lg_go_buckets_seen seen;
    const struct lg_go *go = r->go;
    r->sites->items.count = 0;
    r->sites->stacks.count = 0;
    r->any_active = false;
    r->published_known = read_cycle(go, &before);
    r->cycle = before;
    r->is_swept = r->when == LG_HEAP_MARKED && is_swept(r->go);
    r->published = before % LG_GO_PROFILE_FUTURES;
    if (!lg_go_buckets_walk(r->go, go->vars[LG_VAR_MBUCKETS], LG_BUCKET_MEMORY,
                            (size_t)go->layout->offset[LG_MEM_RECORD_SIZE],
                            take_bucket, r, &seen, err))
        return false;
    r->sites->info.bucket_count = seen.count;
    r->sites->info.truncated = seen.truncated;
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
    r->sites->info.torn_count = r->sites->info.bucket_count;
    return true;
}

/* What lies beyond active counts as well: for the present, or because nothing
 * has been published yet. */
static void add_futures(struct reader *r)
{
    uint32_t next = (r->cycle + 1) % LG_GO_PROFILE_FUTURES;
    if (r->when == LG_HEAP_MARKED && r->published_known && r->is_swept &&
        r->cycle > 0) {
        lg_each(site, r->sites->items)
            add(&site->counts, site->future[next]);
        return;
    }
    if (r->when != LG_HEAP_NOW && r->any_active)
        return;
    lg_each(site, r->sites->items)
        for (uint32_t i = 0; i < LG_GO_PROFILE_FUTURES; i++)
            if (!r->published_known || i != r->published)
                add(&site->counts, site->future[i]);
}

/* Counters read while they changed, or that lie. */
static void mend(struct reader *r)
{
    lg_each(site, r->sites->items) {
        if (site->counts.allocs >= site->counts.frees)
            continue;
        site->counts.frees = site->counts.allocs;
        r->sites->info.torn_count++;
    }
}

/* The linker clears what nobody can read: runtime.disableMemoryProfiling is
 * set when the program does not reach runtime.MemProfile (Go 1.17), and the
 * runtime then sets the rate to 0 at its start. */
static void read_settings(struct reader *r)
{
    const struct lg_go *go = r->go;
    uint64_t rate = DEFAULT_RATE_BYTES, address;
    bool has_rate = false;
    uint8_t off = 0;
    address = go->vars[LG_VAR_MEM_PROFILE_RATE];
    if (address != 0)
        has_rate = lg_image_u64(go->image, address, &rate);
    address = go->vars[LG_VAR_DISABLE_MEM_PROFILING];
    if (address != 0)
        (void)lg_image_read(go->image, address, &off, sizeof off);
    /* A rate that was set afterwards (sources/memory_switch.c) switches it on
     * again. */
    r->sites->info.compiled_out = off == 1 && (!has_rate || (int64_t)rate <= 0);
    r->sites->info.disabled = r->sites->info.compiled_out || (int64_t)rate <= 0;
    r->sites->info.rate_bytes = (int64_t)rate > 0 ? rate : 0;
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
           l->offset[LG_MEM_RECORD_FUTURE] <=
               record - LG_GO_PROFILE_FUTURES * cycle;
}

static bool read_all(struct reader *r, struct lg_error *err)
{
    read_settings(r);
    /* What was sampled before the runtime knew is not worth showing. */
    if (r->sites->info.compiled_out)
        return true;
    if (r->go->vars[LG_VAR_MBUCKETS] == 0)
        return r->sites->info.disabled ||
               lg_fail(err, LG_ABSENT,
                       "the list of allocation sites (runtime.mbuckets) was "
                       "not found");
    if (!is_layout_fit(r->go->layout))
        return lg_fail(err, LG_UNSUPPORTED,
                       "this Go's allocation sites are not known");
    return read_sites(r, err);
}

bool lg_go_heap_sites_read(struct lg_go *go, enum lg_heap_when when,
                           struct lg_arena *arena, struct lg_go_heap_sites *ret,
                           struct lg_error *err)
{
    struct lg_go_heap_sites sites = {0};
    struct reader r = {.go = go, .when = when, .arena = arena, .sites = &sites};
    if (!read_all(&r, err))
        return false;
    add_futures(&r);
    mend(&r);
    *ret = sites;
    return true;
}
