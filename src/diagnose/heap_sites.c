/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/case.h"

#include "base/map.h"

#include <stdlib.h>

struct sample_frames {
    struct lg_frame where, leaf;
    bool has_user;
};

/* Go's own limit on the depth of a profile's stacks is 128 (since 1.23). */
#define MAX_INNER_FRAMES 160

/* The user's line, and what it led to: see lg_case_leaf. */
static struct sample_frames frames_of(const struct lg_case *c,
                                      const struct lg_profile *p, size_t sample)
{
    struct sample_frames found = {0};
    struct lg_frame inner[MAX_INNER_FRAMES];
    size_t count = 0;
    struct lg_frame_iter it = lg_profile_frames(p, sample);
    while (count < MAX_INNER_FRAMES && !found.has_user &&
           lg_frame_iter_next(&it, &inner[count])) {
        found.where = inner[count++];
        found.has_user = lg_case_is_user(c, &found.where);
    }
    found.leaf = lg_case_leaf(c, inner, count);
    return found;
}

static uint64_t frame_key(const struct lg_frame *frame)
{
    return lg_str_hash(frame->function) * 31 + frame->line;
}

static int by_bytes(const void *left, const void *right)
{
    const struct lg_heap_site *a = left, *b = right;
    if (a->inuse_bytes != b->inuse_bytes) {
        return a->inuse_bytes > b->inuse_bytes ? -1 : 1;
    }
    return lg_str_cmp(a->where.function, b->where.function);
}

static void add_sample(struct lg_heap_site *site,
                       const struct sample_frames *found, int64_t bytes,
                       int64_t count, int64_t alloc)
{
    site->where = found->has_user ? found->where : found->leaf;
    site->has_user = found->has_user;
    if (bytes >= site->leaf_bytes) {
        site->leaf = found->leaf;
        site->leaf_bytes = bytes;
    }
    site->inuse_bytes += bytes;
    site->inuse_count += count;
    site->alloc_bytes += alloc;
}

struct lg_heap_sites *lg_heap_sites_of(struct lg_case *c,
                                       const struct lg_profile *heap)
{
    int space = lg_profile_type(heap, LG_STR("inuse_space"));
    int count = lg_profile_type(heap, LG_STR("inuse_objects"));
    int alloc = lg_profile_type(heap, LG_STR("alloc_space"));
    struct lg_heap_sites *sites = lg_new(c->arena, struct lg_heap_sites, 1);
    struct lg_map index;
    if (space < 0 || sites == NULL) {
        return NULL;
    }
    lg_map_init(&index, c->arena);
    for (size_t i = 0; i < heap->samples.count; i++) {
        struct sample_frames found = frames_of(c, heap, i);
        bool fresh = false;
        uint64_t *at = lg_map_put_u64(
            &index, frame_key(found.has_user ? &found.where : &found.leaf),
            &fresh);
        struct lg_heap_site *site =
            at != NULL && fresh ? lg_push(c->arena, &sites->items) : NULL;
        if (at == NULL || (fresh && site == NULL)) {
            c->failed = true;
            return NULL;
        }
        if (fresh) {
            *at = sites->items.count - 1;
        }
        int64_t bytes = lg_profile_value(heap, i, space);
        add_sample(&sites->items.items[*at], &found, bytes,
                   count >= 0 ? lg_profile_value(heap, i, count) : 0,
                   alloc >= 0 ? lg_profile_value(heap, i, alloc) : 0);
        sites->total_bytes += bytes;
    }
    if (sites->items.count > 0) {
        qsort(sites->items.items, sites->items.count,
              sizeof sites->items.items[0], by_bytes);
    }
    return sites;
}

struct lg_frame lg_heap_sample_where(const struct lg_case *c,
                                     const struct lg_profile *heap,
                                     size_t sample)
{
    struct sample_frames found = frames_of(c, heap, sample);
    return found.has_user ? found.where : found.leaf;
}

const struct lg_heap_site *lg_heap_site_find(const struct lg_heap_sites *sites,
                                             const struct lg_frame *where)
{
    lg_each(site, sites->items) {
        if (lg_frame_same(&site->where, where)) {
            return site;
        }
    }
    return NULL;
}

