/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile_filter.h"

#include "evidence/profile_view.h"

static bool aggregate_mappings(struct lg_profile *view,
                               const struct lg_aggregation *keep)
{
    if (keep->inlines && keep->function && keep->filename && keep->line)
        return true;
    if (!lg_own_column(view, mappings, 0))
        return false;
    lg_each(m, view->mappings) {
        m->has_inline_frames = m->has_inline_frames && keep->inlines;
        m->has_functions = m->has_functions && keep->function;
        m->has_filenames = m->has_filenames && keep->filename;
        m->has_line_numbers = m->has_line_numbers && keep->line;
    }
    return true;
}

static bool aggregate_functions(struct lg_profile *view,
                                const struct lg_aggregation *keep)
{
    const struct lg_str none = {NULL, 0};
    if (keep->function && keep->filename)
        return true;
    if (!lg_own_column(view, functions, 0))
        return false;
    lg_each(f, view->functions) {
        if (!keep->function)
            f->name = f->system_name = none;
        if (!keep->filename)
            f->file = none;
    }
    return true;
}

static bool has_lines(const struct lg_profile *p)
{
    lg_each(line, p->lines)
        if (line->line != 0 || line->column != 0)
            return true;
    return false;
}

static bool aggregate_lines(struct lg_profile *view,
                            const struct lg_aggregation *keep)
{
    if ((keep->line && keep->column) || !has_lines(view))
        return true;
    if (!lg_own_column(view, lines, 0))
        return false;
    lg_each(line, view->lines) {
        line->column = keep->line && keep->column ? line->column : 0;
        line->line = keep->line ? line->line : 0;
    }
    return true;
}

static bool aggregate_locations(struct lg_profile *view,
                                const struct lg_aggregation *keep)
{
    if (keep->inlines && keep->address)
        return true;
    if (!lg_own_column(view, locations, 0))
        return false;
    lg_each(l, view->locations) {
        if (!keep->inlines && l->line_count > 1) { /* the outermost stays */
            l->line_first += l->line_count - 1;
            l->line_count = 1;
        }
        if (!keep->address)
            l->address = 0;
    }
    return true;
}

bool lg_profile_aggregate(const struct lg_profile *p,
                          const struct lg_aggregation *keep,
                          struct lg_arena *arena, struct lg_profile *ret)
{
    struct lg_profile view = lg_profile_view(p, arena);
    if (!aggregate_mappings(&view, keep) || !aggregate_functions(&view, keep) ||
        !aggregate_lines(&view, keep) || !aggregate_locations(&view, keep))
        return false;
    *ret = view;
    return true;
}
