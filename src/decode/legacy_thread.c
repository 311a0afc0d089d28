/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_forms.h"

/* threadz of gperftools: a stack per thread, each under a headline
 *
 *     --- Thread 7fa1 (name: main/123) stack: ---
 *         PC: 0x4bc845 malloc
 *         0x4bc8f0 …
 *
 * Source: google/pprof profile/legacy_profile.go, parseThread (Go 1.27.4). */

/* "/N) stack: ---" somewhere in s. */
static bool has_name_end(struct lg_str s)
{
    struct lg_cut cut;
    while ((cut = lg_str_cut(s, LG_STR(") stack: ---"))).found) {
        size_t n = cut.head.len;
        while (n != 0 && lg_scan_digit(cut.head.data[n - 1]))
            n--;
        if (n != cut.head.len && n != 0 && cut.head.data[n - 1] == '/')
            return true;
        s = cut.tail;
    }
    return false;
}

static bool is_thread(struct lg_str line)
{
    struct lg_cut cut;
    struct lg_str id;
    for (; (cut = lg_str_cut(line, LG_STR("--- Thread "))).found;
         line = cut.tail)
        if (lg_scan_xdigits(&cut.tail, &id) &&
            lg_scan_text(&cut.tail, LG_STR(" (name: ")))
            return has_name_end(cut.tail);
    return false;
}

/* "--- threadz 1 ---" somewhere in the line. */
static bool is_threadz(struct lg_str line)
{
    struct lg_cut cut;
    struct lg_str id;
    for (; (cut = lg_str_cut(line, LG_STR("--- threadz "))).found;
         line = cut.tail)
        if (lg_scan_digits(&cut.tail, &id) &&
            lg_str_starts(cut.tail, LG_STR(" ---")))
            return true;
    return false;
}

/* From behind a thread's headline to the next one, whose line is in
 * *line_ret. *same_ret: it says to be that of the thread before. */
static bool parse_stack(struct lg_scan *s, struct lg_legacy *b,
                        struct lg_str *line_ret, bool *same_ret,
                        struct lg_error *err)
{
    struct lg_str line = {0};
    bool is_leaf = true;
    size_t before = b->frames.count;
    *same_ret = false;
    while (lg_scan_next(s)) {
        line = lg_scan_trim(s->line);
        if (lg_str_starts(line, LG_STR("---")))
            break;
        if (lg_str_contains(line, LG_STR("same as previous thread")))
            *same_ret = true;
        else if (!lg_legacy_frames(b, line, is_leaf, err))
            return lg_context(err, "malformed sample: %.*s", LG_STR_ARG(line));
        is_leaf = b->frames.count == before;
    }
    if (*same_ret)
        b->frames.count = before;
    *same_ret = b->frames.count == before;
    *line_ret = line;
    return lg_scan_finish(s, err);
}

static bool parse_threads(struct lg_scan *s, struct lg_str line,
                          struct lg_legacy *b, struct lg_error *err)
{
    const int64_t one = 1;
    bool same;
    while (!lg_scan_is_map(line) &&
           !lg_str_starts(line, LG_STR("---- no stack trace for"))) {
        if (!is_thread(line))
            return lg_legacy_other_form(err);
        if (!parse_stack(s, b, &line, &same, err))
            return false;
        if (!same && !lg_legacy_sample(b, &one, 0, err))
            return false;
        if (same && b->values.count != 0)
            b->values.items[b->values.count - 1]++;
    }
    b->drops_twins = true;
    return lg_legacy_finish_sections(b, s, err);
}

bool lg_legacy_thread(struct lg_str bytes, struct lg_legacy *b,
                      struct lg_error *err)
{
    struct lg_scan s = {.rest = bytes};
    lg_legacy_skip_comments(&s);
    struct lg_str line = s.line;
    if (is_threadz(line)) {
        while (lg_scan_next(&s)) {
            line = s.line;
            if (lg_scan_is_map(line) || lg_str_starts(line, LG_STR("-")))
                break;
        }
    } else if (!is_thread(line)) {
        return lg_legacy_other_form(err);
    }
    lg_legacy_period(b, LG_STR("thread"), LG_STR("count"), 1);
    return lg_legacy_type(b, LG_STR("thread"), LG_STR("count"), err) &&
           parse_threads(&s, line, b, err);
}
