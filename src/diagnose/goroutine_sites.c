/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/case.h"

#include "base/map.h"

#include <stdlib.h>

struct place {
    struct lg_frame start, where, leaf;
};

/* Packages through which a goroutine waits for somebody else: a wait there is
 * I/O whatever the runtime calls it (net/http waits for an answer in a
 * select). Names of Go's standard library. */
static bool does_io(struct lg_str function)
{
    static const char *const prefixes[] = {
        "internal/poll.",
        "net.",
        "net/http.(*persistConn)",
        "net/http.(*Transport)",
        "net/http.(*Client)",
        "os.(*File).",
        "os/exec.",
        "syscall.",
        "crypto/tls.(*Conn)",
        "database/sql.",
        "net/http.(*http2",
    };
    for (size_t i = 0; i < LG_COUNT(prefixes); i++) {
        if (lg_str_starts(function, lg_str_of(prefixes[i]))) {
            return true;
        }
    }
    return false;
}

static enum lg_wait_class class_of_state(struct lg_str state)
{
    static const struct {
        const char *state;
        enum lg_wait_class class;
    } rows[] = {
        {"sleep", LG_WAIT_SLEEP},
        {"IO wait", LG_WAIT_IO},
        {"running", LG_WAIT_ACTIVE},
        {"runnable", LG_WAIT_ACTIVE},
        {"syscall", LG_WAIT_ACTIVE},
        {"copystack", LG_WAIT_ACTIVE},
        {"preempted", LG_WAIT_ACTIVE},
        {"idle", LG_WAIT_ACTIVE},
        /* Who allocates is made to help the collector, or waits for it. */
        {"GC assist wait", LG_WAIT_ACTIVE},
        {"GC assist marking", LG_WAIT_ACTIVE},
        {"GC mark termination", LG_WAIT_ACTIVE},
        {"GC weak to strong wait", LG_WAIT_ACTIVE},
        {"garbage collection", LG_WAIT_ACTIVE},
        {"garbage collection scan", LG_WAIT_ACTIVE},
        {"flushing proc caches", LG_WAIT_ACTIVE},
        {"stopping the world", LG_WAIT_ACTIVE},
        {"wait for GC cycle", LG_WAIT_ACTIVE},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        if (lg_str_eq(state, lg_str_of(rows[i].state))) {
            return rows[i].class;
        }
    }
    return state.len > 0 ? LG_WAIT_PARKED : LG_WAIT_ACTIVE;
}

enum lg_wait_class lg_goroutine_class(const struct lg_goroutines *g,
                                      const struct lg_goroutine *item)
{
    enum lg_wait_class class = class_of_state(item->state);
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    for (uint32_t i = 0; class == LG_WAIT_PARKED && i < item->frame_count;
         i++) {
        if (does_io(frames[i].function)) {
            class = LG_WAIT_IO;
        }
    }
    return class;
}

static struct place place_of(const struct lg_case *c,
                             const struct lg_goroutines *g,
                             const struct lg_goroutine *item)
{
    struct place place = {0};
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    for (uint32_t i = 0; i < item->frame_count; i++) {
        if (lg_frame_is_runtime(frames[i].function)) {
            continue;
        }
        if (place.where.function.len == 0 && lg_case_is_user(c, &frames[i])) {
            place.where = frames[i];
        }
        place.start = frames[i];
    }
    place.leaf = lg_case_leaf(c, frames, item->frame_count);
    return place;
}

static uint64_t place_key(const struct place *place)
{
    const struct lg_frame *at =
        place->where.function.len > 0 ? &place->where : &place->leaf;
    return (lg_str_hash(place->start.function) * 31 + at->line) * 31 +
           lg_str_hash(at->function);
}

static bool holds_thread(const struct lg_goroutine *item)
{
    return item->locked_to_thread || lg_str_eq(item->state, LG_STR("syscall"));
}

static void join(struct lg_goroutine_site *site, const struct lg_goroutines *g,
                 const struct lg_goroutine_group *group)
{
    const struct lg_goroutine *item = &g->items.items[group->example];
    if (site->count == 0) {
        site->state = item->state;
        site->example = group->example;
        site->dump = g;
    }
    if (site->created_by.function.len == 0) {
        site->created_by = item->created_by;
        site->creator_id = item->creator_id;
    }
    site->count += group->count;
    site->leaked_count += group->leaked_count;
    site->threads_count += holds_thread(item) ? group->count : 0;
    site->by_class[lg_goroutine_class(g, item)] += group->count;
    if (group->longest_wait_ns > site->longest_wait_ns) {
        site->longest_wait_ns = group->longest_wait_ns;
    }
}

