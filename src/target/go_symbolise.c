/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_symbolise.h"

#include "target/go_shown.h"

void lg_go_symbols_init(struct lg_go_symbols *s, struct lg_go *go,
                        struct lg_arena *arena)
{
    *s = (struct lg_go_symbols){.go = go, .arena = arena};
    lg_map_init(&s->by_pc, arena);
    lg_map_init(&s->printed, arena);
}

/* Names repeat from place to place: each is cut once. */
static bool shown_name(struct lg_go_symbols *s, struct lg_str full,
                       struct lg_str *ret)
{
    bool fresh;
    if (lg_str_find_char(full, '[') < 0) {
        *ret = full;
        return true;
    }
    uint64_t *known = lg_map_put_str(&s->printed, full, &fresh);
    if (known == NULL)
        return false;
    if (!fresh) {
        *ret = s->lines.items[*known].shown;
        return true;
    }
    *known = s->lines.count; /* the line that is about to be added */
    *ret = lg_go_name_shown(full, s->go->minor, s->arena);
    return true;
}

static bool add_line(struct lg_go_symbols *s, const struct lg_go_line *line)
{
    struct lg_str shown;
    if (!shown_name(s, line->function, &shown))
        return false;
    struct lg_go_shown_line *place = lg_push(s->arena, &s->lines);
    if (place == NULL)
        return false;
    *place = (struct lg_go_shown_line){
        .function = line->function,
        .shown = shown,
        .file = line->file.len != 0 ? line->file : LG_STR("?"),
        .line = line->line,
        .start_line = line->start_line,
        .kind = line->kind,
        .is_inlined = line->is_inlined,
    };
    return true;
}

/* As if it were called by what calls most: what is above it in a stack decides
 * on few frames. */
static uint32_t count_shown(const struct lg_go_symbols *s,
                            const struct lg_go_place *place)
{
    const struct lg_go_shown_line *lines = lg_go_place_lines(s, place);
    uint32_t count = 0;
    for (uint32_t i = 0; i < place->line_count; i++)
        count += lg_go_is_shown(&lines[i], LG_FUNC_NORMAL, false, s->go->minor);
    return count;
}

static bool look_up(struct lg_go_symbols *s, uint64_t pc,
                    struct lg_go_place *place)
{
    struct lg_go_line lines[LG_GO_INLINE_MAX];
    const struct lg_go_module *module = lg_go_module_find(s->go, pc);
    *place = (struct lg_go_place){.pc = pc};
    if (module == NULL || !lg_go_func_at(&module->table, pc, &place->func))
        return true;
    place->is_go = true;
    place->line_first = (uint32_t)s->lines.count;
    size_t count = lg_go_func_lines(&place->func, pc, lines, LG_GO_INLINE_MAX);
    for (size_t i = 0; i < count; i++)
        if (!add_line(s, &lines[i]))
            return false;
    place->line_count = (uint32_t)count;
    place->shown_count = count_shown(s, place);
    return true;
}

const struct lg_go_place *lg_go_symbols_place(struct lg_go_symbols *s,
                                              uint64_t pc)
{
    bool fresh;
    uint64_t *index = lg_map_put_u64(&s->by_pc, pc, &fresh);
    if (index == NULL)
        return NULL;
    if (!fresh && *index != 0)
        return &s->places.items[*index - 1];
    struct lg_go_place place;
    if (!look_up(s, pc, &place))
        return NULL;
    struct lg_go_place *kept = lg_push(s->arena, &s->places);
    if (kept == NULL)
        return NULL;
    *kept = place;
    *index = s->places.count;
    return kept;
}
