/* SPDX-License-Identifier: Apache-2.0 */
/* `raw`: the profile as it is, in the words of google/pprof's
 * Profile.String(). */
#include "report/pprof_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000
#define LABEL_INDENT 16
/* Go's %.4v cuts the text of a duration. */
#define DURATION_CHARS 4

struct raw {
    const struct lg_profile *p;
    struct lg_sb *out;
    struct lg_arena scratch;
    LG_VEC(const struct lg_profile_label *) labels; /* of a sample */
    LG_VEC(struct lg_str) texts;                    /* of one kind of them */
    size_t label_at;
};

/* Most of a raw report is numbers. */
static void put_number(struct lg_sb *out, uint64_t n, bool negative,
                       size_t width)
{
    char text[24];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    if (negative)
        text[--at] = '-';
    if (sizeof text - at < width)
        lg_sb_repeat(out, ' ', width - (sizeof text - at));
    lg_sb_str(out, lg_str_from(text + at, sizeof text - at));
}

static void put_signed(struct lg_sb *out, int64_t n, size_t width)
{
    put_number(out, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, n < 0, width);
}

static void put_hex(struct lg_sb *out, uint64_t n)
{
    lg_sb_fmt(out, "0x%" PRIx64, n);
}

/* Go's time.Time.String(): fraction without trailing zeros, local zone. */
static void put_time(struct lg_sb *out, int64_t unix_ns)
{
    int64_t ns = unix_ns % NS_PER_S;
    time_t seconds = (time_t)(unix_ns / NS_PER_S - (ns < 0));
    struct tm tm;
    char text[64], fraction[16];
    ns += ns < 0 ? NS_PER_S : 0;
    tzset();
    if (localtime_r(&seconds, &tm) == NULL)
        return;
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    lg_sb_cstr(out, text);
    if (ns != 0) {
        int len = snprintf(fraction, sizeof fraction, ".%09" PRId64, ns);
        while (fraction[len - 1] == '0')
            len--;
        lg_sb_str(out, lg_str_from(fraction, (size_t)len));
    }
    (void)strftime(text, sizeof text, " %z ", &tm);
    lg_sb_cstr(out, text);
    lg_sb_cstr(out, tm.tm_zone);
}

/* Decimal places of u's last `digits`, without trailing zeros. Gives the rest.
 */
static uint64_t put_fraction(struct lg_sb *sb, uint64_t u, unsigned digits)
{
    uint64_t scale = 1;
    for (unsigned i = 0; i < digits; i++)
        scale *= 10;
    uint64_t part = u % scale;
    put_number(sb, u / scale, false, 0);
    if (part != 0)
        lg_sb_char(sb, '.');
    while (part != 0) {
        scale /= 10;
        lg_sb_char(sb, (char)('0' + part / scale));
        part %= scale;
    }
    return u / scale;
}

/* Go's time.Duration.String(). */
static void duration_text(struct lg_sb *sb, int64_t ns)
{
    uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        lg_sb_char(sb, '-');
    if (u < NS_PER_S) {
        unsigned digits = u < 1000 ? 0 : u < 1000000 ? 3 : 6;
        (void)put_fraction(sb, u, digits);
        lg_sb_cstr(sb, u == 0        ? "s"
                       : digits == 0 ? "ns"
                       : digits == 3 ? "\u00b5s"
                                     : "ms");
        return;
    }
    uint64_t seconds = u / NS_PER_S;
    if (seconds >= 3600)
        lg_sb_fmt(sb, "%" PRIu64 "h", seconds / 3600);
    if (seconds >= 60)
        lg_sb_fmt(sb, "%" PRIu64 "m", seconds / 60 % 60);
    (void)put_fraction(sb, seconds % 60 * NS_PER_S + u % NS_PER_S, 9);
    lg_sb_char(sb, 's');
}

static struct lg_str first_chars(struct lg_str s, size_t chars)
{
    size_t at = 0;
    for (; at < s.len; at++)
        if (((unsigned char)s.data[at] & 0xc0) != 0x80 && chars-- == 0)
            break;
    return lg_str_first(s, at);
}

static void put_duration(struct raw *r)
{
    struct lg_sb text;
    lg_sb_init(&text, &r->scratch);
    duration_text(&text, r->p->duration_ns);
    lg_sb_cstr(r->out, "Duration: ");
    lg_sb_str(r->out, first_chars(lg_sb_view(&text), DURATION_CHARS));
    lg_sb_char(r->out, '\n');
    r->out->failed |= text.failed;
}

