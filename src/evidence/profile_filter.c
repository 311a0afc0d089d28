/* SPDX-License-Identifier: Apache-2.0 */
/* focus, ignore, hide, show. profile/filter.go. */
#include "evidence/profile_filter.h"

#include "evidence/profile_view.h"

/* What is known of a location. */
enum {
    FOCUSED = 1,
    IGNORED = 2,
    HIDDEN = 4,
};

struct name_filter {
    struct lg_profile view;
    struct lg_arena scratch;
    struct lg_function_test focus, ignore, hide, show;
    struct lg_name_matches matches;
    uint8_t *flags; /* of each location */
    bool owns_locations, owns_lines, hides;
};

static bool matches_location(struct lg_function_test *t,
                             const struct lg_profile_location *l)
{
    const struct lg_profile *p = t->profile;
    for (uint32_t i = 0; i < l->line_count; i++)
        if (lg_function_test_line(t,
                                  p->lines.items[l->line_first + i].function))
            return true;
    return lg_function_test_mapping(t, l);
}

/* A copy of the columns that hiding changes, made when it first does. */
static bool own_lines(struct name_filter *f)
{
    if (!f->owns_locations && !lg_own_column(&f->view, locations, 0))
        return false;
    f->owns_locations = true;
    if (!f->owns_lines && !lg_own_column(&f->view, lines, 0))
        return false;
    f->owns_lines = true;
    return true;
}

/* A line of the view: the view's lines begin with the profile's own, and what
 * hide left of a location may stand behind them. */
static bool line_stays(struct name_filter *f, struct lg_function_test *t,
                       uint32_t line)
{
    uint32_t function = f->view.lines.items[line].function;
    if (t == &f->hide)
        return !lg_function_test_line(t, function);
    /* A line without a function is not judged. */
    return function == LG_NO_FUNCTION || lg_function_test_line(t, function);
}

/* Cuts the location down to the lines that stay. */
static bool cut_lines(struct name_filter *f, struct lg_function_test *t,
                      size_t location)
{
    struct lg_profile_location l = f->view.locations.items[location];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l.line_count; i++)
        kept += line_stays(f, t, l.line_first + i);
    if (kept == l.line_count)
        return true;
    if (!own_lines(f))
        return false;
    size_t first = f->view.lines.count;
    for (uint32_t i = 0; kept != 0 && i < l.line_count; i++) {
        if (!line_stays(f, t, l.line_first + i))
            continue;
        struct lg_profile_line *line = lg_push(f->view.arena, &f->view.lines);
        if (line == NULL || f->view.lines.count >= UINT32_MAX)
            return false;
        *line = f->view.lines.items[l.line_first + i];
    }
    f->view.locations.items[location].line_first = (uint32_t)first;
    f->view.locations.items[location].line_count = kept;
    return true;
}

static bool drop_lines(struct name_filter *f, size_t location)
{
    if (f->view.locations.items[location].line_count == 0)
        return true;
    if (!own_lines(f))
        return false;
    f->view.locations.items[location].line_count = 0;
    return true;
}

static bool hide_lines(struct name_filter *f, size_t i)
{
    const struct lg_profile_location *l = &f->view.locations.items[i];
    if (!matches_location(&f->hide, l))
        return true;
    f->matches.hide = true;
    bool whole = lg_function_test_mapping(&f->hide, l);
    if (whole ? !drop_lines(f, i) : !cut_lines(f, &f->hide, i))
        return false;
    if (f->view.locations.items[i].line_count == 0)
        f->flags[i] |= HIDDEN;
    return true;
}

static bool show_lines(struct name_filter *f, size_t i)
{
    if (!lg_function_test_mapping(&f->show, &f->view.locations.items[i]) &&
        !cut_lines(f, &f->show, i))
        return false;
    if (f->view.locations.items[i].line_count == 0)
        f->flags[i] |= HIDDEN;
    else
        f->matches.show = true;
    return true;
}

static bool judge_locations(struct name_filter *f)
{
    for (size_t i = 0; i < f->view.locations.count; i++) {
        const struct lg_profile_location *l = &f->view.locations.items[i];
        if (f->ignore.re != NULL && matches_location(&f->ignore, l)) {
            f->matches.ignore = true;
            f->flags[i] |= IGNORED;
        } else if (f->focus.re == NULL || matches_location(&f->focus, l)) {
            f->matches.focus = true;
            f->flags[i] |= FOCUSED;
        }
        if (f->hide.re != NULL && !hide_lines(f, i))
            return false;
        if (f->show.re != NULL && !show_lines(f, i))
            return false;
        f->hides = f->hides || (f->flags[i] & HIDDEN) != 0;
    }
    return true;
}

