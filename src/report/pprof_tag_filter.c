/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_tag_filter.h"

#include "base/sb.h"
#include "evidence/measure.h"
#include "report/pprof_number.h"

struct number { /* [+-]?[0-9]+([A-Za-z]+)? */
    struct lg_str whole, digits, unit;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The first number in *s, which advances behind it. */
static bool next_number(struct lg_str *s, struct number *ret)
{
    size_t start = 0, end, unit_end;
    while (start < s->len && !is_digit(s->data[start]))
        start++;
    if (start == s->len)
        return false;
    for (end = start; end < s->len && is_digit(s->data[end]);)
        end++;
    for (unit_end = end; unit_end < s->len && is_alpha(s->data[unit_end]);)
        unit_end++;
    if (start != 0 && (s->data[start - 1] == '+' || s->data[start - 1] == '-'))
        start--;
    ret->whole = lg_str_from(s->data + start, unit_end - start);
    ret->digits = lg_str_from(s->data + start, end - start);
    ret->unit = lg_str_from(s->data + end, unit_end - end);
    *s = lg_str_skip(*s, unit_end);
    return true;
}

/* pprof's own parse panics on numbers that are too large. */
static bool parse_digits(struct lg_str digits, int64_t *ret,
                         struct lg_error *err)
{
    if (lg_go_parse_int(digits, 10, 64, ret) == LG_GO_OK)
        return true;
    return lg_fail(err, LG_LIMIT,
                   "failed to parse int %.*s: strconv.ParseInt: parsing "
                   "\"%.*s\": value out of range",
                   LG_STR_ARG(digits), LG_STR_ARG(digits));
}

/* filter is text[at…], then nothing else but a colon where one is wanted. */
static bool is_number_and(struct lg_str filter, const char *before,
                          struct lg_str number, const char *after)
{
    return lg_str_after(filter, lg_str_of(before), &filter) &&
           lg_str_after(filter, number, &filter) &&
           lg_str_eq(filter, lg_str_of(after));
}

static bool one_number(struct lg_str filter, struct lg_str number,
                       struct lg_tag_range *r)
{
    if (is_number_and(filter, "", number, ""))
        r->has_low = r->has_high = true;
    else if (is_number_and(filter, "", number, ":"))
        r->has_low = true;
    else if (is_number_and(filter, ":", number, ""))
        r->has_high = true;
    else
        return false;
    r->high = r->low;
    return true;
}

/* *is_range_ret: "32kb", ":64kb", "4mb:", "12kb:64mb", whose units go
 * together; anything else is a pattern. false: LIMIT. */
static bool parse_range(struct lg_str filter, struct lg_tag_range *ret,
                        bool *is_range_ret, struct lg_error *err)
{
    struct lg_str rest = filter, between, unit;
    struct number first, second;
    struct lg_tag_range r = {0};
    int64_t n;
    *is_range_ret = false;
    if (!next_number(&rest, &first))
        return true;
    if (!parse_digits(first.digits, &n, err))
        return false;
    r.low = lg_measure_scale(n, first.unit, first.unit, &r.unit);
    between = rest;
    if (!next_number(&rest, &second)) {
        *is_range_ret = one_number(filter, first.whole, &r);
        *ret = r;
        return true;
    }
    if (!lg_str_after(between, LG_STR(":"), &between) ||
        between.data != second.whole.data || rest.len != 0 ||
        filter.data != first.whole.data)
        return true;
    if (!parse_digits(second.digits, &n, err))
        return false;
    r.high = lg_measure_scale(n, second.unit, r.unit, &unit);
    r.has_low = r.has_high = true;
    *is_range_ret = lg_str_eq(unit, r.unit);
    *ret = r;
    return true;
}

static bool add_pattern(struct lg_tag_filter *f, const char *name,
                        struct lg_str pattern, struct lg_error *err)
{
    struct lg_regex *re = lg_regex_create(pattern, err);
    if (re == NULL)
        return lg_context(err, "parsing %s regexp", name);
    struct lg_tag_pattern *place = lg_push(f->arena, &f->patterns);
    if (place == NULL) {
        lg_regex_destroy(re);
        return lg_fail_nomem(err);
    }
    place->re = re;
    lg_map_init(&place->texts, f->arena);
    return true;
}

bool lg_tag_filter_parse(struct lg_tag_filter *f, const char *name,
                         struct lg_str value,
                         const struct lg_label_units *units,
                         struct lg_arena *arena, struct lg_error *err)
{
    *f = (struct lg_tag_filter){.units = units, .arena = arena};
    struct lg_cut cut = lg_str_cut_char(value, '=');
    if (cut.found) {
        f->has_key = cut.head.len != 0;
        f->key = cut.head;
        value = cut.tail;
    }
    f->value = value;
    if (!parse_range(value, &f->range, &f->is_range, err))
        return false;
    if (f->is_range)
        return true;
    struct lg_cut part = {.tail = value, .found = true};
    while (part.found) {
        part = lg_str_cut_char(part.tail, ',');
        if (!add_pattern(f, name, part.head, err))
            return false;
    }
    return true;
}

void lg_tag_filter_deinit(struct lg_tag_filter *f)
{
    lg_each(pattern, f->patterns)
        lg_regex_destroy(pattern->re);
    f->patterns.count = 0;
}

static bool in_range(const struct lg_tag_filter *f,
                     const struct lg_profile_label *label)
{
    const struct lg_tag_range *r = &f->range;
    struct lg_str from = lg_label_unit_of(f->units, label->of->key), unit;
    double value = lg_measure_scale(label->of->num, from, r->unit, &unit);
    return lg_str_eq(unit, r->unit) && (!r->has_low || value >= r->low) &&
           (!r->has_high || value <= r->high);
}

/* text is borrowed for the call only. */
static bool match_text(struct lg_tag_filter *f, struct lg_tag_pattern *pattern,
                       struct lg_str text)
{
    uint64_t *known = lg_map_find_str(&pattern->texts, text);
    if (known != NULL)
        return *known != 0;
    bool match = lg_regex_match(pattern->re, text);
    text = lg_str_dup(f->arena, text);
    known =
        text.data != NULL ? lg_map_put_str(&pattern->texts, text, NULL) : NULL;
    if (known != NULL)
        *known = match;
    return match;
}

/* "key:value"; short ones are put together in `room`. */
static bool match_pair(struct lg_tag_filter *f, struct lg_tag_pattern *pattern,
                       const struct lg_profile_label *label)
{
    char room[256];
    size_t len = label->of->key.len + 1 + label->of->str.len;
    char *text = room;
    if (len > sizeof room)
        text = lg_arena_alloc(f->arena, len, 1);
    if (text == NULL)
        return false;
    if (label->of->key.len != 0)
        memcpy(text, label->of->key.data, label->of->key.len);
    text[label->of->key.len] = ':';
    if (label->of->str.len != 0)
        memcpy(text + label->of->key.len + 1, label->of->str.data,
               label->of->str.len);
    return match_text(f, pattern, lg_str_from(text, len));
}

static bool match_label(struct lg_tag_filter *f, struct lg_tag_pattern *pattern,
                        const struct lg_profile_label *label)
{
    if (label->of->is_numeric)
        return false;
    if (!f->has_key)
        return match_pair(f, pattern, label);
    return lg_str_eq(label->of->key, f->key) &&
           match_text(f, pattern, label->of->str);
}

static bool match_any(struct lg_tag_filter *f, struct lg_tag_pattern *pattern,
                      const struct lg_profile_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (match_label(f, pattern, &labels[i]))
            return true;
    return false;
}

static bool match_number(const struct lg_tag_filter *f,
                         const struct lg_profile_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (labels[i].of->is_numeric &&
            (!f->has_key || lg_str_eq(labels[i].of->key, f->key)) &&
            in_range(f, &labels[i]))
            return true;
    return false;
}

/* With a key one pattern is enough, without one all must match. */
bool lg_tag_filter_match(struct lg_tag_filter *f,
                         const struct lg_profile_label *labels, size_t count)
{
    if (f->is_range)
        return match_number(f, labels, count);
    lg_each(pattern, f->patterns)
        if (match_any(f, pattern, labels, count) == f->has_key)
            return f->has_key;
    return !f->has_key;
}
