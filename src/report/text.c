/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict for a terminal or a pipe:
 *
 *   headline
 *                                          columns: 2 label, 14 function,
 *   title                  confidence       60 place, behind it the module
 *     summary
 *     where       function      place
 *                   source line
 *     waits at    function      place   module version
 *     fix         sentence
 *
 *   memory at the kill   sum               columns: 0 label, 21 text
 *   evidence             …
 */
#include "report/text_parts.h"

#include <stdio.h>

#define MARGIN 2
#define INDENT 14
#define FUNCTION_WIDTH 46
#define GAP 3
#define FOOT_INDENT 21

struct row {
    const char *label;
    struct lg_str function, place, extra;
};

static struct lg_str finished(const struct lg_page *page, struct lg_sb *sb)
{
    page->out->failed |= sb->failed;
    return lg_sb_view(sb);
}

typedef void frame_words(const struct lg_subject *s, const struct lg_frame *f,
                         struct lg_sb *sb);

static struct lg_str frame_word(const struct lg_page *page, frame_words *say,
                                const struct lg_subject *s,
                                const struct lg_frame *f)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    say(s, f, &sb);
    return finished(page, &sb);
}

static struct row frame_row(const struct lg_page *page,
                            const struct lg_subject *s, const char *label,
                            const struct lg_frame *f)
{
    return (struct row){
        .label = label,
        .function = frame_word(page, lg_words_function, s, f),
        .place = frame_word(page, lg_words_place, s, f),
        .extra = frame_word(page, lg_words_module, s, f),
    };
}

static void put_padded(const struct lg_page *page, enum lg_ink ink,
                       struct lg_str s, size_t width, bool more)
{
    size_t own = lg_clean_width(s);
    lg_page_put(page, ink, s);
    if (more)
        lg_page_pad(page, own + 1 < width ? width - own : 1);
}

struct widths {
    size_t function, place;
    bool narrow; /* no room for both: the place goes on its own line */
};

static size_t at_least(size_t most, struct lg_str s)
{
    size_t width = lg_clean_width(s);
    return width > most ? width : most;
}

static struct widths layout(const struct lg_page *page, const struct row *rows,
                            size_t count)
{
    struct widths w = {0, 0, false};
    size_t needed = 0, edge = lg_page_edge(page);
    for (size_t i = 0; i < count; i++) {
        w.function = at_least(w.function, rows[i].function);
        if (rows[i].extra.len != 0)
            w.place = at_least(w.place, rows[i].place);
    }
    w.function += GAP;
    w.place += GAP;
    for (size_t i = 0; i < count; i++) {
        size_t extra = lg_clean_width(rows[i].extra);
        size_t rest =
            extra != 0 ? w.place + extra : lg_clean_width(rows[i].place);
        needed = rest > needed ? rest : needed;
    }
    if (page->columns > 0 && INDENT + w.function + needed > edge)
        w.narrow = true;
    else if (w.function < FUNCTION_WIDTH &&
             INDENT + FUNCTION_WIDTH + needed <= edge)
        w.function = FUNCTION_WIDTH;
    return w;
}

static void put_row(const struct lg_page *page, const struct row *row,
                    struct widths w)
{
    bool rest = row->place.len != 0 || row->extra.len != 0;
    lg_page_pad(page, MARGIN);
    put_padded(page, LG_INK_DIM, lg_str_of(row->label), INDENT - MARGIN, true);
    put_padded(page, LG_INK_CODE, row->function, w.function, rest && !w.narrow);
    if (rest && w.narrow) {
        lg_page_end(page);
        lg_page_pad(page, INDENT + 2);
    }
    put_padded(page, LG_INK_PLAIN, row->place, w.place, row->extra.len != 0);
    lg_page_put(page, LG_INK_DIM, row->extra);
    lg_page_end(page);
}

static size_t finding_rows(const struct lg_page *page,
                           const struct lg_subject *s,
                           const struct lg_finding *f, struct row rows[3])
{
    size_t count = 0;
    bool has_leaf = lg_words_frame_differs(f, &f->leaf);
    if (f->where.function.len != 0) {
        rows[count] = frame_row(page, s, "where", &f->where);
        if (!has_leaf && rows[count].extra.len == 0)
            rows[count].extra = f->where_role;
        count++;
    }
    if (has_leaf)
        rows[count++] = frame_row(page, s, lg_words_leaf_label(f), &f->leaf);
    if (lg_words_frame_differs(f, &f->created_by))
        rows[count++] = frame_row(page, s, "created by", &f->created_by);
    return count;
}

