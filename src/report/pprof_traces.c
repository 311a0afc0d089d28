/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report `traces`: report.go printTraces. File names are as the profile
 * has them, trim_path or not.
 */
#include "base/path.h"
#include "evidence/measure.h"
#include "report/pprof_report.h"

#include <stdlib.h>

#define SEPARATOR                                                              \
    "-----------+-------------------------------------------------------\n"

#define VALUE_WIDTH 10
#define LABEL_BYTES 40 /* about as much as a label's line */

struct traces {
    const struct lg_pprof_report *report;
    const struct lg_profile *profile;
    struct lg_sb *out;
    struct lg_arena *arena;
    struct lg_str *files; /* cleaned, by function; .data NULL: not yet */
    struct lg_str *texts; /* by location; empty: not yet */
    size_t label;         /* the next one */
    LG_VEC(struct lg_str) lines;
};

static struct lg_str file_of(struct traces *t, uint32_t function)
{
    struct lg_str raw = t->profile->functions.items[function].file;
    struct lg_str *file = &t->files[function];
    if (raw.len != 0 && file->data == NULL)
        *file = lg_path_clean(raw, t->arena);
    return *file;
}

static void put_line(struct traces *t, struct lg_sb *sb,
                     const struct lg_profile_location *l,
                     const struct lg_profile_line *line, bool is_inline)
{
    struct lg_node_info info = lg_node_info_of(t->profile, l, line);
    if (line != NULL && line->function != LG_NO_FUNCTION)
        info.file = file_of(t, line->function);
    lg_sb_repeat(sb, ' ', VALUE_WIDTH);
    lg_sb_cstr(sb, "   ");
    lg_node_name(sb, &info);
    lg_sb_cstr(sb, is_inline ? " (inline)\n" : "\n");
}

/* The lines of a location, made once: it is in many stacks. */
static struct lg_str text_of(struct traces *t, uint32_t location)
{
    const struct lg_profile *p = t->profile;
    const struct lg_profile_location *l = &p->locations.items[location];
    struct lg_str *text = &t->texts[location];
    if (text->len != 0)
        return *text;
    struct lg_sb sb;
    lg_sb_init(&sb, t->arena);
    for (uint32_t k = 0; k < l->line_count; k++)
        put_line(t, &sb, l, &p->lines.items[l->line_first + k],
                 k + 1 < l->line_count);
    if (l->line_count == 0)
        put_line(t, &sb, l, NULL, false);
    *text = lg_sb_view(&sb);
    return *text;
}

/* The value stands before the leaf. */
static void put_stack(struct traces *t, size_t sample, int64_t value)
{
    const struct lg_profile *p = t->profile;
    struct lg_profile_stack s = p->samples.items[sample];
    for (uint32_t i = 0; i < s.count; i++) {
        struct lg_str text = text_of(t, p->stacks.items[s.first + i]);
        if (i == 0) {
            lg_pprof_right_value(t->report, t->out, value, VALUE_WIDTH);
            text = lg_str_skip(text, VALUE_WIDTH);
        }
        lg_sb_str(t->out, text);
    }
}

/* Room for all stacks at once: of a large profile they are a gigabyte, and a
 * text that doubles leaves its smaller selves behind. */
static void reserve(struct traces *t)
{
    const struct lg_profile *p = t->profile;
    size_t bytes = p->labels.count * LABEL_BYTES, before = t->out->len;
    lg_each(s, p->samples) {
        bytes += sizeof SEPARATOR;
        for (uint32_t i = 0; i < s->count; i++)
            bytes += text_of(t, p->stacks.items[s->first + i]).len;
    }
    lg_sb_repeat(t->out, ' ', bytes);
    t->out->len = before;
}

static void put_label_value(struct traces *t, struct lg_sb *sb,
                            const struct lg_profile_label *l)
{
    if (!l->of->is_numeric) {
        lg_sb_str(sb, l->of->str);
        return;
    }
    struct lg_str unit = {"", 0};
    if (t->report->label_units != NULL)
        unit = lg_label_unit_of(t->report->label_units, l->of->key);
    lg_measure_label(sb, l->of->num, unit, LG_STR("auto"));
}

