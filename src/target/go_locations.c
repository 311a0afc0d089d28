/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_shown.h"

#define NONE UINT32_MAX
/* More mappings than a process of sense has executable files. */
#define MAX_MAPPINGS 4096

/* Profiles carry GNU's, in hex; Go's own, which has slashes, says nothing to
 * who reads them. */
static struct lg_str gnu_build_id(const struct lg_go *go)
{
    struct lg_str id = go->build.build_id;
    return lg_str_find_char(id, '/') < 0 ? id : LG_STR("");
}

static bool add_mapping(struct lg_go_locations *l,
                        const struct lg_image_segment *segment)
{
    const struct lg_go *go = l->symbols->go;
    struct lg_profile_mapping *m =
        lg_push(l->profile->arena, &l->profile->mappings);
    if (m == NULL)
        return false;
    *m = (struct lg_profile_mapping){
        .id = l->profile->mappings.count,
        .start = segment->start,
        .limit = segment->end,
        .offset = segment->file_offset,
        .file = segment->path,
    };
    if (go->modules.count != 0 && go->modules.items[0].text >= m->start &&
        go->modules.items[0].text < m->limit)
        m->build_id = gnu_build_id(go);
    return true;
}

/* Go 1.27: runtime/pprof/proto.go, parseProcSelfMaps: what can be executed and
 * has a name, in order of addresses. */
static bool add_mappings(struct lg_go_locations *l)
{
    lg_each(segment, l->symbols->go->image->segments) {
        if (!segment->can_exec || segment->path.len == 0)
            continue;
        if (l->profile->mappings.count >= MAX_MAPPINGS)
            break;
        if (!add_mapping(l, segment))
            return false;
    }
    return true;
}

bool lg_go_locations_init(struct lg_go_locations *l,
                          struct lg_go_symbols *symbols,
                          struct lg_profile *profile)
{
    *l = (struct lg_go_locations){.symbols = symbols, .profile = profile};
    lg_map_init(&l->by_pc, profile->arena);
    lg_map_init(&l->by_caller, profile->arena);
    lg_map_init(&l->functions, profile->arena);
    if (!add_mappings(l))
        return false;
    l->lacks_function = lg_new(profile->arena, bool, profile->mappings.count);
    return l->lacks_function != NULL;
}

static uint32_t mapping_of(const struct lg_profile *p, uint64_t pc)
{
    for (size_t i = 0; i < p->mappings.count; i++)
        if (pc >= p->mappings.items[i].start && pc < p->mappings.items[i].limit)
            return (uint32_t)i + 1;
    return 0;
}

/* By name alone, as runtime/pprof does. */
static bool function_of(struct lg_go_locations *l,
                        const struct lg_go_shown_line *line, uint32_t *ret)
{
    bool fresh;
    uint64_t *index = lg_map_put_str(&l->functions, line->function, &fresh);
    if (index == NULL)
        return false;
    if (fresh) {
        struct lg_profile_function *f =
            lg_push(l->profile->arena, &l->profile->functions);
        if (f == NULL)
            return false;
        *f = (struct lg_profile_function){
            .id = l->profile->functions.count,
            .name = line->function,
            .system_name = line->function,
            .file = line->file,
            .start_line = line->start_line,
        };
        *index = l->profile->functions.count - 1;
    }
    *ret = (uint32_t)*index;
    return true;
}

static bool add_line(struct lg_go_locations *l,
                     const struct lg_go_shown_line *line)
{
    uint32_t function;
    if (!function_of(l, line, &function))
        return false;
    struct lg_profile_line *place =
        lg_push(l->profile->arena, &l->profile->lines);
    if (place == NULL)
        return false;
    *place = (struct lg_profile_line){.function = function, .line = line->line};
    return true;
}

/* A new location without lines; those that are added next are its. */
static struct lg_profile_location *begin(struct lg_go_locations *l, uint64_t pc)
{
    struct lg_profile *p = l->profile;
    if (p->locations.count >= NONE - 1 || p->lines.count >= NONE - 1)
        return NULL;
    struct lg_profile_location *location = lg_push(p->arena, &p->locations);
    if (location != NULL)
        *location = (struct lg_profile_location){
            .id = p->locations.count,
            .address = pc,
            .mapping = mapping_of(p, pc),
            .line_first = (uint32_t)p->lines.count,
        };
    return location;
}

/* pprof looks names up itself where a mapping lacks them and the binary is at
 * hand. Like runtime/pprof, we speak of functions only. */
static void note_functions(struct lg_go_locations *l,
                           const struct lg_profile_location *location)
{
    const struct lg_profile *p = l->profile;
    if (location->mapping == 0)
        return;
    bool *lacks = &l->lacks_function[location->mapping - 1];
    *lacks |= location->line_count == 0;
    for (uint32_t i = 0; i < location->line_count; i++) {
        uint32_t function = p->lines.items[location->line_first + i].function;
        *lacks |= p->functions.items[function].name.len == 0;
    }
    p->mappings.items[location->mapping - 1].has_functions = !*lacks;
}

