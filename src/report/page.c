/* SPDX-License-Identifier: Apache-2.0 */
#include "report/page.h"

#define EDGE 102

size_t lg_page_edge(const struct lg_page *page)
{
    return page->columns > 0 && page->columns < EDGE ? (size_t)page->columns
                                                     : EDGE;
}

static const char *const inks[] = {
    [LG_INK_PLAIN] = "",        [LG_INK_BOLD] = "\033[1m",
    [LG_INK_DIM] = "\033[2m",   [LG_INK_CAUSE] = "\033[1;31m",
    [LG_INK_GOOD] = "\033[32m", [LG_INK_CODE] = "\033[36m",
};

static void ink_on(const struct lg_page *page, enum lg_ink ink)
{
    if (page->color)
        lg_sb_cstr(page->out, inks[ink]);
}

static void ink_off(const struct lg_page *page, enum lg_ink ink)
{
    if (page->color && ink != LG_INK_PLAIN)
        lg_sb_cstr(page->out, "\033[0m");
}

void lg_page_put(const struct lg_page *page, enum lg_ink ink, struct lg_str s)
{
    if (s.len == 0)
        return;
    ink_on(page, ink);
    lg_clean(s, page->out);
    ink_off(page, ink);
}

void lg_page_cput(const struct lg_page *page, enum lg_ink ink, const char *s)
{
    lg_page_put(page, ink, lg_str_of(s));
}

void lg_page_pad(const struct lg_page *page, size_t blanks)
{
    lg_sb_repeat(page->out, ' ', blanks);
}

void lg_page_end(const struct lg_page *page)
{
    lg_sb_char(page->out, '\n');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n';
}

static size_t word_length(struct lg_str s)
{
    size_t n = 0;
    while (n < s.len && !is_blank(s.data[n]))
        n++;
    return n;
}

/* "256.0 MiB" and "97 %" are torn apart by nobody who reads them. */
static bool is_unit(struct lg_str word)
{
    static const char *const units[] = {"B",  "KiB", "MiB", "GiB", "TiB", "%",
                                        "ns", "ms",  "s",   "min", "h",   "d"};
    while (word.len != 0 &&
           (word.data[word.len - 1] == ',' || word.data[word.len - 1] == ';' ||
            word.data[word.len - 1] == ')'))
        word = lg_str_first(word, word.len - 1);
    for (size_t i = 0; i < LG_COUNT(units); i++)
        if (lg_str_eq(word, lg_str_of(units[i])))
            return true;
    return false;
}

static bool ends_in_digit(struct lg_str word)
{
    return word.len != 0 && word.data[word.len - 1] >= '0' &&
           word.data[word.len - 1] <= '9';
}

static bool next_word(struct lg_str *s, struct lg_str *word_ret)
{
    while (s->len != 0 && is_blank(s->data[0]))
        *s = lg_str_skip(*s, 1);
    size_t n = word_length(*s);
    struct lg_str word = lg_str_first(*s, n), rest = lg_str_skip(*s, n);
    if (ends_in_digit(word) && rest.len > 1 && rest.data[0] == ' ') {
        rest = lg_str_skip(rest, 1);
        size_t unit = word_length(rest);
        if (is_unit(lg_str_first(rest, unit)))
            n += 1 + unit;
    }
    *word_ret = lg_str_first(*s, n);
    *s = lg_str_skip(*s, n);
    return n != 0;
}

/* Ends a line that has been padded for a word that does not fit any more. */
static void break_line(const struct lg_page *page, size_t indent)
{
    struct lg_sb *out = page->out;
    while (out->len != 0 && out->data[out->len - 1] == ' ')
        out->len--;
    lg_page_end(page);
    lg_page_pad(page, indent);
}

void lg_page_wrap(const struct lg_page *page, enum lg_ink ink, struct lg_str s,
                  size_t at, size_t indent)
{
    struct lg_str word;
    bool first = true, inked = false;
    while (next_word(&s, &word)) {
        size_t width = lg_clean_width(word);
        if (page->columns > 0 && (!first || at > indent) &&
            at + !first + width > (size_t)page->columns) {
            if (inked)
                ink_off(page, ink);
            break_line(page, indent);
            inked = false;
            at = indent;
            first = true;
        }
        if (!inked)
            ink_on(page, ink);
        inked = true;
        if (!first)
            lg_sb_char(page->out, ' ');
        lg_clean(word, page->out);
        at += width + !first;
        first = false;
    }
    if (inked)
        ink_off(page, ink);
    lg_page_end(page);
}

void lg_page_labelled(const struct lg_page *page, const char *label,
                      struct lg_str text, size_t margin, size_t indent)
{
    if (text.len == 0)
        return;
    size_t at = margin + lg_clean_width(lg_str_of(label));
    lg_page_pad(page, margin);
    lg_page_cput(page, LG_INK_DIM, label);
    size_t gap = at + 1 < indent ? indent - at : 1;
    lg_page_pad(page, gap);
    /* A terminal of 40 columns has no room for the column of labels. */
    bool narrow = page->columns > 0 && (size_t)page->columns < indent + 30;
    lg_page_wrap(page, LG_INK_PLAIN, text, at + gap,
                 narrow ? margin + 4 : indent);
}

struct lg_table_row *lg_table_add(const struct lg_page *page,
                                  struct lg_table *t)
{
    static struct lg_table_row lost;
    struct lg_table_row *row = lg_push(page->scratch, &t->rows);
    if (row == NULL)
        page->out->failed = true;
    return row != NULL ? row : &lost;
}

static void put_cell(const struct lg_page *page, struct lg_str cell,
                     size_t width, bool right)
{
    size_t own = lg_clean_width(cell);
    size_t blanks = own < width ? width - own : 0;
    lg_page_pad(page, right ? blanks : 0);
    lg_page_put(page, LG_INK_PLAIN, cell);
    lg_page_pad(page, right ? 2 : blanks + 2);
}

/* A hostile name may be as long as it likes without moving the others. */
#define CELL_WIDTH_MAX 60

void lg_table_put(const struct lg_page *page, const struct lg_table *t,
                  size_t margin)
{
    size_t widths[LG_TABLE_COLUMNS_MAX] = {0}, last = t->columns - 1;
    lg_each(row, t->rows)
        for (size_t i = 0; i < t->columns; i++) {
            size_t width = lg_clean_width(row->cells[i]);
            if (width > widths[i])
                widths[i] = width < CELL_WIDTH_MAX ? width : CELL_WIDTH_MAX;
        }
    lg_each(row, t->rows) {
        size_t at = margin;
        size_t end = last;
        while (end > 0 && row->cells[end].len == 0)
            end--;
        lg_page_pad(page, margin);
        for (size_t i = 0; i < end; i++) {
            put_cell(page, row->cells[i], widths[i], t->right_mask >> i & 1);
            at += widths[i] + 2;
        }
        if (t->right_mask >> end & 1) {
            size_t own = lg_clean_width(row->cells[end]);
            lg_page_pad(page, own < widths[end] ? widths[end] - own : 0);
        }
        lg_page_wrap(page, LG_INK_PLAIN, row->cells[end], at, margin + 4);
    }
}
