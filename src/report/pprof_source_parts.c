/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "evidence/measure.h"
#include "report/pprof_source_reader.h"

/* Without a setting nothing but what Bazel puts before names is cut, so most
 * profiles keep their functions as they are. */
static bool trim_functions(const struct lg_pprof_report *r,
                           struct lg_arena *arena, struct lg_profile *p)
{
    size_t count = p->functions.count;
    struct lg_profile_function *copy =
        lg_new(arena, struct lg_profile_function, count);
    if (copy == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        copy[i] = p->functions.items[i];
        copy[i].file = lg_pprof_trim_path(copy[i].file, r->trim_path,
                                          r->source_path, arena);
    }
    p->functions.items = copy;
    p->functions.capacity = count;
    return true;
}

bool lg_source_graph(const struct lg_pprof_report *r, struct lg_arena *arena,
                     struct lg_graph *ret)
{
    struct lg_profile view = *r->profile;
    struct lg_graph_options options = {
        .value_type = r->value_type,
        .has_mean = r->has_mean,
        .objnames = true,
        .drop_negative = r->drop_negative,
    };
    return trim_functions(r, arena, &view) &&
           lg_graph_build(&view, &options, arena, ret);
}

static size_t width_of(struct lg_str s)
{
    size_t width = 0;
    for (; s.len != 0; width++) {
        size_t len = lg_utf8_len(s.data, s.len);
        s = lg_str_skip(s, len != 0 ? len : 1);
    }
    return width;
}

void lg_source_right(struct lg_sb *sb, struct lg_str s, size_t width)
{
    size_t have = width_of(s);
    if (have < width)
        lg_sb_repeat(sb, ' ', width - have);
    lg_sb_str(sb, s);
}

void lg_source_left(struct lg_sb *sb, struct lg_str s, size_t width)
{
    size_t have = width_of(s);
    lg_sb_str(sb, s);
    if (have < width)
        lg_sb_repeat(sb, ' ', width - have);
}

/* Most values are short, but nothing bounds a unit's name. */
static void put_number(const struct lg_pprof_report *r, struct lg_sb *sb,
                       int64_t value)
{
    struct lg_sb text;
    lg_sb_init(&text, sb->arena);
    lg_pprof_value(r, &text, value);
    lg_source_right(sb, lg_sb_view(&text), 10);
    lg_sb_char(sb, ' ');
}

void lg_source_value(const struct lg_pprof_report *r, struct lg_sb *sb,
                     int64_t value)
{
    if (value == 0)
        lg_sb_cstr(sb, "         . ");
    else
        put_number(r, sb, value);
}

void lg_source_sums(const struct lg_pprof_report *r, struct lg_sb *sb,
                    int64_t flat, int64_t cum)
{
    put_number(r, sb, flat);
    put_number(r, sb, cum);
    lg_sb_cstr(sb, "(flat, cum) ");
    lg_measure_percentage(sb, cum, r->total);
    lg_sb_cstr(sb, " of Total\n");
}
