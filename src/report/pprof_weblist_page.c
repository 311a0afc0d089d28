/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "evidence/measure.h"
#include "report/html.h"
#include "report/pprof_weblist.h"

#include <stdlib.h>

#define MERGE_LINES                                                            \
    20                 /* lines of one function that are so near are one part  \
                        */
#define EXPAND_LINES 5 /* shown around a part */
#define TAB_COLUMNS 8
#define INDENT_COLUMNS 4

struct part {           /* lines of one function that lie near each other */
    struct lg_str name; /* as the binary has it */
    int64_t begin, end;
    int64_t flat, cum;
};

struct parts {
    struct part *items;
    size_t count, capacity;
};

struct page {
    struct lg_weblist *web;
    struct lg_sb *out;
    const struct lg_web_file *file;
    const struct lg_source_file *source;
};

static int by_line(const void *a, const void *b)
{
    const struct lg_web_line *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

static int by_name(const void *a, const void *b)
{
    const struct lg_web_file *x = a, *y = b;
    return lg_str_cmp(x->name, y->name);
}

static struct lg_str shown_name(const struct lg_weblist *w, struct lg_str name)
{
    const struct lg_profile_function *f = lg_weblist_function(w, name);
    return f != NULL ? f->name : name;
}

static struct part part_of(const struct lg_weblist *w,
                           const struct lg_web_line *line)
{
    struct part p = {.name = line->function,
                     .begin = line->line,
                     .end = lg_go_add(line->line, 1)};
    for (size_t i = 0; i < line->uses.count; i++) {
        const struct lg_web_inst *in =
            &w->insts.items[line->uses.items[i].inst];
        p.flat = lg_go_add(p.flat, in->flat);
        p.cum = lg_go_add(p.cum, in->cum);
    }
    return p;
}

/* Lines between, of numbers that may be anything. */
static uint64_t gap(int64_t end, int64_t begin)
{
    return begin > end ? (uint64_t)begin - (uint64_t)end : 0;
}

/* Neighbourhoods of parts that follow each other share what is between. Line 0
 * is no line: nothing is put before it. */
static void expand(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct part *p = &parts->items[i];
        if (i == 0) {
            if (p->begin > EXPAND_LINES)
                p->begin -= EXPAND_LINES;
            else if (p->begin > 1)
                p->begin = 1;
            continue;
        }
        int64_t half = EXPAND_LINES;
        if (gap(p[-1].end, p->begin) < 2 * (uint64_t)half)
            half = (int64_t)gap(p[-1].end, p->begin) / 2;
        p[-1].end += half;
        p->begin -= half;
    }
    if (parts->count != 0)
        parts->items[parts->count - 1].end =
            lg_go_add(parts->items[parts->count - 1].end, EXPAND_LINES);
}

static bool split_file(const struct lg_weblist *w,
                       const struct lg_web_file *file, struct parts *ret)
{
    lg_each(line, file->lines) {
        struct part p = part_of(w, line);
        struct part *last =
            ret->count != 0 ? &ret->items[ret->count - 1] : NULL;
        if (last != NULL && gap(last->end, p.begin) < MERGE_LINES &&
            lg_str_eq(shown_name(w, last->name), shown_name(w, p.name))) {
            last->end = p.end;
            last->flat = lg_go_add(last->flat, p.flat);
            last->cum = lg_go_add(last->cum, p.cum);
            continue;
        }
        struct part *slot = lg_push(w->arena, ret);
        if (slot == NULL)
            return false;
        *slot = p;
    }
    expand(ret);
    return true;
}

static size_t indent_of(struct lg_str s)
{
    size_t column = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == ' ')
            column++;
        else if (s.data[i] == '\t')
            column += TAB_COLUMNS - column % TAB_COLUMNS;
        else
            break;
    }
    return column;
}

/* Tabs become blanks: a cell of a table knows no tab stops. */
static void put_source(struct lg_sb *out, struct lg_str s)
{
    size_t indent = indent_of(s), at = 0;
    while (at < s.len && (s.data[at] == ' ' || s.data[at] == '\t'))
        at++;
    lg_sb_repeat(out, ' ', indent);
    s = lg_str_skip(s, at);
    while (s.len != 0) {
        struct lg_cut cut = lg_str_cut_char(s, '\t');
        lg_html_put(out, cut.head);
        if (cut.found)
            lg_sb_cstr(out, "    ");
        s = cut.tail;
    }
}

