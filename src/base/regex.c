/* SPDX-License-Identifier: Apache-2.0 */
#include "base/regex.h"

#include "base/regex_syntax.h"
#include "base/utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/* Steps of backtracking before a subject is given to the other matcher, which
 * goes all ways at once; and what that one may do, and a search for
 * submatches, which it can't replace. */
#define MATCH_LIMIT 20000
#define WIDE_LIMIT 2000000
#define DFA_WORKSPACE 4096 /* ints: states at one time */
/* As deep as Go lets captures lie in each other, and some brackets of ours. */
#define NEST_LIMIT 2100

/* Never JIT: that of PCRE2 10.42 misses matches of lazy repetitions
 * (`(?:\S\n|)\S+?\n` in "{\nq"), and names are few enough without it: some
 * 100 ns for each that a profile has. */

struct state {  /* what changes while matching */
    char *text; /* a subject made UTF-8 */
    size_t text_capacity;
};

struct lg_regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits, *wide_limits;
    struct state *state;
    size_t pattern_len;
    char pattern[];
};

static pcre2_code *compile(struct lg_str pattern, struct lg_error *err)
{
    int code;
    size_t offset;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL) {
        lg_fail_nomem(err);
        return NULL;
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context, NEST_LIMIT);
    pcre2_code *re =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len,
                      PCRE2_UTF | PCRE2_NO_UTF_CHECK, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (re == NULL && code == PCRE2_ERROR_HEAP_FAILED)
        lg_fail_nomem(err);
    else if (re == NULL)
        lg_fail(err, LG_USAGE, "error parsing regexp: expression too large");
    return re;
}

static pcre2_match_context *limits_of(uint32_t match_limit)
{
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (context != NULL)
        pcre2_set_match_limit(context, match_limit);
    return context;
}

static bool init(struct lg_regex *re, struct lg_str pattern,
                 struct lg_error *err)
{
    re->pattern_len = pattern.len;
    if (pattern.len != 0)
        memcpy(re->pattern, pattern.data, pattern.len);
    struct lg_arena scratch;
    struct lg_sb translated;
    lg_arena_init(&scratch, 0);
    lg_sb_init(&translated, &scratch);
    if (lg_regex_translate(lg_regex_pattern(re), &translated, err))
        re->code =
            compile(lg_str_from(translated.data != NULL ? translated.data : "",
                                translated.len),
                    err);
    lg_arena_deinit(&scratch);
    if (re->code == NULL)
        return false;
    re->data = pcre2_match_data_create_from_pattern(re->code, NULL);
    re->limits = limits_of(MATCH_LIMIT);
    re->wide_limits = limits_of(WIDE_LIMIT);
    re->state = calloc(1, sizeof *re->state);
    if (re->data == NULL || re->limits == NULL || re->wide_limits == NULL ||
        re->state == NULL)
        return lg_fail_nomem(err);
    return true;
}

struct lg_regex *lg_regex_create(struct lg_str pattern, struct lg_error *err)
{
    struct lg_regex *re = calloc(1, sizeof *re + pattern.len);
    if (re == NULL) {
        lg_fail_nomem(err);
        return NULL;
    }
    if (init(re, pattern, err))
        return re;
    lg_regex_destroy(re);
    return NULL;
}

void lg_regex_destroy(struct lg_regex *re)
{
    if (re == NULL)
        return;
    if (re->state != NULL)
        free(re->state->text);
    free(re->state);
    pcre2_match_context_free(re->wide_limits);
    pcre2_match_context_free(re->limits);
    pcre2_match_data_free(re->data);
    pcre2_code_free(re->code);
    free(re);
}

struct lg_str lg_regex_pattern(const struct lg_regex *re)
{
    return lg_str_from(re->pattern, re->pattern_len);
}

