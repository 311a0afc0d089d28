/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as sentences: facts, memory, captures. */
#include "base/clock.h"
#include "report/words.h"

#include <inttypes.h>
#include <math.h>

/* Values come from division and fits: anything can be in a double. */
static uint64_t to_u64(double value)
{
    if (!(value > 0))
        return 0;
    return value < 18446744073709549568.0 ? (uint64_t)(value + 0.5)
                                          : UINT64_MAX;
}

/* Whole numbers with commas; small ones with one decimal when they have it. */
static void put_number(double value, struct lg_sb *sb)
{
    if (value < 100 && value != floor(value)) {
        uint64_t tenths = to_u64(value * 10);
        lg_sb_fmt(sb, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
        return;
    }
    lg_sb_count(sb, to_u64(value));
}

void lg_words_value(const struct lg_evidence *e, struct lg_sb *sb)
{
    if (e->text.len != 0) {
        lg_sb_str(sb, e->text);
        return;
    }
    if (!isfinite(e->value)) {
        lg_sb_cstr(sb, "unknown");
        return;
    }
    double value = fabs(e->value);
    if (e->value < 0)
        lg_sb_cstr(sb, "\u2212");
    if (lg_str_eq(e->unit, LG_STR("bytes"))) {
        lg_sb_bytes(sb, to_u64(value));
    } else if (lg_str_eq(e->unit, LG_STR("bytes/s"))) {
        lg_sb_bytes(sb, to_u64(value));
        lg_sb_cstr(sb, "/s");
    } else if (lg_str_eq(e->unit, LG_STR("ns"))) {
        lg_sb_duration(sb, to_u64(value));
    } else if (lg_str_eq(e->unit, LG_STR("ratio"))) {
        put_number(value * 100, sb);
        lg_sb_cstr(sb, " %");
    } else {
        put_number(value, sb);
        if (lg_str_eq(e->unit, LG_STR("count/s"))) {
            lg_sb_cstr(sb, "/s");
        } else if (e->unit.len != 0 && !lg_str_eq(e->unit, LG_STR("count"))) {
            lg_sb_char(sb, ' ');
            lg_sb_str(sb, e->unit);
        }
    }
}

/* Memory: one unit for the whole line, so that the sum can be checked */

#define MIB (UINT64_C(1) << 20)

static uint64_t tenths_of(uint64_t bytes, uint64_t unit)
{
    return bytes / unit * 10 + (bytes % unit * 20 + unit) / (2 * unit);
}

static uint64_t magnitude(int64_t n)
{
    return n < 0 ? UINT64_C(0) - (uint64_t)n : (uint64_t)n;
}

size_t lg_words_parts(const struct lg_memory *m,
                      struct lg_words_part parts[LG_WORDS_PARTS_MAX])
{
    const int64_t least = (int64_t)(MIB / 20 + 1);
    size_t count = 0;
    for (int i = 0; i < LG_PART_COUNT; i++) {
        if (!m->parts[i].known || m->parts[i].value > INT64_MAX ||
            (int64_t)m->parts[i].value < least)
            continue;
        struct lg_words_part part = {
            lg_memory_part_name((enum lg_memory_part)i),
            (int64_t)m->parts[i].value};
        size_t at = count++;
        for (; at > 0 && parts[at - 1].bytes < part.bytes; at--)
            parts[at] = parts[at - 1];
        parts[at] = part;
    }
    int64_t rest = m->unexplained_bytes;
    if (rest >= least || rest <= -least)
        parts[count++] = (struct lg_words_part){"unexplained", rest};
    return count;
}

static bool was_killed(const struct lg_incident *in)
{
    return in->end.kind == LG_END_OOM_KILL || in->end.kind == LG_END_SIGNAL;
}

static const char *the_end(const struct lg_incident *in)
{
    return was_killed(in) ? "the kill" : "the end";
}

/* How much older than the end the account of the memory is. */
static bool memory_age(const struct lg_report *r, uint64_t *ns_ret)
{
    int64_t end_ns = r->incident->end.wall_ns;
    int64_t at_ns = r->verdict->memory.at_ns;
    if (end_ns <= 0 || at_ns <= 0)
        return false;
    *ns_ret = end_ns > at_ns ? (uint64_t)(end_ns - at_ns) : 0;
    return true;
}

/* Below this the account counts as being of the end itself. */
#define MEMORY_AGE_MAX_NS (100 * LG_NS_PER_MS)

const char *lg_words_memory_label(const struct lg_report *r)
{
    const struct lg_incident *in = r->incident;
    uint64_t age_ns;
    if (in->end.kind == LG_END_RUNNING)
        return "memory now";
    if (in->end.kind == LG_END_UNKNOWN || !memory_age(r, &age_ns) ||
        age_ns > MEMORY_AGE_MAX_NS)
        return "memory";
    return was_killed(in) ? "memory at the kill" : "memory at the end";
}

void lg_words_memory(const struct lg_report *r, struct lg_sb *sb)
{
    const struct lg_memory *m = &r->verdict->memory;
    struct lg_num total = m->usage_bytes.known ? m->usage_bytes : m->rss_bytes;
    if (!m->known || !total.known)
        return;
    uint64_t age_ns, unit = total.value < 10240 * MIB ? MIB : 1024 * MIB;
    uint64_t tenths = tenths_of(total.value, unit);
    lg_sb_fmt(sb, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
              unit == MIB ? "MiB" : "GiB");
    struct lg_words_part parts[LG_WORDS_PARTS_MAX];
    size_t count = lg_words_parts(m, parts);
    const char *separator = " = ";
    for (size_t i = 0; i < count; i++) {
        tenths = tenths_of(magnitude(parts[i].bytes), unit);
        if (tenths == 0)
            continue;
        if (parts[i].bytes < 0)
            separator = " \u2212 ";
        lg_sb_fmt(sb, "%s%s %" PRIu64 ".%" PRIu64, separator, parts[i].name,
                  tenths / 10, tenths % 10);
        separator = " + ";
    }
    if (r->incident->end.kind != LG_END_RUNNING && memory_age(r, &age_ns) &&
        age_ns > MEMORY_AGE_MAX_NS) {
        lg_sb_cstr(sb, ", ");
        lg_sb_duration(sb, age_ns);
        lg_sb_fmt(sb, " before %s", the_end(r->incident));
    }
}

/* How old the captures are. */

bool lg_words_before_end(const struct lg_incident *in,
                         const struct lg_capture *c, uint64_t *ns_ret)
{
    uint64_t end_ns = in->end.t_ns, done_ns = c->t_ns + c->duration_ns;
    if (end_ns == 0 || end_ns < c->t_ns || done_ns < c->t_ns)
        return false;
    *ns_ret = end_ns - (done_ns <= end_ns ? done_ns : c->t_ns);
    return true;
}

static const struct lg_capture *last_complete(const struct lg_incident *in)
{
    const struct lg_capture *found = NULL;
    lg_each(c, in->captures) {
        if (c->complete)
            found = c;
    }
    return found;
}

static void put_last_capture(const struct lg_incident *in, struct lg_sb *sb)
{
    const struct lg_capture *last = &in->captures.items[in->captures.count - 1];
    const struct lg_capture *whole = last_complete(in);
    uint64_t ns;
    if (in->end.kind != LG_END_RUNNING && lg_words_before_end(in, last, &ns)) {
        lg_sb_cstr(sb, in->captures.count > 1 ? ", the last " : ", ");
        lg_sb_duration(sb, ns);
        lg_sb_fmt(sb, " before %s", the_end(in));
    }
    lg_sb_cstr(sb, last->complete ? ", complete" : ", incomplete");
    if (!last->complete && whole != NULL &&
        lg_words_before_end(in, whole, &ns)) {
        lg_sb_cstr(sb, "; the last complete one ");
        lg_sb_duration(sb, ns);
        lg_sb_fmt(sb, " before %s", the_end(in));
    } else if (!last->complete && last->quality.count != 0) {
        lg_sb_cstr(sb, " (");
        lg_sb_str(sb, last->quality.items[0]);
        lg_sb_char(sb, ')');
    }
}

/* Read from outside, or told by the program itself? */
static bool is_out_of_memory(const struct lg_incident *in)
{
    lg_each(c, in->captures) {
        if (lg_str_eq(c->source, LG_STR("process memory")))
            return true;
    }
    return false;
}

void lg_words_evidence(const struct lg_report *r, struct lg_sb *sb)
{
    const struct lg_incident *in = r->incident;
    if (in->captures.count != 0) {
        lg_sb_count(sb, in->captures.count);
        lg_sb_cstr(sb, in->captures.count == 1 ? " capture" : " captures");
        if (is_out_of_memory(in))
            lg_sb_cstr(sb, " out of its memory");
        put_last_capture(in, sb);
        return;
    }
    lg_sb_cstr(sb, "no capture");
    if (in->absent.count == 0)
        return;
    const struct lg_absent *a = &in->absent.items[0];
    lg_sb_cstr(sb, " (");
    lg_sb_str(sb, a->what);
    lg_sb_cstr(sb, ": ");
    lg_sb_str(sb, a->reason);
    lg_sb_char(sb, ')');
}

/* As a shell takes it: plain, or in single quotes. */
static void put_shell_word(struct lg_str word, struct lg_sb *sb)
{
    bool plain = true;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '_' ||
                 c == ':' || (c == '-' && i != 0);
    }
    if (plain) {
        lg_sb_str(sb, word);
        return;
    }
    lg_sb_char(sb, '\'');
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] == '\'')
            lg_sb_cstr(sb, "'\\''");
        else
            lg_sb_char(sb, word.data[i]);
    }
    lg_sb_char(sb, '\'');
}

void lg_words_next(const struct lg_report *r, struct lg_sb *sb)
{
    struct lg_str name = r->incident->id.len != 0 ? r->incident->id : r->folder;
    if (name.len == 0)
        return;
    if (r->incident->id.len != 0) {
        lg_sb_cstr(sb, "lastgasp show ");
        put_shell_word(name, sb);
        lg_sb_cstr(sb, " \u00b7 ");
    }
    lg_sb_cstr(sb, "lastgasp explain ");
    put_shell_word(name, sb);
    lg_sb_cstr(sb, " --report report.html");
}
