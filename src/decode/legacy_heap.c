/* SPDX-License-Identifier: Apache-2.0 */
#include "base/go_math.h"
#include "decode/legacy_forms.h"

/* Go and gperftools:
 *
 *     heap profile: 3: 1536 [9: 4608] @ heap/1048576
 *     1: 512 [3: 1536] @ 0x47b4c3 0x47c01f
 *
 * In use: objects and bytes; in brackets: allocated in all. What stands behind
 * the @ tells how it was sampled. Source: google/pprof
 * profile/legacy_profile.go, parseHeap and below (Go 1.27.4). */
struct numbers { /* as text: some are compared as such */
    struct lg_str objects, bytes, all_objects, all_bytes, rest;
};

struct sampling {
    bool poisson; /* sampled by bytes, "v2": to be unsampled */
    bool has_alloc;
    int64_t rate_bytes; /* the profile's period */
};

/* "-?\d+" */
static bool take_int(struct lg_str *s, struct lg_str *ret)
{
    struct lg_str at = *s, digits;
    size_t sign = lg_scan_text(&at, LG_STR("-")) ? 1 : 0;
    if (!lg_scan_digits(&at, &digits))
        return false;
    *ret = lg_str_first(*s, digits.len + sign);
    *s = at;
    return true;
}

/* ": *N *[ *N: *N *]", behind the first number. */
static bool take_others(struct lg_str *s, bool may_be_negative,
                        struct numbers *n)
{
    if (!lg_scan_text(s, LG_STR(":")))
        return false;
    lg_scan_spaces(s);
    if (!(may_be_negative ? take_int(s, &n->bytes)
                          : lg_scan_digits(s, &n->bytes)))
        return false;
    lg_scan_spaces(s);
    if (!lg_scan_text(s, LG_STR("[")))
        return false;
    lg_scan_spaces(s);
    if (!lg_scan_digits(s, &n->all_objects) || !lg_scan_text(s, LG_STR(":")))
        return false;
    lg_scan_spaces(s);
    if (!lg_scan_digits(s, &n->all_bytes))
        return false;
    lg_scan_spaces(s);
    return lg_scan_text(s, LG_STR("]"));
}

/* A header anywhere in the line; n->rest: what follows its "]". */
static bool next_header(struct lg_str *line, struct numbers *n)
{
    struct lg_cut cut;
    while ((cut = lg_str_cut(*line, LG_STR("heap profile:"))).found) {
        *line = cut.tail;
        n->rest = cut.tail;
        lg_scan_spaces(&n->rest);
        if (lg_scan_digits(&n->rest, &n->objects) &&
            take_others(&n->rest, false, n))
            return true;
    }
    return false;
}

static bool is_kind_char(char c)
{
    return c == '_' || lg_scan_digit(c) || (c >= 'a' && c <= 'z');
}

/* " *@ *(heap[_a-z0-9]*)/?(\d*)" */
static bool take_kind(struct lg_str s, struct lg_str *kind_ret,
                      struct lg_str *rate_ret)
{
    lg_scan_spaces(&s);
    if (!lg_scan_text(&s, LG_STR("@")))
        return false;
    lg_scan_spaces(&s);
    (void)lg_scan_run(&s, is_kind_char, kind_ret);
    (void)lg_scan_text(&s, LG_STR("/"));
    (void)lg_scan_digits(&s, rate_ret);
    return lg_str_starts(*kind_ret, LG_STR("heap"));
}

static bool read_sampling(const struct numbers *n, struct lg_str kind,
                          struct lg_str rate, struct sampling *ret)
{
    struct sampling s = {0};
    if (rate.len != 0 && !lg_scan_int(rate, 10, &s.rate_bytes))
        return false;
    s.has_alloc = (!lg_str_eq(n->all_objects, n->objects) &&
                   !lg_str_eq(n->all_objects, LG_STR("0"))) ||
                  (!lg_str_eq(n->all_bytes, n->bytes) &&
                   !lg_str_eq(n->all_bytes, LG_STR("0")));
    s.poisson = true;
    if (lg_str_eq(kind, LG_STR("heapprofile"))) {
        s.poisson = false;
        s.rate_bytes = 1;
    } else if (lg_str_eq(kind, LG_STR("heap"))) {
        s.rate_bytes /= 2; /* Go and gperftools write twice the rate */
    } else if (!lg_str_eq(kind, LG_STR("heapz_v2")) &&
               !lg_str_eq(kind, LG_STR("heap_v2"))) {
        return false;
    }
    *ret = s;
    return true;
}

static bool header_ends_in(struct lg_str line, struct lg_str end)
{
    struct numbers n;
    while (next_header(&line, &n))
        if (lg_str_starts(n.rest, end))
            return true;
    return false;
}

