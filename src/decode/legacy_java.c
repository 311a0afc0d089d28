/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_forms.h"

/* heapz and contentionz of Java:
 *
 *     --- contentionz 1 ---
 *     format = java
 *     resolution = microseconds
 *     sampling period = 100
 *     1 3 @ 0x10 0x11
 *
 * then names (legacy_java_names.c). A sample's second number is the first
 * value. Source: google/pprof profile/legacy_java_profile.go (Go 1.27.4). */
#define HEAP_RATE_BYTES 524288

enum java_kind { JAVA_HEAP, JAVA_CONTENTION };

struct java {
    enum java_kind kind;
    struct lg_str left;
    struct lg_legacy *b;
};

/* Next line with its newline there, trimmed, without taking it. */
static bool peek_line(const struct java *j, struct lg_str *line_ret,
                      struct lg_str *behind_ret)
{
    struct lg_cut cut = lg_str_cut_char(j->left, '\n');
    *line_ret = lg_scan_trim(cut.head);
    *behind_ret = cut.tail;
    return cut.found;
}

static bool is_key_char(char c)
{
    return c == ' ' || c == '_' || lg_scan_digit(c) ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* "([\w ]+)=([\w ]+)" anywhere in the line. */
static bool find_attribute(struct lg_str line, struct lg_str *key_ret,
                           struct lg_str *value_ret)
{
    for (size_t i = 1; i + 1 < line.len; i++) {
        if (line.data[i] != '=' || !is_key_char(line.data[i - 1]) ||
            !is_key_char(line.data[i + 1]))
            continue;
        size_t from = i, to = i + 1;
        while (from != 0 && is_key_char(line.data[from - 1]))
            from--;
        while (to < line.len && is_key_char(line.data[to]))
            to++;
        *key_ret = lg_scan_trim(lg_str_from(line.data + from, i - from));
        *value_ret = lg_scan_trim(lg_str_from(line.data + i + 1, to - i - 1));
        return true;
    }
    return false;
}

static bool set_resolution(struct java *j, struct lg_str unit,
                           struct lg_error *err)
{
    struct lg_str own = lg_str_dup(j->b->profile.arena, unit);
    if (own.len != unit.len)
        return lg_fail_nomem(err);
    j->b->profile.types.count = 0;
    if (j->kind == JAVA_HEAP)
        return lg_legacy_type(j->b, LG_STR("inuse_objects"), LG_STR("count"),
                              err) &&
               lg_legacy_type(j->b, LG_STR("inuse_space"), own, err);
    return lg_legacy_type(j->b, LG_STR("contentions"), LG_STR("count"), err) &&
           lg_legacy_type(j->b, LG_STR("delay"), own, err);
}

static bool set_attribute(struct java *j, struct lg_str key,
                          struct lg_str value, struct lg_error *err)
{
    int64_t n;
    bool contention = j->kind == JAVA_CONTENTION;
    if (lg_str_eq(key, LG_STR("format")))
        return lg_str_eq(value, LG_STR("java")) || lg_legacy_other_form(err);
    if (lg_str_eq(key, LG_STR("resolution")))
        return set_resolution(j, value, err);
    bool is_period = contention && lg_str_eq(key, LG_STR("sampling period"));
    if (!is_period && !(contention && lg_str_eq(key, LG_STR("ms since reset"))))
        return lg_legacy_other_form(err);
    if (!lg_scan_int(value, 0, &n))
        return lg_fail(err, LG_BAD_DATA, "failed to parse attribute %.*s=%.*s",
                       LG_STR_ARG(key), LG_STR_ARG(value));
    if (is_period)
        lg_legacy_period(j->b, LG_STR("contentions"), LG_STR("count"), n);
    else
        j->b->profile.duration_ns = (int64_t)((uint64_t)n * 1000 * 1000);
    return true;
}

static bool parse_attributes(struct java *j, struct lg_error *err)
{
    struct lg_str line, key, value, behind;
    for (; peek_line(j, &line, &behind); j->left = behind) {
        if (line.len == 0)
            continue;
        if (!find_attribute(line, &key, &value))
            break;
        if (!set_attribute(j, key, value, err))
            return false;
    }
    return true;
}

/* "(\d+) +(\d+) +@ +([ x0-9a-f]*)" anywhere in the line. */
static bool find_sample(struct lg_str line, struct lg_str *first_ret,
                        struct lg_str *second_ret, struct lg_str *stack_ret)
{
    while (line.len != 0) {
        if (!lg_scan_digits(&line, first_ret)) {
            line = lg_str_skip(line, 1);
            continue;
        }
        struct lg_str s = line;
        lg_scan_spaces(&s);
        if (s.len == line.len || !lg_scan_digits(&s, second_ret) ||
            !lg_scan_text(&s, LG_STR(" ")))
            continue;
        lg_scan_spaces(&s);
        if (!lg_scan_text(&s, LG_STR("@ ")))
            continue;
        *stack_ret = lg_scan_stack(s);
        return true;
    }
    return false;
}

static bool bad_sample(struct lg_str line, const char *why,
                       struct lg_error *err)
{
    return lg_fail(err, LG_BAD_DATA, "parsing sample %.*s%s", LG_STR_ARG(line),
                   why);
}

static bool add_sample(struct java *j, struct lg_str line,
                       const int64_t values[2], struct lg_error *err)
{
    int64_t count = values[0], amount = values[1], size = 0;
    uint64_t period = (uint64_t)j->b->profile.period;
    if (j->kind == JAVA_HEAP) {
        if (count == 0)
            return bad_sample(line, ": second value must be non-zero", err);
        size = amount / count;
        lg_legacy_unsample(&count, &amount, HEAP_RATE_BYTES);
    } else if (period != 0) {
        count = (int64_t)((uint64_t)count * period);
        amount = (int64_t)((uint64_t)amount * period);
    }
    return lg_legacy_sample(j->b, (int64_t[]){count, amount}, size, err);
}

static bool parse_samples(struct java *j, struct lg_error *err)
{
    struct lg_str line, behind, first, second, stack, big = {0};
    int64_t values[2];
    uint64_t address;
    for (; peek_line(j, &line, &behind); j->left = behind) {
        if (line.len == 0)
            continue;
        if (!find_sample(line, &first, &second, &stack))
            break;
        while (lg_scan_address(&stack, &address, &big))
            if (!lg_legacy_frame(j->b, address, err))
                return false;
        if (big.len != 0 || !lg_scan_int(second, 0, &values[0]) ||
            !lg_scan_int(first, 0, &values[1]))
            return bad_sample(line, "", err);
        if (!add_sample(j, line, values, err))
            return false;
    }
    return true;
}

bool lg_legacy_java(struct lg_str bytes, struct lg_legacy *b,
                    struct lg_error *err)
{
    struct lg_cut cut = lg_str_cut_char(bytes, '\n');
    struct lg_str header = lg_scan_trim(cut.head);
    struct java j = {.left = cut.tail, .b = b};
    if (cut.found && lg_str_eq(header, LG_STR("--- heapz 1 ---")))
        j.kind = JAVA_HEAP;
    else if (cut.found && lg_str_eq(header, LG_STR("--- contentionz 1 ---")))
        j.kind = JAVA_CONTENTION;
    else
        return lg_legacy_other_form(err);
    lg_legacy_period(b, LG_STR(""), LG_STR(""), 0);
    b->has_sizes = j.kind == JAVA_HEAP;
    if (!parse_attributes(&j, err) || !parse_samples(&j, err))
        return false;
    if (b->samples.count != 0 && b->profile.types.count == 0)
        return lg_fail(err, LG_BAD_DATA, "missing sample type information");
    return lg_legacy_java_finish(b, j.left, err);
}