/* labels[count] have one key. */
static bool push_key(struct traces *t,
                     const struct lg_profile_label *const *labels, size_t count)
{
    struct lg_sb sb;
    lg_sb_init(&sb, t->arena);
    lg_pprof_right(&sb, labels[0]->of->key, 10);
    lg_sb_cstr(&sb, ":  ");
    for (size_t i = 0; i < count; i++) {
        lg_sb_cstr(&sb, i != 0 ? " " : "");
        put_label_value(t, &sb, labels[i]);
    }
    lg_sb_char(&sb, '\n');
    struct lg_str *line = lg_push(t->arena, &t->lines);
    if (line != NULL)
        *line = lg_sb_view(&sb);
    return line != NULL && !sb.failed;
}

static int by_text(const void *a, const void *b)
{
    return lg_str_cmp(*(const struct lg_str *)a, *(const struct lg_str *)b);
}

/* Text before numbers, then by key, then as in the file. */
static int by_key(const void *a, const void *b)
{
    const struct lg_profile_label *x, *y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    int order = x->of->is_numeric - y->of->is_numeric;
    if (order == 0)
        order = lg_str_cmp(x->of->key, y->of->key);
    return order != 0 ? order : (x > y) - (x < y);
}

static void put_sorted(struct traces *t)
{
    if (t->lines.count > 1)
        qsort(t->lines.items, t->lines.count, sizeof *t->lines.items, by_text);
    lg_each(line, t->lines)
        lg_sb_str(t->out, *line);
    t->lines.count = 0;
}

/* Lines are sorted as printed, text labels and numbers apart. */
static bool put_labels(struct traces *t, const struct lg_profile_label *labels,
                       size_t count)
{
    const struct lg_profile_label **sorted =
        lg_new(t->arena, const struct lg_profile_label *, count);
    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &labels[i];
    qsort(sorted, count, sizeof *sorted, by_key);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count; end++) {
            if (sorted[end]->of->is_numeric != sorted[i]->of->is_numeric ||
                !lg_str_eq(sorted[end]->of->key, sorted[i]->of->key))
                break;
        }
        if (!push_key(t, &sorted[i], end - i))
            return false;
        if (end == count ||
            sorted[end]->of->is_numeric != sorted[i]->of->is_numeric)
            put_sorted(t);
    }
    return true;
}

static bool put_sample(struct traces *t, size_t sample)
{
    const struct lg_profile *p = t->profile;
    size_t first = t->label;
    while (t->label < p->labels.count &&
           p->labels.items[t->label].sample == sample)
        t->label++;
    if (p->samples.items[sample].count == 0)
        return true;
    lg_sb_cstr(t->out, SEPARATOR);
    if (t->label != first &&
        !put_labels(t, &p->labels.items[first], t->label - first))
        return false;
    int64_t value = lg_profile_value(p, sample, (int)t->report->value_type);
    if (t->report->has_mean)
        value = lg_go_div(value, lg_profile_value(p, sample, 0));
    put_stack(t, sample, value);
    return true;
}

bool lg_pprof_traces(struct lg_pprof_report *r, struct lg_sb *out,
                     struct lg_error *err)
{
    const struct lg_profile *p = r->profile;
    struct traces t = {
        .report = r, .profile = p, .out = out, .arena = out->arena};
    struct lg_str *labels;
    size_t count;
    t.files = lg_new(t.arena, struct lg_str, p->functions.count);
    t.texts = lg_new(t.arena, struct lg_str, p->locations.count);
    if (t.files == NULL || t.texts == NULL)
        return lg_fail_nomem(err);
    lg_pprof_profile_labels(r, t.arena, &labels, &count);
    lg_pprof_put_lines(out, labels, count);
    reserve(&t);
    for (size_t i = 0; i < p->samples.count; i++) {
        if (!put_sample(&t, i))
            return lg_fail_nomem(err);
    }
    lg_sb_cstr(out, SEPARATOR);
    return !out->arena->failed || lg_fail_nomem(err);
}
