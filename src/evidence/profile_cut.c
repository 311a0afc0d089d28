/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks cut at a frame: show_from, prune_from, drop_frames, owner. What is
 * left of a stack is a part of its range, so no stack is copied; what is left
 * of a location is a part of its lines. profile/filter.go and prune.go. */
#include "base/sb.h"
#include "evidence/profile_filter.h"
#include "evidence/profile_view.h"

/* What is known of a location. */
enum {
    CUT_HERE = 1,  /* it holds the frame at which stacks are cut */
    CUT_WHOLE = 2, /* and goes itself */
};

struct cut {
    struct lg_profile view;
    struct lg_arena scratch;
    struct lg_function_test test, keep_test;
    struct lg_str main_module; /* of owner */
    uint8_t *flags;            /* of each location */
    uint8_t *keep;             /* of each sample */
    bool owns_locations, owns_samples, matched;
};

static bool cut_init(struct cut *c, const struct lg_profile *p,
                     const struct lg_regex *re, const struct lg_regex *keep,
                     struct lg_arena *arena)
{
    *c = (struct cut){.view = lg_profile_view(p, arena)};
    lg_arena_init(&c->scratch, 0);
    c->flags = lg_new(&c->scratch, uint8_t, p->locations.count);
    return c->flags != NULL &&
           lg_function_test_init(&c->test, p, re, &c->scratch) &&
           lg_function_test_init(&c->keep_test, p, keep, &c->scratch);
}

static bool cut_finish(struct cut *c, bool ok, struct lg_profile *ret)
{
    lg_arena_deinit(&c->scratch);
    if (ok)
        *ret = c->view;
    return ok;
}

/* Leaves lines[first, first + count) of a location. */
static bool leave_lines(struct cut *c, size_t location, uint32_t first,
                        uint32_t count)
{
    const struct lg_profile_location *l = &c->view.locations.items[location];
    if (l->line_count == count)
        return true;
    if (!c->owns_locations && !lg_own_column(&c->view, locations, 0))
        return false;
    c->owns_locations = true;
    c->view.locations.items[location].line_first += first;
    c->view.locations.items[location].line_count = count;
    return true;
}

static bool leave_stack(struct cut *c, size_t sample, uint32_t first,
                        uint32_t count)
{
    const struct lg_profile_stack *s = &c->view.samples.items[sample];
    if (s->count == count)
        return true;
    if (!c->owns_samples && !lg_own_column(&c->view, samples, 0))
        return false;
    c->owns_samples = true;
    c->view.samples.items[sample].first += first;
    c->view.samples.items[sample].count = count;
    return true;
}

static uint32_t function_at(const struct cut *c,
                            const struct lg_profile_location *l, uint32_t line)
{
    return c->view.lines.items[l->line_first + line].function;
}

/* Lines up to the outermost match stay; all of them when the mapping is what
 * matches. */
static bool show_from_location(struct cut *c, size_t i)
{
    const struct lg_profile_location *l = &c->view.locations.items[i];
    uint32_t count = l->line_count;
    bool match = lg_function_test_mapping(&c->test, l);
    while (!match && count != 0) {
        match = lg_function_test_line(&c->test, function_at(c, l, count - 1));
        count -= !match;
    }
    if (!match)
        return true;
    c->flags[i] = CUT_HERE;
    c->matched = true;
    return leave_lines(c, i, 0, count);
}

/* The stack up to its outermost match. */
static bool show_from_sample(struct cut *c, size_t sample)
{
    struct lg_profile_stack s = c->view.samples.items[sample];
    const uint32_t *stack = c->view.stacks.items + s.first;
    uint32_t count = s.count;
    while (count != 0 && c->flags[stack[count - 1]] == 0)
        count--;
    c->keep[sample] = count != 0;
    return leave_stack(c, sample, 0, count);
}

