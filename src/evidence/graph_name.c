/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "evidence/graph_internal.h"

#include <inttypes.h>

struct lg_node_info lg_node_info_of(const struct lg_profile *p,
                                    const struct lg_profile_location *l,
                                    const struct lg_profile_line *line)
{
    struct lg_node_info info = {.address = l->address};
    if (line != NULL && line->function != LG_NO_FUNCTION) {
        const struct lg_profile_function *f =
            &p->functions.items[line->function];
        info.name = f->name;
        info.file = f->file;
        info.line = line->line;
        info.column = line->column;
    }
    if (info.name.len == 0 && l->mapping != 0)
        info.objfile = p->mappings.items[l->mapping - 1].file;
    return info;
}

static void begin_part(struct lg_sb *sb, size_t start, const char *joint)
{
    if (sb->len != start)
        lg_sb_cstr(sb, joint);
}

void lg_node_name_joined(struct lg_sb *sb, const struct lg_node_info *info,
                         const char *joint)
{
    size_t start = sb->len;
    if (info->address != 0)
        lg_sb_fmt(sb, "%016" PRIx64, info->address);
    if (info->name.len != 0) {
        begin_part(sb, start, joint);
        lg_sb_str(sb, info->name);
    }
    if (info->line != 0) {
        begin_part(sb, start, joint);
        lg_sb_str(sb, info->file);
        lg_sb_fmt(sb, ":%" PRId64, info->line);
        if (info->column != 0)
            lg_sb_fmt(sb, ":%" PRId64, info->column);
    } else if (info->file.len != 0) {
        begin_part(sb, start, joint);
        lg_sb_str(sb, info->file);
    } else if (info->name.len != 0) {
        return;
    } else if (info->objfile.len != 0) {
        begin_part(sb, start, joint);
        lg_sb_char(sb, '[');
        lg_sb_str(sb, lg_path_base(info->objfile));
        lg_sb_char(sb, ']');
    } else {
        begin_part(sb, start, joint);
        lg_sb_cstr(sb, "<unknown>");
    }
}

void lg_node_name(struct lg_sb *sb, const struct lg_node_info *info)
{
    lg_node_name_joined(sb, info, " ");
}

static struct lg_str name_in(struct lg_arena *arena,
                             const struct lg_node_info *info)
{
    if (info->name.len != 0 && info->file.len == 0 && info->line == 0 &&
        info->address == 0)
        return info->name;
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_node_name(&sb, info);
    return sb.failed ? info->name : lg_sb_view(&sb);
}

struct lg_str lg_graph_name(const struct lg_graph *g, uint32_t node)
{
    struct lg_str *name = &g->names[node];
    if (name->len == 0)
        *name = name_in(g->arena, &g->nodes.items[node].info);
    return *name;
}

struct lg_str lg_graph_draft_name(struct lg_graph_draft *draft, uint32_t node)
{
    struct lg_str *name = &draft->names[lg_graph_base_node(draft, node)];
    if (name->len == 0) {
        struct lg_node_info info =
            lg_graph_node_info(draft->nodes, lg_graph_base_node(draft, node));
        *name = name_in(draft->nodes->arena, &info);
    }
    return *name;
}