static void put_types(struct raw *r)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &r->scratch);
    lg_each(type, r->p->types) {
        lg_sb_str(&sb, type->type);
        lg_sb_char(&sb, '/');
        lg_sb_str(&sb, type->unit);
        if (lg_str_eq(type->type, r->p->default_type))
            lg_sb_cstr(&sb, "[dflt]");
        lg_sb_char(&sb, ' ');
    }
    lg_sb_str(r->out, lg_str_trim(lg_sb_view(&sb)));
    lg_sb_char(r->out, '\n');
    r->out->failed |= sb.failed;
}

static void put_head(struct raw *r)
{
    const struct lg_profile *p = r->p;
    struct lg_sb *out = r->out;
    lg_each(comment, p->comments) {
        lg_sb_cstr(out, "Comment: ");
        lg_sb_str(out, *comment);
        lg_sb_char(out, '\n');
    }
    if (p->doc_url.len != 0) {
        lg_sb_cstr(out, "Doc: ");
        lg_sb_str(out, p->doc_url);
        lg_sb_char(out, '\n');
    }
    lg_sb_cstr(out, "PeriodType: ");
    lg_sb_str(out, p->period_type.type);
    lg_sb_char(out, ' ');
    lg_sb_str(out, p->period_type.unit);
    lg_sb_cstr(out, "\nPeriod: ");
    put_signed(out, p->period, 0);
    lg_sb_char(out, '\n');
    if (p->time_ns != 0) {
        lg_sb_cstr(out, "Time: ");
        put_time(out, p->time_ns);
        lg_sb_char(out, '\n');
    }
    if (p->duration_ns != 0)
        put_duration(r);
    lg_sb_cstr(out, "Samples:\n");
    put_types(r);
}

static int by_text(const void *left, const void *right)
{
    return lg_str_cmp(*(const struct lg_str *)left,
                      *(const struct lg_str *)right);
}

/* "key:[a b]"; numbers have a unit each when one of the key's has any. */
static struct lg_str label_text(struct raw *r, size_t first, size_t count)
{
    const struct lg_profile_label *const *labels = r->labels.items + first;
    bool has_units = false;
    struct lg_sb sb;
    lg_sb_init(&sb, &r->scratch);
    lg_sb_str(&sb, labels[0]->of->key);
    lg_sb_cstr(&sb, ":[");
    for (size_t i = 0; i < count; i++)
        has_units |= labels[i]->of->num_unit.data != NULL;
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            lg_sb_char(&sb, ' ');
        if (!labels[i]->of->is_numeric) {
            lg_sb_str(&sb, labels[i]->of->str);
            continue;
        }
        put_signed(&sb, labels[i]->of->num, 0);
        if (has_units) {
            lg_sb_char(&sb, ' ');
            lg_sb_str(&sb, labels[i]->of->num_unit);
        }
    }
    lg_sb_char(&sb, ']');
    r->out->failed |= sb.failed;
    return lg_sb_view(&sb);
}

/* The texts of one kind of label, by text. */
static void put_texts(struct raw *r)
{
    if (r->texts.count == 0)
        return;
    qsort(r->texts.items, r->texts.count, sizeof *r->texts.items, by_text);
    lg_sb_repeat(r->out, ' ', LABEL_INDENT);
    for (size_t i = 0; i < r->texts.count; i++) {
        if (i != 0)
            lg_sb_char(r->out, ' ');
        lg_sb_str(r->out, r->texts.items[i]);
    }
    lg_sb_char(r->out, '\n');
    r->texts.count = 0;
}

static void put_keys(struct raw *r)
{
    for (size_t i = 0, end; i < r->labels.count; i = end) {
        const struct lg_profile_label *first = r->labels.items[i];
        if (i != 0 && first->of->is_numeric &&
            !r->labels.items[i - 1]->of->is_numeric)
            put_texts(r);
        for (end = i + 1; end < r->labels.count; end++)
            if (r->labels.items[end]->of->is_numeric != first->of->is_numeric ||
                !lg_str_eq(r->labels.items[end]->of->key, first->of->key))
                break;
        struct lg_str *text = lg_push(&r->scratch, &r->texts);
        if (text == NULL) {
            r->out->failed = true;
            return;
        }
        *text = label_text(r, i, end - i);
    }
    put_texts(r);
}

