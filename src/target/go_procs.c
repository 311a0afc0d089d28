/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_procs.h"

/* GOMAXPROCS of the largest machines is some thousands. */
#define MAX_PROCS ((uint64_t)1 << 14)
/* Today 136: two span classes per size class. */
#define MAX_CACHED ((size_t)LG_GO_SIZE_CLASSES * 2)
#define MAX_CACHE_BYTES ((int32_t)16 << 10)
#define MAX_SPAN_BYTES ((int32_t)1024)

bool lg_go_procs_read(struct lg_go *go, struct lg_arena *arena,
                      struct lg_go_procs *ret)
{
    uint64_t slice[2] = {0}; /* data, len */
    *ret = (struct lg_go_procs){0};
    if (go->vars[LG_VAR_ALLP] == 0 ||
        !lg_image_read(go->image, go->vars[LG_VAR_ALLP], slice, sizeof slice) ||
        slice[1] == 0 || slice[1] > MAX_PROCS)
        return true;
    size_t count = (size_t)slice[1];
    uint64_t *items = lg_new(arena, uint64_t, count);
    if (items == NULL)
        return false;
    if (!lg_image_read(go->image, slice[0], items, count * sizeof *items))
        return true;
    ret->items = (__typeof__(ret->items)){items, count, count};
    return true;
}

struct flush {
    struct lg_go *go;
    uint32_t sweepgen;
    struct lg_go_unflushed *sum;
};

/* Go 1.27: runtime/mcache.go, releaseAll; before 1.19 a span's free slots
 * were counted as allocated when it was cached. */
static void add_span(void *context, const struct lg_fetch *fetch,
                     const uint8_t *span)
{
    struct flush *f = context;
    const struct lg_go *go = f->go;
    if (span == NULL) {
        f->sum->unreadable++;
        return;
    }
    uint64_t elem_bytes = lg_go_get(go, span, LG_MSPAN_ELEMSIZE);
    int64_t slots = (int64_t)lg_go_get(go, span, LG_MSPAN_NELEMS);
    int64_t used = (int64_t)lg_go_get(go, span, LG_MSPAN_ALLOC_COUNT);
    int64_t before =
        (int64_t)lg_go_get(go, span, LG_MSPAN_ALLOC_COUNT_BEFORE_CACHE);
    if (slots == 0) /* emptymspan */
        return;
    if (used > slots || before > used || elem_bytes > UINT16_MAX) {
        f->sum->unreadable++;
        return;
    }
    bool counts_ahead =
        !lg_go_has(go->layout, LG_MSPAN_ALLOC_COUNT_BEFORE_CACHE);
    int64_t more = counts_ahead ? used - slots : used - before;
    f->sum->cached_spans++;
    f->sum->class_allocs[fetch->tag] += more;
    f->sum->alloc_bytes += (uint64_t)more * elem_bytes;
    /* A span cached before the last sweep began is not in heapLive. */
    if (lg_go_get(go, span, LG_MSPAN_SWEEPGEN) != f->sweepgen + 1)
        f->sum->unused_bytes += (uint64_t)(slots - used) * elem_bytes;
}

/* false: out of memory. */
static bool add_cache(struct flush *f, uint64_t address, uint8_t *cache)
{
    const struct lg_go_layout *l = f->go->layout;
    struct lg_fetch fetches[MAX_CACHED];
    size_t count = 0, all = (size_t)l->offset[LG_MCACHE_ALLOC_COUNT];
    if (!lg_image_read(f->go->image, address, cache,
                       (size_t)l->offset[LG_MCACHE_SIZE])) {
        f->sum->unreadable++;
        return true;
    }
    f->sum->tiny_allocs += lg_go_get(f->go, cache, LG_MCACHE_TINY_ALLOCS);
    for (size_t i = 0; i < all; i++) {
        uint64_t span;
        memcpy(&span, cache + l->offset[LG_MCACHE_ALLOC] + i * 8, sizeof span);
        if (span != 0)
            fetches[count++] = (struct lg_fetch){
                .address = span,
                .bytes = (uint32_t)l->offset[LG_MSPAN_SIZE],
                .tag = (uint32_t)(i / 2),
            };
    }
    return lg_image_fetch(f->go->image, fetches, count, add_span, f);
}

/* A layout may come out of the program's own DWARF. */
static bool is_layout_fit(const struct lg_go_layout *l)
{
    int32_t cache = l->offset[LG_MCACHE_SIZE];
    int32_t count = l->offset[LG_MCACHE_ALLOC_COUNT];
    return lg_go_has(l, LG_P_MCACHE) && lg_go_has(l, LG_MCACHE_ALLOC) &&
           cache > 0 && cache <= MAX_CACHE_BYTES && count > 0 &&
           count <= (int32_t)MAX_CACHED &&
           l->offset[LG_MCACHE_ALLOC] <= cache - count * 8 &&
           l->offset[LG_MSPAN_SIZE] > 0 &&
           l->offset[LG_MSPAN_SIZE] <= MAX_SPAN_BYTES;
}

static void read_sweepgen(struct flush *f)
{
    uint64_t heap = f->go->vars[LG_VAR_MHEAP];
    if (heap != 0 && lg_go_has(f->go->layout, LG_MHEAP_SWEEPGEN))
        (void)lg_image_u32(
            f->go->image,
            heap + (uint64_t)f->go->layout->offset[LG_MHEAP_SWEEPGEN],
            &f->sweepgen);
}

bool lg_go_unflushed_read(struct lg_go *go, const struct lg_go_procs *procs,
                          struct lg_arena *arena, struct lg_go_unflushed *ret)
{
    const struct lg_go_layout *l = go->layout;
    struct flush f = {.go = go, .sum = ret};
    *ret = (struct lg_go_unflushed){0};
    if (!is_layout_fit(l))
        return true;
    uint8_t *cache = lg_new(arena, uint8_t, (size_t)l->offset[LG_MCACHE_SIZE]);
    if (cache == NULL)
        return false;
    read_sweepgen(&f);
    lg_each(p, procs->items) {
        uint64_t address;
        if (!lg_image_u64(go->image, *p + (uint64_t)l->offset[LG_P_MCACHE],
                          &address)) {
            ret->unreadable++;
            continue;
        }
        if (address != 0 && !add_cache(&f, address, cache))
            return false;
    }
    return true;
}
