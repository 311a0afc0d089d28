/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_check.h"

/* A read of this size costs little beside its system call; the processor's
 * cache holds it. */
#define PIECE_BYTES ((size_t)256 << 10)
/* Data and bss of the largest programs known are far smaller. */
#define SCAN_MAX_BYTES ((uint64_t)1 << 30)
/* Lists are told apart by their lengths up to here. */
#define LIST_MAX 10000
/* Looks at what a word points to: some microseconds each. Real data and bss
 * need a few hundred; memory full of likely words must not cost minutes. */
#define LOOKS_MAX 50000

bool lg_go_scan(struct lg_go *go, uint64_t start, uint64_t end,
                size_t overlap_bytes, lg_go_scan_fn fn, void *context)
{
    struct lg_arena scratch;
    bool found = false;
    lg_arena_init(&scratch, 0);
    uint8_t *piece = lg_arena_alloc(&scratch, PIECE_BYTES, 16);
    start = (start + 7) & ~UINT64_C(7);
    if (end > start && end - start > SCAN_MAX_BYTES)
        end = start + SCAN_MAX_BYTES;
    while (piece != NULL && start < end && !found) {
        size_t len =
            end - start < PIECE_BYTES ? (size_t)(end - start) : PIECE_BYTES;
        if (lg_image_read(go->image, start, piece, len))
            found = fn(context, start, piece, len);
        else if (go->image->gone)
            break;
        if (len <= overlap_bytes || len < PIECE_BYTES)
            break;
        start += (len - overlap_bytes) & ~(size_t)7;
    }
    lg_arena_deinit(&scratch);
    return found;
}

struct var_scan {
    struct lg_go *go;
    enum lg_go_var var;
    uint64_t first; /* cheap test's field within the variable */
    uint64_t found;
    uint64_t best; /* the largest counts: what else looks so is a part of it */
    bool several;
    uint32_t looks;
};

/* {pointer, len, cap} of something? */
static bool is_slice(const uint64_t w[3])
{
    return w[0] != 0 && w[0] % 8 == 0 && w[0] < LG_GO_ADDRESS_MAX &&
           w[1] != 0 && w[1] <= w[2];
}

/* What is asked of each word before memory is read. */
static bool may_be(const struct var_scan *scan, const uint8_t *bytes,
                   size_t left)
{
    uint64_t w[6];
    if (left < sizeof w)
        return false;
    memcpy(w, bytes, sizeof w);
    switch (scan->var) {
    case LG_VAR_ALLGS:
    case LG_VAR_ALLP:
    case LG_VAR_MHEAP:
        return is_slice(w);
    case LG_VAR_WAIT_REASONS:
        return w[1] == 0 && w[5] == 7;
    default:
        return w[0] != 0 && w[0] % 8 == 0 && w[0] < LG_GO_ADDRESS_MAX;
    }
}

/* Elements of a slice, or of a list. */
static uint64_t extent_of(const struct var_scan *scan, uint64_t var)
{
    enum lg_go_field link =
        scan->var == LG_VAR_ALLM ? LG_M_ALLLINK : LG_BUCKET_ALLNEXT;
    uint64_t next, count = 0;
    switch (scan->var) {
    case LG_VAR_ALLGS:
    case LG_VAR_ALLP:
    case LG_VAR_MHEAP:
        return lg_image_u64(scan->go->image, var + scan->first + 8, &count)
                   ? count
                   : 0;
    case LG_VAR_WAIT_REASONS:
        return 1;
    default:
        if (!lg_image_u64(scan->go->image, var, &next))
            return 0;
        while (next != 0 && count < LIST_MAX &&
               lg_go_read(scan->go, next, link, &next))
            count++;
        return count;
    }
}

static bool scan_var(void *context, uint64_t address, const uint8_t *bytes,
                     size_t len)
{
    struct var_scan *scan = context;
    for (size_t at = 0; at + 8 <= len; at += 8) {
        uint64_t var = address + at - scan->first;
        if (!may_be(scan, bytes + at, len - at) || var == scan->found)
            continue;
        if (scan->looks++ == LOOKS_MAX)
            return true;
        if (lg_go_check_var(scan->go, scan->var, var) != LG_FIT_YES)
            continue;
        uint64_t extent = extent_of(scan, var);
        scan->several =
            scan->found != 0 &&
            (extent == scan->best || (scan->several && extent < scan->best));
        if (scan->found == 0 || extent > scan->best) {
            scan->found = var;
            scan->best = extent;
        }
    }
    return false;
}

/* Pairs of addresses within the module where the variable may lie. */
static void ranges_of(const struct lg_go_module *m, enum lg_go_var var,
                      uint64_t ranges[4])
{
    bool is_data = var == LG_VAR_WAIT_REASONS;
    ranges[0] = is_data ? m->data : m->bss;
    ranges[1] = is_data ? m->edata : m->ebss;
    ranges[2] = is_data ? m->noptrdata : m->noptrbss;
    ranges[3] = is_data ? m->enoptrdata : m->enoptrbss;
}

uint64_t lg_go_scan_var(struct lg_go *go, enum lg_go_var var)
{
    struct var_scan scan = {.go = go, .var = var};
    uint64_t ranges[4];
    switch (var) {
    case LG_VAR_ALLGS:
    case LG_VAR_ALLP:
    case LG_VAR_ALLM:
    case LG_VAR_MBUCKETS:
    case LG_VAR_BBUCKETS:
    case LG_VAR_XBUCKETS:
    case LG_VAR_WAIT_REASONS:
        break;
    case LG_VAR_MHEAP:
        scan.first = (uint64_t)go->layout->offset[LG_MHEAP_ALLSPANS];
        break;
    default: /* looks like anything */
        return 0;
    }
    ranges_of(&go->modules.items[0], var, ranges);
    for (size_t i = 0; i < 4; i += 2)
        (void)lg_go_scan(go, ranges[i], ranges[i + 1], 6 * sizeof(uint64_t),
                         scan_var, &scan);
    return scan.several ? 0 : scan.found;
}