/* false: no heap profile. */
static bool parse_header(struct lg_str line, struct sampling *ret)
{
    struct numbers n;
    struct lg_str kind, rate, rest = line;
    while (next_header(&rest, &n))
        if (take_kind(n.rest, &kind, &rate))
            return read_sampling(&n, kind, rate, ret);
    *ret = (struct sampling){.rate_bytes = 1};
    return header_ends_in(line, LG_STR(" @ growth")) ||
           header_ends_in(line, LG_STR(" @ fragmentation"));
}

static bool is_stack_char(char c)
{
    return c == ' ' || c == 'x' || lg_scan_digit(c) || (c >= 'a' && c <= 'f');
}

/* The numbers of a sample, wherever it begins in the line; rest: addresses. */
static bool find_sample(struct lg_str line, struct numbers *n)
{
    for (size_t at = 0; at < line.len;) {
        struct lg_str s = lg_str_skip(line, at);
        if (!take_int(&s, &n->objects)) {
            at++;
            continue;
        }
        at = line.len - s.len;
        n->rest = s;
        if (take_others(&n->rest, true, n) &&
            lg_scan_text(&n->rest, LG_STR(" @"))) {
            size_t stack = 0;
            while (stack < n->rest.len && is_stack_char(n->rest.data[stack]))
                stack++;
            n->rest.len = stack;
            return true;
        }
    }
    return false;
}

static bool malformed(struct lg_str line, struct lg_error *err)
{
    return lg_fail(err, LG_BAD_DATA, "malformed sample: %.*s",
                   LG_STR_ARG(line));
}

/* Adds a pair of values; *block_ret: bytes of one object, if there are any. */
static bool take_pair(struct lg_str objects, struct lg_str bytes,
                      const char *label, const struct sampling *s,
                      int64_t pair_ret[2], int64_t *block_ret,
                      struct lg_error *err)
{
    int64_t count, size;
    if (!lg_scan_int(objects, 10, &count))
        return malformed(objects, err);
    if (!lg_scan_int(bytes, 10, &size))
        return malformed(bytes, err);
    if (count == 0 && size != 0)
        return lg_fail(err, LG_BAD_DATA, "%s count was 0 but %s bytes was %lld",
                       label, label, (long long)size);
    if (count != 0) {
        *block_ret = lg_go_div(size, count);
        if (s->poisson)
            lg_legacy_unsample(&count, &size, s->rate_bytes);
    }
    pair_ret[0] = count;
    pair_ret[1] = size;
    return true;
}

static bool parse_sample(struct lg_str line, const struct sampling *s,
                         struct lg_legacy *b, struct lg_error *err)
{
    struct numbers n;
    int64_t values[4], block = 0, *pair = values;
    if (!find_sample(line, &n))
        return lg_fail(err, LG_BAD_DATA,
                       "unexpected number of sample values: got 0, want 6");
    if (s->has_alloc) {
        if (!take_pair(n.all_objects, n.all_bytes, "allocation", s, pair,
                       &block, err))
            return false;
        pair += 2;
    }
    return take_pair(n.objects, n.bytes, "inuse", s, pair, &block, err) &&
           lg_legacy_frames(b, n.rest, false, err) &&
           lg_legacy_sample(b, values, block, err);
}

static bool add_types(struct lg_legacy *b, bool has_alloc, struct lg_error *err)
{
    struct lg_str count = LG_STR("count"), bytes = LG_STR("bytes");
    b->has_sizes = true;
    if (!has_alloc)
        return lg_legacy_type(b, LG_STR("objects"), count, err) &&
               lg_legacy_type(b, LG_STR("space"), bytes, err);
    return lg_legacy_type(b, LG_STR("alloc_objects"), count, err) &&
           lg_legacy_type(b, LG_STR("alloc_space"), bytes, err) &&
           lg_legacy_type(b, LG_STR("inuse_objects"), count, err) &&
           lg_legacy_type(b, LG_STR("inuse_space"), bytes, err);
}

bool lg_legacy_heap(struct lg_str bytes, struct lg_legacy *b,
                    struct lg_error *err)
{
    struct lg_scan s = {.rest = bytes};
    struct sampling sampling;
    if (!lg_scan_next(&s) || !parse_header(s.line, &sampling))
        return lg_scan_finish(&s, err) && lg_legacy_other_form(err);
    lg_legacy_period(b, LG_STR("space"), LG_STR("bytes"), sampling.rate_bytes);
    if (!add_types(b, sampling.has_alloc, err))
        return false;
    while (lg_scan_next(&s)) {
        struct lg_str line = lg_scan_trim(s.line);
        if (lg_scan_is_comment(line))
            continue;
        if (lg_scan_is_map(line))
            break;
        if (!parse_sample(line, &sampling, b, err))
            return false;
    }
    return lg_scan_finish(&s, err) && lg_legacy_finish_sections(b, &s, err);
}
