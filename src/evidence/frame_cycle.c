/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/goroutines.h"

/* A dump has 100 frames of a stack, a profile at most 1,024; of more, the leaf
 * end tells enough. Bounds the work and the room for hashes. */
#define MAX_FRAMES 2048
#define MIN_FRAMES 8
/* Longer rounds than this are not read as one loop by anybody. */
#define MAX_CYCLE 128
/* Twice the same may be chance: two handlers around two others. */
#define MIN_ROUNDS 3

/* Recursion over data (a tree, a graph with a loop) repeats few functions in no
 * fixed order. So many frames are looked at, and are needed. */
#define MAX_IRREGULAR_FRAMES 256
#define MIN_IRREGULAR_FRAMES 32
/* Each function stands there so often on average. A chain of handlers has one
 * wrapper often, but the others once. */
#define MIN_OCCURRENCES 4

struct stack {
    uint64_t functions[MAX_FRAMES]; /* hashes of the names */
    uint32_t count;
};

struct run {
    uint32_t first, len; /* len frames, each equal to the one `length` on */
};

/* The next stretch in which frames repeat after `length`, at least one round
 * long; true while there is one. */
static bool next_run(const struct stack *s, uint32_t length, uint32_t *at,
                     struct run *ret)
{
    while (*at + length < s->count) {
        uint32_t first = *at, i = first;
        while (i + length < s->count &&
               s->functions[i] == s->functions[i + length])
            i++;
        *at = i + 1;
        if (i - first >= length) {
            *ret = (struct run){first, i - first + length};
            return true;
        }
    }
    return false;
}

static bool is_in(const struct stack *s, struct run cycle, uint64_t function)
{
    for (uint32_t i = 0; i < cycle.len; i++)
        if (s->functions[cycle.first + i] == function)
            return true;
    return false;
}

static bool longest_run(const struct stack *s, uint32_t length, struct run *ret)
{
    struct run run, best = {0, 0};
    uint32_t at = 0;
    while (next_run(s, length, &at, &run))
        if (run.len > best.len)
            best = run;
    *ret = best;
    return best.len / length >= MIN_ROUNDS;
}

/* Frames in stretches of the same cycle. There are two where frames were left
 * out in the middle: the round is out of step behind the gap. */
static uint32_t covered(const struct stack *s, uint32_t length,
                        uint32_t *first_ret)
{
    struct run best, run;
    if (!longest_run(s, length, &best))
        return 0;
    uint32_t at = 0, total = 0;
    struct run cycle = {best.first, length};
    while (next_run(s, length, &at, &run)) {
        if (!is_in(s, cycle, s->functions[run.first]))
            continue;
        if (total == 0)
            *first_ret = run.first;
        total += run.len;
        at = run.first + run.len > at ? run.first + run.len : at;
    }
    return total;
}

static uint32_t count_of(const struct stack *s, uint32_t first, uint32_t end,
                         uint64_t function)
{
    uint32_t count = 0;
    for (uint32_t i = first; i < end; i++)
        count += s->functions[i] == function;
    return count;
}

/* How many different functions stand in [first, end). */
static uint32_t different(const struct stack *s, uint32_t first, uint32_t end)
{
    uint32_t count = 0;
    for (uint32_t i = first; i < end; i++)
        count += count_of(s, first, i, s->functions[i]) == 0;
    return count;
}

/* The function that stands there most often: the frames from its first time to
 * its last are the recursion, when they are of few functions. */
static bool find_irregular(const struct stack *s, struct lg_frame_cycle *ret)
{
    uint32_t end =
        s->count < MAX_IRREGULAR_FRAMES ? s->count : MAX_IRREGULAR_FRAMES;
    uint32_t most = 0, first = 0, last, next;
    if (end < MIN_IRREGULAR_FRAMES)
        return false;
    for (uint32_t i = 0; i < end; i++) {
        uint32_t count = count_of(s, i, end, s->functions[i]);
        if (count > most) {
            most = count;
            first = i;
        }
    }
    for (last = end - 1; s->functions[last] != s->functions[first]; last--) {
    }
    if ((last - first + 1) * 2 < end ||
        different(s, first, last + 1) * MIN_OCCURRENCES > last - first + 1)
        return false;
    for (next = first + 1; s->functions[next] != s->functions[first]; next++) {
    }
    *ret = (struct lg_frame_cycle){
        .first = first, .length = next - first, .repeats = most};
    return true;
}

static void read_stack(struct stack *s, const struct lg_frame *frames,
                       size_t count)
{
    s->count = count < MAX_FRAMES ? (uint32_t)count : MAX_FRAMES;
    for (uint32_t i = 0; i < s->count; i++)
        s->functions[i] = lg_str_hash(frames[i].function);
}

/* Frames behind those that were looked at which go on with the cycle. */
static uint64_t beyond(const struct lg_frame *frames, size_t count,
                       uint32_t length)
{
    size_t i = MAX_FRAMES;
    while (i < count &&
           lg_str_eq(frames[i].function, frames[i - length].function))
        i++;
    return i - MAX_FRAMES;
}

bool lg_frames_find_cycle(const struct lg_frame *frames, size_t count,
                          uint64_t elided, struct lg_frame_cycle *ret)
{
    struct stack s;
    uint32_t best = 0;
    struct lg_frame_cycle cycle = {0};
    if (count < MIN_FRAMES)
        return false;
    read_stack(&s, frames, count);
    for (uint32_t length = 1;
         length <= MAX_CYCLE && length * MIN_ROUNDS <= s.count; length++) {
        uint32_t first = 0, total = covered(&s, length, &first);
        /* A multiple of the true length covers as much; a longer one has to
         * win by more than what it saves at a gap. */
        if (total <= best + best / 8)
            continue;
        best = total;
        cycle.first = first;
        cycle.length = length;
    }
    if (best >= MIN_FRAMES / 2 && best * 2 >= s.count)
        cycle.repeats =
            (best + beyond(frames, count, cycle.length)) / cycle.length;
    else if (!find_irregular(&s, &cycle))
        return false;
    cycle.depth = count;
    if (elided != UINT64_MAX && elided <= UINT64_MAX - count)
        cycle.depth += elided;
    *ret = cycle;
    return true;
}
