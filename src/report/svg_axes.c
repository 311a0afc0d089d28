/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Ticks are whole numbers of their unit: "64 MiB", not "64.0 MiB". */
static void put_tick_bytes(struct lg_sb *out, double bytes)
{
    static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    size_t i = 0;
    while (bytes >= 1024 && i + 1 < LG_COUNT(units)) {
        bytes /= 1024;
        i++;
    }
    uint64_t tenths = (uint64_t)(bytes * 10 + 0.5);
    lg_sb_fmt(out, "%" PRIu64, tenths / 10);
    if (tenths % 10 != 0)
        lg_sb_fmt(out, ".%" PRIu64, tenths % 10);
    lg_sb_fmt(out, " %s", units[i]);
}

void lg_chart_bytes_axis(const struct lg_chart *c)
{
    double step = lg_step_bytes(c->bytes_max, 6);
    for (int i = 0; i * step <= c->bytes_max && i < 16; i++) {
        double y = lg_chart_y(c, i * step, false);
        lg_svg_line(c, i == 0 ? "axis" : "grid", c->left, y, c->right, y);
        lg_svg_text(c, "end", c->left - 8, y + 4);
        put_tick_bytes(c->out, i * step);
        lg_svg_text_end(c);
    }
}

void lg_chart_counts_axis(const struct lg_chart *c)
{
    if (!(c->counts_max > 0))
        return;
    double step = lg_step_counts(c->counts_max, 5);
    for (int i = 0; i * step <= c->counts_max && i < 16; i++) {
        double n = i * step;
        lg_svg_text(c, "counts", c->right + 8, lg_chart_y(c, n, true) + 4);
        if (n >= 1e6)
            lg_sb_fmt(c->out, "%.4gM", n / 1e6);
        else
            lg_sb_count(c->out, (uint64_t)n);
        lg_svg_text_end(c);
    }
}

void lg_svg_time(struct lg_sb *out, double ns)
{
    if (ns >= 1e9 && ns < 100e9 && fmod(ns, 1e9) == 0)
        lg_sb_fmt(out, "%.0f s", ns / 1e9);
    else if (ns < 1e3)
        lg_sb_cstr(out, "0 s");
    else
        lg_sb_duration(out, ns < 1.8e19 ? (uint64_t)(ns + 0.5) : UINT64_MAX);
}

void lg_chart_time_axis(const struct lg_chart *c)
{
    int most = (int)((c->right - c->left) / 64);
    double step = lg_step_time(c->t1_ns - c->t0_ns, most > 1 ? most : 1);
    double at = ceil(c->t0_ns / step) * step;
    for (int i = 0; i < 32 && at <= c->t1_ns; i++, at += step) {
        double x = lg_chart_x(c, at);
        lg_svg_line(c, "axis", x, c->bottom, x, c->bottom + 4);
        lg_svg_text(c, "mid", x, c->bottom + 18);
        lg_svg_time(c->out, at);
        lg_svg_text_end(c);
    }
}

/* How wide a character of the legend is taken to be. */
#define CHARACTER_WIDTH 6.6

size_t lg_chart_legend(const struct lg_chart *c, bool draw)
{
    double x = c->left, y = c->bottom + 40;
    size_t rows = 1;
    for (size_t k = 0; k < LG_SERIES_COUNT; k++) {
        const struct lg_series *s = &lg_series[k];
        if (!lg_series_there(c, s))
            continue;
        double width = 38 + CHARACTER_WIDTH * (double)strlen(s->name);
        if (x + width > c->right && x > c->left) {
            x = c->left;
            y += 20;
            rows++;
        }
        if (draw) {
            char class[32] = "key ";
            strncat(class, s->class, sizeof class - 5);
            lg_svg_line(c, class, x, y - 4, x + 16, y - 4);
            lg_svg_text(c, "", x + 22, y);
            lg_sb_cstr(c->out, s->name);
            lg_svg_text_end(c);
        }
        x += width;
    }
    return rows;
}
