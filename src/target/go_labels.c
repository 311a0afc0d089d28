/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of runtime/pprof.Do. Goroutines inherit the pointer, so that a set is
 * read once. Up to Go 1.23 it is a map[string]string, since then a slice:
 *
 *     g.labels ─▶ *hmap ─▶ buckets        g.labels ─▶ {data, len, cap}
 *                                                      └▶ {key, value} …
 *
 * Source: Go 1.23 runtime/map.go, pprof/label.go; Go 1.27 internal/runtime/
 * pprof/label. */
#include "target/go_gather.h"

#include <stdlib.h>

#define SLICE_MINOR 24
/* More than anybody reads; bounds what memory that lies can cost. */
#define MAX_LABELS 64
#define MAX_LABEL_BYTES 1024
#define MAX_SETS ((size_t)1 << 20)
/* A map of 64 labels has 2^4 buckets, few of which overflow. */
#define MAX_BUCKETS_LOG2 8
#define MAX_OVERFLOWS 64
/* tophash[8], eight keys, eight values, overflow. */
#define BUCKET_ENTRIES 8
#define KEYS_AT 8
#define VALUES_AT (KEYS_AT + BUCKET_ENTRIES * 16)
#define OVERFLOW_AT (VALUES_AT + BUCKET_ENTRIES * 16)
#define BUCKET_BYTES (OVERFLOW_AT + 8)
/* Lower ones say that the entry is empty, or has moved. */
#define MIN_TOP_HASH 5

static bool add(struct lg_go_gather *r, struct lg_go_label_set *set,
                uint64_t key_at, uint64_t value_at)
{
    struct lg_image *image = r->go->image;
    if (set->count >= MAX_LABELS)
        return true;
    struct lg_go_label label = {
        .key = lg_image_go_string(image, key_at, MAX_LABEL_BYTES, r->arena),
        .value = lg_image_go_string(image, value_at, MAX_LABEL_BYTES, r->arena),
    };
    if (label.key.len == 0)
        return true;
    struct lg_go_label *place = lg_push(r->arena, &r->ret->labels);
    if (place == NULL)
        return false;
    *place = label;
    set->count++;
    return true;
}

static bool read_slice(struct lg_go_gather *r, uint64_t labels,
                       struct lg_go_label_set *set)
{
    uint64_t header[2];
    if (!lg_image_read(r->go->image, labels, header, sizeof header))
        return true;
    uint64_t n = header[1] < MAX_LABELS ? header[1] : MAX_LABELS;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = header[0] + i * 32;
        if (!add(r, set, at, at + 16))
            return false;
    }
    return true;
}

static bool read_bucket(struct lg_go_gather *r, uint64_t at,
                        struct lg_go_label_set *set)
{
    uint8_t bucket[BUCKET_BYTES];
    for (int i = 0; i < MAX_OVERFLOWS && at != 0; i++) {
        if (!lg_image_read(r->go->image, at, bucket, sizeof bucket))
            return true;
        for (uint64_t k = 0; k < BUCKET_ENTRIES; k++) {
            if (bucket[k] < MIN_TOP_HASH)
                continue;
            if (!add(r, set, at + KEYS_AT + k * 16, at + VALUES_AT + k * 16))
                return false;
        }
        memcpy(&at, bucket + OVERFLOW_AT, sizeof at);
    }
    return true;
}

static bool read_buckets(struct lg_go_gather *r, uint64_t at, uint64_t count,
                         struct lg_go_label_set *set)
{
    for (uint64_t i = 0; at != 0 && i < count; i++)
        if (!read_bucket(r, at + i * BUCKET_BYTES, set))
            return false;
    return true;
}

static bool read_map(struct lg_go_gather *r, uint64_t labels,
                     struct lg_go_label_set *set)
{
    const struct lg_go *go = r->go;
    _Alignas(8) uint8_t map[128];
    uint64_t address;
    int32_t bytes = go->layout->offset[LG_HMAP_SIZE];
    if (bytes <= 0 || (size_t)bytes > sizeof map ||
        !lg_image_u64(go->image, labels, &address) || address == 0 ||
        !lg_image_read(go->image, address, map, (size_t)bytes))
        return true;
    uint64_t log2 = lg_go_get(go, map, LG_HMAP_B);
    uint64_t old = lg_go_get(go, map, LG_HMAP_OLDBUCKETS);
    if (lg_go_get(go, map, LG_HMAP_COUNT) == 0 || log2 > MAX_BUCKETS_LOG2)
        return true;
    uint64_t count = UINT64_C(1) << log2;
    return read_buckets(r, lg_go_get(go, map, LG_HMAP_BUCKETS), count, set) &&
           read_buckets(r, old, count > 1 ? count / 2 : 1, set);
}

static int by_key(const void *left, const void *right)
{
    const struct lg_go_label *a = left, *b = right;
    return lg_str_cmp(a->key, b->key);
}

/* Index + 1 of the set; 0: none, or not to be had. */
uint32_t lg_go_label_set(struct lg_go_gather *r, uint64_t labels)
{
    struct lg_go_goroutines *ret = r->ret;
    bool fresh, is_slice = r->go->minor == 0 || r->go->minor >= SLICE_MINOR;
    struct lg_go_label_set set = {.first = (uint32_t)ret->labels.count};
    uint64_t *known = lg_map_put_u64(&r->labels, labels, &fresh);
    if (known == NULL)
        r->failed = true;
    if (known == NULL || !fresh)
        return known != NULL ? (uint32_t)*known : 0;
    if (ret->label_sets.count >= MAX_SETS)
        return 0;
    r->failed |=
        is_slice ? !read_slice(r, labels, &set) : !read_map(r, labels, &set);
    if (set.count == 0 || r->failed)
        return 0;
    if (!is_slice) /* a map has no order */
        qsort(&ret->labels.items[set.first], set.count,
              sizeof *ret->labels.items, by_key);
    struct lg_go_label_set *place = lg_push(r->arena, &ret->label_sets);
    if (place == NULL) {
        r->failed = true;
        return 0;
    }
    *place = set;
    *known = ret->label_sets.count;
    return (uint32_t)*known;
}
