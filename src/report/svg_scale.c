/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg.h"

#include <inttypes.h>
#include <math.h>

double lg_chart_x(const struct lg_chart *c, double t_ns)
{
    return c->left +
           (t_ns - c->t0_ns) / (c->t1_ns - c->t0_ns) * (c->right - c->left);
}

double lg_chart_y(const struct lg_chart *c, double value, bool counts)
{
    double most = counts ? c->counts_max : c->bytes_max;
    return c->bottom - value / most * (c->bottom - c->top);
}

double lg_step_bytes(double span, int most)
{
    double step = 1;
    while (step * most < span && step < 0x1p64)
        step *= 2;
    return step;
}

double lg_step_counts(double span, int most)
{
    static const double factor[] = {2, 2.5, 2}; /* 1 2 5 10 … */
    double step = 1;
    for (size_t i = 0; step * most < span && step < 1e20; i++)
        step *= factor[i % 3];
    return step;
}

double lg_step_time(double span_ns, int most)
{
    static const double minutes[] = {1,   2,   5,   10,  15,   30,   60,
                                     120, 180, 360, 720, 1440, 2880, 10080};
    double step = 1e3; /* a microsecond */
    static const double factor[] = {2, 2.5, 2};
    for (size_t i = 0; step * most < span_ns && step < 3e10; i++)
        step *= factor[i % 3];
    if (step * most >= span_ns)
        return step <= 20e9 ? step : 60e9;
    for (size_t i = 0; i < LG_COUNT(minutes); i++)
        if (minutes[i] * 60e9 * most >= span_ns)
            return minutes[i] * 60e9;
    return lg_step_counts(span_ns / 86400e9, most) * 86400e9;
}

void lg_svg_number(struct lg_sb *out, double n)
{
    if (!(n > -1e6))
        n = -1e6;
    if (n > 1e6)
        n = 1e6;
    int64_t tenths = (int64_t)floor(n * 10 + 0.5);
    uint64_t size = (uint64_t)(tenths < 0 ? -tenths : tenths);
    lg_sb_fmt(out, "%s%" PRIu64, tenths < 0 ? "-" : "", size / 10);
    if (size % 10 != 0)
        lg_sb_fmt(out, ".%" PRIu64, size % 10);
}

void lg_svg_attr(struct lg_sb *out, const char *name, double n)
{
    lg_sb_fmt(out, " %s=\"", name);
    lg_svg_number(out, n);
    lg_sb_char(out, '"');
}

void lg_svg_line(const struct lg_chart *c, const char *class, double x1,
                 double y1, double x2, double y2)
{
    lg_sb_fmt(c->out, "<line class=\"%s\"", class);
    lg_svg_attr(c->out, "x1", x1);
    lg_svg_attr(c->out, "y1", y1);
    lg_svg_attr(c->out, "x2", x2);
    lg_svg_attr(c->out, "y2", y2);
    lg_sb_cstr(c->out, "/>\n");
}

void lg_svg_text(const struct lg_chart *c, const char *class, double x,
                 double y)
{
    lg_sb_fmt(c->out, "<text class=\"%s\"", class);
    lg_svg_attr(c->out, "x", x);
    lg_svg_attr(c->out, "y", y);
    lg_sb_char(c->out, '>');
}

void lg_svg_text_end(const struct lg_chart *c)
{
    lg_sb_cstr(c->out, "</text>\n");
}
