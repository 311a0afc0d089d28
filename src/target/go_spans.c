/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_spans.h"

/* 8 KiB each: 4 TiB of heap. */
#define MAX_SPANS ((uint64_t)1 << 29)
/* Spans at a time: 512 KiB of addresses and tags. */
#define BATCH ((size_t)32 << 10)

const uint16_t lg_go_class_bytes[LG_GO_SIZE_CLASSES] = {
    0,     8,     16,    24,    32,    48,    64,    80,    96,    112,
    128,   144,   160,   176,   192,   208,   224,   240,   256,   288,
    320,   352,   384,   416,   448,   480,   512,   576,   640,   704,
    768,   896,   1024,  1152,  1280,  1408,  1536,  1792,  2048,  2304,
    2688,  3072,  3200,  3456,  4096,  4864,  5376,  6144,  6528,  6784,
    6912,  8192,  9472,  9728,  10240, 10880, 12288, 13568, 14336, 16384,
    18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
};

struct walk {
    struct lg_go *go;
    uint32_t sweepgen; /* of the heap; 0: not known */
    struct lg_go_spans *spans;
    uint64_t *addresses;
    struct lg_fetch *fetches;
};

static void count_in_use(struct lg_go_spans *spans, const struct lg_go *go,
                         const uint8_t *span, uint64_t bytes)
{
    uint64_t size_class = lg_go_get(go, span, LG_MSPAN_SPANCLASS) >> 1;
    uint64_t objects = lg_go_get(go, span, LG_MSPAN_ALLOC_COUNT);
    uint64_t elem_bytes = lg_go_get(go, span, LG_MSPAN_ELEMSIZE);
    if (size_class >= LG_GO_SIZE_CLASSES ||
        (elem_bytes != 0 && objects > bytes / elem_bytes)) {
        spans->unreadable_count++;
        return;
    }
    struct lg_go_span_class *c = &spans->classes[size_class];
    c->spans++;
    c->bytes += bytes;
    c->objects += objects;
    c->object_bytes += objects * elem_bytes;
    spans->in_use_bytes += bytes;
}

/* Go 1.27: mheap.go, mspan.sweepgen: the heap's less two is to be swept, less
 * one is being swept; it wraps around. */
static bool is_unswept(const struct walk *w, const uint8_t *span)
{
    uint32_t gen = (uint32_t)lg_go_get(w->go, span, LG_MSPAN_SWEEPGEN);
    uint32_t behind = w->sweepgen - gen;
    return w->sweepgen != 0 && (behind == 1 || behind == 2);
}

static void count_span(void *context, const struct lg_fetch *fetch,
                       const uint8_t *span)
{
    (void)fetch;
    struct walk *w = context;
    if (span == NULL) {
        w->spans->unreadable_count++;
        return;
    }
    uint64_t pages = lg_go_get(w->go, span, LG_MSPAN_NPAGES);
    uint64_t state = lg_go_get(w->go, span, LG_MSPAN_STATE);
    if (pages > MAX_SPANS) {
        w->spans->unreadable_count++;
        return;
    }
    w->spans->span_count++;
    if (state == LG_SPAN_IN_USE) {
        count_in_use(w->spans, w->go, span, pages * LG_GO_PAGE_BYTES);
        w->spans->unswept_count += is_unswept(w, span);
    } else if (state == LG_SPAN_MANUAL)
        w->spans->manual_bytes += pages * LG_GO_PAGE_BYTES;
}

static bool count_batch(struct walk *w, uint64_t list, size_t count,
                        struct lg_error *err)
{
    if (!lg_image_read(w->go->image, list, w->addresses, count * 8)) {
        w->spans->truncated = true;
        return true;
    }
    for (size_t i = 0; i < count; i++)
        w->fetches[i] = (struct lg_fetch){
            .address = w->addresses[i],
            .bytes = (uint32_t)w->go->layout->offset[LG_MSPAN_SIZE],
        };
    return lg_image_fetch(w->go->image, w->fetches, count, count_span, w) ||
           lg_fail_nomem(err);
}

static bool walk_spans(struct walk *w, const uint64_t list[2],
                       struct lg_arena *scratch, struct lg_error *err)
{
    w->addresses = lg_new(scratch, uint64_t, BATCH);
    w->fetches = lg_new(scratch, struct lg_fetch, BATCH);
    if (w->addresses == NULL || w->fetches == NULL)
        return lg_fail_nomem(err);
    uint64_t count = list[1];
    if (count > MAX_SPANS) {
        w->spans->truncated = true;
        return true;
    }
    for (uint64_t at = 0; at < count && !w->spans->truncated; at += BATCH) {
        uint64_t left = count - at;
        if (!count_batch(w, list[0] + at * 8, left < BATCH ? left : BATCH, err))
            return false;
    }
    return true;
}

static void read_sweepgen(struct walk *w, uint64_t heap)
{
    const struct lg_go_layout *l = w->go->layout;
    uint32_t gen;
    if (lg_go_has(l, LG_MHEAP_SWEEPGEN) && lg_go_has(l, LG_MSPAN_SWEEPGEN) &&
        lg_image_u32(w->go->image,
                     heap + (uint64_t)l->offset[LG_MHEAP_SWEEPGEN], &gen))
        w->sweepgen = gen;
}

bool lg_go_spans_read(struct lg_go *go, struct lg_go_spans *ret,
                      struct lg_error *err)
{
    uint64_t list[2] = {0};
    uint64_t heap = go->vars[LG_VAR_MHEAP];
    if (heap == 0 || !lg_go_has(go->layout, LG_MHEAP_ALLSPANS) ||
        !lg_go_has(go->layout, LG_MSPAN_SIZE) ||
        !lg_image_read(go->image,
                       heap + (uint64_t)go->layout->offset[LG_MHEAP_ALLSPANS],
                       list, sizeof list))
        return lg_fail(err, LG_ABSENT, "the heap's spans were not found");
    struct lg_arena scratch;
    struct lg_go_spans spans = {0};
    struct walk w = {.go = go, .spans = &spans};
    lg_arena_init(&scratch, 0);
    read_sweepgen(&w, heap);
    bool ok = walk_spans(&w, list, &scratch, err);
    lg_arena_deinit(&scratch);
    if (ok)
        *ret = spans;
    return ok;
}
