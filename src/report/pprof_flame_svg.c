/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report `flame` as a picture: readable without its script, which zooms and
 * searches. Root on top; frames of one package have one hue; of a difference,
 * what grew is orange and what shrank blue.
 */
#include "report/pprof_flame.h"

#include <math.h>

#define WIDE 1200.0
#define ROW 18.0
#define TOP 46.0
#define BOTTOM 12.0
#define LEGEND 22.0
/* Narrower than this nobody sees. */
#define NARROW 0.4
#define LETTER 6.9
#define MIN_LETTERS 4

struct picture {
    struct lg_pprof_report *report;
    const struct lg_flame_tree *tree;
    struct lg_sb *out;
    uint64_t strongest; /* difference of any frame */
    int64_t total;
};

struct place {
    uint32_t node;
    double x, wide;
};

static int64_t delta_of(const struct lg_flame_node *n)
{
    return (int64_t)(n->after - n->before);
}

static struct lg_str name_of(const struct picture *pic,
                             const struct lg_flame_node *n)
{
    return n->frame == UINT32_MAX
               ? LG_STR("all")
               : pic->tree->names->items.items[n->frame].name;
}

/* The package: up to the first dot behind the last slash. */
static struct lg_str package_of(struct lg_str name)
{
    ptrdiff_t slash = lg_str_rfind_char(name, '/');
    size_t from = slash < 0 ? 0 : (size_t)slash;
    struct lg_cut cut = lg_str_cut_char(lg_str_skip(name, from), '.');
    return lg_str_first(name, from + cut.head.len);
}

static void put_colour(const struct picture *pic, const struct lg_flame_node *n)
{
    if (pic->tree->is_difference) {
        int64_t delta = delta_of(n);
        double strength = pic->strongest > 0
                              ? fabs((double)delta) / (double)pic->strongest
                              : 0;
        double light = 92 - 38 * sqrt(strength);
        if (delta == 0)
            lg_sb_cstr(pic->out, "#dfe2e6");
        else
            lg_sb_fmt(pic->out, "hsl(%d,%d%%,%.0f%%)", delta > 0 ? 28 : 212,
                      delta > 0 ? 92 : 80, light);
        return;
    }
    struct lg_str name = name_of(pic, n);
    if (lg_str_starts(name, LG_STR("runtime.")))
        lg_sb_cstr(pic->out, "#c9ced6");
    else
        lg_sb_fmt(pic->out, "hsl(%u,62%%,74%%)",
                  (unsigned)(lg_str_hash(package_of(name)) % 360));
}

static void put_facts(const struct picture *pic, const struct lg_flame_node *n)
{
    struct lg_sb *out = pic->out;
    if (!pic->tree->is_difference) {
        lg_pprof_value(pic->report, out, (int64_t)n->after);
        lg_sb_cstr(out, " (");
        lg_flame_percent(out, (double)n->after, fabs((double)pic->total));
        lg_sb_cstr(out, "), self ");
        lg_pprof_value(pic->report, out, (int64_t)n->self_after);
        return;
    }
    lg_sb_cstr(out, delta_of(n) > 0 ? "+" : "");
    lg_pprof_value(pic->report, out, delta_of(n));
    lg_sb_cstr(out, " (");
    lg_flame_percent(out, fabs((double)delta_of(n)), fabs((double)pic->total));
    lg_sb_cstr(out, "), now ");
    lg_pprof_value(pic->report, out, (int64_t)n->after);
    lg_sb_cstr(out, ", before ");
    lg_pprof_value(pic->report, out, (int64_t)n->before);
    lg_sb_cstr(out, n->before == 0 ? ", new" : n->after == 0 ? ", gone" : "");
}

/* As much of the name as fits, cut at a character's end. */
static void put_label(struct lg_sb *out, struct lg_str name, bool is_new,
                      double wide)
{
    size_t room = wide > 6 ? (size_t)((wide - 6) / LETTER) : 0;
    size_t mark = is_new ? 6 : 0;
    if (room < MIN_LETTERS + mark)
        return;
    struct lg_str text = lg_str_first(name, room - mark);
    if (text.len < name.len && text.len > 0)
        text.len--;
    while (text.len < name.len && text.len > 0 &&
           ((unsigned char)name.data[text.len] & 0xc0) == 0x80)
        text.len--;
    lg_flame_escape(out, text);
    lg_sb_cstr(out, text.len < name.len ? "…" : "");
    lg_sb_cstr(out, is_new ? " (new)" : "");
}

static void put_frame(const struct picture *pic, const struct place *at)
{
    const struct lg_flame_node *n = &pic->tree->nodes.items[at->node];
    struct lg_str name = name_of(pic, n);
    struct lg_sb *out = pic->out;
    double y = TOP + ROW * n->depth;
    bool is_new = pic->tree->is_difference && n->before == 0 && n->after > 0;
    lg_sb_fmt(out,
              "<g class=\"f\" data-row=\"%u\" data-x=\"%.3f\" "
              "data-w=\"%.3f\" data-name=\"",
              n->depth, at->x, at->wide);
    lg_flame_escape(out, name);
    lg_sb_cstr(out, "\"><title>");
    lg_flame_escape(out, name);
    lg_sb_cstr(out, "\n");
    put_facts(pic, n);
    lg_sb_fmt(out,
              "</title><rect x=\"%.3f\" y=\"%.0f\" width=\"%.3f\" "
              "height=\"%.0f\" rx=\"1\" fill=\"",
              at->x, y, at->wide, ROW - 1);
    put_colour(pic, n);
    lg_sb_fmt(out, "\"/><text x=\"%.3f\" y=\"%.0f\">", at->x + 3, y + 13);
    put_label(out, name, is_new, at->wide);
    lg_sb_cstr(out, "</text></g>\n");
}

