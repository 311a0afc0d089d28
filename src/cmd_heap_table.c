/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_heap.h"

#include "base/map.h"

#include <stdlib.h>

static uint64_t key_of(const struct lg_frame *frame)
{
    return lg_str_hash(frame->function) * 31 + frame->line;
}

static int64_t total(const struct lg_profile *heap, const char *type)
{
    int index = lg_profile_type(heap, lg_str_of(type));
    return index >= 0 ? lg_profile_total(heap, index) : 0;
}

static bool add_rows(struct lg_heap_table *t, const struct lg_heap_sites *sites,
                     struct lg_map *index, struct lg_arena *arena)
{
    lg_each(site, sites->items) {
        uint64_t *at = lg_map_put_u64(index, key_of(&site->where), NULL);
        struct lg_heap_row *row = lg_push(arena, &t->rows);
        if (at == NULL || row == NULL)
            return false;
        row->site = site;
        *at = t->rows.count - 1;
    }
    return true;
}

static void add_alloc_objects(struct lg_heap_table *t, const struct lg_case *c,
                              const struct lg_profile *heap,
                              const struct lg_map *index)
{
    int type = lg_profile_type(heap, LG_STR("alloc_objects"));
    for (size_t i = 0; type >= 0 && i < heap->samples.count; i++) {
        struct lg_frame where = lg_heap_sample_where(c, heap, i);
        const uint64_t *at = lg_map_find_u64(index, key_of(&where));
        if (at != NULL)
            t->rows.items[*at].alloc_objects += lg_profile_value(heap, i, type);
    }
}

static int by_alloc(const void *left, const void *right)
{
    const struct lg_heap_row *a = left, *b = right;
    int64_t x = a->site->alloc_bytes, y = b->site->alloc_bytes;
    if (x != y)
        return x > y ? -1 : 1;
    return lg_str_cmp(a->site->where.function, b->site->where.function);
}

bool lg_heap_table_make(struct lg_heap_table *t, struct lg_arena *arena)
{
    const struct lg_profile *heap = t->one->capture->heap;
    struct lg_map index;
    struct lg_case c = {.in = &t->one->incident, .arena = arena};
    struct lg_heap_sites *sites = lg_heap_sites_of(&c, heap);
    if (sites == NULL)
        return !c.failed && !arena->failed;
    lg_map_init(&index, arena);
    if (!add_rows(t, sites, &index, arena))
        return false;
    add_alloc_objects(t, &c, heap, &index);
    if (t->request->by_alloc && t->rows.count != 0)
        qsort(t->rows.items, t->rows.count, sizeof *t->rows.items, by_alloc);
    t->inuse_bytes = total(heap, "inuse_space");
    t->inuse_objects = total(heap, "inuse_objects");
    t->alloc_bytes = total(heap, "alloc_space");
    t->alloc_objects = total(heap, "alloc_objects");
    return true;
}
