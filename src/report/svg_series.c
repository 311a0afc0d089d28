/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series is drawn as runs: rows one after another that all have a value make
 * a line; a value that is missing in between makes a dashed bridge with dots
 * at its ends (a heap profile is only there when one was taken); a time
 * without samples makes a gap.
 */
#include "report/svg.h"

#include <math.h>
#include <stddef.h>

#define AT(field) offsetof(struct lg_timeline_row, field)
const struct lg_series lg_series[LG_SERIES_COUNT] = {
    {"usage", "usage", AT(usage_bytes), false, true},
    {"RSS", "rss", AT(rss_bytes), false, false},
    {"Go heap", "heap", AT(heap_bytes), false, false},
    {"Go stacks", "stacks", AT(stack_bytes), false, false},
    {"goroutines", "goroutines", AT(goroutines), true, false},
};

struct lg_num lg_series_value(const struct lg_series *s,
                              const struct lg_timeline_row *row)
{
    return *(const struct lg_num *)(const void *)((const char *)row +
                                                  s->offset);
}

bool lg_chart_holds(const struct lg_chart *c, const struct lg_timeline_row *row)
{
    return (double)row->t_ns >= c->t0_ns && (double)row->t_ns <= c->t1_ns;
}

bool lg_series_there(const struct lg_chart *c, const struct lg_series *s)
{
    for (size_t i = 0; i < c->in->timeline.count; i++) {
        const struct lg_timeline_row *row = &c->in->timeline.rows[i];
        if (lg_chart_holds(c, row) && lg_series_value(s, row).known)
            return true;
    }
    return false;
}

/* Samples are taken at very different rates on purpose; a gap is an interval
 * that stands out from both its neighbours. */
static bool gap_before(const struct lg_chart *c, size_t i)
{
    const struct lg_timeline_row *rows = c->in->timeline.rows;
    double own = (double)rows[i].t_ns - (double)rows[i - 1].t_ns;
    if (own < 0)
        return true;
    if (own < (c->t1_ns - c->t0_ns) / 50)
        return false;
    double before =
        i >= 2 ? (double)rows[i - 1].t_ns - (double)rows[i - 2].t_ns : 0;
    double after = i + 1 < c->in->timeline.count
                       ? (double)rows[i + 1].t_ns - (double)rows[i].t_ns
                       : 0;
    return own > 3 * before && own > 3 * after && (before > 0 || after > 0);
}

void lg_gaps_draw(const struct lg_chart *c)
{
    const struct lg_timeline *t = &c->in->timeline;
    for (size_t i = 1; i < t->count; i++) {
        if (!lg_chart_holds(c, &t->rows[i]) ||
            !lg_chart_holds(c, &t->rows[i - 1]) ||
            t->rows[i].t_ns <= t->rows[i - 1].t_ns || !gap_before(c, i))
            continue;
        double x = lg_chart_x(c, (double)t->rows[i - 1].t_ns);
        lg_sb_cstr(c->out, "<rect class=\"gap\"");
        lg_svg_attr(c->out, "x", x);
        lg_svg_attr(c->out, "y", c->top);
        lg_svg_attr(c->out, "width",
                    lg_chart_x(c, (double)t->rows[i].t_ns) - x);
        lg_svg_attr(c->out, "height", c->bottom - c->top);
        lg_sb_cstr(c->out, "><title>no samples for ");
        lg_sb_duration(c->out, t->rows[i].t_ns - t->rows[i - 1].t_ns);
        lg_sb_cstr(c->out, "</title></rect>\n");
    }
}

struct point {
    double x, y;
};
struct points {
    struct point *items;
    size_t count, capacity;
};

/* A column of pixels shows no more than where the line enters and leaves it,
 * and how high and low it gets. */
struct column {
    struct point first, low, high, last;
    size_t count;
};

static void column_add(struct column *col, struct point p)
{
    if (col->count++ == 0)
        col->first = col->low = col->high = p;
    if (p.y < col->low.y)
        col->low = p;
    if (p.y > col->high.y)
        col->high = p;
    col->last = p;
}

