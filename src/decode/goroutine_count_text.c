/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/goroutine_text.h"

#include "decode/count_text.h"

bool lg_goroutine_count_text_is(struct lg_str bytes)
{
    return lg_str_starts(bytes, LG_STR("goroutine profile: total ")) ||
           lg_str_starts(bytes, LG_STR("goroutineleak profile: total "));
}

/* "3 @ 0x43e5ce 0x44e0ff …" */
static bool parse_count(struct lg_str line, uint64_t *count_ret)
{
    return lg_str_take_u64(&line, count_ret) &&
           (lg_str_eq(line, LG_STR(" @")) ||
            lg_str_starts(line, LG_STR(" @ ")));
}

/* runtime/pprof leaves the runtime functions at the leaf out, so a leaf that
 * does not tell a wait tells nothing. */
static struct lg_str state_of(const struct lg_frame *frames, size_t count)
{
    struct lg_str state = lg_goroutine_infer_state(frames, count);
    if (lg_str_eq(state, LG_STR("runnable")))
        return (struct lg_str){NULL, 0};
    return state;
}

/* The lines of one stack, up to a blank one. */
static bool parse_stack(struct lg_str *rest, struct lg_goroutines *g,
                        struct lg_goroutine *item, bool *complete_ret)
{
    struct lg_str line;
    *complete_ret = false;
    while (lg_count_line_next(rest, &line)) {
        struct lg_frame frame;
        struct lg_str labels;
        *complete_ret = line.len == 0;
        if (line.len == 0)
            break;
        if (lg_str_after(line, LG_STR("# labels: {"), &labels)) {
            labels.len -= lg_str_ends(labels, LG_STR("}"));
            item->labels = labels;
        } else if (lg_count_line_frame(line, &frame)) {
            struct lg_frame *place = lg_push(g->arena, &g->frames);
            if (place == NULL || g->frames.count >= UINT32_MAX)
                return false;
            *place = frame;
            item->frame_count++;
        }
    }
    return true;
}

static bool parse_all(struct lg_str rest, struct lg_goroutines *g)
{
    struct lg_str line;
    bool leaked = lg_str_starts(rest, LG_STR("goroutineleak "));
    while (lg_count_line_next(&rest, &line)) {
        struct lg_goroutine stack = {.leaked = leaked,
                                     .frame_first = (uint32_t)g->frames.count};
        bool complete;
        if (!parse_count(line, &stack.count))
            continue;
        if (!parse_stack(&rest, g, &stack, &complete))
            return false;
        if (!complete) {
            g->frames.count = stack.frame_first;
            return true;
        }
        stack.state =
            state_of(lg_goroutine_frames(g, &stack), stack.frame_count);
        struct lg_goroutine *item = lg_push(g->arena, &g->items);
        if (item == NULL ||
            __builtin_add_overflow(g->total, stack.count, &g->total))
            return false;
        *item = stack;
    }
    return true;
}

bool lg_goroutine_count_text_parse(struct lg_str bytes, struct lg_arena *arena,
                                   struct lg_goroutines *ret,
                                   struct lg_error *err)
{
    struct lg_goroutines g = {.arena = arena, .from_profile = true};
    struct lg_str first = lg_str_cut_char(bytes, '\n').head;
    struct lg_cut total = lg_str_rcut_char(lg_str_trim(first), ' ');
    uint64_t told;
    if (!lg_goroutine_count_text_is(bytes) || !lg_str_u64(total.tail, &told))
        return lg_fail_at(err, 0, "no \"goroutine profile: total N\"");
    if (!parse_all(bytes, &g))
        return lg_fail_nomem(err);
    if (g.items.count == 0)
        return lg_fail(err, LG_ABSENT, "no stack in the goroutine profile");
    g.truncated = g.total < told;
    *ret = g;
    return true;
}