int64_t lg_heap_bytes_through(const struct lg_profile *heap,
                              struct lg_str function)
{
    int space = lg_profile_type(heap, LG_STR("inuse_space"));
    int64_t bytes = 0;
    for (size_t i = 0; space >= 0 && i < heap->samples.count; i++) {
        struct lg_frame frame;
        struct lg_frame_iter it = lg_profile_frames(heap, i);
        while (lg_frame_iter_next(&it, &frame)) {
            if (lg_str_eq(frame.function, function)) {
                bytes += lg_profile_value(heap, i, space);
                break;
            }
        }
    }
    return bytes;
}

struct caller {
    struct lg_frame frame;
    int64_t weight;
};

/* "net/http.(*Transport)." names all methods of a type, else the function. */
static bool is_named(struct lg_str function, struct lg_str name)
{
    return name.len > 0 && name.data[name.len - 1] == '.'
               ? lg_str_starts(function, name)
               : lg_str_eq(function, name);
}

static void weigh(struct lg_case *c, struct lg_map *index,
                  struct caller *callers, size_t capacity, size_t *count,
                  const struct lg_profile *p, size_t sample, int64_t weight,
                  struct lg_str function)
{
    struct lg_frame frame;
    bool through = false;
    struct lg_frame_iter it = lg_profile_frames(p, sample);
    while (lg_frame_iter_next(&it, &frame)) {
        through =
            through || function.len == 0 || is_named(frame.function, function);
        if (!through || !lg_case_is_user(c, &frame)) {
            continue;
        }
        bool fresh = false;
        uint64_t *at = lg_map_put_u64(index, frame_key(&frame), &fresh);
        if (at == NULL || (fresh && *count == capacity)) {
            return;
        }
        if (fresh) {
            *at = (*count)++;
            callers[*at] = (struct caller){.frame = frame};
        }
        if (*at < capacity) {
            callers[*at].weight += weight;
        }
        return;
    }
}

#define MAX_CALLERS 256

static void weigh_profile(struct lg_case *c, struct lg_map *index,
                          struct caller *callers, size_t *count,
                          const struct lg_profile *p, int type,
                          struct lg_str function)
{
    for (size_t i = 0; type >= 0 && i < p->samples.count; i++) {
        int64_t weight = lg_profile_value(p, i, type);
        if (weight > 0) {
            weigh(c, index, callers, MAX_CALLERS, count, p, i, weight,
                  function);
        }
    }
}

bool lg_case_user_caller(const struct lg_case *const_case,
                         struct lg_str function, struct lg_frame *frame_ret)
{
    struct lg_case c = *const_case; /* the arena is shared, nothing else */
    struct caller *callers = lg_new(c.arena, struct caller, MAX_CALLERS);
    struct lg_map index;
    size_t count = 0;
    lg_map_init(&index, c.arena);
    if (callers == NULL || function.len == 0) {
        return false;
    }
    /* The newest profile says most; older ones help when it lacks it. */
    for (size_t i = c.shots.count; i-- > 0 && count == 0;) {
        const struct lg_capture *capture = c.shots.items[i].capture;
        if (capture->heap != NULL) {
            weigh_profile(&c, &index, callers, &count, capture->heap,
                          lg_profile_type(capture->heap, LG_STR("alloc_space")),
                          function);
        }
        if (count == 0 && capture->cpu != NULL) {
            weigh_profile(&c, &index, callers, &count, capture->cpu, 0,
                          function);
        }
    }
    const struct caller *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (best == NULL || callers[i].weight > best->weight) {
            best = &callers[i];
        }
    }
    if (best == NULL) {
        return false;
    }
    *frame_ret = best->frame;
    return true;
}

bool lg_case_hot_line(const struct lg_case *const_case,
                      struct lg_frame *frame_ret)
{
    struct lg_case c = *const_case;
    struct caller *callers = lg_new(c.arena, struct caller, MAX_CALLERS);
    struct lg_map index;
    size_t count = 0;
    int64_t most = 0;
    lg_map_init(&index, c.arena);
    if (callers == NULL) {
        return false;
    }
    for (size_t i = c.shots.count; i-- > 0 && count == 0;) {
        const struct lg_profile *cpu = c.shots.items[i].capture->cpu;
        for (size_t k = 0; cpu != NULL && k < cpu->samples.count; k++) {
            weigh(&c, &index, callers, MAX_CALLERS, &count, cpu, k,
                  lg_profile_value(cpu, k, 0), (struct lg_str){NULL, 0});
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (callers[i].weight > most) {
            most = callers[i].weight;
            *frame_ret = callers[i].frame;
        }
    }
    return most > 0;
}
