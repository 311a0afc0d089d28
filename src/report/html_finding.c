/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict's card, and each finding with its facts. */
#include "report/html.h"
#include "report/words.h"

#include <inttypes.h>

static void put_confidence(struct lg_sb *out, const struct lg_finding *f)
{
    double c = f->confidence > 0 ? f->confidence : 0;
    int hundredths = c < 1 ? (int)(c * 100 + 0.5) : 100;
    lg_sb_fmt(out,
              "<span class=\"sure\">confidence <b>%d.%02d</b>"
              "<meter min=\"0\" max=\"100\" value=\"%d\">%d %%</meter></span>",
              hundredths / 100, hundredths % 100, hundredths, hundredths);
}

static void put_title(const struct lg_html *h, const struct lg_finding *f,
                      const char *level)
{
    struct lg_sb *out = h->out;
    lg_sb_cstr(out, "<div class=\"title\">");
    lg_html_element(out, level, NULL,
                    f->title.len != 0 ? f->title
                                      : lg_str_of(lg_cause_title(f->cause)));
    put_confidence(out, f);
    lg_sb_cstr(out, "</div>\n<div class=\"tags\">");
    lg_html_element(out, "span", "tag cause",
                    lg_str_of(lg_cause_name(f->cause)));
    if (f->proof.len != 0) {
        lg_sb_cstr(out, "<span class=\"tag\">proof: ");
        lg_html_put(out, f->proof);
        lg_sb_cstr(out, "</span>\n");
    }
    if (f->wait_reason.len != 0) {
        lg_sb_cstr(out, "<span class=\"tag\">waits: ");
        lg_html_put(out, f->wait_reason);
        lg_sb_cstr(out, "</span>\n");
    }
    lg_sb_cstr(out, "</div>\n");
}

typedef void frame_words(const struct lg_subject *s, const struct lg_frame *f,
                         struct lg_sb *sb);

static void put_frame_word(const struct lg_html *h, frame_words *say,
                           const struct lg_frame *f, const char *tag,
                           const char *class)
{
    struct lg_sb words;
    lg_sb_init(&words, h->scratch);
    say(&h->r->incident->subject, f, &words);
    lg_html_element(h->out, tag, class, lg_sb_view(&words));
}

static void put_frame(const struct lg_html *h, const char *label,
                      const struct lg_frame *f, struct lg_str role)
{
    lg_sb_fmt(h->out, "<dt>%s</dt><dd%s>", label,
              label[0] == 'w' && label[1] == 'h' ? " class=\"first\"" : "");
    put_frame_word(h, lg_words_function, f, "code", NULL);
    put_frame_word(h, lg_words_place, f, "span", "place mono");
    put_frame_word(h, lg_words_module, f, "span", "place");
    lg_html_element(h->out, "span", "place", role);
}

static void put_source(const struct lg_html *h, const struct lg_finding *f)
{
    struct lg_str source = lg_str_trim(h->r->where_source);
    if (source.len == 0 || f != h->r->verdict->findings.items)
        return;
    lg_sb_cstr(h->out, "<code class=\"source\">");
    if (f->where.line != 0)
        lg_sb_fmt(h->out, "<i>%" PRIu32 "</i>", f->where.line);
    lg_html_put(h->out, source);
    lg_sb_cstr(h->out, "</code>");
}

static void put_frames(const struct lg_html *h, const struct lg_finding *f)
{
    bool has_leaf = lg_words_frame_differs(f, &f->leaf);
    bool has_creator = lg_words_frame_differs(f, &f->created_by);
    if (f->where.function.len == 0 && !has_leaf && !has_creator)
        return;
    lg_sb_cstr(h->out, "<dl class=\"frames\">");
    if (f->where.function.len != 0) {
        put_frame(h, "where", &f->where, has_leaf ? LG_STR("") : f->where_role);
        put_source(h, f);
        lg_sb_cstr(h->out, "</dd>\n");
    }
    if (has_leaf) {
        put_frame(h, lg_words_leaf_label(f), &f->leaf, LG_STR(""));
        lg_sb_cstr(h->out, "</dd>\n");
    }
    if (has_creator) {
        put_frame(h, "created by", &f->created_by, LG_STR(""));
        lg_sb_cstr(h->out, "</dd>\n");
    }
    lg_sb_cstr(h->out, "</dl>\n");
}

