/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/heap_text.h"

#include "base/map.h"
#include "decode/count_text.h"
#include "decode/heap_shape.h"

/* The profile's header names twice the sampling rate:
 *
 *     heap profile: 3: 1536 [9: 4608] @ heap/1048576
 *     1: 512 [3: 1536] @ 0x47b4c3 0x47c01f
 *     #	0x47b4c2	main.list+0x22	/src/main.go:12
 *
 * In use, in brackets all that was ever allocated: objects and bytes. */
#define RATE_FACTOR 2

struct parser {
    struct lg_str all, rest;
    struct lg_profile *p;
    struct lg_arena *scratch;
    struct lg_map functions; /* name → index */
    struct lg_map locations; /* a "#" line → index */
    LG_VEC(uint32_t) stack;
    uint64_t rate;
};

bool lg_heap_text_is(struct lg_str bytes)
{
    return lg_str_starts(bytes, LG_STR("heap profile:"));
}

/* "1: 512 [3: 1536] @", and what follows. */
static bool parse_numbers(struct lg_str line, uint64_t numbers[LG_HEAP_TYPES],
                          struct lg_str *rest_ret)
{
    return lg_str_take_u64(&line, &numbers[LG_INUSE_OBJECTS]) &&
           lg_str_after(line, LG_STR(": "), &line) &&
           lg_str_take_u64(&line, &numbers[LG_INUSE_SPACE]) &&
           lg_str_after(line, LG_STR(" ["), &line) &&
           lg_str_take_u64(&line, &numbers[LG_ALLOC_OBJECTS]) &&
           lg_str_after(line, LG_STR(": "), &line) &&
           lg_str_take_u64(&line, &numbers[LG_ALLOC_SPACE]) &&
           lg_str_after(line, LG_STR("] @"), rest_ret);
}

/* false: out of memory. */
static bool copy(struct lg_arena *arena, struct lg_str s, struct lg_str *ret)
{
    *ret = lg_str_dup(arena, s);
    return s.len == 0 || ret->data != NULL;
}

static bool add_function(struct parser *s, const struct lg_frame *frame,
                         uint32_t *index_ret)
{
    bool fresh;
    uint64_t *place = lg_map_put_str(&s->functions, frame->function, &fresh);
    if (place == NULL)
        return false;
    if (fresh) {
        struct lg_profile_function *f = lg_push(s->p->arena, &s->p->functions);
        if (f == NULL)
            return false;
        if (!copy(s->p->arena, frame->function, &f->name) ||
            !copy(s->p->arena, frame->file, &f->file))
            return false;
        f->system_name = f->name;
        f->id = s->p->functions.count;
        *place = s->p->functions.count - 1;
    }
    *index_ret = (uint32_t)*place;
    return true;
}

static bool add_line(struct parser *s, const struct lg_frame *frame,
                     struct lg_profile_location *location)
{
    struct lg_profile_line *line = lg_push(s->p->arena, &s->p->lines);
    if (line == NULL || !add_function(s, frame, &line->function))
        return false;
    line->line = frame->line;
    location->line_first = (uint32_t)(s->p->lines.count - 1);
    location->line_count = 1;
    return true;
}

/* Each "#" line is a location of its own, inlined or not. */
static bool add_location(struct parser *s, struct lg_str text,
                         const struct lg_frame *frame, uint32_t *index_ret)
{
    bool fresh;
    uint64_t *place = lg_map_put_str(&s->locations, text, &fresh);
    if (place == NULL)
        return false;
    if (fresh) {
        struct lg_profile_location *l = lg_push(s->p->arena, &s->p->locations);
        if (l == NULL)
            return false;
        l->id = s->p->locations.count;
        struct lg_str pc = lg_str_skip(text, 2);
        (void)lg_str_hex(lg_str_cut_char(pc, '\t').head, &l->address);
        if (frame->function.len != 0 && !add_line(s, frame, l))
            return false;
        *place = s->p->locations.count - 1;
    }
    *index_ret = (uint32_t)*place;
    return true;
}

static uint64_t offset_of(const struct parser *s)
{
    return s->all.len - s->rest.len;
}

/* The "#" lines of a sample into s->stack, leaf first, up to a blank line. */
static bool parse_stack(struct parser *s, struct lg_error *err)
{
    struct lg_str line;
    s->stack.count = 0;
    while (lg_count_line_next(&s->rest, &line)) {
        struct lg_frame frame;
        if (line.len == 0)
            return true;
        if (!lg_count_line_frame(line, &frame))
            continue;
        uint32_t *place = lg_push(s->scratch, &s->stack);
        if (place == NULL || !add_location(s, line, &frame, place))
            return lg_fail_nomem(err);
    }
    return lg_fail_at(err, s->all.len, "the heap profile is cut");
}

static bool add_sample(struct parser *s, const uint64_t raw[LG_HEAP_TYPES],
                       struct lg_error *err)
{
    int64_t values[LG_HEAP_TYPES];
    for (size_t i = 0; i < LG_HEAP_TYPES; i += 2)
        lg_heap_shape_unsample(raw[i], (double)raw[i + 1], s->rate, &values[i],
                               &values[i + 1]);
    if (!lg_profile_sample(s->p, s->stack.items, s->stack.count, values))
        return lg_fail_nomem(err);
    return true;
}

static bool parse_header(struct parser *s, struct lg_error *err)
{
    struct lg_str line, rest;
    uint64_t numbers[LG_HEAP_TYPES], rate;
    if (!lg_count_line_next(&s->rest, &line) ||
        !lg_str_after(line, LG_STR("heap profile: "), &line) ||
        !parse_numbers(lg_str_trim_left(line), numbers, &rest) ||
        !lg_str_after(rest, LG_STR(" heap/"), &rest) ||
        !lg_str_u64(rest, &rate))
        return lg_fail_at(err, 0, "no header of a heap profile");
    s->rate = rate / RATE_FACTOR;
    s->p->period = s->rate <= INT64_MAX ? (int64_t)s->rate : INT64_MAX;
    return true;
}

static bool parse_samples(struct parser *s, struct lg_error *err)
{
    struct lg_str line, pcs;
    uint64_t numbers[LG_HEAP_TYPES];
    while (lg_count_line_next(&s->rest, &line)) {
        if (lg_str_starts(line, LG_STR("# runtime.MemStats")))
            return true;
        if (line.len == 0 || line.data[0] == '#')
            continue;
        uint64_t offset = offset_of(s) - line.len - 1;
        if (!parse_numbers(line, numbers, &pcs))
            return lg_fail_at(err, offset, "no sample");
        if (!parse_stack(s, err) || !add_sample(s, numbers, err))
            return lg_context(err, "sample %zu", s->p->samples.count);
    }
    return s->rest.len == 0 ||
           lg_fail_at(err, s->all.len, "the heap profile is cut");
}

bool lg_heap_text_parse(struct lg_str bytes, struct lg_arena *arena,
                        struct lg_profile *profile_ret, struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_profile profile;
    struct parser s = {
        .all = bytes, .rest = bytes, .p = &profile, .scratch = &scratch};
    lg_arena_init(&scratch, 0);
    lg_map_init(&s.functions, &scratch);
    lg_map_init(&s.locations, &scratch);
    bool ok = lg_profile_init(&profile, arena) && lg_heap_shape_types(&profile)
                  ? parse_header(&s, err) && parse_samples(&s, err)
                  : lg_fail_nomem(err);
    lg_arena_deinit(&scratch);
    if (ok)
        *profile_ret = profile;
    return ok;
}
