/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg.h"

#include "report/html.h"
#include "report/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Room around the plot. */
#define MARGIN_TOP 40
#define MARGIN_LEFT 64
#define MARGIN_RIGHT 56
#define AXIS_HEIGHT 24
#define LEGEND_ROW 20

static void window(struct lg_chart *c, uint64_t t0_ns, uint64_t t1_ns)
{
    const struct lg_timeline *t = &c->in->timeline;
    c->t0_ns = (double)t0_ns;
    c->t1_ns = (double)t1_ns;
    if (t0_ns == t1_ns) {
        c->t0_ns = t->count != 0 ? (double)t->rows[0].t_ns : 0;
        c->t1_ns = (double)c->in->end.t_ns;
        for (size_t i = 0; i < t->count; i++) {
            c->t0_ns = fmin(c->t0_ns, (double)t->rows[i].t_ns);
            c->t1_ns = fmax(c->t1_ns, (double)t->rows[i].t_ns);
        }
    }
    if (!(c->t1_ns > c->t0_ns))
        c->t1_ns = c->t0_ns + 1e9;
}

static void extremes(struct lg_chart *c)
{
    double counts_min = 0x1p64;
    for (size_t i = 0; i < c->in->timeline.count; i++) {
        const struct lg_timeline_row *row = &c->in->timeline.rows[i];
        if (!lg_chart_holds(c, row))
            continue;
        for (size_t k = 0; k < LG_SERIES_COUNT; k++) {
            struct lg_num n = lg_series_value(&lg_series[k], row);
            double v = (double)n.value;
            if (!lg_series[k].counts) {
                c->bytes_max = fmax(c->bytes_max, v);
            } else if (n.known) {
                c->counts_max = fmax(c->counts_max, v);
                counts_min = fmin(counts_min, v);
            }
        }
    }
    struct lg_num usage, limit;
    lg_words_usage(c->in, &usage, &limit);
    /* A limit far above would press everything else flat. */
    if (limit.known && limit.value != 0 &&
        (double)limit.value <= 3 * c->bytes_max) {
        c->limit_bytes = (double)limit.value;
        c->bytes_max = fmax(c->bytes_max, c->limit_bytes);
    }
    c->bytes_max = c->bytes_max > 0 ? c->bytes_max * 1.06 : 1 << 20;
    /* What hardly moves must not look like what fills up. */
    c->counts_max *= c->counts_max < 2 * counts_min ? 2.6 : 1.06;
}

static void describe(const struct lg_chart *c, const char *id)
{
    const struct lg_timeline *t = &c->in->timeline;
    struct lg_num usage, limit;
    lg_words_usage(c->in, &usage, &limit);
    lg_sb_fmt(c->out, "<title id=\"%s-title\">Memory of ", id);
    lg_html_put(c->out, lg_words_program(&c->in->subject));
    lg_sb_cstr(c->out, " over ");
    lg_svg_time(c->out, c->t1_ns - c->t0_ns);
    lg_sb_fmt(c->out, "</title>\n<desc id=\"%s-desc\">", id);
    lg_sb_count(c->out, t->count);
    lg_sb_cstr(c->out, " samples; ");
    if (usage.known) {
        lg_sb_cstr(c->out, "usage at the end ");
        lg_sb_bytes(c->out, usage.value);
        lg_sb_cstr(c->out, "; ");
    }
    if (limit.known) {
        lg_sb_cstr(c->out, "limit ");
        lg_sb_bytes(c->out, limit.value);
        lg_sb_cstr(c->out, "; ");
    }
    lg_sb_count(c->out, c->in->captures.count);
    lg_sb_cstr(c->out, " captures.</desc>\n");
}

static void draw(const struct lg_chart *c)
{
    lg_gaps_draw(c);
    lg_chart_bytes_axis(c);
    lg_chart_counts_axis(c);
    lg_chart_time_axis(c);
    for (size_t k = 0; k < LG_SERIES_COUNT; k++)
        lg_series_draw(c, &lg_series[k]);
    lg_chart_limit_line(c);
    lg_chart_pins(c);
    lg_chart_end_mark(c);
    lg_chart_legend(c, true);
}

void lg_timeline_svg_window(const struct lg_incident *in, uint64_t t0_ns,
                            uint64_t t1_ns, struct lg_size size, bool styled,
                            struct lg_sb *out)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    struct lg_chart c = {.in = in, .out = out, .scratch = &scratch};
    char id[64];
    snprintf(id, sizeof id, "lg-%dx%d-%" PRIx64, size.width, size.height,
             t0_ns);
    window(&c, t0_ns, t1_ns);
    extremes(&c);
    c.left = MARGIN_LEFT;
    c.right = size.width - (c.counts_max > 0 ? MARGIN_RIGHT : 16);
    c.top = MARGIN_TOP;
    c.bottom = size.height - AXIS_HEIGHT - 8 -
               LEGEND_ROW * (double)lg_chart_legend(&c, false);
    lg_sb_fmt(out,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lg-chart\" "
              "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
              "aria-labelledby=\"%s-title %s-desc\">\n",
              size.width, size.height, size.width, size.height, id, id);
    describe(&c, id);
    if (styled)
        lg_sb_fmt(out, "<style>%s</style>\n", lg_svg_style);
    draw(&c);
    lg_sb_cstr(out, "</svg>\n");
    lg_arena_deinit(&scratch);
}

void lg_timeline_svg(const struct lg_incident *in, int width, int height,
                     struct lg_sb *out)
{
    lg_timeline_svg_window(in, 0, 0, (struct lg_size){width, height}, true,
                           out);
}