static void put_title(const struct lg_page *page, const struct lg_finding *f)
{
    char confidence[32];
    double shown = f->confidence > 0 ? f->confidence : 0;
    int hundredths = shown < 1 ? (int)(shown * 100 + 0.5) : 100;
    snprintf(confidence, sizeof confidence, "confidence %d.%02d",
             hundredths / 100, hundredths % 100);
    struct lg_str title =
        f->title.len != 0 ? f->title : lg_str_of(lg_cause_title(f->cause));
    size_t width = lg_clean_width(title),
           own = lg_clean_width(lg_str_of(confidence));
    size_t edge = lg_page_edge(page);
    lg_page_put(page, LG_INK_CAUSE, title);
    if (width + 2 + own <= edge) {
        lg_page_pad(page, edge - width - own);
    } else if (page->columns > 0) {
        lg_page_end(page);
        lg_page_pad(page, MARGIN);
    } else {
        lg_page_pad(page, 2);
    }
    lg_page_cput(page, LG_INK_DIM, confidence);
    lg_page_end(page);
}

void lg_text_finding(const struct lg_page *page, const struct lg_report *r,
                     const struct lg_finding *f, bool full)
{
    struct row rows[3];
    size_t count = finding_rows(page, &r->incident->subject, f, rows);
    struct widths w = layout(page, rows, count);
    put_title(page, f);
    if (f->summary.len != 0) {
        lg_page_pad(page, MARGIN);
        lg_page_wrap(page, LG_INK_PLAIN, f->summary, MARGIN, MARGIN);
    }
    bool first = f == r->verdict->findings.items;
    for (size_t i = 0; i < count; i++) {
        put_row(page, &rows[i], w);
        struct lg_str source = lg_str_trim(r->where_source);
        if (i == 0 && first && f->where.function.len != 0 && source.len != 0 &&
            (page->columns == 0 || page->columns >= 80)) {
            lg_page_pad(page, INDENT + 2);
            lg_page_put(page, LG_INK_BOLD, source);
            lg_page_end(page);
        }
    }
    if (full)
        lg_page_labelled(page, "fix", f->fix, MARGIN, INDENT);
}

static void put_none(const struct lg_page *page, const struct lg_report *r)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_words_no_finding(r, &sb);
    bool good = !r->verdict->inconclusive;
    lg_page_wrap(page, good ? LG_INK_GOOD : LG_INK_CAUSE, finished(page, &sb),
                 0, MARGIN);
    if (good)
        return;
    lg_text_not_judged(page, r->verdict);
    lg_text_absent(page, r->incident);
}

typedef void report_words(const struct lg_report *r, struct lg_sb *sb);

static void put_foot(const struct lg_page *page, const struct lg_report *r,
                     const char *label, report_words *say)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    say(r, &sb);
    lg_page_labelled(page, label, finished(page, &sb), 0, FOOT_INDENT);
}

static void put_headline(const struct lg_page *page, const struct lg_report *r)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_words_headline(r, &sb);
    lg_page_wrap(page, LG_INK_BOLD, finished(page, &sb), 0, MARGIN);
    lg_page_end(page);
}

void lg_report_text(const struct lg_report *r,
                    const struct lg_text_options *options, struct lg_sb *out)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    struct lg_page page = {out, &scratch, options->color, options->columns};
    put_headline(&page, r);
    lg_each(f, r->verdict->findings) {
        lg_text_finding(&page, r, f, f == r->verdict->findings.items);
        lg_page_end(&page);
    }
    if (r->verdict->findings.count == 0) {
        put_none(&page, r);
        lg_page_end(&page);
    }
    put_foot(&page, r, lg_words_memory_label(r), lg_words_memory);
    put_foot(&page, r, "evidence", lg_words_evidence);
    put_foot(&page, r, "next", lg_words_next);
    lg_arena_deinit(&scratch);
}
