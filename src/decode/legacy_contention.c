/* SPDX-License-Identifier: Apache-2.0 */
#include "base/go_math.h"
#include "decode/legacy_forms.h"

/* gperftools' contentionz and Go's mutex and block with debug=1:
 *
 *     --- mutex:
 *     cycles/second=2399992389
 *     sampling period=1
 *     1431 12 @ 0x4659d4 0x47f0e4
 *
 * Delay in cycles, then how often. Source: google/pprof
 * profile/legacy_profile.go, parseContention (Go 1.27.4). */
struct clock {
    int64_t cycles_per_s;
};

static bool is_header(struct lg_str line)
{
    return lg_str_starts(line, LG_STR("--- contentionz ")) ||
           lg_str_starts(line, LG_STR("--- mutex:")) ||
           lg_str_starts(line, LG_STR("--- contention:"));
}

/* One "key=value" line. */
static bool parse_attribute(struct lg_str key, struct lg_str value,
                            struct lg_legacy *b, struct clock *clock,
                            struct lg_error *err)
{
    int64_t n, *place = NULL;
    if (lg_str_eq(key, LG_STR("discarded samples")))
        return true;
    if (lg_str_eq(key, LG_STR("cycles/second")))
        place = &clock->cycles_per_s;
    else if (lg_str_eq(key, LG_STR("sampling period")))
        place = &b->profile.period;
    else if (lg_str_eq(key, LG_STR("ms since reset")))
        place = &b->profile.duration_ns;
    if (place == NULL || !lg_scan_int(value, 0, &n))
        return lg_legacy_other_form(err);
    if (place == &b->profile.duration_ns)
        n = (int64_t)((uint64_t)n * 1000 * 1000);
    *place = n;
    return true;
}

/* Stops at the first line that is none: s->line. */
static bool parse_attributes(struct lg_scan *s, struct lg_legacy *b,
                             struct clock *clock, struct lg_error *err)
{
    while (lg_scan_next(s)) {
        struct lg_str line = lg_scan_trim(s->line);
        if (lg_scan_is_comment(line))
            continue;
        struct lg_cut cut = lg_str_cut_char(line, '=');
        if (lg_str_starts(line, LG_STR("---")) || !cut.found)
            break;
        if (!parse_attribute(lg_scan_trim(cut.head), lg_scan_trim(cut.tail), b,
                             clock, err))
            return false;
    }
    return lg_scan_finish(s, err);
}

/* "(\d+) *(\d+) @" anywhere in the line. Two numbers may also be one run of
 * digits: its last is the second. */
static bool find_sample(struct lg_str line, struct lg_str *first_ret,
                        struct lg_str *second_ret, struct lg_str *stack_ret)
{
    struct lg_str before = {0}, run; /* before: a run with blanks only behind */
    while (line.len != 0) {
        if (!lg_scan_digits(&line, &run)) {
            if (line.data[0] != ' ')
                before = (struct lg_str){0};
            line = lg_str_skip(line, 1);
            continue;
        }
        *second_ret = run;
        *first_ret = before;
        before = run;
        if (!lg_str_starts(line, LG_STR(" @")))
            continue;
        if (first_ret->len == 0) {
            *first_ret = lg_str_first(run, run.len - 1);
            *second_ret = lg_str_skip(run, run.len - 1);
        }
        *stack_ret = lg_str_skip(line, 2);
        if (first_ret->len != 0)
            return true;
    }
    return false;
}

static bool parse_sample(struct lg_str line, const struct clock *clock,
                         struct lg_legacy *b, struct lg_error *err)
{
    struct lg_str first, second, stack;
    int64_t delay, count, period = b->profile.period;
    if (!find_sample(line, &first, &second, &stack))
        return lg_legacy_other_form(err);
    if (!lg_scan_int(first, 10, &delay) || !lg_scan_int(second, 10, &count))
        return lg_fail(err, LG_BAD_DATA, "malformed sample: %.*s",
                       LG_STR_ARG(line));
    if (period > 0) {
        if (clock->cycles_per_s > 0)
            delay = lg_go_int64((double)delay * (double)period /
                                ((double)clock->cycles_per_s / 1e9));
        count = (int64_t)((uint64_t)count * (uint64_t)period);
    }
    return lg_legacy_frames(b, lg_scan_stack(stack), false, err) &&
           lg_legacy_sample(b, (int64_t[]){count, delay}, 0, err);
}

static bool parse_samples(struct lg_scan *s, const struct clock *clock,
                          struct lg_legacy *b, struct lg_error *err)
{
    do {
        struct lg_str line = lg_scan_trim(s->line);
        if (lg_str_starts(line, LG_STR("---")))
            break;
        if (!lg_scan_is_comment(line) && !parse_sample(line, clock, b, err))
            return false;
    } while (lg_scan_next(s));
    return lg_scan_finish(s, err) && lg_legacy_finish_sections(b, s, err);
}

bool lg_legacy_contention(struct lg_str bytes, struct lg_legacy *b,
                          struct lg_error *err)
{
    struct lg_scan s = {.rest = bytes};
    struct clock clock = {0};
    if (!lg_scan_next(&s) || !is_header(s.line))
        return lg_scan_finish(&s, err) && lg_legacy_other_form(err);
    lg_legacy_period(b, LG_STR("contentions"), LG_STR("count"), 1);
    return lg_legacy_type(b, LG_STR("contentions"), LG_STR("count"), err) &&
           lg_legacy_type(b, LG_STR("delay"), LG_STR("nanoseconds"), err) &&
           parse_attributes(&s, b, &clock, err) &&
           parse_samples(&s, &clock, b, err);
}