static int by_count(const void *left, const void *right)
{
    const struct lg_goroutine_site *a = left, *b = right;
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    return lg_str_cmp(a->start.function, b->start.function);
}

static struct lg_goroutine_site *site_at(struct lg_case *c,
                                         struct lg_goroutine_sites *sites,
                                         struct lg_map *index,
                                         const struct place *place)
{
    bool fresh = false;
    uint64_t *at = lg_map_put_u64(index, place_key(place), &fresh);
    if (at == NULL) {
        return NULL;
    }
    if (fresh) {
        struct lg_goroutine_site *site = lg_push(c->arena, &sites->items);
        if (site == NULL) {
            return NULL;
        }
        site->start = place->start;
        site->where = place->where;
        site->leaf = place->leaf;
        *at = sites->items.count - 1;
    }
    return &sites->items.items[*at];
}

struct lg_goroutine_sites *lg_goroutine_sites_of(struct lg_case *c,
                                                 const struct lg_goroutines *g)
{
    struct lg_goroutine_sites *sites =
        lg_new(c->arena, struct lg_goroutine_sites, 1);
    struct lg_goroutine_groups groups = {0};
    struct lg_map index;
    if (sites == NULL || !lg_goroutines_group(g, c->arena, &groups)) {
        c->failed = true;
        return NULL;
    }
    lg_map_init(&index, c->arena);
    sites->total = g->total;
    lg_each(group, groups.items) {
        struct place place = place_of(c, g, &g->items.items[group->example]);
        struct lg_goroutine_site *site = site_at(c, sites, &index, &place);
        if (site == NULL) {
            c->failed = true;
            return NULL;
        }
        join(site, g, group);
    }
    if (sites->items.count > 0) {
        qsort(sites->items.items, sites->items.count,
              sizeof sites->items.items[0], by_count);
    }
    return sites;
}

static bool same_site(const struct lg_goroutine_site *a,
                      const struct lg_goroutine_site *b)
{
    if (!lg_str_eq(a->start.function, b->start.function)) {
        return false;
    }
    return a->where.function.len > 0 || b->where.function.len > 0
               ? lg_frame_same(&a->where, &b->where)
               : lg_frame_same(&a->leaf, &b->leaf);
}

const struct lg_goroutine_site *
lg_goroutine_site_find(const struct lg_goroutine_sites *sites,
                       const struct lg_goroutine_site *like)
{
    lg_each(site, sites->items) {
        if (same_site(site, like)) {
            return site;
        }
    }
    return NULL;
}

bool lg_goroutine_passes(const struct lg_goroutines *g,
                         const struct lg_goroutine *item,
                         struct lg_str function)
{
    for (uint32_t i = 0; i < item->frame_count; i++) {
        if (lg_str_eq(g->frames.items[item->frame_first + i].function,
                      function)) {
            return true;
        }
    }
    return false;
}

bool lg_goroutine_user_frame(const struct lg_case *c,
                             const struct lg_goroutines *g,
                             const struct lg_goroutine *item,
                             struct lg_str function, struct lg_frame *frame_ret)
{
    bool through = function.len == 0;
    for (uint32_t i = 0; i < item->frame_count; i++) {
        const struct lg_frame *f = &g->frames.items[item->frame_first + i];
        through = through || lg_str_eq(f->function, function);
        if (through && lg_case_is_user(c, f)) {
            *frame_ret = *f;
            return true;
        }
    }
    return false;
}

static bool line_in_dump(const struct lg_case *c, const struct lg_goroutines *g,
                         struct lg_str function, struct lg_frame *frame_ret)
{
    lg_each(item, g->items) {
        if (lg_goroutine_user_frame(c, g, item, function, frame_ret)) {
            return true;
        }
    }
    return false;
}

bool lg_case_user_line_through(const struct lg_case *c,
                               const char *const *functions, size_t count,
                               struct lg_frame *frame_ret)
{
    for (size_t i = 0; i < count; i++) {
        if (lg_case_user_caller(c, lg_str_of(functions[i]), frame_ret)) {
            return true;
        }
    }
    for (size_t k = c->shots.count; k-- > 0;) {
        const struct lg_goroutines *g = c->shots.items[k].capture->goroutines;
        for (size_t i = 0; g != NULL && i < count; i++) {
            if (line_in_dump(c, g, lg_str_of(functions[i]), frame_ret)) {
                return true;
            }
        }
    }
    return false;
}
