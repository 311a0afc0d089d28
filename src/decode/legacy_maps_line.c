/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_maps.h"

/* A line is tried as /proc/self/maps and as the brief form, both with an
 * address range in front:
 *
 *     55d0c000-55d0d000 r-xp 00001000 08:01 123   /usr/bin/prog
 *     0x40000-0x80000 /usr/bin/prog (@ff00) abc123456
 *
 * The range needs no separator: "4000080000" is 400008000-0. So a range is
 * read in one of two ways, and the first whose rest fits is taken. */
struct fields {
    struct lg_str start, end, perm, offset, file, build_id;
};

static void skip_0x(struct lg_str *s)
{
    if (lg_str_starts(*s, LG_STR("0x")) && s->len > 2 &&
        lg_scan_xdigit(s->data[2]))
        *s = lg_str_skip(*s, 2);
}

/* Two numbers, with one of "-" and a blank between them. */
static bool range_parted(struct lg_str s, struct fields *f,
                         struct lg_str *rest_ret)
{
    if (!lg_scan_xdigits(&s, &f->start) || s.len == 0)
        return false;
    if (s.data[0] == '-')
        s = lg_str_skip(s, 1);
    else if (!lg_scan_blank(s.data[0]))
        return false;
    (void)lg_scan_blanks(&s);
    skip_0x(&s);
    *rest_ret = s;
    return lg_scan_xdigits(rest_ret, &f->end);
}

/* One run of digits for both: the last is the end. */
static bool range_joined(struct lg_str s, struct fields *f,
                         struct lg_str *rest_ret)
{
    struct lg_str run;
    if (!lg_scan_xdigits(&s, &run) || run.len < 2)
        return false;
    f->start = lg_str_first(run, run.len - 1);
    f->end = lg_str_skip(run, run.len - 1);
    *rest_ret = s;
    if (f->end.data[0] == '0' && s.len > 1 && s.data[0] == 'x' &&
        lg_scan_xdigit(s.data[1])) {
        *rest_ret = lg_str_skip(s, 1);
        return lg_scan_xdigits(rest_ret, &f->end);
    }
    return true;
}

static bool is_perm(char c)
{
    return c == '-' || c == 'r' || c == 'w' || c == 'x' || c == 'p';
}

/* Blanks and a part, or nothing. */
static void take_part(struct lg_str *s, lg_scan_test *test, struct lg_str *ret)
{
    struct lg_str at = *s;
    if (lg_scan_blanks(&at) && lg_scan_run(&at, test, ret))
        *s = at;
    else
        *ret = (struct lg_str){0};
}

static bool take_blank_hex(struct lg_str *s, struct lg_str *ret)
{
    return lg_scan_blanks(s) && lg_scan_xdigits(s, ret);
}

/* Behind the range: permissions, offset, device, inode, file. */
static bool proc_rest(struct lg_str s, struct fields *f)
{
    struct lg_str word, ignored;
    (void)lg_scan_text(&s, LG_STR(":"));
    take_part(&s, is_perm, &f->perm);
    if (!take_blank_hex(&s, &word))
        return false;
    f->offset = (struct lg_str){0};
    if (!lg_str_starts(s, LG_STR(":"))) {
        f->offset = word;
        if (!take_blank_hex(&s, &word))
            return false;
    }
    if (!lg_scan_text(&s, LG_STR(":")) || !lg_scan_xdigits(&s, &word) ||
        !lg_scan_blanks(&s) || !lg_scan_digits(&s, &ignored))
        return false;
    take_part(&s, lg_scan_nonblank, &f->file);
    return true;
}

/* Behind the range: permissions, file, "(@offset)", build id. */
static bool brief_rest(struct lg_str s, struct fields *f)
{
    struct lg_str at;
    (void)lg_scan_text(&s, LG_STR(":"));
    take_part(&s, is_perm, &f->perm);
    take_part(&s, lg_scan_nonblank, &f->file);
    at = s;
    f->offset = (struct lg_str){0};
    if (lg_scan_blanks(&at) && lg_scan_text(&at, LG_STR("(@")) &&
        lg_scan_xdigits(&at, &f->offset) && lg_scan_text(&at, LG_STR(")")))
        s = at;
    else
        f->offset = (struct lg_str){0};
    if (!take_blank_hex(&s, &f->build_id))
        f->build_id = (struct lg_str){0};
    return true;
}

typedef bool range_fn(struct lg_str s, struct fields *f, struct lg_str *rest);
typedef bool rest_fn(struct lg_str s, struct fields *f);

static bool try_form(struct lg_str line, rest_fn *rest_of, struct fields *f)
{
    static range_fn *const ranges[] = {range_parted, range_joined};
    struct lg_str rest;
    (void)lg_scan_blanks(&line);
    skip_0x(&line);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        *f = (struct fields){0};
        if (ranges[i](line, f, &rest) && rest_of(rest, f))
            return true;
    }
    return false;
}

enum lg_maps_line lg_maps_line_parse(struct lg_str line,
                                     struct lg_profile_mapping *ret)
{
    struct fields f;
    struct lg_profile_mapping m = {0};
    if (!try_form(line, proc_rest, &f) && !try_form(line, brief_rest, &f))
        return LG_MAPS_OTHER;
    if (f.perm.len != 0 && lg_str_find_char(f.perm, 'x') < 0)
        return LG_MAPS_SKIPPED;
    if (!lg_str_hex(f.start, &m.start) || !lg_str_hex(f.end, &m.limit) ||
        (f.offset.len != 0 && !lg_str_hex(f.offset, &m.offset)))
        return LG_MAPS_OTHER;
    m.file = f.file;
    m.build_id = f.build_id;
    *ret = m;
    return LG_MAPS_MAPPING;
}
