/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/goroutine_text.h"

#include "base/lines.h"
#include "base/map.h"
#include "decode/goroutine_header.h"

#include <string.h>

/* runtime/pprof gives up at this size and writes what it has. */
#define GO_MAX_DUMP_BYTES ((size_t)64 << 20)
/* How far into a file a dump may begin for lg_goroutine_text_is(). */
#define LOOK_AHEAD_BYTES ((size_t)1 << 20)

/* How many frames Go ≤ 1.20 prints of one stack, not counting inlined ones. */
#define OLD_GO_MAX_FRAMES 100

/* How much of a dump is looked at to guess how many frames it holds. */
#define SAMPLE_BYTES ((size_t)64 << 10)

struct parser {
    const char *at, *end;
    struct lg_goroutines *g;
    struct lg_arena *arena;
    struct lg_goroutine block; /* the goroutine being read */
    uint32_t offset_count;     /* its frames that have a "+0x…" */
    bool seen_rule;    /* "-----": threads repeat their goroutines (crash) */
    struct lg_map ids; /* filled behind a rule only */
};

/* The line at `at`, and where the next begins. One memchr and no copy: nearly
 * all of a dump's time is spent here. */
static inline struct lg_str line_at(const struct parser *p, const char *at,
                                    const char **next_ret)
{
    if (at == p->end) {
        *next_ret = at;
        return (struct lg_str){NULL, 0};
    }
    size_t left = (size_t)(p->end - at);
    const char *newline = memchr(at, '\n', left);
    size_t len = newline != NULL ? (size_t)(newline - at) : left;
    *next_ret = newline != NULL ? newline + 1 : p->end;
    if (newline != NULL && len != 0 && at[len - 1] == '\r')
        len--;
    return (struct lg_str){at, len};
}

/* A line at the end of the input without a newline may be cut. */
static bool ends_with_newline(const struct parser *p)
{
    return p->end[-1] == '\n';
}

/* A function's line; the one below tells the place. false: it is something
 * else (a log line in between), which is left alone. When a cgo symbolizer is
 * at work, a C function's place is followed by the pc, or is the pc alone;
 * Go's own frames never have the pc first. */
static bool parse_frame(struct parser *p, struct lg_str line,
                        struct lg_frame *frame_ret)
{
    struct lg_frame frame = {0};
    struct lg_str rest = {NULL, 0};
    const char *next;
    if (line.data[0] == 'n' &&
        lg_str_starts(line, LG_STR("non-Go function at pc="))) {
        *frame_ret = (struct lg_frame){.function = LG_STR("non-Go function")};
        return true;
    }
    struct lg_str place = line_at(p, p->at, &next);
    if (place.len == 0 || place.data[0] != '\t')
        return false;
    bool known = lg_goroutine_place(place, &frame, &rest);
    if (known ? lg_str_starts(rest, LG_STR(" pc=0x"))
              : lg_str_starts(place, LG_STR("\tpc=0x")))
        frame.function = line;
    else if (!known || !lg_goroutine_call(line, &frame.function))
        return false;
    p->at = next;
    /* The place was cut, perhaps within the number. */
    if (next == p->end && !ends_with_newline(p))
        return false;
    p->offset_count += lg_str_starts(rest, LG_STR(" +0x"));
    *frame_ret = frame;
    return true;
}

static bool add_frame(struct parser *p, struct lg_frame frame)
{
    struct lg_frame *place = lg_push(p->arena, &p->g->frames);
    if (place == NULL || p->g->frames.count >= UINT32_MAX)
        return false;
    *place = frame;
    p->block.frame_count++;
    return true;
}

enum end {
    END_OPEN,  /* the input ended first */
    END_BLANK, /* blank line, or the next header: all is there */
    END_NO_MEMORY,
};

