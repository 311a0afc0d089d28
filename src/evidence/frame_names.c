/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/frame_names.h"

#include "base/map.h"
#include "evidence/graph.h"

struct naming {
    struct lg_frame_names names;
    struct lg_map index;   /* name → frame */
    uint32_t *of_function; /* frame + 1 of a function with no line or address:
                              most profiles have nothing else */
    struct lg_arena *arena;
};

static bool add(struct naming *n, const struct lg_node_info *info,
                uint32_t *id_ret)
{
    struct lg_sb name;
    bool fresh = false;
    lg_sb_init(&name, n->arena);
    lg_node_name(&name, info);
    uint64_t *at = lg_map_put_str(&n->index, lg_sb_view(&name), &fresh);
    if (at == NULL || name.failed)
        return false;
    if (fresh) {
        *at = n->names.items.count;
        struct lg_frame_name *frame = lg_push(n->arena, &n->names.items);
        if (frame == NULL)
            return false;
        *frame =
            (struct lg_frame_name){lg_sb_view(&name), info->file, info->line};
    }
    *id_ret = (uint32_t)*at;
    return true;
}

static bool add_line(struct naming *n, const struct lg_profile *p,
                     const struct lg_profile_location *l,
                     const struct lg_profile_line *line, uint32_t *id_ret)
{
    bool plain = line != NULL && line->function != LG_NO_FUNCTION &&
                 l->address == 0 && line->line == 0 && line->column == 0 &&
                 p->functions.items[line->function].name.len != 0;
    if (plain && n->of_function[line->function] != 0) {
        *id_ret = n->of_function[line->function] - 1;
        return true;
    }
    struct lg_node_info info = lg_node_info_of(p, l, line);
    if (!add(n, &info, id_ret))
        return false;
    if (plain)
        n->of_function[line->function] = *id_ret + 1;
    return true;
}

bool lg_frame_names_of(const struct lg_profile *p, struct lg_arena *arena,
                       struct lg_frame_names *ret)
{
    struct naming n = {.arena = arena};
    uint32_t count = 0;
    lg_map_init(&n.index, arena);
    n.names.first = lg_new(arena, uint32_t, p->locations.count + 1);
    n.names.ids = lg_new(arena, uint32_t, p->lines.count + p->locations.count);
    n.of_function = lg_new(arena, uint32_t, p->functions.count + 1);
    if (n.names.first == NULL || n.names.ids == NULL || n.of_function == NULL)
        return false;
    for (size_t i = 0; i < p->locations.count; i++) {
        const struct lg_profile_location *l = &p->locations.items[i];
        n.names.first[i] = count;
        for (uint32_t k = 0; k == 0 || k < l->line_count; k++) {
            const struct lg_profile_line *line =
                l->line_count != 0 ? &p->lines.items[l->line_first + k] : NULL;
            if (!add_line(&n, p, l, line, &n.names.ids[count++]))
                return false;
        }
    }
    n.names.first[p->locations.count] = count;
    *ret = n.names;
    return true;
}
