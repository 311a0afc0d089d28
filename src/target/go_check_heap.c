/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_check.h"

#define BUCKETS_LOOKED_AT 16
#define SPANS_MAX ((uint64_t)1 << 32)
#define PAGE_BYTES 8192u /* of Go's heap, on every machine */

static bool is_span(struct lg_go *go, uint64_t address, bool *in_use_ret)
{
    uint8_t span[LG_GO_OBJECT_BYTES_MAX];
    if (!lg_go_read_object(go, address, LG_MSPAN_SIZE, span))
        return false;
    uint64_t state = lg_go_get(go, span, LG_MSPAN_STATE);
    uint64_t pages = lg_go_get(go, span, LG_MSPAN_NPAGES);
    uint64_t start = lg_go_get(go, span, LG_MSPAN_START);
    *in_use_ret = state == 1;
    if (state != 1)
        return state <= 3;
    return start != 0 && start % PAGE_BYTES == 0 && start < LG_GO_ADDRESS_MAX &&
           pages != 0 && pages < LG_GO_ADDRESS_MAX / PAGE_BYTES &&
           lg_go_get(go, span, LG_MSPAN_ELEMSIZE) <= pages * PAGE_BYTES;
}

enum lg_go_fit lg_go_check_mheap(struct lg_go *go, uint64_t address)
{
    struct lg_go_slice slice;
    struct lg_go_tally tally = {0};
    uint64_t in_use = 0, span;
    if (!lg_go_has(go->layout, LG_MHEAP_ALLSPANS) ||
        !lg_go_read_slice(
            go, address + (uint64_t)go->layout->offset[LG_MHEAP_ALLSPANS],
            SPANS_MAX, &slice))
        return LG_FIT_NO;
    for (uint64_t i = 0; i < slice.len && i < LG_GO_SAMPLES; i++) {
        uint64_t at = slice.data + 8 * lg_go_sample_at(i, slice.len);
        bool is_used = false;
        bool good =
            lg_image_u64(go->image, at, &span) && is_span(go, span, &is_used);
        in_use += is_used;
        *(good ? &tally.good : &tally.bad) += 1;
    }
    enum lg_go_fit fit = lg_go_fit_of(tally);
    return fit == LG_FIT_YES && in_use == 0 ? LG_FIT_UNKNOWN : fit;
}

enum lg_go_fit lg_go_check_memstats(struct lg_go *go, uint64_t address)
{
    uint64_t on, cycles, forced, gen, other;
    if (!lg_go_read(go, address, LG_MSTATS_ENABLEGC, &on) || on > 1 ||
        !lg_go_read(go, address, LG_MSTATS_NUMGC, &cycles) ||
        !lg_go_read(go, address, LG_MSTATS_NUMFORCEDGC, &forced) ||
        !lg_go_read(go, address, LG_MSTATS_OTHER_SYS, &other))
        return LG_FIT_NO;
    if (lg_go_read(go, address, LG_MSTATS_HEAP_STATS_GEN, &gen) && gen > 2)
        return LG_FIT_NO;
    if (forced > cycles || other >= LG_GO_ADDRESS_MAX)
        return LG_FIT_NO;
    return on == 1 && other != 0 ? LG_FIT_YES : LG_FIT_UNKNOWN;
}

enum lg_go_fit lg_go_check_gc(struct lg_go *go, uint64_t address)
{
    /* runtime.defaultHeapMinimum; GOEXPERIMENT=heapminimum512kib. */
    static const uint64_t defaults[] = {4 << 20, 512 << 10};
    uint64_t percent, minimum, limit;
    if (!lg_go_read(go, address, LG_GC_PERCENT, &percent) ||
        !lg_go_read(go, address, LG_GC_HEAP_MINIMUM, &minimum))
        return LG_FIT_NO;
    if (lg_go_read(go, address, LG_GC_MEMORY_LIMIT, &limit) &&
        limit > INT64_MAX)
        return LG_FIT_NO;
    uint64_t factor = (uint64_t)(int64_t)(int32_t)percent;
    if (minimum == 0)
        return LG_FIT_UNKNOWN;
    for (size_t i = 0; i < LG_COUNT(defaults); i++) {
        if (minimum == defaults[i] * factor / 100)
            return LG_FIT_YES;
    }
    return LG_FIT_NO;
}

/* Collections are counted in two places; one may be under way, and more may
 * begin and end while we look. */
enum lg_go_fit lg_go_check_work(struct lg_go *go, uint64_t address)
{
    uint64_t stats = go->vars[LG_VAR_MEMSTATS], cycles, before, after;
    if (stats == 0 || !lg_go_read(go, stats, LG_MSTATS_NUMGC, &before))
        stats = 0;
    if (!lg_go_read(go, address, LG_WORK_CYCLES, &cycles))
        return LG_FIT_NO;
    if (stats == 0 || !lg_go_read(go, stats, LG_MSTATS_NUMGC, &after))
        return LG_FIT_UNKNOWN;
    if (cycles < before || cycles > after + 1)
        return LG_FIT_NO;
    return cycles != 0 ? LG_FIT_YES : LG_FIT_UNKNOWN;
}

/* Go 1.27: runtime/mprof.go, maxProfStackDepth. */
#define BUCKET_DEPTH_MAX 1024

/* Go 1.23: runtime/mprof.go, logicalStackSentinel: a stack whose inlined calls
 * are told apart already; first in contention of the runtime's own locks. */
#define LOGICAL_STACK UINT64_MAX

