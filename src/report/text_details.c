/* SPDX-License-Identifier: Apache-2.0 */
/* What stands below the verdict in `show`: every fact with its file. */
#include "base/lines.h"
#include "report/text_parts.h"

#include <inttypes.h>

static void heading(const struct lg_page *page, const char *text)
{
    lg_page_end(page);
    lg_page_cput(page, LG_INK_BOLD, text);
    lg_page_end(page);
}

static struct lg_str kept(const struct lg_page *page, struct lg_sb *sb)
{
    page->out->failed |= sb->failed;
    return lg_sb_view(sb);
}

static struct lg_str number(const struct lg_page *page, uint64_t n)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_sb_fmt(&sb, "%" PRIu64, n);
    return kept(page, &sb);
}

static struct lg_str duration(const struct lg_page *page, uint64_t ns)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_sb_duration(&sb, ns);
    return kept(page, &sb);
}

static void add_fact(const struct lg_page *page, struct lg_table *t,
                     struct lg_str sign, const struct lg_evidence *e)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_words_value(e, &sb);
    struct lg_table_row *row = lg_table_add(page, t);
    row->cells[0] = sign;
    row->cells[1] = e->fact;
    row->cells[2] = kept(page, &sb);
    row->cells[3] = e->source;
}

static void put_facts(const struct lg_page *page, const struct lg_finding *f)
{
    struct lg_table t = {.columns = 4, .right_mask = 1U << 2};
    lg_each(e, f->evidence)
        add_fact(page, &t, LG_STR("+"), e);
    lg_each(e, f->against)
        add_fact(page, &t, LG_STR("\u2212"), e);
    lg_table_put(page, &t, 2);
}

static void put_stack(const struct lg_page *page, const struct lg_subject *s,
                      const struct lg_finding *f)
{
    if (f->stack.count == 0)
        return;
    heading(page, "stack, leaf first");
    struct lg_table t = {.columns = 3};
    lg_each(frame, f->stack) {
        struct lg_sb function, place, module;
        lg_sb_init(&function, page->scratch);
        lg_words_function(s, frame, &function);
        lg_sb_init(&place, page->scratch);
        lg_words_place(s, frame, &place);
        lg_sb_init(&module, page->scratch);
        lg_words_module(s, frame, &module);
        struct lg_table_row *row = lg_table_add(page, &t);
        row->cells[0] = kept(page, &function);
        row->cells[1] = kept(page, &place);
        row->cells[2] = kept(page, &module);
    }
    lg_table_put(page, &t, 2);
}

static void put_finding(const struct lg_page *page, const struct lg_report *r,
                        const struct lg_finding *f)
{
    /* The first one stands in full in the verdict above. */
    if (f != r->verdict->findings.items) {
        lg_page_end(page);
        lg_text_finding(page, r, f, true);
    }
    if (f->evidence.count + f->against.count != 0) {
        heading(page, f == r->verdict->findings.items
                          ? "evidence for (+) and against (\u2212) the verdict"
                          : "evidence for (+) and against (\u2212)");
        put_facts(page, f);
    }
    put_stack(page, &r->incident->subject, f);
}

static void add_capture(const struct lg_page *page, struct lg_table *t,
                        const struct lg_incident *in,
                        const struct lg_capture *c)
{
    uint64_t ns;
    struct lg_sb state;
    lg_sb_init(&state, page->scratch);
    lg_sb_cstr(&state, c->complete ? "complete" : "incomplete");
    lg_each(flag, c->quality) {
        lg_sb_cstr(&state, flag == c->quality.items ? ": " : "; ");
        lg_sb_str(&state, *flag);
    }
    struct lg_table_row *row = lg_table_add(page, t);
    row->cells[0] = number(page, c->id);
    row->cells[1] = c->trigger;
    row->cells[2] =
        in->end.kind != LG_END_RUNNING && lg_words_before_end(in, c, &ns)
            ? duration(page, ns)
            : LG_STR("\u2013");
    row->cells[3] = duration(page, c->duration_ns);
    row->cells[4] = kept(page, &state);
}

static void put_captures(const struct lg_page *page,
                         const struct lg_incident *in)
{
    if (in->captures.count == 0)
        return;
    heading(page, "captures");
    struct lg_table t = {.columns = 5, .right_mask = 1U | 1U << 2 | 1U << 3};
    *lg_table_add(page, &t) = (struct lg_table_row){
        {LG_STR("id"), LG_STR("trigger"), LG_STR("before the end"),
         LG_STR("took"), LG_STR("state")}};
    lg_each(c, in->captures)
        add_capture(page, &t, in, c);
    lg_table_put(page, &t, 2);
}

void lg_text_not_judged(const struct lg_page *page, const struct lg_verdict *v)
{
    if (v->not_judged.count == 0)
        return;
    heading(page, "not judged");
    struct lg_table t = {.columns = 3};
    lg_each(n, v->not_judged) {
        struct lg_table_row *row = lg_table_add(page, &t);
        row->cells[0] = lg_str_of(lg_cause_name(n->cause));
        row->cells[1] = n->missing;
        row->cells[2] = n->reason;
    }
    lg_table_put(page, &t, 2);
}

void lg_text_absent(const struct lg_page *page, const struct lg_incident *in)
{
    if (in->absent.count == 0)
        return;
    heading(page, "missing evidence");
    struct lg_table t = {.columns = 3};
    lg_each(a, in->absent) {
        struct lg_table_row *row = lg_table_add(page, &t);
        row->cells[0] = a->what;
        row->cells[1] = a->reason;
        row->cells[2] = a->source;
    }
    lg_table_put(page, &t, 2);
}

static void put_kernel_log(const struct lg_page *page,
                           const struct lg_incident *in)
{
    if (!in->end.has_oom || in->end.oom.text.len == 0)
        return;
    heading(page, "the kernel's words");
    struct lg_str rest = in->end.oom.text, line;
    while (lg_lines_next(&rest, &line)) {
        lg_page_pad(page, 2);
        lg_page_put(page, LG_INK_PLAIN, line);
        lg_page_end(page);
    }
}

void lg_report_text_details(const struct lg_report *r,
                            const struct lg_text_options *options,
                            struct lg_sb *out)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    struct lg_page page = {out, &scratch, options->color, options->columns};
    lg_each(f, r->verdict->findings)
        put_finding(&page, r, f);
    put_captures(&page, r->incident);
    /* An inconclusive verdict has told both already. */
    if (!r->verdict->inconclusive || r->verdict->findings.count != 0) {
        lg_text_not_judged(&page, r->verdict);
        lg_text_absent(&page, r->incident);
    }
    put_kernel_log(&page, r->incident);
    lg_arena_deinit(&scratch);
}