/* "created by …" and its place. */
static bool parse_creator(struct parser *p, struct lg_str line)
{
    struct lg_frame by = {0};
    struct lg_str rest;
    const char *next;
    uint64_t id;
    if (!lg_goroutine_creator(line, &by.function, &id) ||
        !lg_goroutine_place(line_at(p, p->at, &next), &by, &rest))
        return false;
    p->at = next;
    if (next == p->end && !ends_with_newline(p) && rest.len == 0)
        return false;
    p->block.created_by = by;
    p->block.creator_id = id;
    return true;
}

static void parse_elided(struct parser *p, struct lg_str line)
{
    uint64_t elided;
    if (lg_goroutine_elided(line, &elided)) {
        p->block.elided_frames = elided;
        p->block.elided_at = p->block.frame_count;
    }
}

/* A line with something in it. Stacks of ancestors ("[originating from
 * goroutine 7]:") tell of other goroutines: they are passed over.
 * false: out of memory. */
static bool parse_line(struct parser *p, struct lg_str line, bool *ancestors)
{
    struct lg_frame frame;
    if (*ancestors)
        return true;
    switch (line.data[0]) {
    case '\t':
        if (lg_str_starts(line, LG_STR("\tgoroutine running on other thread")))
            p->block.stack_unavailable = true;
        return true;
    case '.':
        parse_elided(p, line);
        return true;
    case '[':
        *ancestors =
            lg_str_starts(line, LG_STR("[originating from goroutine "));
        return true;
    case 'c':
        if (parse_creator(p, line))
            return true;
        break;
    }
    return !parse_frame(p, line, &frame) || add_frame(p, frame);
}

/* Everything up to the blank line, or the next header. */
static enum end parse_block(struct parser *p)
{
    struct lg_goroutine other;
    bool ancestors = false;
    while (p->at != p->end) {
        const char *next;
        struct lg_str line = line_at(p, p->at, &next);
        if (line.len != 0 && line.data[0] == 'g' &&
            lg_goroutine_header(line, &other))
            return END_BLANK;
        p->at = next;
        if (line.len == 0)
            return END_BLANK;
        if (!parse_line(p, line, &ancestors))
            return END_NO_MEMORY;
    }
    return END_OPEN;
}

/* At the end of the input: whether the goroutine's last line is there. All but
 * the main goroutine, and those that C threads enter Go with, end with their
 * creator. */
static bool is_complete(const struct parser *p)
{
    const struct lg_goroutine *b = &p->block;
    if (b->created_by.function.len != 0)
        return true;
    if (!ends_with_newline(p))
        return false;
    if (b->stack_unavailable && b->frame_count == 0)
        return true;
    if (b->frame_count == 0)
        return false;
    const struct lg_frame *root = &p->g->frames.items[p->g->frames.count - 1];
    return b->id == 1 || lg_str_starts(root->function, LG_STR("_cgoexp_"));
}

/* Behind a rule each thread prints the goroutine that it runs, which may have
 * been printed before. */
static bool is_repeated(struct parser *p, bool *repeated_ret)
{
    bool fresh = true;
    if (p->seen_rule) {
        for (size_t i = p->ids.count; i < p->g->items.count; i++)
            if (lg_map_put_u64(&p->ids, p->g->items.items[i].id, NULL) == NULL)
                return false;
        fresh = lg_map_find_u64(&p->ids, p->block.id) == NULL;
    }
    *repeated_ret = !fresh;
    return true;
}

static void drop_block(struct parser *p)
{
    p->g->frames.count = p->block.frame_first;
}

static bool keep_block(struct parser *p)
{
    bool repeated = p->block.id == 0;
    if (!repeated && !is_repeated(p, &repeated))
        return false;
    if (repeated) {
        drop_block(p);
        return true;
    }
    struct lg_goroutine *item = lg_push(p->arena, &p->g->items);
    if (item == NULL)
        return false;
    *item = p->block;
    p->g->total++;
    return true;
}

/* Go ≤ 1.20 does not say that it left frames out when some of those printed
 * are inlined. Later versions print 100 at most, inlined or not. */