/* Bytes at the start that are well-formed. */
static size_t valid_len(struct lg_str s)
{
    size_t at = 0;
    while (at < s.len) {
        uint64_t eight;
        if (s.len - at >= sizeof eight) {
            memcpy(&eight, s.data + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        size_t len = lg_utf8_len(s.data + at, s.len - at);
        if (len == 0)
            break;
        at += len;
    }
    return at;
}

static bool reserve_text(struct state *state, size_t len)
{
    if (len <= state->text_capacity)
        return true;
    char *text = realloc(state->text, len);
    if (text == NULL)
        return false;
    state->text = text;
    state->text_capacity = len;
    return true;
}

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define REPLACEMENT_LEN 3

/* Each byte that is of no character as U+FFFD, which is what Go takes it for.
 * false: no memory. */
static bool make_valid(const struct lg_regex *re, struct lg_str *subject)
{
    size_t valid = valid_len(*subject);
    if (subject->data == NULL)
        *subject = LG_STR("");
    if (valid == subject->len)
        return true;
    struct lg_str rest = *subject;
    if (rest.len > SIZE_MAX / REPLACEMENT_LEN ||
        !reserve_text(re->state, rest.len * REPLACEMENT_LEN))
        return false;
    char *out = re->state->text;
    while (rest.len != 0) {
        memcpy(out, rest.data, valid);
        out += valid;
        rest = lg_str_skip(rest, valid);
        if (rest.len != 0) {
            memcpy(out, REPLACEMENT, REPLACEMENT_LEN);
            out += REPLACEMENT_LEN;
            rest = lg_str_skip(rest, 1);
        }
        valid = valid_len(rest);
    }
    *subject = lg_str_from(re->state->text, (size_t)(out - re->state->text));
    return true;
}

/* Slower, but no pattern makes it slow. */
static bool match_all_ways(const struct lg_regex *re, struct lg_str subject)
{
    int workspace[DFA_WORKSPACE];
    int n = pcre2_dfa_match(re->code, (PCRE2_SPTR)subject.data, subject.len, 0,
                            PCRE2_NO_UTF_CHECK | PCRE2_DFA_SHORTEST, re->data,
                            re->wide_limits, workspace, DFA_WORKSPACE);
    return n >= 0;
}

static int match(const struct lg_regex *re, struct lg_str subject,
                 pcre2_match_context *limits)
{
    return pcre2_match(re->code, (PCRE2_SPTR)subject.data, subject.len, 0,
                       PCRE2_NO_UTF_CHECK, re->data, limits);
}

bool lg_regex_match(const struct lg_regex *re, struct lg_str subject)
{
    if (!make_valid(re, &subject))
        return false;
    int n = match(re, subject, re->limits);
    if (n >= 0 || n == PCRE2_ERROR_NOMATCH)
        return n >= 0;
    return match_all_ways(re, subject);
}

/* Where a place in the text that make_valid made is in the subject. */
static size_t place_before(struct lg_str subject, size_t made)
{
    size_t at = 0;
    for (size_t to = 0; to < made && at < subject.len;) {
        size_t len = lg_utf8_len(subject.data + at, subject.len - at);
        to += len != 0 ? len : REPLACEMENT_LEN;
        at += len != 0 ? len : 1;
    }
    return at;
}

bool lg_regex_find(const struct lg_regex *re, struct lg_str subject,
                   struct lg_str *groups_ret, size_t groups)
{
    struct lg_str made = subject;
    if (!make_valid(re, &made) || match(re, made, re->wide_limits) < 0)
        return false;
    bool same = made.len == subject.len;
    const size_t *ends = pcre2_get_ovector_pointer(re->data);
    size_t count = pcre2_get_ovector_count(re->data);
    for (size_t i = 0; i < groups; i++) {
        groups_ret[i] = (struct lg_str){NULL, 0};
        if (i >= count || ends[2 * i] == PCRE2_UNSET)
            continue;
        size_t from = ends[2 * i], to = ends[2 * i + 1];
        if (!same) {
            from = place_before(subject, from);
            to = place_before(subject, to);
        }
        groups_ret[i] = lg_str_from(
            subject.data != NULL ? subject.data + from : made.data, to - from);
    }
    return true;
}
