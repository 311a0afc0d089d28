/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_forms.h"

/* runtime/pprof with debug=1, for goroutines and threads:
 *
 *     goroutine profile: total 3
 *     2 @ 0x43a1c5 0x44b0d0
 *
 * Source: google/pprof profile/legacy_profile.go, parseGoCount (Go 1.27.4). */

/* "NAME profile: total N" */
static bool parse_header(struct lg_str line, struct lg_str *name_ret)
{
    struct lg_str digits, s = line;
    return lg_scan_run(&s, lg_scan_nonblank, name_ret) &&
           lg_scan_text(&s, LG_STR(" profile: total ")) &&
           lg_scan_digits(&s, &digits) && s.len == 0;
}

/* "N @ 0x… 0x…" and nothing else. */
static bool parse_sample(struct lg_str line, struct lg_legacy *b,
                         struct lg_error *err)
{
    struct lg_str digits, s = line, stack, big;
    int64_t value;
    uint64_t address;
    if (!lg_scan_digits(&s, &digits) || !lg_scan_text(&s, LG_STR(" @")) ||
        s.len == 0 || !lg_scan_int(digits, 0, &value))
        return lg_legacy_malformed(err);
    while (s.len != 0) {
        if (!lg_scan_text(&s, LG_STR(" 0x")) || s.len == 0)
            return lg_legacy_malformed(err);
        stack = lg_str_from(s.data - 2, s.len + 2);
        bool is_hex =
            lg_scan_digit(*s.data) || (*s.data >= 'a' && *s.data <= 'f');
        if (!is_hex || !lg_scan_address(&stack, &address, &big))
            return lg_legacy_malformed(err);
        s = stack;
        if (!lg_legacy_frame(b, address - 1, err))
            return false;
    }
    return lg_legacy_sample(b, &value, 0, err);
}

static bool parse_samples(struct lg_scan *s, struct lg_legacy *b,
                          struct lg_error *err)
{
    while (lg_scan_next(s)) {
        if (lg_scan_is_comment(s->line))
            continue;
        if (lg_str_starts(s->line, LG_STR("---")))
            break;
        if (!parse_sample(s->line, b, err))
            return false;
    }
    return lg_scan_finish(s, err) && lg_legacy_finish_sections(b, s, err);
}

bool lg_legacy_count(struct lg_str bytes, struct lg_legacy *b,
                     struct lg_error *err)
{
    struct lg_scan s = {.rest = bytes};
    struct lg_str name;
    lg_legacy_skip_comments(&s);
    if (!lg_scan_finish(&s, err))
        return false;
    if (!parse_header(s.line, &name))
        return lg_legacy_other_form(err);
    name = lg_str_dup(b->profile.arena, name);
    if (name.len == 0)
        return lg_fail_nomem(err);
    lg_legacy_period(b, name, LG_STR("count"), 1);
    return lg_legacy_type(b, name, LG_STR("count"), err) &&
           parse_samples(&s, b, err);
}
