/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_maps.h"

#include "base/sb.h"

/* A value may hold $names of others, so each line can double the text. */
#define MAX_LINE_BYTES (1u << 20)
/* Comparisons of a name with a place, over the whole map. */
#define MAX_NAME_STEPS (1u << 28)

struct name {
    struct lg_str name, value; /* name: with its $ */
};

struct reader {
    struct lg_scan *scan;
    struct lg_profile *p;
    struct lg_arena *scratch;
    LG_VEC(struct name) names;
    uint64_t steps;
};

/* Cuts "file.cc:12] " of a log off: no bracket before it. */
static struct lg_str without_log_prefix(struct lg_str line)
{
    ptrdiff_t at = lg_str_find_char(line, ']');
    if (at < 0 || (size_t)at + 1 >= line.len ||
        !lg_scan_blank(line.data[at + 1]))
        return line;
    struct lg_str head = lg_str_first(line, (size_t)at);
    size_t digits = 0;
    while (digits < head.len && lg_scan_digit(head.data[head.len - 1 - digits]))
        digits++;
    head.len -= digits;
    if (digits == 0 || head.len < 2 || head.data[head.len - 1] != ':' ||
        lg_str_find_char(head, '[') >= 0)
        return line;
    return lg_str_skip(line, (size_t)at + 2);
}

static const struct name *name_at(struct reader *r, struct lg_str text)
{
    r->steps += r->names.count;
    lg_each(n, r->names)
        if (lg_str_starts(text, n->name))
            return n;
    return NULL;
}

/* line with each $name replaced, the first defined one winning. */
static bool replace_names(struct reader *r, struct lg_str line,
                          struct lg_str *ret, struct lg_error *err)
{
    struct lg_sb sb;
    *ret = line;
    if (r->names.count == 0 || lg_str_find_char(line, '$') < 0)
        return true;
    lg_sb_init(&sb, r->scratch);
    while (line.len != 0) {
        const struct name *name = line.data[0] == '$' ? name_at(r, line) : NULL;
        lg_sb_str(&sb, name != NULL ? name->value : lg_str_first(line, 1));
        line = lg_str_skip(line, name != NULL ? name->name.len : 1);
        if (sb.len > MAX_LINE_BYTES || r->steps > MAX_NAME_STEPS)
            return lg_fail(err, LG_LIMIT, "the memory map's $names blow up");
    }
    *ret = lg_sb_view(&sb);
    return !sb.failed || lg_fail_nomem(err);
}

static bool define_name(struct reader *r, struct lg_str line,
                        struct lg_error *err)
{
    struct lg_cut cut = lg_str_cut_char(line, '=');
    struct lg_sb sb;
    if (!cut.found)
        return true;
    struct name *name = lg_push(r->scratch, &r->names);
    if (name == NULL)
        return lg_fail_nomem(err);
    lg_sb_init(&sb, r->scratch);
    lg_sb_char(&sb, '$');
    lg_sb_str(&sb, lg_scan_trim(cut.head));
    name->name = lg_sb_view(&sb);
    name->value = lg_scan_trim(cut.tail);
    return !sb.failed || lg_fail_nomem(err);
}

static bool add_mapping(struct lg_profile *p, struct lg_profile_mapping m)
{
    struct lg_profile_mapping *place = lg_push(p->arena, &p->mappings);
    if (place == NULL)
        return false;
    *place = m;
    place->file = lg_str_dup(p->arena, m.file);
    place->build_id = lg_str_dup(p->arena, m.build_id);
    return place->file.len == m.file.len &&
           place->build_id.len == m.build_id.len;
}

static bool read_line(struct reader *r, struct lg_error *err)
{
    struct lg_profile_mapping m;
    struct lg_str line;
    if (!replace_names(r, without_log_prefix(r->scan->line), &line, err))
        return false;
    switch (lg_maps_line_parse(line, &m)) {
    case LG_MAPS_OTHER:
        return define_name(r, line, err);
    case LG_MAPS_MAPPING:
        return add_mapping(r->p, m) || lg_fail_nomem(err);
    case LG_MAPS_SKIPPED:
        break;
    }
    return true;
}

static bool differ(struct lg_str a, struct lg_str b)
{
    return a.len != 0 && b.len != 0 && !lg_str_eq(a, b);
}

/* Two pieces of what was one mapping. */
static bool adjacent(const struct lg_profile_mapping *a,
                     const struct lg_profile_mapping *b)
{
    if (differ(a->file, b->file) || differ(a->build_id, b->build_id) ||
        a->limit != b->start)
        return false;
    return a->offset == 0 || b->offset == 0 ||
           a->offset + (a->limit - a->start) == b->offset;
}

static void join_adjacent(struct lg_profile *p)
{
    size_t kept = 0;
    for (size_t i = 1; i < p->mappings.count; i++) {
        struct lg_profile_mapping *last = &p->mappings.items[kept];
        const struct lg_profile_mapping *m = &p->mappings.items[i];
        if (!adjacent(last, m)) {
            p->mappings.items[++kept] = *m;
            continue;
        }
        last->limit = m->limit;
        if (m->file.len != 0)
            last->file = m->file;
        if (m->build_id.len != 0)
            last->build_id = m->build_id;
    }
    if (p->mappings.count != 0)
        p->mappings.count = kept + 1;
}

/* ".so" at the end, or ".so.1", ".so_1" anywhere. */
static bool is_library(struct lg_str file)
{
    if (lg_str_ends(file, LG_STR(".so")))
        return true;
    struct lg_cut cut;
    for (; (cut = lg_str_cut(file, LG_STR(".so"))).found; file = cut.tail)
        if (cut.tail.len > 1 &&
            (cut.tail.data[0] == '.' || cut.tail.data[0] == '_') &&
            lg_scan_digit(cut.tail.data[1]))
            return true;
    return false;
}

static bool is_program(struct lg_arena *scratch, struct lg_str file)
{
    struct lg_cut cut = lg_str_cut(file, LG_STR("(deleted)"));
    struct lg_sb sb;
    if (cut.found) {
        lg_sb_init(&sb, scratch);
        for (; cut.found; cut = lg_str_cut(cut.tail, LG_STR("(deleted)")))
            lg_sb_str(&sb, cut.head);
        lg_sb_str(&sb, cut.head);
        file = lg_sb_view(&sb);
    }
    file = lg_scan_trim(file);
    return file.len != 0 && file.data[0] != '[' && !is_library(file);
}

static void main_first(struct lg_profile *p, struct lg_arena *scratch)
{
    for (size_t i = 0; i < p->mappings.count; i++) {
        struct lg_profile_mapping m = p->mappings.items[i];
        if (!is_program(scratch, m.file))
            continue;
        p->mappings.items[i] = p->mappings.items[0];
        p->mappings.items[0] = m;
        return;
    }
}

bool lg_maps_read(struct lg_scan *s, struct lg_profile *p,
                  struct lg_arena *scratch, struct lg_error *err)
{
    struct reader r = {.scan = s, .p = p, .scratch = scratch};
    while (lg_scan_next(s))
        if (!read_line(&r, err))
            return false;
    if (!lg_scan_finish(s, err))
        return false;
    join_adjacent(p);
    main_first(p, scratch);
    return true;
}