static bool show_from_all(struct cut *c)
{
    c->keep = lg_new(&c->scratch, uint8_t, c->view.samples.count);
    if (c->keep == NULL)
        return false;
    for (size_t i = 0; i < c->view.locations.count; i++)
        if (!show_from_location(c, i))
            return false;
    for (size_t i = 0; i < c->view.samples.count; i++)
        if (!show_from_sample(c, i))
            return false;
    return lg_profile_select(&c->view, c->keep);
}

bool lg_profile_show_from(const struct lg_profile *p,
                          const struct lg_regex *show_from,
                          struct lg_arena *arena, struct lg_profile *ret,
                          bool *matched_ret)
{
    if (show_from == NULL) {
        *matched_ret = false;
        *ret = lg_profile_view(p, arena);
        return true;
    }
    struct cut c;
    bool ok = cut_init(&c, p, show_from, NULL, arena) && show_from_all(&c);
    if (!cut_finish(&c, ok, ret))
        return false;
    *matched_ret = c.matched;
    return true;
}

/* prune.go simplifyFunc: without a leading dot (PowerPC's old ABI) and without
 * the arguments, which begin at the first '(' that is no part of a name. */
static struct lg_str simplified(struct lg_str name)
{
    static const char *const reserved[] = {"(anonymous namespace)",
                                           "operator()"};
    (void)lg_str_after(name, LG_STR("."), &name);
    for (size_t i = 0; i < name.len;) {
        struct lg_str rest = lg_str_skip(name, i);
        if (lg_str_starts(rest, lg_str_of(reserved[0])))
            i += strlen(reserved[0]);
        else if (lg_str_starts(rest, lg_str_of(reserved[1])))
            i += strlen(reserved[1]);
        else if (name.data[i] == '(')
            return lg_str_first(name, i);
        else
            i++;
    }
    return name;
}

/* 0: not asked yet. */
enum verdict {
    GOES = 1,
    STAYS,
};

static bool is_pruned_name(struct cut *c, struct lg_str name)
{
    if (name.len == 0)
        return false;
    struct lg_str plain = simplified(name);
    return lg_function_test_text(&c->test, plain) &&
           (c->keep_test.re == NULL ||
            !lg_function_test_text(&c->keep_test, plain));
}

/* Only the function's own name counts here. */
static bool is_pruned(struct cut *c, uint32_t function)
{
    if (function == LG_NO_FUNCTION)
        return false;
    uint8_t *known = &c->test.functions[function];
    if (*known == 0)
        *known = is_pruned_name(c, c->view.functions.items[function].name)
                     ? GOES
                     : STAYS;
    return *known == GOES;
}

/* The outermost match of a location and what it called go. */
static bool prune_location(struct cut *c, size_t i)
{
    const struct lg_profile_location *l = &c->view.locations.items[i];
    uint32_t count = l->line_count, at = count;
    while (at != 0 && !is_pruned(c, function_at(c, l, at - 1)))
        at--;
    if (at == 0)
        return true;
    c->matched = true;
    c->flags[i] = CUT_HERE;
    if (at == count) {
        c->flags[i] |= CUT_WHOLE;
        return true;
    }
    return leave_lines(c, i, at, count - at);
}

/* From the root on, the first match behind a frame that is none. */
static bool prune_sample(struct cut *c, size_t sample)
{
    struct lg_profile_stack s = c->view.samples.items[sample];
    const uint32_t *stack = c->view.stacks.items + s.first;
    bool found_user = false;
    for (uint32_t i = s.count; i != 0; i--) {
        uint8_t flags = c->flags[stack[i - 1]];
        if (flags == 0) {
            found_user = true;
        } else if (found_user) {
            uint32_t first = flags & CUT_WHOLE ? i : i - 1;
            return leave_stack(c, sample, first, s.count - first);
        }
    }
    return true;
}

static bool prune_all(struct cut *c)
{
    for (size_t i = 0; i < c->view.locations.count; i++)
        if (!prune_location(c, i))
            return false;
    for (size_t i = 0; c->matched && i < c->view.samples.count; i++)
        if (!prune_sample(c, i))
            return false;
    return true;
}