static void end(struct lg_go_locations *l)
{
    struct lg_profile *p = l->profile;
    struct lg_profile_location *last =
        &p->locations.items[p->locations.count - 1];
    last->line_count = (uint32_t)p->lines.count - last->line_first;
    note_functions(l, last);
}

uint32_t lg_go_locations_at(struct lg_go_locations *l, uint64_t pc)
{
    bool fresh;
    uint64_t *known = lg_map_put_u64(&l->by_pc, pc, &fresh);
    if (known == NULL)
        return NONE;
    if (!fresh)
        return (uint32_t)*known;
    const struct lg_go_place *place = lg_go_symbols_place(l->symbols, pc);
    if (place == NULL || begin(l, pc) == NULL)
        return NONE;
    const struct lg_go_shown_line *lines = lg_go_place_lines(l->symbols, place);
    for (uint32_t i = 0; i < place->line_count; i++) {
        if (i != 0 && lg_go_is_elided(lines[i].kind, lines[i - 1].kind))
            continue;
        if (!add_line(l, &lines[i]))
            return NONE;
    }
    end(l);
    *known = l->profile->locations.count - 1;
    return (uint32_t)*known;
}

/* Callers of one location: how many of the stack's entries it stands for. */
struct group {
    uint32_t location, entries;
};

/* Whether the call at `pc` is what the last line of the group was inlined
 * into. Go 1.27: runtime/pprof/proto.go, pcDeck.tryAdd. */
static bool goes_on(const struct lg_go_shown_line *last, uint64_t last_entry,
                    const struct lg_go_place *next,
                    const struct lg_go_shown_line *line)
{
    return last->is_inlined && next->is_go && next->func.entry == last_entry &&
           !lg_str_eq(last->function, line->function);
}

/* Adds the lines of the entries that belong together to the location that was
 * begun. The last entry of a stack may be cut within inlined calls: all of its
 * lines count (runtime_expandFinalInlineFrame). 0: out of memory. */
static uint32_t add_group(struct lg_go_locations *l, const uint64_t *callers,
                          size_t count)
{
    struct lg_go_shown_line last = {0};
    uint64_t entry = 0;
    uint32_t used = 0;
    while (used < count) {
        const struct lg_go_place *place =
            lg_go_symbols_place(l->symbols, callers[used] - 1);
        if (place == NULL)
            return 0;
        const struct lg_go_shown_line *lines =
            lg_go_place_lines(l->symbols, place);
        if (place->line_count == 0)
            return used != 0 ? used : 1;
        if (used != 0 && !goes_on(&last, entry, place, &lines[0]))
            break;
        uint32_t take = used + 1 == count ? place->line_count : 1;
        for (uint32_t i = 0; i < take; i++)
            if (!add_line(l, &lines[i]))
                return 0;
        last = lines[take - 1];
        entry = place->func.entry;
        used++;
    }
    return used;
}

/* The location of the entries at the stack's head. */
static bool take_group(struct lg_go_locations *l, const uint64_t *callers,
                       size_t count, struct group *ret)
{
    bool fresh;
    uint64_t *known = lg_map_put_u64(&l->by_caller, callers[0], &fresh);
    if (known == NULL)
        return false;
    if (!fresh) {
        *ret = (struct group){(uint32_t)*known, (uint32_t)(*known >> 32)};
        return true;
    }
    if (begin(l, callers[0] - 1) == NULL)
        return false;
    uint32_t entries = add_group(l, callers, count);
    if (entries == 0)
        return false;
    end(l);
    *ret = (struct group){(uint32_t)l->profile->locations.count - 1, entries};
    *known = (uint64_t)entries << 32 | ret->location;
    return true;
}

/* Stacks end in it; profiles leave it out. */
static bool is_goexit(struct lg_go_locations *l, uint64_t caller)
{
    const struct lg_go_place *place =
        lg_go_symbols_place(l->symbols, caller - 1);
    return place != NULL && place->is_go && place->func.kind == LG_FUNC_GOEXIT;
}

bool lg_go_locations_callers(struct lg_go_locations *l, const uint64_t *callers,
                             size_t count, uint32_t *stack_ret,
                             size_t *count_ret)
{
    size_t n = 0;
    for (size_t i = 0; i < count;) {
        struct group group;
        if (callers[i] == 0 || is_goexit(l, callers[i])) {
            i++;
            continue;
        }
        if (!take_group(l, callers + i, count - i, &group))
            return false;
        stack_ret[n++] = group.location;
        i += group.entries;
    }
    *count_ret = n;
    return true;
}