/* Children stand side by side from the left, widest first; what is left of the
 * parent is its own. Parents are drawn before their children. */
static bool put_frames(const struct picture *pic, struct lg_arena *arena)
{
    struct place *places = lg_new(arena, struct place, pic->tree->nodes.count);
    size_t count = 0;
    if (places == NULL)
        return false;
    places[count++] = (struct place){0, 0, WIDE};
    for (size_t i = 0; i < count; i++) {
        struct place at = places[i];
        const struct lg_flame_node *n = &pic->tree->nodes.items[at.node];
        double x = at.x;
        put_frame(pic, &at);
        for (uint32_t k = n->first_child; k != 0;
             k = pic->tree->nodes.items[k].next) {
            double wide = n->width > 0
                              ? at.wide *
                                    (double)pic->tree->nodes.items[k].width /
                                    (double)n->width
                              : 0;
            if (wide >= NARROW)
                places[count++] = (struct place){k, x, wide};
            x += wide;
        }
    }
    return true;
}

/* Row of the deepest frame that is wide enough to be drawn. */
static uint32_t rows_of(const struct lg_flame_tree *t)
{
    uint32_t deepest = 0;
    double all = (double)t->nodes.items[0].width;
    lg_each(n, t->nodes)
        if ((double)n->width * WIDE >= all * NARROW && n->depth > deepest)
            deepest = n->depth;
    return deepest + 1;
}

static void put_head(const struct picture *pic, double high)
{
    struct lg_sb *out = pic->out;
    lg_sb_fmt(out,
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
              "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" data-wide=\"%.0f\">\n"
              "<style>text{font:12px system-ui,sans-serif;fill:#14171a;"
              "pointer-events:none}.b{cursor:pointer;pointer-events:all;"
              "fill:#2563eb}.f rect{cursor:pointer;stroke-width:2}</style>\n"
              "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
              "<text x=\"6\" y=\"18\" style=\"font-weight:600\">",
              WIDE, high, WIDE, high, WIDE);
    lg_flame_escape(
        out, lg_flame_title(pic->report, pic->tree->is_difference, out->arena));
    lg_sb_cstr(out, "</text>\n<text x=\"6\" y=\"36\" id=\"find\" class=\"b\">"
                    "search</text>\n<text x=\"60\" y=\"36\" id=\"whole\" "
                    "class=\"b\">everything</text>\n<text x=\"140\" y=\"36\" "
                    "id=\"said\"></text>\n");
}

static void put_legend(const struct picture *pic, double y)
{
    struct lg_sb *out = pic->out;
    if (!pic->tree->is_difference)
        return;
    lg_sb_fmt(out,
              "<defs><linearGradient id=\"scale\"><stop offset=\"0\" "
              "stop-color=\"hsl(212,80%%,54%%)\"/><stop offset=\"0.5\" "
              "stop-color=\"#dfe2e6\"/><stop offset=\"1\" "
              "stop-color=\"hsl(28,92%%,54%%)\"/></linearGradient></defs>\n"
              "<rect x=\"6\" y=\"%.0f\" width=\"180\" height=\"10\" "
              "fill=\"url(#scale)\"/><text x=\"194\" y=\"%.0f\">less, down to "
              "−",
              y, y + 10);
    lg_pprof_value(pic->report, out, (int64_t)pic->strongest);
    lg_sb_cstr(out, "; more, up to +");
    lg_pprof_value(pic->report, out, (int64_t)pic->strongest);
    lg_sb_cstr(out, "; width: the larger of before and now</text>\n");
}

bool lg_pprof_flame_svg(struct lg_pprof_report *r, struct lg_sb *out,
                        struct lg_error *err)
{
    struct lg_frame_names names;
    struct lg_flame_tree tree;
    double minimum = lg_flame_minimum(r, NARROW / WIDE);
    if (!lg_frame_names_of(r->profile, out->arena, &names) ||
        !lg_flame_tree_build(r->profile, &names, r->value_type, minimum,
                             LG_FLAME_MAX_DEPTH, out->arena, &tree))
        return lg_fail_nomem(err);
    struct picture pic = {
        .report = r, .tree = &tree, .out = out, .total = r->total};
    lg_each(n, tree.nodes) {
        int64_t delta = delta_of(n);
        uint64_t size = delta < 0 ? 0 - (uint64_t)delta : (uint64_t)delta;
        if (n->frame != UINT32_MAX && size > pic.strongest)
            pic.strongest = size;
    }
    double high =
        TOP + ROW * rows_of(&tree) + BOTTOM + (tree.is_difference ? LEGEND : 0);
    put_head(&pic, high);
    if (!put_frames(&pic, out->arena))
        return lg_fail_nomem(err);
    put_legend(&pic, high - LEGEND);
    lg_sb_cstr(out, "<script>\n");
    lg_sb_cstr(out, lg_flame_picture_js);
    lg_sb_cstr(out, "</script>\n</svg>\n");
    return !out->failed || lg_fail_nomem(err);
}