static void note_silent_elision(struct parser *p)
{
    struct lg_goroutine *b = &p->block;
    if (b->elided_frames != 0 || p->offset_count != OLD_GO_MAX_FRAMES ||
        b->frame_count <= OLD_GO_MAX_FRAMES)
        return;
    b->elided_frames = UINT64_MAX;
    b->elided_at = b->frame_count;
}

/* A header was read into p->block. */
static bool parse_goroutine(struct parser *p)
{
    p->offset_count = 0;
    p->block.frame_first = (uint32_t)p->g->frames.count;
    enum end end = parse_block(p);
    if (end == END_NO_MEMORY)
        return false;
    note_silent_elision(p);
    /* Behind a rule, registers follow the stacks, and no creator is told. */
    if (end == END_OPEN && !p->seen_rule && !is_complete(p)) {
        p->g->truncated = true;
        /* Half of the only goroutine tells more than nothing. */
        if (p->g->items.count != 0 || p->block.frame_count == 0) {
            drop_block(p);
            return true;
        }
    }
    return keep_block(p);
}

/* Lines between blocks: other output of the program, registers, logs. */
static bool parse_all(struct parser *p)
{
    while (p->at != p->end) {
        struct lg_str line = line_at(p, p->at, &p->at);
        if (line.len == 0)
            continue;
        if (line.data[0] == 'g' && lg_goroutine_header(line, &p->block)) {
            if (!parse_goroutine(p))
                return false;
        } else if (line.data[0] == '-' && lg_str_eq(line, LG_STR("-----"))) {
            p->seen_rule = true;
        } else if (p->at == p->end &&
                   lg_str_starts(line, LG_STR("goroutine "))) {
            p->g->truncated = true; /* a header, cut */
        }
    }
    return true;
}

static size_t count_of(struct lg_str s, struct lg_str needle)
{
    size_t count = 0;
    struct lg_cut cut = lg_str_cut(s, needle);
    for (; cut.found; cut = lg_str_cut(cut.tail, needle))
        count++;
    return count;
}

#define RESERVE(arena, v, n)                                                   \
    ((v)->capacity = (n),                                                      \
     (v)->items = lg_arena_calloc((arena), (n), sizeof *(v)->items,            \
                                  _Alignof(max_align_t)),                      \
     (v)->items != NULL)

/* Room for about as much as there will be, judged by the beginning: growing by
 * doubling would touch, and copy, twice the memory. */
static bool reserve(struct parser *p, struct lg_str bytes)
{
    struct lg_str sample = lg_str_first(bytes, SAMPLE_BYTES);
    size_t times = bytes.len / SAMPLE_BYTES + 1;
    size_t frames = count_of(sample, LG_STR("\n\t")) * times;
    size_t items = count_of(sample, LG_STR("\ngoroutine ")) * times;
    return RESERVE(p->arena, &p->g->frames, frames + frames / 8 + 1) &&
           RESERVE(p->arena, &p->g->items, items + items / 8 + 1);
}

bool lg_goroutine_text_parse(struct lg_str bytes, struct lg_arena *arena,
                             struct lg_goroutines *ret, struct lg_error *err)
{
    struct lg_goroutines g = {.arena = arena};
    struct parser p = {.at = bytes.data, .g = &g, .arena = arena};
    p.end = bytes.len != 0 ? bytes.data + bytes.len : bytes.data;
    lg_map_init(&p.ids, arena);
    if (bytes.len != 0 && (!reserve(&p, bytes) || !parse_all(&p)))
        return lg_fail_nomem(err);
    if (g.items.count == 0)
        return lg_fail(err, LG_ABSENT, "no goroutine in %zu bytes of text",
                       bytes.len);
    if (bytes.len == GO_MAX_DUMP_BYTES)
        g.truncated = true;
    *ret = g;
    return true;
}

bool lg_goroutine_text_is(struct lg_str bytes)
{
    struct lg_str rest = lg_str_first(bytes, LOOK_AHEAD_BYTES), line;
    struct lg_goroutine g;
    while (lg_lines_next(&rest, &line))
        if (line.len != 0 && line.data[0] == 'g' &&
            lg_goroutine_header(line, &g))
            return true;
    return false;
}
