/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings, functions and locations, each found by what pprof takes for their
 * identity. */
#include "evidence/profile_merge_internal.h"

/* Mappings are the same when their sizes are, rounded up to this. */
#define MAPPING_ROUNDING_BYTES 4096
/* In location_of: it was met, and waits for its place. */
#define PENDING UINT32_MAX

/* Text of a source that may go: one copy of each. */
struct lg_str lg_merge_text(struct lg_merger *m, struct lg_str text)
{
    if (!m->copies_text || text.len == 0)
        return text;
    const uint64_t *known = lg_map_find_str(&m->texts, text);
    if (known != NULL)
        return lg_str_from((const char *)(uintptr_t)*known, text.len);
    struct lg_str copy = lg_str_dup(m->to.arena, text);
    uint64_t *place =
        copy.data != NULL ? lg_map_put_str(&m->texts, copy, NULL) : NULL;
    if (place == NULL)
        m->failed = true;
    else
        *place = (uintptr_t)copy.data;
    return copy;
}

static uint64_t rounded_size(const struct lg_profile_mapping *m)
{
    uint64_t size = m->limit - m->start + MAPPING_ROUNDING_BYTES - 1;
    return size - size % MAPPING_ROUNDING_BYTES;
}

static struct lg_str identity(const struct lg_profile_mapping *m)
{
    return m->build_id.len != 0 ? m->build_id : m->file;
}

static bool same_mapping(const struct lg_profile_mapping *a,
                         const struct lg_profile_mapping *b)
{
    return rounded_size(a) == rounded_size(b) && a->offset == b->offset &&
           lg_str_eq(identity(a), identity(b));
}

static uint32_t place_mapping(struct lg_merger *m,
                              const struct lg_profile_mapping *from)
{
    struct lg_profile *to = &m->to;
    uint64_t hash = lg_merge_mix_str(
        lg_merge_mix(rounded_size(from), from->offset), identity(from));
    if (!lg_index_reserve(&m->mappings, 1)) {
        m->failed = true;
        return 0;
    }
    size_t at = lg_index_first(&m->mappings, lg_merge_fold(hash));
    for (uint32_t i; lg_index_next(&m->mappings, lg_merge_fold(hash), &at, &i);)
        if (same_mapping(&to->mappings.items[i], from))
            return i;
    uint32_t index = (uint32_t)to->mappings.count++;
    lg_index_put(&m->mappings, at, lg_merge_fold(hash), index);
    struct lg_profile_mapping *mapping = &to->mappings.items[index];
    *mapping = *from;
    mapping->id = index + 1;
    mapping->file = lg_merge_text(m, from->file);
    mapping->build_id = lg_merge_text(m, from->build_id);
    return index;
}

/* index: of the source, plus one; 0: none. */
uint32_t lg_merge_mapping(struct lg_merger *m, uint32_t index)
{
    if (index == 0)
        return 0;
    uint32_t *place = &m->mapping_of[index - 1];
    if (*place == 0) {
        const struct lg_profile_mapping *from =
            &m->from->mappings.items[index - 1];
        *place = place_mapping(m, from) + 1;
        m->address_shift[index - 1] =
            m->to.mappings.items[*place - 1].start - from->start;
    }
    return *place;
}

static bool same_function(const struct lg_profile_function *a,
                          const struct lg_profile_function *b)
{
    return a->start_line == b->start_line && lg_str_eq(a->name, b->name) &&
           lg_str_eq(a->system_name, b->system_name) &&
           lg_str_eq(a->file, b->file);
}