static bool is_bucket(struct lg_go *go, uint64_t address, uint64_t type)
{
    uint64_t typ, depth, pc;
    int32_t header = go->layout->offset[LG_BUCKET_SIZE];
    return address % 8 == 0 && header > 0 &&
           lg_go_read(go, address, LG_BUCKET_TYP, &typ) && typ == type &&
           lg_go_read(go, address, LG_BUCKET_NSTK, &depth) && depth != 0 &&
           depth <= BUCKET_DEPTH_MAX &&
           lg_image_u64(go->image, address + (uint64_t)header, &pc) &&
           (pc == LOGICAL_STACK || lg_go_is_code(go, pc) ||
            lg_go_is_code(go, pc - 1));
}

enum lg_go_fit lg_go_check_buckets(struct lg_go *go, uint64_t address,
                                   uint64_t type)
{
    struct lg_go_tally tally = {0};
    uint64_t bucket;
    if (!lg_image_u64(go->image, address, &bucket))
        return LG_FIT_NO;
    for (int i = 0; bucket != 0 && i < BUCKETS_LOOKED_AT; i++) {
        if (!is_bucket(go, bucket, type) ||
            !lg_go_read(go, bucket, LG_BUCKET_ALLNEXT, &bucket)) {
            tally.bad++;
            break;
        }
        tally.good++;
    }
    return lg_go_fit_of(tally);
}

enum lg_go_fit lg_go_check_flag(struct lg_go *go, uint64_t address)
{
    uint8_t flag;
    return lg_image_read(go->image, address, &flag, 1) && flag <= 1
               ? LG_FIT_UNKNOWN
               : LG_FIT_NO;
}

enum lg_go_fit lg_go_check_rate(struct lg_go *go, uint64_t address)
{
    uint64_t rate;
    if (!lg_image_u64(go->image, address, &rate))
        return LG_FIT_NO;
    if (rate == 512 << 10)
        return LG_FIT_YES;
    return rate <= INT64_MAX ? LG_FIT_UNKNOWN : LG_FIT_NO;
}

enum lg_go_fit lg_go_check_cycle(struct lg_go *go, uint64_t address)
{
    uint32_t cycle;
    /* Go 1.27: runtime/mprof.go, mProfCycleWrap, shifted by the flag. */
    return lg_image_u32(go->image, address, &cycle) &&
                   cycle >> 1 < 3u * (2u << 24)
               ? LG_FIT_UNKNOWN
               : LG_FIT_NO;
}

enum lg_go_fit lg_go_check_semtable(struct lg_go *go, uint64_t address)
{
    int32_t count = go->layout->offset[LG_SEMTABLE_COUNT];
    int32_t stride = go->layout->offset[LG_SEMTABLE_STRIDE];
    uint64_t tree, waiting, seen = 0, g;
    if (count <= 0 || stride <= 0 || count > 4096)
        return LG_FIT_NO;
    for (int32_t i = 0; i < count; i++) {
        uint64_t root = address + (uint64_t)i * (uint64_t)stride;
        if (!lg_go_read(go, root, LG_SEMAROOT_TREAP, &tree) ||
            !lg_go_read(go, root, LG_SEMAROOT_NWAIT, &waiting) ||
            (waiting & UINT32_MAX) > INT32_MAX ||
            (tree != 0 && !lg_go_read(go, tree, LG_SUDOG_G, &g)))
            return LG_FIT_NO;
        seen += tree != 0;
    }
    return seen != 0 ? LG_FIT_YES : LG_FIT_UNKNOWN;
}

/* Header of a text like "GC assist wait": short, of printable characters. */
static bool is_reason(struct lg_go *go, const uint64_t header[2])
{
    char text[LG_GO_WAIT_REASON_BYTES_MAX];
    size_t len = (size_t)header[1];
    if (header[1] == 0 || header[1] > sizeof text ||
        !lg_image_read(go->image, header[0], text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return true;
}

size_t lg_go_count_wait_reasons(struct lg_go *go, uint64_t address)
{
    uint64_t headers[2 * LG_GO_WAIT_REASONS_MAX];
    size_t count = 1; /* the first is empty */
    if (address == 0 ||
        !lg_image_read(go->image, address, headers, sizeof headers) ||
        headers[1] != 0)
        return 0;
    while (count < LG_GO_WAIT_REASONS_MAX && is_reason(go, &headers[2 * count]))
        count++;
    return count;
}

/* "", "GC assist marking", "IO wait", … since Go 1.11. What follows the table
 * may look like more of it. */
enum lg_go_fit lg_go_check_wait_reasons(struct lg_go *go, uint64_t address)
{
    uint64_t w[6];
    char text[7];
    if (!lg_image_read(go->image, address, w, sizeof w) || w[1] != 0 ||
        w[5] != sizeof text ||
        !lg_image_read(go->image, w[4], text, sizeof text) ||
        memcmp(text, "IO wait", sizeof text) != 0)
        return LG_FIT_NO;
    return lg_go_count_wait_reasons(go, address) >=
                   (size_t)go->layout->offset[LG_WAIT_REASON_COUNT]
               ? LG_FIT_YES
               : LG_FIT_NO;
}

enum lg_go_fit lg_go_check_allfin(struct lg_go *go, uint64_t address)
{
    uint64_t block, count;
    int32_t most = go->layout->offset[LG_FINBLOCK_FIN_COUNT];
    if (!lg_image_u64(go->image, address, &block))
        return LG_FIT_NO;
    if (block == 0)
        return LG_FIT_UNKNOWN;
    return block % 8 == 0 && lg_go_read(go, block, LG_FINBLOCK_CNT, &count) &&
                   most > 0 && count <= (uint64_t)most
               ? LG_FIT_YES
               : LG_FIT_NO;
}
