/* SPDX-License-Identifier: Apache-2.0 */
/* What was read, in the words of a dump. Names and lines are looked up once
 * per counter, frames once per stack. */
#include "target/go_shown.h"
#include "target/go_wait_words.h"

#include "base/sb.h"

/* As many as the runtime prints of each end. Go 1.27: runtime/traceback.go,
 * tracebackInnerFrames. */
#define SHOWN_INNER 50
#define SHOWN_OUTER 50

/* Index: the status. Go 1.27: runtime/traceback.go, gStatusStrings. */
static const char *const statuses[] = {
    [LG_STATUS_IDLE] = "idle",
    [LG_STATUS_RUNNABLE] = "runnable",
    [LG_STATUS_RUNNING] = "running",
    [LG_STATUS_SYSCALL] = "syscall",
    [LG_STATUS_WAITING] = "waiting",
    [LG_STATUS_MORIBUND] = "???",
    [LG_STATUS_DEAD] = "dead",
    [LG_STATUS_ENQUEUE] = "???",
    [LG_STATUS_COPYSTACK] = "copystack",
    [LG_STATUS_PREEMPTED] = "preempted",
    [LG_STATUS_LEAKED] = "leaked",
    [LG_STATUS_DEADEXTRA] = "waiting for cgo callback",
};

/* The frames of one stack, which its goroutines share. */
struct shown {
    uint64_t elided;
    uint32_t first, count, elided_at;
    bool is_done;
};

struct words {
    const struct lg_go_goroutines *from;
    struct lg_go_symbols symbols;
    struct lg_goroutines *to;
    struct lg_arena *arena;
    struct shown *stacks; /* by node */
    struct lg_map labels; /* set → index into texts, + 1 */
    LG_VEC(struct lg_str) texts;
};

static bool add_frame(struct words *w, const struct lg_go_shown_line *line)
{
    if (w->to->frames.count >= UINT32_MAX)
        return false;
    struct lg_frame *frame = lg_push(w->arena, &w->to->frames);
    if (frame == NULL)
        return false;
    bool is_panic = lg_str_eq(line->function, LG_STR("runtime.gopanic"));
    *frame = (struct lg_frame){
        .function = is_panic ? LG_STR("panic") : line->shown,
        .file = line->file,
        .line = line->line,
    };
    return true;
}

/* The lines of one counter. */
static bool add_place(struct words *w, uint64_t pc, bool all,
                      enum lg_go_func_kind *callee, const struct shown *s)
{
    uint16_t minor = w->from->go->minor;
    const struct lg_go_place *place = lg_go_symbols_place(&w->symbols, pc);
    if (place == NULL)
        return false;
    for (uint32_t i = 0; i < place->line_count; i++) {
        const struct lg_go_shown_line *line =
            &w->symbols.lines.items[place->line_first + i];
        bool is_first = w->to->frames.count == s->first;
        if ((all || lg_go_is_shown(line, *callee, is_first, minor)) &&
            !add_frame(w, line))
            return false;
        *callee = line->kind;
    }
    return true;
}

static bool add_stack(struct words *w, uint32_t node, bool all, struct shown *s)
{
    enum lg_go_func_kind callee = LG_FUNC_NORMAL;
    *s = (struct shown){.first = (uint32_t)w->to->frames.count};
    while (node != 0) {
        const struct lg_go_stack_node *n = &w->from->stacks.items[node];
        if (!add_place(w, n->pc, all, &callee, s))
            return false;
        s->count = (uint32_t)w->to->frames.count - s->first;
        if (n->elided != 0 || n->is_cut) {
            s->elided = n->is_cut ? UINT64_MAX : n->elided;
            s->elided_at = s->count;
        }
        node = n->parent;
    }
    return true;
}

/* Leaves the outer 50 behind the inner 50. */
static void elide(struct words *w, struct shown *s)
{
    if (s->count == 0 || s->elided == UINT64_MAX ||
        (s->elided == 0 && s->count <= SHOWN_INNER + SHOWN_OUTER))
        return;
    struct lg_frame *frames = w->to->frames.items + s->first;
    uint32_t inner = s->elided != 0 ? s->elided_at : s->count - SHOWN_OUTER;
    uint32_t outer = s->count - inner, total = s->count;
    if (inner > SHOWN_INNER)
        inner = SHOWN_INNER;
    if (outer > SHOWN_OUTER)
        outer = SHOWN_OUTER;
    memmove(frames + inner, frames + total - outer, outer * sizeof *frames);
    s->elided += total - inner - outer;
    s->elided_at = inner;
    s->count = inner + outer;
    w->to->frames.count = s->first + s->count;
}

static bool shown_of(struct words *w, uint32_t node, struct shown **ret)
{
    struct shown *s = &w->stacks[node];
    *ret = s;
    if (s->is_done)
        return true;
    if (!add_stack(w, node, false, s) ||
        (s->count == 0 && !add_stack(w, node, true, s)))
        return false;
    elide(w, s);
    s->is_done = true;
    return true;
}

/* Marks like " (durable)" are no part of the state. */
static struct lg_str state_of(const struct lg_go_goroutines *from,
                              const struct lg_go_g *g)
{
    static const struct lg_str marks[] = {LG_STR(" (durable)"),
                                          LG_STR(" (synctest)")};
    struct lg_str state = g->status < LG_COUNT(statuses)
                              ? lg_str_of(statuses[g->status])
                              : LG_STR("???");
    if ((g->status != LG_STATUS_WAITING && g->status != LG_STATUS_LEAKED) ||
        g->reason == 0)
        return state;
    struct lg_str reason = lg_go_wait_reason(from->go, g->reason);
    if (reason.len == 0)
        return LG_STR("unknown wait reason");
    for (size_t i = 0; i < LG_COUNT(marks); i++)
        if (lg_str_ends(reason, marks[i]))
            reason.len -= marks[i].len;
    return reason;
}

