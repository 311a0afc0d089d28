/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tabwriter.h"

#include "base/utf8.h"

#define ESCAPE '\xff'
#define PADDING 1

static bool add_line(struct lg_tabwriter *w)
{
    struct lg_tab_line *line = lg_push(w->out->arena, &w->lines);
    if (line != NULL)
        line->first = w->cells.count;
    else
        w->failed = true;
    return line != NULL;
}

static void reset(struct lg_tabwriter *w)
{
    w->text.len = 0;
    w->cells.count = w->lines.count = 0;
    w->cell = (struct lg_tab_cell){0};
    w->measured = 0;
    w->escaped = false;
    add_line(w);
}

void lg_tabwriter_init(struct lg_tabwriter *w, struct lg_sb *out)
{
    *w = (struct lg_tabwriter){.out = out};
    lg_sb_init(&w->text, out->arena);
    reset(w);
}

static void append(struct lg_tabwriter *w, const char *data, size_t len)
{
    lg_sb_str(&w->text, lg_str_from(data, len));
    w->cell.bytes += len;
}

static void measure(struct lg_tabwriter *w)
{
    if (w->measured < w->text.len)
        w->cell.width += (ptrdiff_t)lg_utf8_count(w->text.data + w->measured,
                                                  w->text.len - w->measured);
    w->measured = w->text.len;
}

/* The two 0xff do not count. */
static void end_escape(struct lg_tabwriter *w)
{
    measure(w);
    w->cell.width -= 2;
    w->escaped = false;
}

static void end_cell(struct lg_tabwriter *w)
{
    struct lg_tab_cell *cell = lg_push(w->out->arena, &w->cells);
    if (cell == NULL || w->lines.count == 0) {
        w->failed = true;
        return;
    }
    *cell = w->cell;
    w->lines.items[w->lines.count - 1].count++;
    w->cell = (struct lg_tab_cell){0};
}

static void put_text(struct lg_tabwriter *w, size_t bytes)
{
    if (bytes == 0) /* there may be no text at all */
        return;
    lg_sb_str(w->out, lg_str_from(w->text.data + w->written, bytes));
    w->written += bytes;
}

static void put_cell(struct lg_tabwriter *w, const struct lg_tab_cell *c,
                     size_t column)
{
    if (column < w->widths.count && w->widths.items[column] > c->width)
        lg_sb_repeat(w->out, ' ', (size_t)(w->widths.items[column] - c->width));
    put_text(w, c->bytes);
}

static void put_lines(struct lg_tabwriter *w, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        const struct lg_tab_line *line = &w->lines.items[i];
        for (size_t k = 0; k < line->count; k++)
            put_cell(w, &w->cells.items[line->first + k], k);
        if (i + 1 == w->lines.count)
            put_text(w, w->cell.bytes);
        else
            lg_sb_char(w->out, '\n');
    }
}

/* The last cell of a line is behind all tabs and in no column. */
static bool has_column(const struct lg_tabwriter *w, size_t line, size_t column)
{
    return column + 1 < w->lines.items[line].count;
}

static ptrdiff_t column_width(const struct lg_tabwriter *w,
                              const struct lg_tab_block *block, size_t column)
{
    ptrdiff_t width = 0;
    for (size_t i = block->first; i < block->end; i++) {
        const struct lg_tab_line *line = &w->lines.items[i];
        ptrdiff_t wanted = w->cells.items[line->first + column].width + PADDING;
        width = wanted > width ? wanted : width;
    }
    return width;
}

static bool enter(struct lg_tabwriter *w, struct lg_tab_block block)
{
    ptrdiff_t *width = lg_push(w->out->arena, &w->widths);
    struct lg_tab_block *inner = lg_push(w->out->arena, &w->blocks);
    if (width == NULL || inner == NULL)
        return false;
    *width = column_width(w, &block, w->widths.count - 1);
    *inner = block;
    return true;
}

/* Go's recursive format as a loop: lines come from files, and a recursion as
 * deep as a line has tabs would overflow the stack. */
static bool format(struct lg_tabwriter *w)
{
    struct lg_tab_block *b = lg_push(w->out->arena, &w->blocks);
    if (b == NULL)
        return false;
    b->end = w->lines.count;
    while (w->blocks.count > 0) {
        b = &w->blocks.items[w->blocks.count - 1];
        size_t column = w->widths.count;
        while (b->at < b->end && !has_column(w, b->at, column))
            b->at++;
        put_lines(w, b->first, b->at);
        if (b->at == b->end) {
            w->blocks.count--;
            w->widths.count -= w->widths.count > 0;
            continue;
        }
        struct lg_tab_block inner = {b->at, b->at, b->at};
        while (inner.end < b->end && has_column(w, inner.end, column))
            inner.end++;
        b->first = b->at = inner.end;
        if (!enter(w, inner))
            return false;
    }
    return true;
}

static void flush(struct lg_tabwriter *w)
{
    if (w->cell.bytes > 0) {
        if (w->escaped)
            end_escape(w);
        end_cell(w);
    }
    w->written = 0;
    if (w->failed || w->text.failed || !format(w))
        w->failed = true;
    reset(w);
}

/* c ends a cell, and more. */
static void end_at(struct lg_tabwriter *w, char c)
{
    measure(w);
    end_cell(w);
    if (c != '\n' && c != '\f')
        return;
    bool alone =
        w->lines.count > 0 && w->lines.items[w->lines.count - 1].count == 1;
    /* A line of one cell parts columns above from those below. */
    if (add_line(w) && (c == '\f' || alone))
        flush(w);
}

void lg_tabwriter_write(struct lg_tabwriter *w, struct lg_str text)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len && !w->failed; i++) {
        char c = text.data[i];
        if (w->escaped) {
            if (c == ESCAPE) {
                append(w, text.data + start, i + 1 - start);
                start = i + 1;
                end_escape(w);
            }
        } else if (c == '\t' || c == '\v' || c == '\n' || c == '\f') {
            append(w, text.data + start, i - start);
            start = i + 1;
            end_at(w, c);
        } else if (c == ESCAPE) {
            append(w, text.data + start, i - start);
            measure(w);
            start = i;
            w->escaped = true;
        }
    }
    if (text.len > start) /* data may be NULL */
        append(w, text.data + start, text.len - start);
}

bool lg_tabwriter_flush(struct lg_tabwriter *w)
{
    flush(w);
    return !w->failed;
}
