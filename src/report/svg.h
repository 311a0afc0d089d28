/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a chart is a window of time on one incident, drawn into a box of
 * pixels: bytes on the left axis, counts on the right one.
 *
 *          left                    right
 *     top   │ ▽ captures        kill│
 *     bytes │    ______________/    │ counts
 *   bottom  └───────────────────────┘
 *             time
 *             legend
 *
 * Colours are custom properties of the page that holds the picture; alone it
 * has its own. Rows may come from a file of anybody: any number, any order.
 */
#ifndef LG_REPORT_SVG_H
#define LG_REPORT_SVG_H

#include "report/report.h"

struct lg_chart {
    const struct lg_incident *in;
    struct lg_sb *out;
    struct lg_arena *scratch;
    double left, right, top, bottom;
    double t0_ns, t1_ns;          /* the window; t0 < t1 */
    double bytes_max, counts_max; /* at the top; counts_max 0: no right axis */
    double limit_bytes;           /* 0: none, or above the picture */
};

struct lg_size {
    int width, height;
};

/* The part from t0_ns to t1_ns; t0 = t1: all of it. styled: with its style,
 * else the page has it. */
void lg_timeline_svg_window(const struct lg_incident *in, uint64_t t0_ns,
                            uint64_t t1_ns, struct lg_size size, bool styled,
                            struct lg_sb *out);
extern const char lg_svg_style[];

/* The scale: where things are. */

double lg_chart_x(const struct lg_chart *c, double t_ns);
double lg_chart_y(const struct lg_chart *c, double value, bool counts);
/* Steps of round numbers, of which at most `most` fit into span: powers of two
 * for bytes, 1-2-5 for counts, and what clocks have for time. All ≥ 1. */
double lg_step_bytes(double span, int most);
double lg_step_counts(double span, int most);
double lg_step_time(double span_ns, int most);
/* A coordinate with one decimal; kept within ±1e6. */
void lg_svg_number(struct lg_sb *out, double n);
/* name="n" with a blank before it. */
void lg_svg_attr(struct lg_sb *out, const char *name, double n);

void lg_svg_line(const struct lg_chart *c, const char *class, double x1,
                 double y1, double x2, double y2);
void lg_svg_text(const struct lg_chart *c, const char *class, double x,
                 double y);
void lg_svg_text_end(const struct lg_chart *c);
/* "2 s", "500 ms", "3 min 20 s". */
void lg_svg_time(struct lg_sb *out, double ns);

/* The frame, and what is marked in it. */

void lg_chart_bytes_axis(const struct lg_chart *c);
void lg_chart_counts_axis(const struct lg_chart *c);
void lg_chart_time_axis(const struct lg_chart *c);
/* Gives how many rows it takes; draws only when asked. */
size_t lg_chart_legend(const struct lg_chart *c, bool draw);
void lg_chart_limit_line(const struct lg_chart *c);
void lg_chart_pins(const struct lg_chart *c);
void lg_chart_end_mark(const struct lg_chart *c);

/* The series: what is drawn. */

struct lg_series {
    const char *name;  /* in the legend */
    const char *class; /* in the style */
    size_t offset;     /* of its lg_num in struct lg_timeline_row */
    bool counts;       /* on the right axis */
    bool area;         /* filled down to the axis */
};
#define LG_SERIES_COUNT 5
extern const struct lg_series lg_series[LG_SERIES_COUNT];

struct lg_num lg_series_value(const struct lg_series *s,
                              const struct lg_timeline_row *row);
/* Whether the window has any value of it. */
bool lg_series_there(const struct lg_chart *c, const struct lg_series *s);
bool lg_chart_holds(const struct lg_chart *c,
                    const struct lg_timeline_row *row);
void lg_series_draw(const struct lg_chart *c, const struct lg_series *s);
/* Bands where the recorder took no samples. */
void lg_gaps_draw(const struct lg_chart *c);

#endif
