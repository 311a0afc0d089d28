/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_focus.h"

#include "base/sb.h"
#include "report/pprof_tag_filter.h"

#include <stdio.h>

/* In the order in which pprof compiles them: the first bad one is reported. */
enum pattern {
    FOCUS,
    IGNORE,
    HIDE,
    SHOW,
    SHOW_FROM,
    PRUNE_FROM,
    TAG_SHOW,
    TAG_HIDE,
    PATTERNS,
};

struct focus {
    struct lg_regex *patterns[PATTERNS]; /* NULL: not asked */
    struct lg_tag_filter tag_focus, tag_ignore;
    bool has_tag_focus, has_tag_ignore;
    bool focus_matched, ignore_matched; /* a tag did */
    lg_pprof_say_fn *say;
    void *context;
    struct lg_arena scratch;
};

static bool compile(struct focus *f, enum pattern which, const char *name,
                    struct lg_str value, struct lg_error *err)
{
    if (value.len == 0)
        return true;
    f->patterns[which] = lg_regex_create(value, err);
    return f->patterns[which] != NULL ||
           lg_context(err, "parsing %s regexp", name);
}

static void say_range(struct focus *f, const char *name, struct lg_str value)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &f->scratch);
    lg_sb_fmt(&sb, "%s:Interpreted '", name);
    lg_sb_str(&sb, value);
    lg_sb_cstr(&sb, "' as range, not regexp");
    char *text = lg_sb_cstr_of(&sb);
    if (text != NULL)
        f->say(f->context, text);
}

static bool compile_tags(struct focus *f, struct lg_tag_filter *filter,
                         bool *has_ret, const char *name, struct lg_str value,
                         const struct lg_label_units *units,
                         struct lg_error *err)
{
    if (value.len == 0)
        return true;
    *has_ret = true;
    if (!lg_tag_filter_parse(filter, name, value, units, &f->scratch, err))
        return false;
    if (filter->is_range)
        say_range(f, name, filter->value);
    return true;
}

static bool compile_all(struct focus *f, const struct lg_pprof_options *o,
                        const struct lg_label_units *units,
                        struct lg_error *err)
{
    return compile(f, FOCUS, "focus", o->focus, err) &&
           compile(f, IGNORE, "ignore", o->ignore, err) &&
           compile(f, HIDE, "hide", o->hide, err) &&
           compile(f, SHOW, "show", o->show, err) &&
           compile(f, SHOW_FROM, "show_from", o->show_from, err) &&
           compile_tags(f, &f->tag_focus, &f->has_tag_focus, "tagfocus",
                        o->tagfocus, units, err) &&
           compile_tags(f, &f->tag_ignore, &f->has_tag_ignore, "tagignore",
                        o->tagignore, units, err) &&
           compile(f, PRUNE_FROM, "prune_from", o->prune_from, err);
}

static void warn(struct focus *f, bool asked, bool matched, const char *option)
{
    char text[80];
    if (!asked || matched)
        return;
    snprintf(text, sizeof text, "%s expression matched no samples", option);
    f->say(f->context, text);
}

static bool filter_names(struct focus *f, struct lg_profile *view,
                         struct lg_arena *arena)
{
    struct lg_regex *const *re = f->patterns;
    struct lg_name_filter names = {.focus = re[FOCUS],
                                   .ignore = re[IGNORE],
                                   .hide = re[HIDE],
                                   .show = re[SHOW]};
    struct lg_name_matches matched;
    bool show_from;
    if (!lg_profile_filter_names(view, &names, arena, view, &matched))
        return false;
    warn(f, re[FOCUS] != NULL, matched.focus, "Focus");
    warn(f, re[IGNORE] != NULL, matched.ignore, "Ignore");
    warn(f, re[HIDE] != NULL, matched.hide, "Hide");
    warn(f, re[SHOW] != NULL, matched.show, "Show");
    if (!lg_profile_show_from(view, re[SHOW_FROM], arena, view, &show_from))
        return false;
    warn(f, re[SHOW_FROM] != NULL, show_from, "ShowFrom");
    return true;
}

static bool keep_sample(void *context, const struct lg_profile *p,
                        uint32_t sample, const struct lg_profile_label *labels,
                        size_t label_count)
{
    struct focus *f = context;
    bool focused = !f->has_tag_focus ||
                   lg_tag_filter_match(&f->tag_focus, labels, label_count);
    bool ignored = f->has_tag_ignore &&
                   lg_tag_filter_match(&f->tag_ignore, labels, label_count);
    f->focus_matched = f->focus_matched || focused;
    f->ignore_matched = f->ignore_matched || ignored;
    return focused && !ignored;
}

static bool filter_tags(struct focus *f, struct lg_profile *view,
                        struct lg_arena *arena)
{
    if (!f->has_tag_focus && !f->has_tag_ignore)
        return true;
    if (!lg_profile_filter_samples(view, keep_sample, f, arena, view))
        return false;
    warn(f, f->has_tag_focus, f->focus_matched, "TagFocus");
    warn(f, f->has_tag_ignore, f->ignore_matched, "TagIgnore");
    return true;
}

/* pprof compiles these two when all else is done already. */
static bool filter_labels(struct focus *f, struct lg_profile *view,
                          const struct lg_pprof_options *o,
                          struct lg_arena *arena, struct lg_error *err)
{
    bool show, hide;
    if (!compile(f, TAG_SHOW, "tagshow", o->tagshow, err) ||
        !compile(f, TAG_HIDE, "taghide", o->taghide, err))
        return false;
    struct lg_regex *const *re = f->patterns;
    if (re[TAG_SHOW] == NULL && re[TAG_HIDE] == NULL)
        return true;
    if (!lg_profile_filter_tags(view, re[TAG_SHOW], re[TAG_HIDE], arena, view,
                                &show, &hide))
        return lg_fail_nomem(err);
    warn(f, re[TAG_SHOW] != NULL, show, "TagShow");
    warn(f, re[TAG_HIDE] != NULL, hide, "TagHide");
    return true;
}

static bool apply(struct focus *f, struct lg_profile *view,
                  const struct lg_pprof_options *o,
                  const struct lg_label_units *units, struct lg_arena *arena,
                  struct lg_error *err)
{
    if (!compile_all(f, o, units, err))
        return false;
    if (!filter_names(f, view, arena) || !filter_tags(f, view, arena))
        return lg_fail_nomem(err);
    if (!filter_labels(f, view, o, arena, err))
        return false;
    const struct lg_regex *from = f->patterns[PRUNE_FROM];
    return from == NULL || lg_profile_prune_from(view, from, arena, view) ||
           lg_fail_nomem(err);
}

bool lg_pprof_focus(const struct lg_profile *p,
                    const struct lg_pprof_options *o,
                    const struct lg_label_units *units, lg_pprof_say_fn *say,
                    void *context, struct lg_arena *arena,
                    struct lg_profile *ret, struct lg_error *err)
{
    struct focus f = {.say = say, .context = context};
    struct lg_profile view = *p;
    lg_arena_init(&f.scratch, 0);
    bool ok = apply(&f, &view, o, units, arena, err);
    for (size_t i = 0; i < PATTERNS; i++)
        lg_regex_destroy(f.patterns[i]);
    lg_tag_filter_deinit(&f.tag_focus);
    lg_tag_filter_deinit(&f.tag_ignore);
    lg_arena_deinit(&f.scratch);
    if (ok)
        *ret = view;
    return ok;
}