static uint32_t place_function(struct lg_merger *m,
                               const struct lg_profile_function *from)
{
    struct lg_profile *to = &m->to;
    uint64_t hash = lg_merge_mix_str((uint64_t)from->start_line, from->name);
    hash = lg_merge_mix_str(hash, from->file);
    if (!lg_str_eq(from->name, from->system_name))
        hash = lg_merge_mix_str(hash, from->system_name);
    if (!lg_index_reserve(&m->functions, 1)) {
        m->failed = true;
        return 0;
    }
    size_t at = lg_index_first(&m->functions, lg_merge_fold(hash));
    for (uint32_t i;
         lg_index_next(&m->functions, lg_merge_fold(hash), &at, &i);)
        if (same_function(&to->functions.items[i], from))
            return i;
    uint32_t index = (uint32_t)to->functions.count++;
    lg_index_put(&m->functions, at, lg_merge_fold(hash), index);
    struct lg_profile_function *function = &to->functions.items[index];
    *function = *from;
    function->id = index + 1;
    function->name = lg_merge_text(m, from->name);
    function->system_name = lg_merge_text(m, from->system_name);
    function->file = lg_merge_text(m, from->file);
    return index;
}

static uint32_t map_function(struct lg_merger *m, uint32_t index)
{
    if (index == LG_NO_FUNCTION)
        return LG_NO_FUNCTION;
    uint32_t *place = &m->function_of[index];
    if (*place == 0)
        *place = place_function(m, &m->from->functions.items[index]) + 1;
    return *place - 1;
}

/* A location's key has the column of its last line only (pprof's table of
 * texts has two places for each line, and writes three). */
static int64_t last_column(const struct lg_profile *p,
                           const struct lg_profile_location *l)
{
    return l->line_count != 0
               ? p->lines.items[l->line_first + l->line_count - 1].column
               : 0;
}

/* Independent of where the object was loaded. */
static uint64_t address_in_mapping(const struct lg_profile *p,
                                   const struct lg_profile_location *l)
{
    return l->mapping != 0
               ? l->address - p->mappings.items[l->mapping - 1].start
               : l->address;
}

/* Of the source's location, in terms of `to`: what it refers to is placed. */
static uint32_t location_hash(struct lg_merger *m,
                              const struct lg_profile_location *l)
{
    uint64_t hash = lg_merge_mix(address_in_mapping(m->from, l),
                                 lg_merge_mapping(m, l->mapping));
    for (uint32_t i = 0; i < l->line_count; i++) {
        const struct lg_profile_line *line =
            &m->from->lines.items[l->line_first + i];
        hash = lg_merge_mix(hash, map_function(m, line->function));
        hash = lg_merge_mix(hash, (uint64_t)line->line);
    }
    return lg_merge_fold(lg_map_hash(lg_str_from(&hash, sizeof hash)));
}

static bool same_location(const struct lg_profile *p,
                          const struct lg_profile_location *a,
                          const struct lg_profile_location *b)
{
    if (a->mapping != b->mapping || a->line_count != b->line_count ||
        a->is_folded != b->is_folded ||
        address_in_mapping(p, a) != address_in_mapping(p, b) ||
        last_column(p, a) != last_column(p, b))
        return false;
    for (uint32_t i = 0; i < a->line_count; i++) {
        const struct lg_profile_line *x = &p->lines.items[a->line_first + i];
        const struct lg_profile_line *y = &p->lines.items[b->line_first + i];
        if (x->function != y->function || x->line != y->line)
            return false;
    }
    return true;
}

/* A copy at the end of the columns; it stays when it is new. */
static uint32_t copy_location(struct lg_merger *m,
                              const struct lg_profile_location *from)
{
    struct lg_profile *to = &m->to;
    uint32_t index = (uint32_t)to->locations.count;
    uint32_t mapping = lg_merge_mapping(m, from->mapping);
    to->locations.items[index] = (struct lg_profile_location){
        .id = index + 1,
        .address = from->mapping == 0
                       ? from->address
                       : from->address + m->address_shift[from->mapping - 1],
        .mapping = mapping,
        .line_first = (uint32_t)to->lines.count,
        .line_count = from->line_count,
        .is_folded = from->is_folded,
    };
    for (uint32_t i = 0; i < from->line_count; i++) {
        struct lg_profile_line line =
            m->from->lines.items[from->line_first + i];
        line.function = map_function(m, line.function);
        to->lines.items[to->lines.count + i] = line;
    }
    return index;
}

