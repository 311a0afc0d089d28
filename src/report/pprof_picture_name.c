/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_picture.h"

#include "base/path.h"

#include <inttypes.h>

void lg_picture_escape(struct lg_sb *sb, struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '\n') {
            lg_sb_cstr(sb, "\\l"); /* ends a line that stands at the left */
            continue;
        }
        if (c == '\\' || c == '"')
            lg_sb_char(sb, '\\');
        lg_sb_char(sb, c);
    }
}

/* Parts of the name below each other: they end at "::" and at ".". Go's "[...]"
 * for type parameters stays whole. */
static void put_parts(struct lg_sb *sb, struct lg_str name, const char *newline)
{
    struct lg_str rest;
    while (name.len > 0) {
        if (lg_str_after(name, LG_STR("[...]"), &rest)) {
            lg_sb_cstr(sb, "[…]");
        } else if (lg_str_after(name, LG_STR("::"), &rest) ||
                   lg_str_after(name, LG_STR("."), &rest)) {
            lg_sb_cstr(sb, newline);
        } else {
            lg_sb_char(sb, name.data[0]);
            rest = lg_str_skip(name, 1);
        }
        name = rest;
    }
}

/* Where the node is, as far as the name doesn't tell. */
static void put_place(struct lg_sb *sb, const struct lg_node_info *info,
                      bool has_name, const char *newline)
{
    struct lg_str file =
        info->file.len > 0 ? lg_path_base(info->file) : info->file;
    if (info->line != 0) {
        lg_sb_str(sb, file);
        lg_sb_fmt(sb, ":%" PRId64, info->line);
        if (info->column != 0)
            lg_sb_fmt(sb, ":%" PRId64, info->column);
    } else if (file.len > 0) {
        lg_sb_str(sb, file);
    } else if (has_name) {
        return;
    } else if (info->objfile.len > 0) {
        lg_sb_char(sb, '[');
        lg_sb_str(sb, lg_path_base(info->objfile));
        lg_sb_char(sb, ']');
    } else {
        lg_sb_cstr(sb, "<unknown>");
    }
    lg_sb_cstr(sb, newline);
}

void lg_picture_node_name(const struct lg_picture *p, struct lg_sb *sb,
                          const struct lg_node_info *info, const char *newline,
                          bool escape)
{
    struct lg_str name = lg_shorten_function_name(info->name, p->arena);
    if (escape) {
        struct lg_sb escaped;
        lg_sb_init(&escaped, p->arena);
        lg_picture_escape(&escaped, name);
        name = lg_sb_view(&escaped);
    }
    if (info->address != 0) {
        lg_sb_fmt(sb, "%016" PRIx64, info->address);
        lg_sb_cstr(sb, newline);
    }
    if (name.len > 0) {
        put_parts(sb, name, newline);
        lg_sb_cstr(sb, newline);
    }
    put_place(sb, info, name.len > 0, newline);
}