static void put_value(struct page *p, int64_t value)
{
    lg_sb_cstr(p->out, "<td class=\"n\">");
    if (value == 0) {
        lg_sb_char(p->out, '.');
    } else {
        struct lg_sb text;
        lg_sb_init(&text, p->web->arena);
        lg_pprof_value(p->web->report, &text, value);
        lg_html_put(p->out, lg_sb_view(&text));
    }
    lg_sb_cstr(p->out, "</td>");
}

static void put_place(struct lg_sb *out, struct lg_web_call place)
{
    if (place.file.len == 0)
        return;
    lg_sb_cstr(out, "  <i>");
    lg_html_put(out, lg_path_base(place.file));
    lg_sb_fmt(out, ":%lld</i>", (long long)place.line);
}

static bool same_call(const struct lg_web_call *a, const struct lg_web_call *b)
{
    return a->line == b->line && lg_str_eq(a->file, b->file);
}

/* The inlined calls that lead to an instruction, as far as they are not those
 * of the one before. */
static bool put_calls(struct page *p, const struct lg_web_use *use,
                      const struct lg_web_use *before, size_t indent)
{
    bool differs = before == NULL;
    for (size_t i = 0; i < use->call_count; i++) {
        const struct lg_web_call *call = &use->calls[i];
        if (!differs && i < before->call_count &&
            same_call(&before->calls[i], call))
            continue;
        differs = true;
        struct lg_source_query hint = {.path = call->file};
        const struct lg_source_file *source =
            lg_source_reader_file(&p->web->reader, &hint);
        struct lg_str text = {0};
        if (source == NULL)
            return false;
        (void)lg_source_file_line(source, call->line, &text);
        lg_sb_cstr(p->out,
                   "<tr class=\"call\"><td></td><td></td><td></td><td>");
        lg_sb_repeat(p->out, ' ', indent + INDENT_COLUMNS * i);
        put_source(p->out, lg_str_trim(text));
        put_place(p->out, *call);
        lg_sb_cstr(p->out, "</td></tr>\n");
    }
    return true;
}

static void put_instruction(struct page *p, const struct lg_web_inst *in,
                            bool is_new_block, size_t indent)
{
    lg_sb_fmt(p->out, "<tr%s><td class=\"l\">%llx</td>",
              is_new_block ? " class=\"block\"" : "",
              (unsigned long long)in->object_address);
    put_value(p, in->flat);
    put_value(p, in->cum);
    lg_sb_cstr(p->out, "<td>");
    lg_sb_repeat(p->out, ' ', indent);
    lg_html_put(p->out, in->text);
    put_place(p->out, in->place);
    lg_sb_cstr(p->out, "</td></tr>\n");
}

static bool put_code(struct page *p, const struct lg_web_line *line,
                     size_t indent)
{
    const struct lg_weblist *w = p->web;
    const struct lg_web_use *before = NULL;
    const struct lg_web_inst *last = NULL;
    lg_sb_cstr(p->out, "<tbody class=\"asm\" hidden>\n");
    for (size_t i = 0; i < line->uses.count; i++) {
        const struct lg_web_use *use = &line->uses.items[i];
        const struct lg_web_inst *in = &w->insts.items[use->inst];
        bool is_new_block =
            last != NULL && in->address != last->address + last->length;
        if (!put_calls(p, use, before, indent))
            return false;
        if (in->text.len != 0)
            put_instruction(p, in, is_new_block,
                            indent + INDENT_COLUMNS * use->call_count);
        before = use;
        last = in;
    }
    lg_sb_cstr(p->out, "</tbody>\n");
    return true;
}

static const struct lg_web_line *find_line(const struct lg_web_file *f,
                                           int64_t number)
{
    const struct lg_web_line key = {.line = number};
    return f->lines.count == 0 ? NULL
                               : bsearch(&key, f->lines.items, f->lines.count,
                                         sizeof *f->lines.items, by_line);
}

/* Whether there is more to see of a line than the line. */
static bool has_code(const struct lg_weblist *w, const struct lg_web_line *line)
{
    for (size_t i = 0; i < line->uses.count; i++) {
        const struct lg_web_use *use = &line->uses.items[i];
        if (use->call_count != 0 || w->insts.items[use->inst].text.len != 0)
            return true;
    }
    return false;
}