static void put_labels(struct raw *r, uint32_t sample)
{
    const struct lg_profile *p = r->p;
    for (; r->label_at < p->labels.count &&
           p->labels.items[r->label_at].sample == sample;
         r->label_at++) {
        const struct lg_profile_label **place =
            lg_push(&r->scratch, &r->labels);
        if (place == NULL) {
            r->out->failed = true;
            return;
        }
        *place = &p->labels.items[r->label_at];
    }
    if (r->labels.count == 0)
        return;
    qsort(r->labels.items, r->labels.count, sizeof *r->labels.items,
          lg_profile_label_compare);
    put_keys(r);
    lg_arena_reset(&r->scratch);
    r->labels.items = NULL;
    r->texts.items = NULL;
    r->labels.count = r->labels.capacity = 0;
    r->texts.count = r->texts.capacity = 0;
}

static void put_sample(struct raw *r, uint32_t sample)
{
    const struct lg_profile *p = r->p;
    struct lg_profile_stack stack = p->samples.items[sample];
    for (size_t t = 0; t < p->types.count; t++) {
        lg_sb_char(r->out, ' ');
        put_signed(r->out, lg_profile_value(p, sample, (int)t), 10);
    }
    lg_sb_cstr(r->out, ": ");
    for (uint32_t i = 0; i < stack.count; i++) {
        uint32_t location = p->stacks.items[stack.first + i];
        put_number(r->out, p->locations.items[location].id, false, 0);
        lg_sb_char(r->out, ' ');
    }
    lg_sb_char(r->out, '\n');
    put_labels(r, sample);
}

static void put_line(struct raw *r, const struct lg_profile_line *line)
{
    struct lg_sb *out = r->out;
    if (line->function == LG_NO_FUNCTION) {
        lg_sb_cstr(out, "??");
        return;
    }
    const struct lg_profile_function *f =
        &r->p->functions.items[line->function];
    lg_sb_str(out, f->name);
    lg_sb_char(out, ' ');
    lg_sb_str(out, f->file);
    lg_sb_char(out, ':');
    put_signed(out, line->line, 0);
    lg_sb_char(out, ':');
    put_signed(out, line->column, 0);
    lg_sb_cstr(out, " s=");
    put_signed(out, f->start_line, 0);
    if (!lg_str_eq(f->name, f->system_name)) {
        lg_sb_char(out, '(');
        lg_sb_str(out, f->system_name);
        lg_sb_char(out, ')');
    }
}

static void put_location(struct raw *r, const struct lg_profile_location *l)
{
    struct lg_sb *out = r->out;
    put_number(out, l->id, false, 6);
    lg_sb_cstr(out, ": ");
    put_hex(out, l->address);
    lg_sb_char(out, ' ');
    if (l->mapping != 0) {
        lg_sb_cstr(out, "M=");
        put_number(out, r->p->mappings.items[l->mapping - 1].id, false, 0);
        lg_sb_char(out, ' ');
    }
    if (l->is_folded)
        lg_sb_cstr(out, "[F] ");
    for (uint32_t i = 0; i < l->line_count; i++) {
        if (i != 0)
            lg_sb_cstr(out, "\n             ");
        put_line(r, &r->p->lines.items[l->line_first + i]);
    }
    lg_sb_char(out, '\n');
}

static void put_mapping(struct raw *r, const struct lg_profile_mapping *m)
{
    struct lg_sb *out = r->out;
    put_number(out, m->id, false, 0);
    lg_sb_cstr(out, ": ");
    put_hex(out, m->start);
    lg_sb_char(out, '/');
    put_hex(out, m->limit);
    lg_sb_char(out, '/');
    put_hex(out, m->offset);
    lg_sb_char(out, ' ');
    lg_sb_str(out, m->file);
    lg_sb_char(out, ' ');
    lg_sb_str(out, m->build_id);
    lg_sb_char(out, ' ');
    lg_sb_cstr(out, m->has_functions ? "[FN]" : "");
    lg_sb_cstr(out, m->has_filenames ? "[FL]" : "");
    lg_sb_cstr(out, m->has_line_numbers ? "[LN]" : "");
    lg_sb_cstr(out, m->has_inline_frames ? "[IN]" : "");
    lg_sb_char(out, '\n');
}

bool lg_pprof_raw(struct lg_pprof_report *report, struct lg_sb *out,
                  struct lg_error *err)
{
    const struct lg_profile *p = report->profile;
    struct raw r = {.p = p, .out = out};
    lg_arena_init(&r.scratch, 0);
    put_head(&r);
    for (uint32_t i = 0; i < p->samples.count; i++)
        put_sample(&r, i);
    lg_sb_cstr(out, "Locations\n");
    lg_each(location, p->locations)
        put_location(&r, location);
    lg_sb_cstr(out, "Mappings\n");
    lg_each(mapping, p->mappings)
        put_mapping(&r, mapping);
    lg_arena_deinit(&r.scratch);
    return !out->failed || lg_fail_nomem(err);
}