static void put_point(struct lg_sb *sb, struct point p, char command)
{
    lg_sb_char(sb, command);
    lg_svg_number(sb, p.x);
    lg_sb_char(sb, ' ');
    lg_svg_number(sb, p.y);
}

static void column_put(struct lg_sb *sb, const struct column *col, bool start)
{
    put_point(sb, col->first, start ? 'M' : 'L');
    if (col->count > 3) {
        put_point(sb, col->low, 'L');
        put_point(sb, col->high, 'L');
    }
    if (col->count > 1)
        put_point(sb, col->last, 'L');
}

static void run_path(const struct points *run, struct lg_sb *sb)
{
    struct column col = {.count = 0};
    bool start = true;
    for (size_t i = 0; i < run->count; i++) {
        if (col.count != 0 && floor(run->items[i].x) != floor(col.first.x)) {
            column_put(sb, &col, start);
            start = false;
            col.count = 0;
        }
        column_add(&col, run->items[i]);
    }
    if (col.count != 0)
        column_put(sb, &col, start);
}

struct drawing {
    struct lg_sb lines, areas, bridges;
    struct points run;
    struct point bridge_from;
    bool has_before; /* bridge_from is there: the last value before this run */
};

static void dot(const struct lg_chart *c, const struct lg_series *s,
                struct point p)
{
    lg_sb_fmt(c->out, "<circle class=\"dot %s\" r=\"2.5\"", s->class);
    lg_svg_attr(c->out, "cx", p.x);
    lg_svg_attr(c->out, "cy", p.y);
    lg_sb_cstr(c->out, "/>\n");
}

static void end_run(const struct lg_chart *c, const struct lg_series *s,
                    struct drawing *d, bool gap)
{
    struct points *run = &d->run;
    if (run->count != 0) {
        struct point first = run->items[0], last = run->items[run->count - 1];
        if (d->has_before) {
            put_point(&d->bridges, d->bridge_from, 'M');
            put_point(&d->bridges, first, 'L');
        }
        run_path(run, &d->lines);
        if (s->area) {
            run_path(run, &d->areas);
            put_point(&d->areas, (struct point){last.x, c->bottom}, 'L');
            put_point(&d->areas, (struct point){first.x, c->bottom}, 'L');
            lg_sb_char(&d->areas, 'Z');
        }
        if (run->count == 1)
            dot(c, s, first);
        d->bridge_from = last;
        d->has_before = true;
    }
    run->count = 0;
    if (gap)
        d->has_before = false;
}

static void put_path(const struct lg_chart *c, const struct lg_series *s,
                     const char *kind, const struct lg_sb *path)
{
    c->out->failed |= path->failed;
    if (path->len == 0)
        return;
    lg_sb_fmt(c->out, "<path class=\"%s %s\" d=\"", kind, s->class);
    lg_sb_str(c->out, lg_sb_view(path));
    lg_sb_cstr(c->out, "\"/>\n");
}

void lg_series_draw(const struct lg_chart *c, const struct lg_series *s)
{
    struct drawing d = {.has_before = false};
    lg_sb_init(&d.lines, c->scratch);
    lg_sb_init(&d.areas, c->scratch);
    lg_sb_init(&d.bridges, c->scratch);
    bool gap = false;
    for (size_t i = 0; i < c->in->timeline.count; i++) {
        const struct lg_timeline_row *row = &c->in->timeline.rows[i];
        struct lg_num value = lg_series_value(s, row);
        gap |= i > 0 && gap_before(c, i);
        if (!value.known || gap)
            end_run(c, s, &d, gap);
        gap = false;
        if (!value.known || !lg_chart_holds(c, row))
            continue;
        struct point *p = lg_push(c->scratch, &d.run);
        if (p == NULL) {
            c->out->failed = true;
            return;
        }
        p->x = lg_chart_x(c, (double)row->t_ns);
        p->y = lg_chart_y(c, (double)value.value, s->counts);
    }
    end_run(c, s, &d, false);
    put_path(c, s, "fill", &d.areas);
    put_path(c, s, "bridge", &d.bridges);
    put_path(c, s, "line", &d.lines);
}
