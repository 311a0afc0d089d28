/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "report/clean.h"
#include "report/html.h"
#include "report/pprof_svg.h"

#include <inttypes.h>
#include <math.h>

#define LINE_HEIGHT 1.2
/* Fonts differ from what is assumed here. */
#define TEXT_SPARE 1.06
#define BOX_MARGIN_X 8.0
#define BOX_MARGIN_Y 5.0
#define ARROW_LENGTH 8.0

const char lg_pprof_svg_style[] =
    "text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',"
    "sans-serif;fill:#111;white-space:pre}"
    ".edge text{paint-order:stroke;stroke:#fff;stroke-width:3px;"
    "stroke-linejoin:round}"
    ".edge path{fill:none}"
    ".node{cursor:pointer}"
    "svg{cursor:grab;background:#fff}"
    ".lit .node,.lit .edge{opacity:.18}"
    ".lit .on{opacity:1}";

/* Advance widths of Helvetica in 1/100 of the size, from blank to tilde. */
static const uint8_t widths[] = {
    28,  28, 36, 56, 56, 89, 67, 19, 33, 33, 39, 58, 28, 33, 28, 28,
    56,  56, 56, 56, 56, 56, 56, 56, 56, 56, 28, 28, 58, 58, 58, 56,
    102, 67, 67, 72, 72, 67, 61, 78, 72, 28, 50, 67, 56, 83, 72, 78,
    67,  78, 72, 67, 61, 72, 67, 94, 67, 67, 61, 28, 28, 28, 47, 56,
    33,  56, 56, 50, 56, 56, 28, 56, 56, 22, 22, 50, 22, 83, 56, 56,
    56,  56, 33, 50, 28, 56, 50, 72, 50, 50, 50, 33, 26, 33, 58};

double lg_svg_text_width(struct lg_str line)
{
    char room[LG_CLEAN_BYTES];
    double width = 0;
    while (line.len > 0) {
        struct lg_str shown = lg_clean_next(&line, room);
        for (size_t i = 0; i < shown.len;) {
            unsigned char c = (unsigned char)shown.data[i];
            size_t len = lg_utf8_len(shown.data + i, shown.len - i);
            if (c >= ' ' && c <= '~')
                width += widths[c - ' '] / 100.0;
            else /* scripts that are written in squares are three bytes */
                width += len >= 3 ? 1.0 : 0.6;
            i += len > 0 ? len : 1;
        }
    }
    return width;
}

void lg_svg_box_fit(struct lg_svg_box *box)
{
    struct lg_cut cut = {.tail = box->text, .found = true};
    double widest = 0;
    size_t lines = 0;
    while (cut.found) {
        cut = lg_str_cut_char(cut.tail, '\n');
        widest = fmax(widest, lg_svg_text_width(cut.head));
        lines++;
    }
    box->width = widest * box->font_size * TEXT_SPARE + 2 * BOX_MARGIN_X;
    box->height =
        (double)lines * box->font_size * LINE_HEIGHT + 2 * BOX_MARGIN_Y;
}

void lg_svg_xy(struct lg_sb *out, double n)
{
    int64_t tenths = (int64_t)floor(fmin(fmax(n, -1e12), 1e12) * 10 + 0.5);
    uint64_t size = (uint64_t)(tenths < 0 ? -tenths : tenths);
    lg_sb_fmt(out, "%s%" PRIu64, tenths < 0 ? "-" : "", size / 10);
    if (size % 10 != 0)
        lg_sb_fmt(out, ".%" PRIu64, size % 10);
}

void lg_svg_text_lines(struct lg_sb *out, const struct lg_svg_box *box,
                       double x, double top, bool middle)
{
    struct lg_cut cut = {.tail = box->text, .found = true};
    double y = top + BOX_MARGIN_Y + box->font_size * 0.95;
    lg_sb_cstr(out, "<text font-size=\"");
    lg_svg_xy(out, box->font_size);
    lg_sb_cstr(out, middle ? "\" text-anchor=\"middle\">" : "\">");
    while (cut.found) {
        cut = lg_str_cut_char(cut.tail, '\n');
        lg_sb_cstr(out, "<tspan x=\"");
        lg_svg_xy(out, x);
        lg_sb_cstr(out, "\" y=\"");
        lg_svg_xy(out, y);
        lg_sb_cstr(out, "\">");
        lg_html_put(out, cut.head);
        lg_sb_cstr(out, "</tspan>");
        y += box->font_size * LINE_HEIGHT;
    }
    lg_sb_cstr(out, "</text>");
}

static void put_point(struct lg_sb *out, char command, double x, double y)
{
    lg_sb_char(out, command);
    lg_svg_xy(out, x);
    lg_sb_char(out, ' ');
    lg_svg_xy(out, y);
}

/* A curve with upright ends. */
static void put_curve(struct lg_sb *out, double from_x, double from_y,
                      double to_x, double to_y)
{
    double middle = (from_y + to_y) / 2;
    if (fabs(from_x - to_x) < 0.05) {
        put_point(out, 'L', to_x, to_y);
        return;
    }
    put_point(out, 'C', from_x, middle);
    put_point(out, ' ', to_x, middle);
    put_point(out, ' ', to_x, to_y);
}

static void put_head(struct lg_sb *out, double x, double tip, double length,
                     struct lg_str color)
{
    double base = tip - length, half = fabs(length) * 0.4;
    lg_sb_cstr(out, "<path d=\"");
    put_point(out, 'M', x, tip);
    put_point(out, 'L', x - half, base);
    put_point(out, 'L', x + half, base);
    lg_sb_cstr(out, "Z\" style=\"fill:");
    lg_sb_str(out, color);
    lg_sb_cstr(out, "\"/>");
}

void lg_svg_edge_path(struct lg_sb *out, const struct lg_layered_edge *e,
                      struct lg_str color, double width, bool dotted)
{
    if (e->run_count == 0)
        return;
    const struct lg_layered_run *first = &e->runs[0];
    const struct lg_layered_run *last = &e->runs[e->run_count - 1];
    double length = ARROW_LENGTH + 1.5 * (width - 1);
    /* The line ends below its head, which would be blunt otherwise. */
    double top = e->is_upward ? first->top + length / 2 : first->top;
    double bottom = e->is_upward ? last->bottom : last->bottom - length / 2;
    lg_sb_cstr(out, "<path stroke=\"");
    lg_sb_str(out, color);
    lg_sb_cstr(out, "\" stroke-width=\"");
    lg_svg_xy(out, width);
    lg_sb_cstr(out, dotted ? "\" stroke-dasharray=\"2 4\" d=\"" : "\" d=\"");
    put_point(out, 'M', first->x, top);
    double x = first->x, y = fmax(top, first->bottom);
    put_point(out, 'L', x, y);
    for (size_t i = 1; i < e->run_count; i++) {
        const struct lg_layered_run *run = &e->runs[i];
        double end = i + 1 == e->run_count ? bottom : run->bottom;
        put_curve(out, x, y, run->x, fmin(run->top, end));
        x = run->x;
        y = end;
        if (end > run->top)
            put_point(out, 'L', x, y);
    }
    lg_sb_cstr(out, "\"/>");
    if (e->is_upward)
        put_head(out, first->x, first->top, -length, color);
    else
        put_head(out, last->x, last->bottom, length, color);
}
