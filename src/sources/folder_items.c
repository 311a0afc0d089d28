/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/folder_items.h"

#include <stdlib.h>

/* What one person fetches in one go, a CPU profile of 30 s included. */
#define SAME_CAPTURE_NS (UINT64_C(60) * 1000000000)

static int by_time(const void *a, const void *b)
{
    const struct lg_folder_item *x = a, *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static const void **place(struct lg_capture *c, enum lg_folder_slot slot)
{
    const void **places[LG_SLOT_COUNT] = {
        [LG_SLOT_HEAP] = (const void **)(void *)&c->heap,
        [LG_SLOT_GOROUTINE] = (const void **)(void *)&c->goroutine_profile,
        [LG_SLOT_THREADCREATE] = (const void **)(void *)&c->threadcreate,
        [LG_SLOT_MUTEX] = (const void **)(void *)&c->mutex,
        [LG_SLOT_BLOCK] = (const void **)(void *)&c->block,
        [LG_SLOT_CPU] = (const void **)(void *)&c->cpu,
        [LG_SLOT_MEMSTATS] = (const void **)(void *)&c->memstats,
        [LG_SLOT_DUMP] = (const void **)(void *)&c->goroutines,
    };
    return places[slot];
}

static struct lg_capture *new_capture(struct lg_folder *f, int64_t time_ns)
{
    struct lg_capture *c = lg_push(f->arena, &f->in->captures);
    if (c == NULL)
        return NULL;
    c->trigger = LG_STR("file");
    c->wall_ns = time_ns;
    c->complete = true;
    return c;
}

static void put(struct lg_folder *f, struct lg_capture *c,
                const struct lg_folder_item *item)
{
    *place(c, item->slot) = item->evidence;
    struct lg_str *slot = lg_push(f->arena, &c->files);
    if (slot != NULL)
        *slot = lg_str_of(item->path);
    if (item->cut) {
        c->complete = false;
        lg_folder_quality(f, c, item->path, "cut at 64 MiB");
    }
}

static enum lg_folder_slot most_frequent(const struct lg_folder_items *items)
{
    size_t counts[LG_SLOT_COUNT] = {0};
    enum lg_folder_slot most = LG_SLOT_HEAP;
    lg_each(item, *items) {
        counts[item->slot]++;
    }
    for (int slot = 0; slot < LG_SLOT_COUNT; slot++) {
        if (counts[slot] > counts[most])
            most = (enum lg_folder_slot)slot;
    }
    return most;
}

/* Times come from files: any two numbers. */
static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* The nearest capture that has no such part; the first one of equals. */
static struct lg_capture *nearest(struct lg_incident *in,
                                  const struct lg_folder_item *item)
{
    struct lg_capture *best = NULL;
    uint64_t least = SAME_CAPTURE_NS;
    lg_each(c, in->captures) {
        uint64_t far = distance(c->wall_ns, item->time_ns);
        if (*place(c, item->slot) == NULL &&
            (far < least || (far == least && best == NULL))) {
            least = far;
            best = c;
        }
    }
    return best;
}

static int by_wall(const void *a, const void *b)
{
    const struct lg_capture *x = a, *y = b;
    if (x->wall_ns != y->wall_ns)
        return x->wall_ns < y->wall_ns ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void number(struct lg_incident *in)
{
    uint32_t id = 0;
    lg_each(c, in->captures) {
        c->id = ++id;
    }
}

static void in_order(struct lg_incident *in)
{
    number(in); /* qsort is not stable */
    if (in->captures.items != NULL)
        qsort(in->captures.items, in->captures.count,
              sizeof in->captures.items[0], by_wall);
    number(in);
    lg_each(c, in->captures) {
        c->t_ns = distance(c->wall_ns, in->captures.items[0].wall_ns);
    }
}

/* Where a capture has no heap profile, the samples of its text are one. */
static void stand_in(struct lg_folder *f, const struct lg_folder_items *items)
{
    lg_each(c, f->in->captures) {
        lg_each(item, *items) {
            if (c->heap == NULL && item->slot == LG_SLOT_MEMSTATS &&
                item->evidence == c->memstats)
                c->heap = item->heap;
        }
    }
}

void lg_folder_group_items(struct lg_folder *f, struct lg_folder_items *items)
{
    enum lg_folder_slot seed = most_frequent(items);
    struct lg_capture *c;
    if (items->items != NULL)
        qsort(items->items, items->count, sizeof items->items[0], by_time);
    lg_each(item, *items) {
        if (item->slot == seed && (c = new_capture(f, item->time_ns)) != NULL)
            put(f, c, item);
    }
    lg_each(item, *items) {
        c = item->slot == seed ? NULL : nearest(f->in, item);
        if (c == NULL && item->slot != seed)
            c = new_capture(f, item->time_ns);
        if (c != NULL)
            put(f, c, item);
    }
    in_order(f->in);
    stand_in(f, items);
}
