/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/goroutines.h"

#include "base/map.h"
#include "base/sb.h"

/* Runtime functions that a dump does not show: all that are not exported
 * (Go 1.18 … 1.27: runtime/traceback.go, showframe). */
static bool is_hidden(struct lg_str function)
{
    struct lg_str rest;
    if (lg_str_starts(function, LG_STR("internal/runtime/")))
        return true;
    return lg_str_after(function, LG_STR("runtime."), &rest) && rest.len != 0 &&
           !(rest.data[0] >= 'A' && rest.data[0] <= 'Z');
}

/* Cuts what a dump would not show either, so that one place looks the same in
 * a dump and in a profile: the parking functions at the leaf, runtime.main at
 * the root. A stack of nothing else stays. */
static void hide_runtime(const struct lg_goroutines *g,
                         struct lg_goroutine *item)
{
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    uint32_t first = 0, end = item->frame_count;
    while (first < end && is_hidden(frames[first].function))
        first++;
    if (first == end)
        return;
    while (is_hidden(frames[end - 1].function))
        end--;
    item->frame_first += first;
    item->frame_count = end - first;
}

static bool add_frames(const struct lg_profile *p, size_t sample,
                       struct lg_goroutines *g, struct lg_goroutine *item)
{
    item->frame_first = (uint32_t)g->frames.count;
    struct lg_frame_iter it = lg_profile_frames(p, sample);
    struct lg_frame frame;
    while (lg_frame_iter_next(&it, &frame)) {
        struct lg_frame *place = lg_push(g->arena, &g->frames);
        if (place == NULL || g->frames.count >= UINT32_MAX)
            return false;
        *place = frame;
    }
    item->frame_count = (uint32_t)g->frames.count - item->frame_first;
    item->state = lg_goroutine_infer_state(lg_goroutine_frames(g, item),
                                           item->frame_count);
    hide_runtime(g, item);
    return true;
}

/* Samples that differ in labels only (one per request, say) have one stack and
 * share its frames. first_of: stack, as bytes → index + 1 of its first item. */
static bool add_stack(const struct lg_profile *p, size_t sample,
                      struct lg_map *first_of, struct lg_goroutines *g,
                      struct lg_goroutine *item)
{
    struct lg_profile_stack stack = p->samples.items[sample];
    struct lg_str bytes = {NULL, 0};
    if (stack.count != 0)
        bytes = lg_str_from(p->stacks.items + stack.first,
                            stack.count * sizeof *p->stacks.items);
    uint64_t *first = lg_map_put_str(first_of, bytes, NULL);
    if (first == NULL)
        return false;
    if (*first == 0) {
        *first = g->items.count;
        return add_frames(p, sample, g, item);
    }
    const struct lg_goroutine *other = &g->items.items[*first - 1];
    item->frame_first = other->frame_first;
    item->frame_count = other->frame_count;
    item->state = other->state;
    return true;
}

/* "tenant: acme, shard: 7", as Go ≥ 1.27 writes them in a dump. *at moves on
 * through the labels, which are in order of sample. */
static bool add_labels(const struct lg_profile *p, size_t sample, size_t *at,
                       struct lg_goroutines *g, struct lg_goroutine *item)
{
    struct lg_sb sb;
    lg_sb_init(&sb, g->arena);
    for (; *at < p->labels.count; (*at)++) {
        const struct lg_profile_label *label = &p->labels.items[*at];
        if (label->sample > sample)
            break;
        if (label->sample < sample)
            continue;
        lg_sb_cstr(&sb, sb.len != 0 ? ", " : "");
        lg_sb_str(&sb, label->of->key);
        lg_sb_cstr(&sb, ": ");
        if (label->of->str.len != 0)
            lg_sb_str(&sb, label->of->str);
        else
            lg_sb_fmt(&sb, "%lld", (long long)label->of->num);
    }
    item->labels = lg_sb_view(&sb);
    return !sb.failed;
}

/* Index of the counts, or -1: the profile is of something else. *leaked_ret:
 * Go's own proof, the goroutineleak profile of Go ≥ 1.26. */
static int count_type(const struct lg_profile *p, bool *leaked_ret)
{
    int type = lg_profile_type(p, LG_STR("goroutineleak"));
    *leaked_ret = type >= 0;
    return type >= 0 ? type : lg_profile_type(p, LG_STR("goroutine"));
}

bool lg_goroutines_from_profile(const struct lg_profile *p,
                                struct lg_arena *arena,
                                struct lg_goroutines *ret)
{
    struct lg_goroutines g = {.arena = arena, .from_profile = true};
    bool leaked;
    int type = count_type(p, &leaked);
    size_t label_at = 0;
    struct lg_map first_of;
    lg_map_init(&first_of, arena);
    for (size_t i = 0; type >= 0 && i < p->samples.count; i++) {
        int64_t count = lg_profile_value(p, i, type);
        if (count <= 0)
            continue;
        struct lg_goroutine *item = lg_push(arena, &g.items);
        if (item == NULL || !add_stack(p, i, &first_of, &g, item) ||
            !add_labels(p, i, &label_at, &g, item))
            return false;
        item->count = (uint64_t)count;
        item->leaked = leaked;
        g.total += item->count;
    }
    *ret = g;
    return true;
}