/* "^(…)$"; NULL: no such pattern, or not one. */
static struct lg_regex *frames_pattern(struct lg_str frames)
{
    struct lg_arena scratch;
    struct lg_sb sb;
    lg_arena_init(&scratch, 0);
    lg_sb_init(&sb, &scratch);
    lg_sb_cstr(&sb, "^(");
    lg_sb_str(&sb, frames);
    lg_sb_cstr(&sb, ")$");
    struct lg_regex *re =
        sb.failed ? NULL : lg_regex_create(lg_sb_view(&sb), NULL);
    lg_arena_deinit(&scratch);
    return re;
}

static bool remove_frames(const struct lg_profile *p,
                          const struct lg_regex *drop,
                          const struct lg_regex *keep, struct lg_arena *arena,
                          struct lg_profile *ret)
{
    struct cut c;
    bool ok = cut_init(&c, p, drop, keep, arena) && prune_all(&c);
    return cut_finish(&c, ok, ret);
}

bool lg_profile_remove_uninteresting(const struct lg_profile *p,
                                     struct lg_arena *arena,
                                     struct lg_profile *ret)
{
    struct lg_regex *drop = NULL, *keep = NULL;
    bool ok = true, asked = p->drop_frames.len != 0;
    if (asked)
        drop = frames_pattern(p->drop_frames);
    if (drop != NULL && p->keep_frames.len != 0)
        keep = frames_pattern(p->keep_frames);
    if (drop == NULL || (p->keep_frames.len != 0 && keep == NULL))
        *ret = lg_profile_view(p, arena);
    else
        ok = remove_frames(p, drop, keep, arena, ret);
    lg_regex_destroy(keep);
    lg_regex_destroy(drop);
    return ok;
}

typedef bool is_start_fn(struct cut *c, uint32_t function);

/* From the innermost match of a location on, its lines stay; from the first
 * location with one on, those of a stack. */
static bool start_all(struct cut *c, is_start_fn *is_start)
{
    for (size_t i = 0; i < c->view.locations.count; i++) {
        const struct lg_profile_location *l = &c->view.locations.items[i];
        uint32_t at = 0, count = l->line_count;
        while (at != count && !is_start(c, function_at(c, l, at)))
            at++;
        if (at == count)
            continue;
        c->flags[i] = CUT_HERE;
        c->matched = true;
        if (!leave_lines(c, i, at, count - at))
            return false;
    }
    for (size_t i = 0; c->matched && i < c->view.samples.count; i++) {
        struct lg_profile_stack s = c->view.samples.items[i];
        const uint32_t *stack = c->view.stacks.items + s.first;
        uint32_t at = 0;
        while (at != s.count && c->flags[stack[at]] == 0)
            at++;
        if (at != s.count && !leave_stack(c, i, at, s.count - at))
            return false;
    }
    return true;
}

bool lg_profile_prune_from(const struct lg_profile *p,
                           const struct lg_regex *from, struct lg_arena *arena,
                           struct lg_profile *ret)
{
    struct cut c;
    bool ok = cut_init(&c, p, from, NULL, arena) && start_all(&c, is_pruned);
    return cut_finish(&c, ok, ret);
}

/* Of package main, or at or below the main module's path. */
static bool is_own(struct cut *c, uint32_t function)
{
    if (function == LG_NO_FUNCTION)
        return false;
    struct lg_str package =
        lg_frame_package(c->view.functions.items[function].name);
    struct lg_str rest;
    if (lg_str_eq(package, LG_STR("main")))
        return true;
    return c->main_module.len != 0 &&
           lg_str_after(package, c->main_module, &rest) &&
           (rest.len == 0 || rest.data[0] == '/');
}

bool lg_profile_owner(const struct lg_profile *p, struct lg_str main_module,
                      struct lg_arena *arena, struct lg_profile *ret)
{
    struct cut c;
    bool ok = cut_init(&c, p, NULL, NULL, arena);
    c.main_module = main_module;
    ok = ok && start_all(&c, is_own);
    return cut_finish(&c, ok, ret);
}
