/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_picture.h"

#include "base/path.h"

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

void lg_picture_node_name(const struct lg_picture *p, struct lg_sb *sb,
                          const struct lg_node_info *info, const char *newline,
                          bool escape)
{
    struct lg_node_info shown = *info;
    struct lg_str name = lg_shorten_function_name(info->name, p->arena);
    struct lg_sb parts;
    if (escape) {
        struct lg_sb escaped;
        lg_sb_init(&escaped, p->arena);
        lg_picture_escape(&escaped, name);
        name = lg_sb_view(&escaped);
    }
    lg_sb_init(&parts, p->arena);
    put_parts(&parts, name, newline);
    shown.name = lg_sb_view(&parts);
    if (info->file.len != 0)
        shown.file = lg_path_base(info->file);
    lg_node_name_joined(sb, &shown, newline);
    lg_sb_cstr(sb, newline);
}
