/* SPDX-License-Identifier: Apache-2.0 */
/* Which kinds of goroutine are one matter, and which of them to name. */
#include "diagnose/suspect.h"

/* Counts this close are one matter. */
#define COMPANION_RATIO 0.03
/* Memory on one kind's way that is more than the other's beyond chance. */
#define PINS_MORE_RATIO 1.2

/* Goroutines of somebody else's code that come in the same number were made
 * together, even when nothing tells who made the one kind. */
static bool are_companions(const struct lg_suspect *a,
                           const struct lg_suspect *b)
{
    uint64_t more =
        a->site.count > b->site.count ? a->site.count : b->site.count;
    uint64_t fewer = a->site.count + b->site.count - more;
    bool same_creator =
        a->site.created_by.function.len > 0 &&
        lg_str_eq(a->site.created_by.function, b->site.created_by.function);
    return (a->where.function.len > 0 || same_creator) &&
           b->where.function.len == 0 &&
           (double)(more - fewer) <= COMPANION_RATIO * (double)more;
}

/* A library's own goroutines (a connection's reader and writer) are there
 * because of the user's goroutines that stand in that library. */
static bool is_consequence(const struct lg_suspect *of,
                           const struct lg_suspect *s)
{
    const struct lg_goroutines *g = of->site.dump;
    struct lg_str package = lg_frame_package(s->site.start.function);
    if (of->where.function.len == 0 || of->where_by_caller || g == NULL ||
        s->site.where.function.len > 0 || package.len == 0) {
        return false;
    }
    const struct lg_goroutine *item = &g->items.items[of->site.example];
    for (uint32_t i = 0; i < item->frame_count; i++) {
        struct lg_str function =
            g->frames.items[item->frame_first + i].function;
        if (lg_str_eq(lg_frame_package(function), package)) {
            return true;
        }
    }
    return false;
}

static bool is_exported(struct lg_str function)
{
    struct lg_str package = lg_frame_package(function);
    for (size_t i = package.len; i < function.len; i++) {
        char letter = function.data[i];
        if (letter != '.' && letter != '(' && letter != '*') {
            return letter >= 'A' && letter <= 'Z';
        }
    }
    return false;
}

/* Of goroutines that one call starts in equal numbers, which to name? Counts
 * say nothing: the last dump may have caught a call half-way. The kind that
 * pins most, where a profile tells; else the kind that was given a way to end
 * (a select has a case for it), else the one of a type that its users know by
 * name. The same whatever came first. */
static bool names_it_better(const struct lg_suspect *a,
                            const struct lg_suspect *b)
{
    double made = (double)a->made_bytes, other = (double)b->made_bytes;
    bool a_selects = lg_str_starts(a->site.state, LG_STR("select"));
    bool b_selects = lg_str_starts(b->site.state, LG_STR("select"));
    bool a_known = is_exported(a->site.start.function);
    bool b_known = is_exported(b->site.start.function);
    if (made > PINS_MORE_RATIO * other || other > PINS_MORE_RATIO * made) {
        return made > other;
    }
    if (a_selects != b_selects) {
        return a_selects;
    }
    if (a_known != b_known) {
        return a_known;
    }
    return lg_str_cmp(a->site.start.function, b->site.start.function) < 0;
}

/* Is `next` the one to name of the two? A line that the goroutines stand at
 * tells more than one that leads to their creator. */
static bool takes_over(const struct lg_suspect *s,
                       const struct lg_suspect *next)
{
    if (next->where.function.len == 0 || s->where.function.len == 0) {
        return next->where.function.len > 0;
    }
    if (s->where_by_caller != next->where_by_caller) {
        return s->where_by_caller;
    }
    return s->where_by_caller ? names_it_better(next, s)
                              : next->heap_bytes > s->heap_bytes;
}

/* Started by the same line, and none of them parked: some have got further. */
static bool are_one_fan_out(const struct lg_suspect *a,
                            const struct lg_suspect *b)
{
    return a->parked_ratio <= LG_PARKED_RATIO &&
           b->parked_ratio <= LG_PARKED_RATIO &&
           a->site.created_by.function.len > 0 &&
           lg_str_eq(a->site.start.function, b->site.start.function) &&
           lg_frame_same(&a->site.created_by, &b->site.created_by);
}

/* Sites that the same line is to blame for are one suspect; one of them lends
 * it leaf and wait. */
bool lg_suspect_join(struct lg_suspect *suspects, size_t count,
                     const struct lg_suspect *next)
{
    for (size_t i = 0; i < count; i++) {
        struct lg_suspect *s = &suspects[i];
        bool same_line =
            s->where.function.len > 0 && lg_frame_same(&s->where, &next->where);
        bool alike = (s->parked_ratio > LG_PARKED_RATIO) ==
                     (next->parked_ratio > LG_PARKED_RATIO);
        bool by_library = s->where_by_caller || next->where_by_caller;
        if ((!same_line && !are_companions(s, next) &&
             !are_one_fan_out(s, next)) ||
            (!alike && !by_library)) {
            continue;
        }
        uint64_t stacks = s->stack_bytes + next->stack_bytes;
        uint64_t all = s->count + next->count;
        uint64_t first = s->first_count + next->first_count;
        if (takes_over(s, next)) {
            *s = *next;
        }
        s->stack_bytes = stacks;
        s->count = all;
        s->first_count = first;
        return true;
    }
    return false;
}

/* Once more: one without a line may have come before its companion. */
size_t lg_suspects_join_companions(struct lg_suspect *suspects, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct lg_suspect s = suspects[i];
        bool joined = false;
        for (size_t k = 0; k < count && !joined; k++) {
            joined =
                k != i && (is_consequence(&suspects[k], &s) ||
                           (are_companions(&suspects[k], &s) &&
                            (suspects[k].where.function.len > 0 || k < i)));
        }
        if (!joined) {
            suspects[kept++] = s;
        }
    }
    return kept;
}
