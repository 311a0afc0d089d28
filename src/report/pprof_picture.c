/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_picture.h"

#include "evidence/measure.h"

#include <math.h>

static bool number_nodes(struct lg_picture *p)
{
    const struct lg_graph *g = &p->graph;
    p->numbers = lg_new(p->arena, uint32_t, g->nodes.count);
    if (p->numbers == NULL)
        return false;
    p->max_flat = 0;
    for (size_t i = 0; i < g->order.count; i++) {
        uint32_t n = g->order.items[i];
        double flat = (double)lg_go_abs(lg_node_flat_value(&g->nodes.items[n]));
        p->numbers[n] = (uint32_t)(i + 1);
        if (i == 0 || flat > p->max_flat)
            p->max_flat = flat;
    }
    return true;
}

static bool collect_edges(struct lg_picture *p)
{
    const struct lg_graph *g = &p->graph;
    size_t count = 0;
    lg_each(n, g->order)
        count += g->nodes.items[*n].out.count;
    p->edges = lg_new(p->arena, uint32_t, count);
    if (p->edges == NULL)
        return false;
    lg_each(n, g->order) {
        lg_each(e, g->nodes.items[*n].out)
            p->edges[p->edge_count++] = *e;
    }
    lg_graph_sort_edges(g, p->edges, p->edge_count);
    return true;
}

bool lg_picture_init(struct lg_picture *p, const struct lg_pprof_report *r,
                     struct lg_arena *arena, struct lg_error *err)
{
    struct lg_graph_dropped dropped;
    *p = (struct lg_picture){.report = *r, .arena = arena};
    p->report.format = LG_PPROF_DOT;
    if (!lg_pprof_graph(&p->report, arena, &p->graph, &dropped))
        return lg_fail_nomem(err);
    lg_pprof_select_unit(&p->report, &p->graph);
    lg_pprof_header(&p->report, &p->graph, &dropped, true, arena, &p->legend,
                    &p->legend_count);
    if (!number_nodes(p) || !collect_edges(p))
        return lg_fail_nomem(err);
    return true;
}

/* Go makes a byte of a float by way of an integer; one that is not a number
 * becomes 0. */
static unsigned channel(double v)
{
    return (unsigned)(uint8_t)lg_go_int64(v * 255.0);
}

void lg_picture_color(const struct lg_picture *p, struct lg_sb *sb,
                      int64_t value, bool is_background)
{
    double total = (double)lg_go_abs(p->report.total);
    double score = (double)value / total;
    double saturation = is_background ? 0.1 : 1.0;
    double bright = is_background ? 0.93 : 0.7;

    if (score > 1)
        score = 1;
    if (score < -1)
        score = -1;
    /* Near zero grey, not yellow. */
    if (fabs(score) < 0.2)
        saturation *= fabs(score) / 0.2;
    /* Away from zero, so that the colours tell signs apart. */
    if (score > 0)
        score = pow(score, 0.3);
    else if (score < 0)
        score = -pow(-score, 0.3);

    double red = bright, green = bright;
    if (score < 0)
        red = bright * (1 + saturation * score);
    else
        green = bright * (1 - saturation * score);
    double blue = bright * (1 - saturation);
    lg_sb_fmt(sb, "#%02x%02x%02x", channel(red), channel(green), channel(blue));
}

int64_t lg_picture_font_size(const struct lg_picture *p,
                             const struct lg_graph_node *n)
{
    int64_t flat_value = lg_node_flat_value(n);
    double flat = (double)lg_go_abs(flat_value);
    if (p->max_flat == 0 || flat_value == 0 || flat > p->max_flat)
        return 8;
    return lg_go_add(8, lg_go_int64(ceil(16.0 * sqrt(flat / p->max_flat))));
}

struct lg_str lg_picture_value(const struct lg_picture *p, int64_t value)
{
    struct lg_sb sb;
    lg_sb_init(&sb, p->arena);
    lg_pprof_value(&p->report, &sb, value);
    return lg_sb_view(&sb);
}

static void put_share(const struct lg_picture *p, struct lg_sb *sb,
                      int64_t value)
{
    struct lg_sb share;
    lg_sb_init(&share, p->arena);
    lg_measure_percentage(&share, value, p->report.total);
    lg_sb_cstr(sb, " (");
    lg_sb_str(sb, lg_str_trim(lg_sb_view(&share)));
    lg_sb_char(sb, ')');
}

void lg_picture_node_numbers(const struct lg_picture *p, struct lg_sb *sb,
                             const struct lg_graph_node *n, const char *newline,
                             struct lg_str *cum_ret)
{
    int64_t flat = lg_node_flat_value(n), cum = lg_node_cum_value(n);
    struct lg_str flat_text = lg_picture_value(p, flat);
    *cum_ret = flat_text;
    if (flat == 0) {
        lg_sb_char(sb, '0');
    } else {
        lg_sb_str(sb, flat_text);
        put_share(p, sb, flat);
    }
    if (cum == flat)
        return;
    lg_sb_cstr(sb, flat != 0 ? newline : " ");
    *cum_ret = lg_picture_value(p, cum);
    lg_sb_cstr(sb, "of ");
    lg_sb_str(sb, *cum_ret);
    put_share(p, sb, cum);
}

int64_t lg_picture_edge_width(const struct lg_picture *p,
                              const struct lg_graph_edge *e)
{
    if (p->report.total == 0)
        return 1;
    uint64_t five = (uint64_t)lg_edge_weight_value(e) * 5;
    int64_t share = lg_go_abs(lg_go_div((int64_t)five, p->report.total));
    return 1 + (share < 5 ? share : 5);
}

int64_t lg_picture_edge_weight(const struct lg_picture *p,
                               const struct lg_graph_edge *e)
{
    if (p->report.total == 0)
        return 1;
    uint64_t hundred = (uint64_t)lg_edge_weight_value(e) * 100;
    int64_t share = lg_go_abs(lg_go_div((int64_t)hundred, p->report.total));
    return 1 + (share < 100 ? share : 100);
}
