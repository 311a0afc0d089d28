/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_flame.h"

/* Of the graphs' -nodefraction, which is meant for boxes; a value that somebody
 * chose counts here as well. */
#define DEFAULT_NODE_FRACTION 0.005

struct lg_str lg_flame_title(const struct lg_pprof_report *r,
                             bool is_difference, struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, is_difference ? "growth of " : "");
    lg_sb_str(&sb, r->title);
    if (r->title.len != 0 && r->sample_type.len != 0)
        lg_sb_char(&sb, ' ');
    lg_sb_str(&sb, r->sample_type);
    return sb.len != 0 ? lg_sb_view(&sb) : LG_STR("profile");
}

void lg_flame_percent(struct lg_sb *sb, double value, double total)
{
    lg_sb_fmt(sb, "%.2f%%", total > 0 ? value / total * 100 : 0.0);
}

void lg_flame_escape(struct lg_sb *sb, struct lg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '<')
            lg_sb_cstr(sb, "&lt;");
        else if (c == '>')
            lg_sb_cstr(sb, "&gt;");
        else if (c == '&')
            lg_sb_cstr(sb, "&amp;");
        else if (c == '"')
            lg_sb_cstr(sb, "&quot;");
        else
            lg_sb_char(sb, c >= ' ' && c != 0x7f ? (char)c : ' ');
    }
}

double lg_flame_minimum(const struct lg_pprof_report *r, double finest)
{
    return r->node_fraction != DEFAULT_NODE_FRACTION ? r->node_fraction
                                                     : finest;
}