static void put_fix(const struct lg_html *h, const struct lg_finding *f)
{
    if (f->fix.len == 0)
        return;
    lg_sb_cstr(h->out, "<p class=\"fix\"><b>Fix</b> ");
    lg_html_put(h->out, f->fix);
    lg_sb_cstr(h->out, "</p>\n");
}

static void put_none(const struct lg_html *h)
{
    bool bad = h->r->verdict->inconclusive;
    struct lg_sb words;
    lg_sb_init(&words, h->scratch);
    lg_words_no_finding(h->r, &words);
    lg_sb_fmt(h->out, "<section class=\"verdict%s\">", bad ? "" : " none");
    lg_html_element(h->out, "h2", NULL, lg_sb_view(&words));
    lg_sb_cstr(h->out, "</section>\n");
}

void lg_html_verdict(const struct lg_html *h)
{
    if (h->r->verdict->findings.count == 0) {
        put_none(h);
        return;
    }
    const struct lg_finding *f = &h->r->verdict->findings.items[0];
    lg_sb_cstr(h->out, "<section class=\"verdict\">\n");
    put_title(h, f, "h2");
    lg_html_prose(h->out, NULL, f->summary);
    put_frames(h, f);
    put_fix(h, f);
    lg_sb_cstr(h->out, "</section>\n");
}

static void put_fact(const struct lg_html *h, const struct lg_evidence *e,
                     bool against)
{
    struct lg_sb words;
    lg_sb_init(&words, h->scratch);
    lg_words_value(e, &words);
    lg_sb_cstr(h->out, "<tr>");
    lg_sb_fmt(h->out, "<td class=\"%s\" title=\"%s\">%s</td>",
              against ? "against" : "for",
              against ? "speaks against it" : "speaks for it",
              against ? "\u2212" : "+");
    lg_html_cell(h->out, NULL, e->fact);
    lg_html_cell(h->out, e->text.len != 0 ? NULL : "n", lg_sb_view(&words));
    lg_html_cell(h->out, "dim mono", e->source);
    lg_sb_cstr(h->out, "</tr>\n");
}

static void put_facts(const struct lg_html *h, const struct lg_finding *f)
{
    static const char *const names[] = {"", "fact", ">value", "source"};
    if (f->evidence.count + f->against.count == 0)
        return;
    lg_sb_cstr(h->out, "<div class=\"scroll\"><table>");
    lg_html_head(h->out, names, LG_COUNT(names));
    lg_each(e, f->evidence) {
        put_fact(h, e, false);
    }
    lg_each(e, f->against) {
        put_fact(h, e, true);
    }
    lg_sb_cstr(h->out, "</table></div>\n");
}

static void put_stack(const struct lg_html *h, const struct lg_finding *f)
{
    if (f->stack.count == 0)
        return;
    lg_sb_cstr(h->out, "<h3>stack, leaf first</h3>\n"
                       "<div class=\"scroll\"><table>");
    lg_each(frame, f->stack) {
        lg_sb_cstr(h->out, "<tr>");
        put_frame_word(h, lg_words_function, frame, "td", "mono");
        put_frame_word(h, lg_words_place, frame, "td", "dim mono");
        put_frame_word(h, lg_words_module, frame, "td", "dim");
        lg_sb_cstr(h->out, "</tr>\n");
    }
    lg_sb_cstr(h->out, "</table></div>\n");
}

void lg_html_findings(const struct lg_html *h)
{
    lg_each(f, h->r->verdict->findings) {
        bool first = f == h->r->verdict->findings.items;
        if (first && f->evidence.count + f->against.count + f->stack.count == 0)
            continue;
        lg_sb_cstr(h->out, "<section>\n");
        if (first) {
            lg_sb_cstr(h->out, "<h2>What the verdict rests on</h2>\n");
        } else {
            put_title(h, f, "h2");
            lg_html_prose(h->out, NULL, f->summary);
            put_frames(h, f);
        }
        put_facts(h, f);
        put_stack(h, f);
        if (!first)
            put_fix(h, f);
        lg_sb_cstr(h->out, "</section>\n");
    }
}