static uint32_t place_location(struct lg_merger *m,
                               const struct lg_profile_location *from,
                               uint32_t hash)
{
    struct lg_profile *to = &m->to;
    uint32_t index = copy_location(m, from);
    const struct lg_profile_location *l = &to->locations.items[index];
    size_t at = lg_index_first(&m->locations, hash);
    for (uint32_t i; lg_index_next(&m->locations, hash, &at, &i);)
        if (same_location(to, &to->locations.items[i], l))
            return i;
    lg_index_put(&m->locations, at, hash, index);
    to->locations.count++;
    to->lines.count += from->line_count;
    return index;
}

/* Locations between steps: where one waits for memory, others are asked for. */
#define FETCH_AHEAD 32
#define LINES_AHEAD 20
#define HASH_AHEAD LG_MERGE_HASHES
#define FOUND_AHEAD 8
#define FOUND_LINES_AHEAD 4

/* A location that was met, and the hash that it gets on its way. */
static void place_pending(struct lg_merger *m, size_t i)
{
    uint32_t index = m->pending.items[i];
    const struct lg_profile_location *from = &m->from->locations.items[index];
    if (!lg_index_reserve(&m->locations, 1)) {
        m->failed = true;
        return;
    }
    m->location_of[index] =
        place_location(m, from, m->pending_hashes[i % HASH_AHEAD]) + 1;
}

static void hash_pending(struct lg_merger *m, size_t i)
{
    uint32_t index = m->pending.items[i];
    uint32_t hash = location_hash(m, &m->from->locations.items[index]);
    m->pending_hashes[i % HASH_AHEAD] = hash;
    lg_index_prefetch(&m->locations, hash);
}

/* What its slot seems to point at. */
static const struct lg_profile_location *found(const struct lg_merger *m,
                                               size_t i)
{
    uint32_t hash = m->pending_hashes[i % HASH_AHEAD], index;
    if (m->locations.slot_count == 0)
        return NULL;
    size_t at = lg_index_first(&m->locations, hash);
    return lg_index_next(&m->locations, hash, &at, &index)
               ? &m->to.locations.items[index]
               : NULL;
}

static void fetch_found(const struct lg_merger *m, size_t i, bool lines)
{
    const struct lg_profile_location *l = found(m, i);
    if (l != NULL && lines && l->line_count != 0)
        __builtin_prefetch(&m->to.lines.items[l->line_first]);
    else if (l != NULL && !lines)
        __builtin_prefetch(l);
}

void lg_merge_place_locations(struct lg_merger *m)
{
    const struct lg_profile *from = m->from;
    const uint32_t *items = m->pending.items;
    size_t count = m->pending.count;
    for (size_t i = 0; i < count + FETCH_AHEAD && !m->failed; i++) {
        if (i < count)
            __builtin_prefetch(&from->locations.items[items[i]]);
        size_t at = i - (FETCH_AHEAD - LINES_AHEAD);
        if (at < count && from->locations.items[items[at]].line_count != 0)
            __builtin_prefetch(
                &from->lines
                     .items[from->locations.items[items[at]].line_first]);
        at = i - FETCH_AHEAD;
        if (at < count)
            place_pending(m, at);
        at = i - (FETCH_AHEAD - FOUND_LINES_AHEAD);
        if (at < count)
            fetch_found(m, at, true);
        at = i - (FETCH_AHEAD - FOUND_AHEAD);
        if (at < count)
            fetch_found(m, at, false);
        at = i - (FETCH_AHEAD - HASH_AHEAD);
        if (at < count)
            hash_pending(m, at);
    }
    m->pending.count = 0;
}

bool lg_merge_meet_locations(struct lg_merger *m, const uint32_t *stack,
                             uint32_t stack_count)
{
    for (uint32_t i = 0; i < stack_count; i++) {
        uint32_t *place = &m->location_of[stack[i]];
        if (*place != 0)
            continue;
        uint32_t *next = lg_push(&m->scratch, &m->pending);
        if (next == NULL)
            return false;
        *next = stack[i];
        *place = PENDING;
        m->met_count++;
    }
    return true;
}
