/* SPDX-License-Identifier: Apache-2.0 */
/* The two pictures: how the memory went, and where it was. */
#include "report/html.h"
#include "report/svg.h"
#include "report/words.h"

#include <inttypes.h>
#include <string.h>

/* Twice, for wide and narrow screens: a picture that shrinks takes its words
 * with it. */
static void put_chart(const struct lg_html *h, uint64_t t0_ns, uint64_t t1_ns,
                      const char *caption)
{
    const struct lg_incident *in = h->r->incident;
    lg_sb_cstr(h->out, "<figure>\n<div class=\"wide\">");
    lg_timeline_svg_window(in, t0_ns, t1_ns, (struct lg_size){1000, 340}, false,
                           h->out);
    lg_sb_cstr(h->out, "</div><div class=\"small\">");
    lg_timeline_svg_window(in, t0_ns, t1_ns, (struct lg_size){380, 320}, false,
                           h->out);
    lg_sb_cstr(h->out, "</div>\n");
    lg_html_element(h->out, "figcaption", NULL, lg_str_of(caption));
    lg_sb_cstr(h->out, "</figure>\n");
}

/* Lowest usage, and the last of the fullest rows: what comes behind it is a
 * process that gives its memory back. false: nothing is known. */
static bool usage_range(const struct lg_timeline *t, uint64_t *low_ret,
                        size_t *peak_ret)
{
    bool any = false;
    uint64_t low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < t->count; i++) {
        struct lg_num usage = t->rows[i].usage_bytes;
        if (!usage.known)
            continue;
        any = true;
        low = usage.value < low ? usage.value : low;
        if (usage.value >= high) {
            high = usage.value;
            *peak_ret = i;
        }
    }
    *low_ret = low;
    return any;
}

/* When the last climb takes a small part of the recording it is a cliff in the
 * picture of the whole: it gets its own. The climb begins with the last row
 * before the peak that is below half of the way up. */
static bool last_climb(const struct lg_incident *in, uint64_t *t0_ret,
                       uint64_t *t1_ret)
{
    const struct lg_timeline *t = &in->timeline;
    uint64_t low;
    size_t peak;
    if (t->count < 8 || !usage_range(t, &low, &peak))
        return false;
    uint64_t half = low + (t->rows[peak].usage_bytes.value - low) / 2;
    uint64_t begin = t->rows[0].t_ns, end = t->rows[peak].t_ns, half_ns = begin;
    end = in->end.t_ns > end ? in->end.t_ns : end;
    for (size_t i = 0; i < peak; i++)
        if (t->rows[i].usage_bytes.known && t->rows[i].usage_bytes.value < half)
            half_ns = t->rows[i].t_ns;
    if (end <= begin || half_ns <= begin || half_ns >= end)
        return false;
    uint64_t climb = end - half_ns;
    if (climb > (end - begin) / 24)
        return false;
    *t0_ret = end - climb * 4;
    *t1_ret = end;
    return true;
}

void lg_html_timeline(const struct lg_html *h)
{
    uint64_t t0, t1;
    if (h->r->incident->timeline.count == 0)
        return;
    lg_sb_cstr(h->out, "<section>\n<h2>How the memory went</h2>\n");
    bool climb = last_climb(h->r->incident, &t0, &t1);
    put_chart(h, 0, 0, climb ? "the whole recording" : "");
    if (climb)
        put_chart(h, t0, t1, "the last climb");
    lg_sb_cstr(h->out, "</section>\n");
}

static size_t color_of(const char *name)
{
    for (size_t i = 0; i < LG_PART_COUNT; i++)
        if (strcmp(lg_memory_part_name((enum lg_memory_part)i), name) == 0)
            return i;
    return LG_PART_COUNT;
}

static void put_bar(const struct lg_html *h, const struct lg_words_part *parts,
                    size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += parts[i].bytes > 0 ? (double)parts[i].bytes : 0;
    lg_sb_cstr(h->out, "<div class=\"bar\" aria-hidden=\"true\">");
    for (size_t i = 0; i < count; i++) {
        if (parts[i].bytes <= 0)
            continue;
        double share = (double)parts[i].bytes / sum;
        lg_sb_fmt(h->out, "<div class=\"p%zu\" style=\"width:",
                  color_of(parts[i].name));
        lg_svg_number(h->out, share * 100);
        lg_sb_cstr(h->out, "%\" title=\"");
        lg_html_cput(h->out, parts[i].name);
        lg_sb_cstr(h->out, "\">");
        if (share > 0.012 * (double)strlen(parts[i].name))
            lg_html_cput(h->out, parts[i].name);
        lg_sb_cstr(h->out, "</div>");
    }
    lg_sb_cstr(h->out, "</div>\n");
}

static void put_share(struct lg_sb *out, double share)
{
    uint64_t tenths = share < 1e15 ? (uint64_t)(share * 1000 + 0.5) : 0;
    lg_sb_fmt(out, "%" PRIu64 ".%" PRIu64 " %%", tenths / 10, tenths % 10);
}

static void put_part(const struct lg_html *h, const struct lg_words_part *part,
                     uint64_t total)
{
    struct lg_sb *out = h->out;
    uint64_t size = part->bytes < 0 ? UINT64_C(0) - (uint64_t)part->bytes
                                    : (uint64_t)part->bytes;
    const char *sign = part->bytes < 0 ? "\u2212" : "";
    lg_sb_fmt(out, "<tr><td><span class=\"swatch p%zu\"></span>%s</td>",
              color_of(part->name), part->name);
    lg_sb_fmt(out, "<td class=\"n\">%s", sign);
    lg_sb_bytes(out, size);
    lg_sb_fmt(out, "</td><td class=\"n\">%s", sign);
    if (total != 0)
        put_share(out, (double)size / (double)total);
    lg_sb_cstr(out, "</td></tr>\n");
}

void lg_html_memory(const struct lg_html *h)
{
    static const char *const names[] = {"part", ">size", ">share"};
    const struct lg_memory *m = &h->r->verdict->memory;
    struct lg_num total = m->usage_bytes.known ? m->usage_bytes : m->rss_bytes;
    struct lg_words_part parts[LG_WORDS_PARTS_MAX];
    size_t count = lg_words_parts(m, parts);
    if (!m->known || !total.known || count == 0)
        return;
    struct lg_sb words;
    lg_sb_init(&words, h->scratch);
    lg_words_memory(h->r, &words);
    lg_sb_cstr(h->out, "<section>\n<h2>Where the memory was</h2>\n");
    lg_sb_fmt(h->out, "<p class=\"dim\">%s: ", lg_words_memory_label(h->r));
    lg_html_put(h->out, lg_sb_view(&words));
    lg_sb_cstr(h->out, "</p>\n");
    put_bar(h, parts, count);
    lg_sb_cstr(h->out, "<div class=\"scroll\"><table>");
    lg_html_head(h->out, names, LG_COUNT(names));
    for (size_t i = 0; i < count; i++)
        put_part(h, &parts[i], total.value);
    lg_sb_fmt(h->out, "<tr><td><b>%s</b></td><td class=\"n\"><b>",
              m->usage_bytes.known ? "usage" : "RSS");
    lg_sb_bytes(h->out, total.value);
    lg_sb_cstr(h->out, "</b></td><td class=\"n\">100.0 %</td></tr>\n"
                       "</table></div>\n</section>\n");
}
