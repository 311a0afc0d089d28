/* SPDX-License-Identifier: Apache-2.0 */
/* Captures, what is missing, the kernel's words, the subject. */
#include "base/lines.h"
#include "report/html.h"
#include "report/words.h"

#include <inttypes.h>

static void put_capture(const struct lg_html *h, const struct lg_capture *c)
{
    struct lg_sb *out = h->out;
    uint64_t ns;
    lg_sb_fmt(out, "<tr><td class=\"n\">%" PRIu32 "</td>", c->id);
    lg_html_cell(out, NULL, c->trigger);
    lg_sb_cstr(out, "<td class=\"n\">");
    if (h->r->incident->end.kind != LG_END_RUNNING &&
        lg_words_before_end(h->r->incident, c, &ns))
        lg_sb_duration(out, ns);
    lg_sb_cstr(out, "</td><td class=\"n\">");
    lg_sb_duration(out, c->duration_ns);
    lg_sb_fmt(out, "</td><td%s>%s", c->complete ? "" : " class=\"warn\"",
              c->complete ? "complete" : "incomplete");
    lg_each(flag, c->quality) {
        lg_sb_cstr(out, "<br>");
        lg_html_put(out, *flag);
    }
    lg_sb_cstr(out, "</td><td class=\"dim\">");
    lg_each(file, c->files) {
        if (file != c->files.items)
            lg_sb_cstr(out, ", ");
        struct lg_cut cut = lg_str_rcut_char(*file, '/');
        lg_html_put(out, cut.found ? cut.tail : cut.head);
    }
    lg_sb_cstr(out, "</td></tr>\n");
}

void lg_html_captures(const struct lg_html *h)
{
    static const char *const names[] = {">id",   "trigger", ">before the end",
                                        ">took", "state",   "files"};
    struct lg_sb words;
    lg_sb_init(&words, h->scratch);
    lg_words_evidence(h->r, &words);
    lg_sb_cstr(h->out, "<section>\n<h2>Captures</h2>\n");
    lg_html_element(h->out, "p", "dim", lg_sb_view(&words));
    if (h->r->incident->captures.count != 0) {
        lg_sb_cstr(h->out, "<div class=\"scroll\"><table>");
        lg_html_head(h->out, names, LG_COUNT(names));
        lg_each(c, h->r->incident->captures) {
            put_capture(h, c);
        }
        lg_sb_cstr(h->out, "</table></div>\n");
    }
    lg_sb_cstr(h->out, "</section>\n");
}

static void put_row(struct lg_sb *out, struct lg_str a, struct lg_str b,
                    struct lg_str c)
{
    lg_sb_cstr(out, "<tr>");
    lg_html_cell(out, NULL, a);
    lg_html_cell(out, NULL, b);
    lg_html_cell(out, "dim", c);
    lg_sb_cstr(out, "</tr>\n");
}

static void put_not_judged(const struct lg_html *h)
{
    static const char *const names[] = {"cause", "missing", "why"};
    if (h->r->verdict->not_judged.count == 0)
        return;
    lg_sb_cstr(h->out, "<h2>Not judged</h2>\n"
                       "<div class=\"scroll\"><table>");
    lg_html_head(h->out, names, LG_COUNT(names));
    lg_each(n, h->r->verdict->not_judged) {
        put_row(h->out, lg_str_of(lg_cause_name(n->cause)), n->missing,
                n->reason);
    }
    lg_sb_cstr(h->out, "</table></div>\n");
}

static void put_absent(const struct lg_html *h)
{
    static const char *const names[] = {"what", "why", "tried"};
    if (h->r->incident->absent.count == 0)
        return;
    lg_sb_cstr(h->out, "<h3>Missing evidence</h3>\n");
    lg_sb_cstr(h->out, "<div class=\"scroll\"><table>");
    lg_html_head(h->out, names, LG_COUNT(names));
    lg_each(a, h->r->incident->absent) {
        put_row(h->out, a->what, a->reason, a->source);
    }
    lg_sb_cstr(h->out, "</table></div>\n");
}

void lg_html_not_judged(const struct lg_html *h)
{
    if (h->r->verdict->not_judged.count + h->r->incident->absent.count == 0)
        return;
    lg_sb_cstr(h->out, "<section>\n");
    put_not_judged(h);
    put_absent(h);
    lg_sb_cstr(h->out, "</section>\n");
}

void lg_html_kernel_log(const struct lg_html *h)
{
    const struct lg_end *end = &h->r->incident->end;
    if (!end->has_oom || end->oom.text.len == 0)
        return;
    lg_sb_cstr(h->out, "<section>\n<details open><summary>The kernel&#39;s "
                       "words</summary>\n<pre>");
    struct lg_str rest = end->oom.text, line;
    while (lg_lines_next(&rest, &line)) {
        lg_html_put(h->out, line);
        lg_sb_char(h->out, '\n');
    }
    lg_sb_cstr(h->out, "</pre></details>\n</section>\n");
}

static void put_fact(struct lg_sb *out, const char *name, struct lg_str value)
{
    if (value.len == 0)
        return;
    lg_sb_fmt(out, "<dt>%s</dt>", name);
    lg_html_element(out, "dd", NULL, value);
}

static void put_command(struct lg_sb *out, const struct lg_subject *s)
{
    if (s->cmdline.count == 0)
        return;
    lg_sb_cstr(out, "<dt>command</dt><dd><code>");
    lg_each(arg, s->cmdline) {
        if (arg != s->cmdline.items)
            lg_sb_char(out, ' ');
        lg_html_put(out, *arg);
    }
    lg_sb_cstr(out, "</code></dd>\n");
}

static void put_limit(struct lg_sb *out, const struct lg_subject *s)
{
    if (!s->limit_bytes.known)
        return;
    lg_sb_cstr(out, "<dt>limit</dt><dd>");
    lg_sb_bytes(out, s->limit_bytes.value);
    if (s->limit_source.len != 0) {
        lg_sb_cstr(out, " (");
        lg_html_put(out, s->limit_source);
        lg_sb_char(out, ')');
    }
    lg_sb_cstr(out, "</dd>\n");
}

void lg_html_subject(const struct lg_html *h)
{
    const struct lg_subject *s = &h->r->incident->subject;
    struct lg_sb *out = h->out;
    lg_sb_cstr(out, "<section>\n<h2>Subject</h2>\n<dl class=\"facts\">");
    put_fact(out, "program", s->exe);
    put_command(out, s);
    if (s->pid != 0)
        lg_sb_fmt(out, "<dt>pid</dt><dd>%" PRId64 "</dd>\n", s->pid);
    put_fact(out, "Go", s->build.go_version);
    put_fact(out, "module", s->build.module.path);
    put_fact(out, "build id", s->build.build_id);
    if (s->started_at_ns != 0) {
        lg_sb_cstr(out, "<dt>started</dt><dd>");
        lg_sb_time(out, s->started_at_ns);
        lg_sb_cstr(out, "</dd>\n");
    }
    put_limit(out, s);
    put_fact(out, "cgroup", s->cgroup);
    put_fact(out, "systemd unit", s->identity.unit);
    put_fact(out, "container", s->identity.container_id);
    put_fact(out, "pod", s->identity.pod_uid);
    put_fact(out, "GOGC", s->gogc);
    put_fact(out, "GOMEMLIMIT", s->gomemlimit);
    lg_sb_cstr(out, "</dl>\n</section>\n");
}
