/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_frames.h"

#include "base/map.h"
#include "evidence/graph.h"

/* graph.go nodeInfo: what a line of a location is called. */
static struct lg_node_info info_of(const struct lg_profile *p,
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

static bool add(struct lg_pprof_frames *f, struct lg_map *index,
                const struct lg_node_info *info, struct lg_arena *arena,
                uint32_t *id_ret)
{
    struct lg_sb name;
    bool fresh = false;
    lg_sb_init(&name, arena);
    lg_node_name(&name, info);
    uint64_t *at = lg_map_put_str(index, lg_sb_view(&name), &fresh);
    if (at == NULL || name.failed)
        return false;
    if (fresh) {
        *at = f->items.count;
        struct lg_pprof_frame *frame = lg_push(arena, &f->items);
        if (frame == NULL)
            return false;
        *frame =
            (struct lg_pprof_frame){lg_sb_view(&name), info->file, info->line};
    }
    *id_ret = (uint32_t)*at;
    return true;
}

bool lg_pprof_frames_of(const struct lg_profile *p, struct lg_arena *arena,
                        struct lg_pprof_frames *ret)
{
    struct lg_pprof_frames f = {0};
    struct lg_map index;
    uint32_t count = 0;
    lg_map_init(&index, arena);
    f.first = lg_new(arena, uint32_t, p->locations.count + 1);
    f.ids = lg_new(arena, uint32_t, p->lines.count + p->locations.count);
    if (f.first == NULL || f.ids == NULL)
        return false;
    for (size_t i = 0; i < p->locations.count; i++) {
        const struct lg_profile_location *l = &p->locations.items[i];
        f.first[i] = count;
        for (uint32_t k = 0; k == 0 || k < l->line_count; k++) {
            const struct lg_profile_line *line =
                l->line_count != 0 ? &p->lines.items[l->line_first + k] : NULL;
            struct lg_node_info info = info_of(p, l, line);
            if (!add(&f, &index, &info, arena, &f.ids[count++]))
                return false;
        }
    }
    f.first[p->locations.count] = count;
    *ret = f;
    return true;
}