/* At least one location in focus and none to be ignored. */
static bool stack_stays(const struct name_filter *f,
                        const struct lg_profile_stack *s)
{
    const uint32_t *at = f->view.stacks.items + s->first, *end = at + s->count;
    uint8_t any = 0;
    if (!f->matches.ignore) {
        for (; at != end; at++)
            if (f->flags[*at] & FOCUSED)
                return true;
        return false;
    }
    for (; at != end; at++)
        any |= f->flags[*at];
    return (any & (FOCUSED | IGNORED)) == FOCUSED;
}

static bool same_range(const struct lg_profile_stack *a,
                       const struct lg_profile_stack *b)
{
    return a->first == b->first && a->count == b->count;
}

/* Stacks without the hidden locations; samples that keep none go. The room is
 * that of all stacks, of which no more is touched than what is written. */
static bool hide_locations(struct name_filter *f, uint8_t *keep)
{
    struct lg_profile *view = &f->view;
    const struct lg_profile_stack *old = view->samples.items;
    const uint32_t *stacks = view->stacks.items;
    size_t room = 0, at = 0, done = SIZE_MAX;
    for (size_t i = 0; i < view->samples.count; i++)
        if (keep[i] && (i == 0 || !same_range(&old[i], &old[i - 1])))
            room += old[i].count;
    if (room >= UINT32_MAX)
        return false;
    uint32_t *packed = lg_new(view->arena, uint32_t, room);
    if (packed == NULL || !lg_own_column(view, samples, 0))
        return false;
    for (size_t i = 0; i < view->samples.count; i++) {
        struct lg_profile_stack *s = &view->samples.items[i];
        if (!keep[i])
            continue;
        if (done != SIZE_MAX && same_range(&old[i], &old[done])) {
            *s = view->samples.items[done];
        } else {
            size_t first = at;
            for (uint32_t k = 0; k < old[i].count; k++) {
                packed[at] = stacks[old[i].first + k];
                at += (f->flags[packed[at]] & HIDDEN) == 0;
            }
            *s = (struct lg_profile_stack){(uint32_t)first,
                                           (uint32_t)(at - first)};
        }
        done = i;
        keep[i] = s->count != 0;
    }
    lg_arena_trim(view->arena, packed, room * sizeof *packed,
                  at * sizeof *packed);
    view->stacks.items = packed;
    view->stacks.count = view->stacks.capacity = at;
    return true;
}

static bool filter_names(struct name_filter *f, const struct lg_profile *p,
                         const struct lg_name_filter *filter)
{
    struct lg_arena *scratch = &f->scratch;
    f->flags = lg_new(scratch, uint8_t, p->locations.count);
    uint8_t *keep = lg_new(scratch, uint8_t, p->samples.count);
    if (f->flags == NULL || keep == NULL ||
        !lg_function_test_init(&f->focus, p, filter->focus, scratch) ||
        !lg_function_test_init(&f->ignore, p, filter->ignore, scratch) ||
        !lg_function_test_init(&f->hide, p, filter->hide, scratch) ||
        !lg_function_test_init(&f->show, p, filter->show, scratch) ||
        !judge_locations(f))
        return false;
    for (size_t i = 0; i < p->samples.count; i++)
        keep[i] = stack_stays(f, &p->samples.items[i]);
    return (!f->hides || hide_locations(f, keep)) &&
           lg_profile_select(&f->view, keep);
}

bool lg_profile_filter_names(const struct lg_profile *p,
                             const struct lg_name_filter *filter,
                             struct lg_arena *arena, struct lg_profile *ret,
                             struct lg_name_matches *matched_ret)
{
    struct name_filter f = {.view = lg_profile_view(p, arena)};
    bool ok = true;
    if (filter->focus == NULL && filter->ignore == NULL &&
        filter->hide == NULL && filter->show == NULL) {
        f.matches.focus = true;
    } else {
        lg_arena_init(&f.scratch, 0);
        ok = filter_names(&f, p, filter);
        lg_arena_deinit(&f.scratch);
    }
    if (!ok)
        return false;
    *ret = f.view;
    *matched_ret = f.matches;
    return true;
}
