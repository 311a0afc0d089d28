/* SPDX-License-Identifier: Apache-2.0 */
/* What happened at one instant or holds all the time: captures, the end, the
 * limit. */
#include "report/html.h"
#include "report/svg.h"
#include "report/words.h"

#include <inttypes.h>

void lg_chart_limit_line(const struct lg_chart *c)
{
    struct lg_num usage, limit;
    lg_words_usage(c->in, &usage, &limit);
    if (!limit.known || limit.value == 0)
        return;
    double y = c->top;
    if (c->limit_bytes > 0) {
        y = lg_chart_y(c, c->limit_bytes, false);
        lg_svg_line(c, "limit", c->left, y, c->right, y);
    }
    lg_svg_text(c, "bad", c->left + 6, y + 15);
    lg_sb_cstr(c->out, "limit ");
    lg_sb_bytes(c->out, limit.value);
    if (!(c->limit_bytes > 0))
        lg_sb_cstr(c->out, ", above this picture");
    lg_svg_text_end(c);
}

static void pin(const struct lg_chart *c, const struct lg_capture *capture,
                double x, bool labelled)
{
    uint64_t ns;
    lg_sb_cstr(c->out, "<g class=\"pin\"><title>capture ");
    lg_sb_fmt(c->out, "%" PRIu32 ": ", capture->id);
    lg_html_put(c->out, capture->trigger);
    if (lg_words_before_end(c->in, capture, &ns)) {
        lg_sb_cstr(c->out, ", ");
        lg_sb_duration(c->out, ns);
        lg_sb_cstr(c->out, " before the end");
    }
    lg_sb_cstr(c->out, "</title>\n");
    lg_svg_line(c, "", x, c->top, x, c->bottom);
    lg_sb_cstr(c->out, "<path d=\"M");
    lg_svg_number(c->out, x);
    lg_sb_char(c->out, ' ');
    lg_svg_number(c->out, c->top);
    lg_sb_cstr(c->out, "l-4 -7h8z\"/>\n");
    if (labelled) {
        lg_svg_text(c, "mid", x, c->top - 10);
        lg_sb_fmt(c->out, "%" PRIu32, capture->id);
        lg_svg_text_end(c);
    }
    lg_sb_cstr(c->out, "</g>\n");
}

void lg_chart_pins(const struct lg_chart *c)
{
    double labelled_at = -1e6;
    lg_each(capture, c->in->captures) {
        double t = (double)capture->t_ns;
        if (t < c->t0_ns || t > c->t1_ns)
            continue;
        double x = lg_chart_x(c, t);
        bool free = x >= labelled_at + 16;
        pin(c, capture, x, free);
        labelled_at = free ? x : labelled_at;
    }
}

void lg_chart_end_mark(const struct lg_chart *c)
{
    const struct lg_end *end = &c->in->end;
    char name[16];
    double t = (double)end->t_ns;
    if (end->kind == LG_END_UNKNOWN || end->kind == LG_END_RUNNING || t == 0 ||
        t < c->t0_ns || t > c->t1_ns)
        return;
    double x = lg_chart_x(c, t);
    bool fine = end->kind == LG_END_EXIT && end->exit_code == 0;
    lg_svg_line(c, fine ? "axis" : "kill", x, c->top - 22, x, c->bottom);
    bool left = x > c->left + 130;
    lg_svg_text(c,
                fine   ? (left ? "end" : "")
                : left ? "bad end"
                       : "bad",
                left ? x - 5 : x + 5, c->top - 24);
    if (end->kind == LG_END_OOM_KILL)
        lg_sb_cstr(c->out, "OOM kill, ");
    else if (end->kind == LG_END_EXIT)
        lg_sb_fmt(c->out, "exit %d, ", end->exit_code);
    else if (lg_words_signal(end->signal, name) != NULL)
        lg_sb_fmt(c->out, "%s, ", name);
    else
        lg_sb_fmt(c->out, "signal %d, ", end->signal);
    lg_sb_duration(c->out, end->t_ns);
    lg_svg_text_end(c);
}
