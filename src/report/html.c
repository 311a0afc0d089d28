/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include "report/clean.h"
#include "report/words.h"

static void put_escaped(struct lg_sb *out, struct lg_str shown)
{
    switch (shown.data[0]) {
    case '<':
        lg_sb_cstr(out, "&lt;");
        return;
    case '>':
        lg_sb_cstr(out, "&gt;");
        return;
    case '&':
        lg_sb_cstr(out, "&amp;");
        return;
    case '"':
        lg_sb_cstr(out, "&quot;");
        return;
    case '\'':
        lg_sb_cstr(out, "&#39;");
        return;
    default:
        lg_sb_str(out, shown);
        return;
    }
}

void lg_html_put(struct lg_sb *out, struct lg_str s)
{
    char room[LG_CLEAN_BYTES];
    while (s.len != 0)
        put_escaped(out, lg_clean_next(&s, room));
}

void lg_html_cput(struct lg_sb *out, const char *s)
{
    lg_html_put(out, lg_str_of(s));
}

static void open_tag(struct lg_sb *out, const char *tag, const char *class)
{
    if (class != NULL)
        lg_sb_fmt(out, "<%s class=\"%s\">", tag, class);
    else
        lg_sb_fmt(out, "<%s>", tag);
}

void lg_html_element(struct lg_sb *out, const char *tag, const char *class,
                     struct lg_str s)
{
    if (s.len == 0)
        return;
    open_tag(out, tag, class);
    lg_html_put(out, s);
    lg_sb_fmt(out, "</%s>", tag);
}

void lg_html_prose(struct lg_sb *out, const char *class, struct lg_str s)
{
    if (s.len == 0)
        return;
    open_tag(out, "p", class);
    for (struct lg_cut cut; s.len != 0; s = cut.tail) {
        cut = lg_str_cut_char(s, '`');
        lg_html_put(out, cut.head);
        struct lg_cut code = lg_str_cut_char(cut.tail, '`');
        if (!cut.found)
            continue;
        if (!code.found) { /* a lone one is itself */
            lg_sb_char(out, '`');
            continue;
        }
        lg_html_element(out, "code", NULL, code.head);
        cut.tail = code.tail;
    }
    lg_sb_cstr(out, "</p>\n");
}

void lg_html_cell(struct lg_sb *out, const char *class, struct lg_str s)
{
    open_tag(out, "td", class);
    lg_html_put(out, s);
    lg_sb_cstr(out, "</td>");
}

void lg_html_head(struct lg_sb *out, const char *const *names, size_t count)
{
    lg_sb_cstr(out, "<tr>");
    for (size_t i = 0; i < count; i++) {
        bool number = names[i][0] == '>';
        lg_sb_fmt(out, "<th scope=\"col\"%s>%s</th>",
                  number ? " class=\"n\"" : "", names[i] + number);
    }
    lg_sb_cstr(out, "</tr>\n");
}

static void put_top(const struct lg_html *h)
{
    const struct lg_incident *in = h->r->incident;
    struct lg_sb *out = h->out;
    lg_sb_cstr(out, "<div class=\"top\"><span><b>lastgasp</b> report</span>");
    if (in->id.len != 0) {
        lg_sb_cstr(out, "<span>incident <b>");
        lg_html_put(out, in->id);
        lg_sb_cstr(out, "</b></span>");
    }
    if (in->end.wall_ns != 0) {
        lg_sb_cstr(out, "<span>");
        lg_sb_time(out, in->end.wall_ns);
        lg_sb_cstr(out, "</span>");
    }
    lg_sb_cstr(out, "</div>\n<h1>");
    struct lg_sb words;
    lg_sb_init(&words, h->scratch);
    lg_words_headline(h->r, &words);
    lg_html_put(out, lg_sb_view(&words));
    lg_sb_cstr(out, "</h1>\n");
}

static void put_foot(const struct lg_html *h)
{
    struct lg_sb words;
    lg_sb_init(&words, h->scratch);
    lg_words_next(h->r, &words);
    lg_sb_cstr(h->out, "<footer>Made by lastgasp " LG_VERSION
                       " from the evidence alone; every number stands with "
                       "the file that it came from.");
    if (words.len != 0) {
        lg_sb_cstr(h->out, " Next: <code>");
        lg_html_put(h->out, lg_sb_view(&words));
        lg_sb_cstr(h->out, "</code>");
    }
    lg_sb_cstr(h->out, "</footer>\n");
}

/* No script is there, none may run, nothing is fetched: should a name get
 * through all the same, it is inert. */
static const char before_title[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,"
    "initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n";

void lg_report_html(const struct lg_report *r, struct lg_sb *out)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    struct lg_html h = {out, &scratch, r};
    lg_sb_cstr(out, before_title);
    lg_sb_cstr(out, "<title>");
    lg_html_put(out, lg_words_program(&r->incident->subject));
    lg_sb_cstr(out, " \u2013 lastgasp</title>\n");
    lg_html_style(out);
    lg_sb_cstr(out, "</head>\n<body>\n<main>\n");
    put_top(&h);
    lg_html_verdict(&h);
    if (r->verdict->inconclusive) /* what was missing is the news */
        lg_html_not_judged(&h);
    lg_html_timeline(&h);
    lg_html_memory(&h);
    lg_html_findings(&h);
    lg_html_captures(&h);
    if (!r->verdict->inconclusive)
        lg_html_not_judged(&h);
    lg_html_kernel_log(&h);
    lg_html_subject(&h);
    put_foot(&h);
    lg_sb_cstr(out, "</main>\n</body>\n</html>\n");
    out->failed |= scratch.failed;
    lg_arena_deinit(&scratch);
}
