/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_forms.h"

/* Behind the samples of a Java profile, one line for each address:
 *
 *     0x10 com.example.Main.run (Main.java:12)
 *     0x11 malloc (/lib/libc.so.6)
 *     0x12 GC
 *
 * Source: google/pprof profile/legacy_java_profile.go, parseJavaLocations
 * (Go 1.27.4). */
struct names {
    struct lg_legacy *b;
    struct lg_map functions; /* name → index; the first file stays */
};

struct name {
    struct lg_str function, file;
    int64_t line;
};

/* The last "\s(" of s; false: there is none. Before it, one blank less. */
static bool cut_bracket(struct lg_str s, size_t least_behind,
                        struct lg_str *before_ret, struct lg_str *behind_ret)
{
    for (size_t i = s.len; i-- > 1;) {
        if (s.data[i] != '(' || !lg_scan_blank(s.data[i - 1]) ||
            s.len - i - 1 < least_behind)
            continue;
        *before_ret = lg_str_first(s, i - 1);
        *behind_ret = lg_str_skip(s, i + 1);
        return true;
    }
    return false;
}

/* "^(.*)\s+\((.+):(-?[[:digit:]]+)\)$" */
static bool parse_file_line(struct lg_str s, struct name *ret)
{
    struct lg_str number;
    int64_t n;
    if (!lg_str_ends(s, LG_STR(")")))
        return false;
    s.len--;
    struct lg_cut cut = lg_str_rcut_char(s, ':');
    number = cut.tail;
    (void)lg_scan_text(&number, LG_STR("-"));
    if (!cut.found || !lg_scan_digits(&number, &number) ||
        number.data + number.len != s.data + s.len ||
        !cut_bracket(cut.head, 1, &ret->function, &ret->file))
        return false;
    if (lg_scan_int(cut.tail, 10, &n) && n > 0)
        ret->line = n;
    return true;
}

/* filepath.Base */
static struct lg_str base_of(struct lg_str path)
{
    if (path.len == 0)
        return LG_STR(".");
    while (path.len != 0 && path.data[path.len - 1] == '/')
        path.len--;
    struct lg_cut cut = lg_str_rcut_char(path, '/');
    if (path.len == 0)
        return LG_STR("/");
    return cut.found ? cut.tail : path;
}

static struct name parse_name(struct lg_str s)
{
    struct name name = {.function = s}, found = {0};
    if (parse_file_line(s, &found))
        return found;
    found = (struct name){0};
    if (lg_str_ends(s, LG_STR(")")) &&
        cut_bracket(lg_str_first(s, s.len - 1), 0, &found.function,
                    &found.file)) {
        found.file = base_of(found.file);
        return found;
    }
    if (lg_str_contains(s, LG_STR("generated stub/JIT")))
        name.function = LG_STR("STUB");
    return name;
}

static bool add_function(struct names *names, const struct name *name,
                         uint32_t *index_ret)
{
    struct lg_profile *p = &names->b->profile;
    bool fresh;
    uint64_t *index = lg_map_put_str(&names->functions, name->function, &fresh);
    if (index == NULL)
        return false;
    if (fresh) {
        *index = p->functions.count;
        struct lg_profile_function *f = lg_push(p->arena, &p->functions);
        if (f == NULL)
            return false;
        f->name = lg_str_dup(p->arena, name->function);
        f->file = lg_str_dup(p->arena, name->file);
        f->system_name = f->name;
        if (f->name.len != name->function.len || f->file.len != name->file.len)
            return false;
    }
    *index_ret = (uint32_t)*index;
    return true;
}

/* "0x1234 …" */
static bool parse_line(struct names *names, struct lg_str line,
                       struct lg_error *err)
{
    struct lg_str digits, s = lg_scan_trim(line);
    uint64_t address;
    (void)lg_scan_blanks(&s);
    if (!lg_scan_text(&s, LG_STR("0x")) || !lg_scan_xdigits(&s, &digits) ||
        !lg_scan_blanks(&s))
        return true;
    if (!lg_str_hex(digits, &address))
        return lg_fail(err, LG_BAD_DATA, "parsing sample %.*s",
                       LG_STR_ARG(line));
    uint64_t *index = lg_map_find_u64(&names->b->by_address, address);
    if (index == NULL)
        return true; /* no sample has it */
    struct lg_legacy_place *place = &names->b->places.items[*index];
    struct name name = parse_name(s);
    if (!add_function(names, &name, &place->function))
        return lg_fail_nomem(err);
    place->has_line = true;
    place->line = name.line;
    return true;
}

bool lg_legacy_java_finish(struct lg_legacy *b, struct lg_str text,
                           struct lg_error *err)
{
    struct names names = {.b = b};
    lg_map_init(&names.functions, &b->scratch);
    while (text.len != 0) {
        struct lg_cut cut = lg_str_cut_char(text, '\n');
        if (!parse_line(&names, cut.head, err))
            return false;
        text = cut.tail;
    }
    if (!lg_legacy_finish(b, err))
        return false;
    /* Addresses of a virtual machine mean nothing to other profiles. */
    lg_each(l, b->profile.locations)
        l->address = 0;
    return true;
}