static bool put_line(struct page *p, int64_t number)
{
    const struct lg_web_line *line = find_line(p->file, number);
    struct lg_str text;
    if (!lg_source_file_line(p->source, number, &text)) {
        if (line == NULL)
            return true;
        text = number == 0 ? LG_STR("<instructions with unknown line numbers>")
                           : LG_STR("???");
    }
    bool is_live = line != NULL && has_code(p->web, line);
    struct part sums = {0};
    if (line != NULL)
        sums = part_of(p->web, line);
    lg_sb_fmt(p->out, "<tbody><tr class=\"%s\"%s><td class=\"l\">%lld</td>",
              is_live        ? "live"
              : line != NULL ? "dead"
                             : "nop",
              is_live ? " tabindex=\"0\" aria-expanded=\"false\"" : "",
              (long long)number);
    put_value(p, sums.flat);
    put_value(p, sums.cum);
    lg_sb_cstr(p->out, "<td>");
    put_source(p->out, text);
    lg_sb_cstr(p->out, "</td></tr></tbody>\n");
    return !is_live || put_code(p, line, indent_of(text) + INDENT_COLUMNS);
}

static bool put_part(struct page *p, const struct part *part)
{
    const struct lg_pprof_report *r = p->web->report;
    struct lg_sb sums;
    lg_sb_init(&sums, p->web->arena);
    lg_source_sums(r, &sums, part->flat, part->cum);
    lg_html_element(p->out, "h2", NULL, shown_name(p->web, part->name));
    lg_html_element(p->out, "p", "file", p->file->name);
    lg_html_element(p->out, "p", "sums", lg_str_trim(lg_sb_view(&sums)));
    lg_sb_cstr(p->out, "<table><thead><tr><th>line</th><th>flat</th>"
                       "<th>cum</th><th>source</th></tr></thead>\n");
    for (int64_t line = part->begin; line < part->end; line++)
        if (!put_line(p, line))
            return false;
    lg_sb_cstr(p->out, "</table>\n");
    return true;
}

static bool put_file(struct page *p, struct lg_web_file *file)
{
    const struct lg_weblist *w = p->web;
    const struct lg_profile *profile = w->report->profile;
    struct parts parts = {0};
    qsort(file->lines.items, file->lines.count, sizeof *file->lines.items,
          by_line);
    struct lg_str name = file->lines.items[0].function;
    const struct lg_profile_function *f = lg_weblist_function(w, name);
    struct lg_source_query hint = {.path = file->name,
                                   .function = shown_name(w, name),
                                   .start_line = f != NULL ? f->start_line : 0};
    if (profile->mappings.count != 0)
        hint.binary = profile->mappings.items[0].file;
    p->file = file;
    p->source = lg_source_reader_file(&p->web->reader, &hint);
    if (p->source == NULL || !split_file(w, file, &parts))
        return false;
    for (size_t i = 0; i < parts.count; i++)
        if (parts.items[i].cum != 0 && !put_part(p, &parts.items[i]))
            return false;
    return true;
}

static void put_legend(struct page *p)
{
    const struct lg_pprof_report *r = p->web->report;
    struct lg_str *labels = NULL;
    size_t count = 0;
    struct lg_sb total;
    lg_pprof_profile_labels(r, p->web->arena, &labels, &count);
    lg_sb_cstr(p->out, "<p class=\"legend\">");
    for (size_t i = 0; i < count; i++) {
        lg_html_put(p->out, labels[i]);
        lg_sb_cstr(p->out, "<br>\n");
    }
    lg_sb_init(&total, p->web->arena);
    lg_sb_cstr(&total, "Total: ");
    lg_pprof_value(r, &total, r->total);
    lg_html_put(p->out, lg_sb_view(&total));
    lg_sb_cstr(p->out, "</p>\n<p><button id=\"all\">show all code</button></p>"
                       "\n");
}

static void put_title(struct page *p)
{
    const struct lg_pprof_report *r = p->web->report;
    lg_html_put(p->out, r->title.len != 0 ? r->title : LG_STR("unknown"));
    lg_sb_char(p->out, ' ');
    lg_html_put(p->out, r->sample_type);
}

bool lg_weblist_page(struct lg_weblist *w, struct lg_sb *out)
{
    struct page p = {.web = w, .out = out};
    lg_sb_cstr(out, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
                    "<meta charset=\"utf-8\"><title>");
    put_title(&p);
    lg_sb_cstr(out, "</title><style>\n");
    lg_sb_cstr(out, lg_weblist_style);
    lg_sb_cstr(out, "</style></head><body>\n<h1>");
    put_title(&p);
    lg_sb_cstr(out, "</h1>\n");
    put_legend(&p);
    if (w->files.count != 0)
        qsort(w->files.items, w->files.count, sizeof *w->files.items, by_name);
    lg_each(file, w->files)
        if (!put_file(&p, file))
            return false;
    lg_sb_cstr(out, "<script>\n");
    lg_sb_cstr(out, lg_weblist_script);
    lg_sb_cstr(out, "</script></body></html>\n");
    return !out->failed;
}