static uint64_t wait_ns(const struct lg_go_goroutines *from,
                        const struct lg_go_g *g, uint64_t since)
{
    bool waits =
        g->status == LG_STATUS_WAITING || g->status == LG_STATUS_SYSCALL;
    return waits && since != 0 && since < from->now_ns ? from->now_ns - since
                                                       : 0;
}

/* The function itself, at the line of the innermost call inlined there: the
 * runtime does not expand it either. false: out of memory. */
static bool creator_of(struct words *w, const struct lg_go_g *g,
                       struct lg_goroutine *item)
{
    if (g->id == 1 || g->go_pc == 0)
        return true;
    const struct lg_go_place *place =
        lg_go_symbols_place(&w->symbols, g->go_pc - 1);
    if (place == NULL)
        return false;
    /* At a function's first byte it is no return address. */
    if (place->line_count == 0 || place->func.end == g->go_pc) {
        place = lg_go_symbols_place(&w->symbols, g->go_pc);
        if (place == NULL || place->line_count == 0)
            return place != NULL;
    }
    const struct lg_go_shown_line *lines =
        lg_go_place_lines(&w->symbols, place);
    const struct lg_go_shown_line *last = &lines[place->line_count - 1];
    if (!lg_go_is_shown(last, LG_FUNC_NORMAL, false, w->from->go->minor))
        return true;
    item->created_by = (struct lg_frame){
        .function = last->shown, .file = lines[0].file, .line = lines[0].line};
    item->creator_id = g->parent_id;
    return true;
}

static bool start_of(struct words *w, const struct lg_go_g *g,
                     struct lg_goroutine *item)
{
    const struct lg_go_place *place =
        lg_go_symbols_place(&w->symbols, g->start_pc);
    if (place == NULL || place->line_count == 0)
        return place != NULL;
    const struct lg_go_shown_line *line =
        lg_go_place_lines(&w->symbols, place) + place->line_count - 1;
    item->start = (struct lg_frame){line->shown, line->file, line->line};
    return true;
}

static bool labels_of(struct words *w, uint32_t set, struct lg_str *ret)
{
    bool fresh;
    if (set == 0)
        return true;
    uint64_t *known = lg_map_put_u64(&w->labels, set, &fresh);
    if (known == NULL)
        return false;
    if (fresh) {
        struct lg_str *text = lg_push(w->arena, &w->texts);
        if (text == NULL || !lg_go_labels_text(w->from, set, w->arena, text))
            return false;
        *known = w->texts.count - 1;
    }
    *ret = w->texts.items[*known];
    return true;
}

static bool add_item(struct words *w, const struct lg_go_g *g, uint64_t count,
                     uint64_t since)
{
    struct shown *stack;
    struct lg_goroutine *item = lg_push(w->arena, &w->to->items);
    if (item == NULL || !shown_of(w, g->stack, &stack))
        return false;
    *item = (struct lg_goroutine){
        .id = g->id,
        .count = count,
        .state = state_of(w->from, g),
        .wait_ns = wait_ns(w->from, g, since),
        .frame_first = stack->first,
        .frame_count = stack->count,
        .elided_frames = stack->elided,
        .elided_at = stack->elided_at,
        .leaked = g->status == LG_STATUS_LEAKED,
        .locked_to_thread = g->locked,
        .stack_unavailable = g->stack == 0,
        .stack_bytes = g->stack_hi - g->stack_lo,
        .thread_id = g->thread_id > 0 ? (uint64_t)g->thread_id : 0,
    };
    w->to->total += count;
    return creator_of(w, g, item) && start_of(w, g, item) &&
           labels_of(w, g->label, &item->labels) &&
           lg_go_wait_words(w->from, g->wait, w->arena, item);
}

static bool begin(struct words *w, const struct lg_go_goroutines *from,
                  struct lg_arena *arena, struct lg_goroutines *ret)
{
    *ret = (struct lg_goroutines){.arena = arena, .truncated = from->truncated};
    *w = (struct words){.from = from, .to = ret, .arena = arena};
    lg_go_symbols_init(&w->symbols, from->go, arena);
    lg_map_init(&w->labels, arena);
    w->stacks = lg_new(arena, struct shown, from->stacks.count + 1);
    if (w->stacks == NULL)
        return false;
    w->stacks[0].is_done = true;
    return true;
}

bool lg_go_goroutines_evidence(const struct lg_go_goroutines *from,
                               struct lg_arena *arena,
                               struct lg_goroutines *ret)
{
    struct words w;
    if (!begin(&w, from, arena, ret))
        return false;
    ret->items.items = lg_new(arena, struct lg_goroutine, from->items.count);
    if (ret->items.items == NULL)
        return false;
    ret->items.capacity = from->items.count;
    lg_each(g, from->items)
        if (!add_item(&w, g, 1, g->wait_since))
            return false;
    return true;
}

bool lg_go_goroutines_grouped(const struct lg_go_goroutines *from,
                              struct lg_arena *arena, struct lg_goroutines *ret)
{
    struct words w;
    if (!begin(&w, from, arena, ret))
        return false;
    lg_each(group, from->groups) {
        if (!add_item(&w, &group->example, group->count, group->wait_since))
            return false;
    }
    return true;
}
