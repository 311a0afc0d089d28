/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_route.h"

#include "base/clock.h"

/* ---- handing out --------------------------------------------------------- */

static void remember(struct lg_oom_router *t, const struct lg_oom_report *r)
{
    for (size_t i = 0; i < r->ev.victims.count; i++) {
        t->recent[t->recent_at].stream = r->stream;
        t->recent[t->recent_at].pid = r->ev.victims.items[i].pid;
        t->recent_at = (t->recent_at + 1) % LG_OOM_RECENT;
    }
}

static bool is_recent(const struct lg_oom_router *t, uint64_t stream,
                      int64_t pid)
{
    for (unsigned i = 0; i < LG_OOM_RECENT; i++)
        if (t->recent[i].pid == pid && t->recent[i].stream == stream)
            return true;
    return false;
}

static void hand_out(struct lg_oom_router *t, struct lg_oom_report *r)
{
    lg_oom_report_conclude(r, t->tasks);
    if (r->ev.wall_ns == 0 && r->has_uptime && t->options.boot_wall_ns != 0 &&
        r->ev.uptime_ns < INT64_MAX / 2)
        r->ev.wall_ns = t->options.boot_wall_ns + (int64_t)r->ev.uptime_ns;
    remember(t, r);
    if (!t->stopped && !t->fn(t->context, &r->ev))
        t->stopped = true;
    r->used = false;
}

/* Of those that match, the one whose last line is oldest. */
static struct lg_oom_report *oldest(struct lg_oom_router *t, bool complete,
                                    bool incomplete)
{
    struct lg_oom_report *best = NULL;
    for (int i = 0; i < LG_OOM_SLOTS; i++) {
        struct lg_oom_report *r = &t->reports[i];
        if (!r->used || !(r->complete ? complete : incomplete))
            continue;
        if (best == NULL || r->last_offset < best->last_offset)
            best = r;
    }
    return best;
}

static bool is_past(const struct lg_oom_report *r, uint64_t offset)
{
    return offset - r->last_offset > LG_OOM_WINDOW_BYTES;
}

void lg_oom_route_expire(struct lg_oom_router *t, uint64_t offset)
{
    struct lg_oom_report *r;
    if (offset < t->expire_at)
        return;
    while ((r = oldest(t, true, true)) != NULL && is_past(r, offset))
        hand_out(t, r);
    t->expire_at = (r != NULL ? r->last_offset : offset) + LG_OOM_WINDOW_BYTES;
}

void lg_oom_route_flush(struct lg_oom_router *t, bool incomplete_too)
{
    struct lg_oom_report *r;
    while ((r = oldest(t, true, incomplete_too)) != NULL)
        hand_out(t, r);
}

/* ---- whose line it is ---------------------------------------------------- */

static bool near(uint64_t a, uint64_t b, uint64_t within)
{
    return (a > b ? a - b : b - a) <= within;
}

static bool may_own(const struct lg_oom_report *r,
                    const struct lg_oom_prefix *p, uint64_t window_ns)
{
    if (!r->used || r->stream != p->stream)
        return false;
    if (p->has_uptime && r->has_uptime)
        return near(p->uptime_ns, r->last_uptime_ns, window_ns);
    if (p->wall_ns != 0 && r->last_wall_ns != 0)
        return near((uint64_t)p->wall_ns, (uint64_t)r->last_wall_ns, window_ns);
    return true;
}

static bool same_caller(const struct lg_oom_report *r,
                        const struct lg_oom_prefix *p)
{
    return r->caller == 0 || p->caller == 0 || r->caller == p->caller;
}

/* How well a line fits a report; 0: not at all. */
typedef int fit_fn(const struct lg_oom_report *r, const struct lg_oom_line *l);

static int fit_cpu(const struct lg_oom_report *r, const struct lg_oom_line *l)
{
    if (r->stage != LG_OOM_STAGE_INVOKED || r->ev.trigger_pid != 0)
        return 0;
    return lg_str_starts(l->rest, r->ev.trigger_comm) ? 2 : 1;
}

static int fit_cpuset(const struct lg_oom_report *r,
                      const struct lg_oom_line *l)
{
    if (r->stage != LG_OOM_STAGE_INVOKED)
        return 0;
    return lg_str_starts(l->text, r->ev.trigger_comm) ? 2 : 1;
}

static int fit_task_in(const struct lg_oom_report *r,
                       const struct lg_oom_line *l)
{
    (void)l;
    return r->stage <= LG_OOM_STAGE_TRACE;
}

static int fit_memory(const struct lg_oom_report *r,
                      const struct lg_oom_line *l)
{
    const struct lg_oom_event *ev = &r->ev;
    if (r->stage > LG_OOM_STAGE_MEMORY)
        return 0;
    switch (l->kind) {
    case LG_OOM_LINE_USAGE:
        return !ev->usage_bytes.known;
    case LG_OOM_LINE_MEMSW:
        return ev->usage_bytes.known && !ev->memsw_usage_bytes.known;
    case LG_OOM_LINE_SWAP:
        return ev->usage_bytes.known && !ev->swap_usage_bytes.known;
    default:
        return ev->usage_bytes.known && !ev->kmem_usage_bytes.known;
    }
}

static int fit_stats(const struct lg_oom_report *r, const struct lg_oom_line *l)
{
    if (r->stats_path.len != 0) /* a child's, to 5.2 */
        return r->stage == LG_OOM_STAGE_STATS &&
               lg_str_starts(l->path, r->stats_path);
    return r->stage <= LG_OOM_STAGE_MEMORY ? 2 : 0;
}

static int fit_mem_info(const struct lg_oom_report *r,
                        const struct lg_oom_line *l)
{
    (void)l;
    return r->stage <= LG_OOM_STAGE_TRACE;
}

static int fit_table(const struct lg_oom_report *r, const struct lg_oom_line *l)
{
    (void)l;
    return r->stage <= LG_OOM_STAGE_TABLE && r->table.columns.count == 0;
}

/* ",oom_memcg=" and the path whose statistics were printed. */
static bool names_limit(struct lg_str constraint, struct lg_str path)
{
    struct lg_str key = LG_STR(",oom_memcg=");
    for (struct lg_cut cut = lg_str_cut(constraint, key); cut.found;
         cut = lg_str_cut(cut.tail, key))
        if (lg_str_starts(cut.tail, path))
            return true;
    return false;
}

static int fit_constraint(const struct lg_oom_report *r,
                          const struct lg_oom_line *l)
{
    if (r->complete || r->constraint.len != 0)
        return 0;
    if (r->stats_path.len != 0 && !names_limit(l->rest, r->stats_path))
        return 0;
    bool listed = lg_oom_table_find(&r->table, l->task.pid) != NULL;
    if (!listed && r->table.count != 0 && r->table.count == r->table.seen_count)
        return 1;
    return 2 + listed + (r->stats_path.len != 0);
}

static int fit_kill(const struct lg_oom_report *r, const struct lg_oom_line *l)
{
    if (r->complete || r->named_by_kill_line)
        return 0;
    if (r->named.pid != 0)
        return r->named.pid == l->task.pid ? 4 : 0;
    return 1 + (lg_oom_table_find(&r->table, l->task.pid) != NULL);
}

static int fit_killed(const struct lg_oom_report *r,
                      const struct lg_oom_line *l)
{
    int64_t pid = l->task.pid;
    if (lg_oom_report_victim(r, pid) != NULL)
        return r->ev.oom_group ? 5 : 0;
    if (r->complete && !r->ev.oom_group)
        return 0;
    if (!r->complete && r->named.pid == pid)
        return 5;
    if (lg_oom_table_find(&r->table, pid) != NULL)
        return r->named.pid == 0 || r->named_by_kill_line || r->ev.oom_group
                   ? 3
                   : 0;
    /* A child in its parent's place; a table that is cut; a group whose
     * cgroup was larger than the one whose tasks were listed. */
    if (r->named_by_kill_line || r->ev.oom_group)
        return 2;
    return r->named.pid == 0 && r->table.count == 0 ? 1 : 0;
}

static int fit_sharing(const struct lg_oom_report *r,
                       const struct lg_oom_line *l)
{
    (void)l;
    return r->stage >= LG_OOM_STAGE_NAMED;
}

static int fit_group(const struct lg_oom_report *r, const struct lg_oom_line *l)
{
    if (!r->complete || r->ev.oom_group)
        return 0;
    return r->constraint.len != 0 && lg_str_contains(r->constraint, l->path)
               ? 2
               : 1;
}

static int fit_reaped(const struct lg_oom_report *r,
                      const struct lg_oom_line *l)
{
    return lg_oom_report_victim(r, l->task.pid) != NULL;
}

static int fit_end(const struct lg_oom_report *r, const struct lg_oom_line *l)
{
    if (!r->complete)
        return 2;
    return l->kind == LG_OOM_LINE_PANIC && r->ev.no_killable;
}

static const struct {
    fit_fn *fit;
    bool any_caller; /* another task than the report's prints it */
    bool starts_one; /* opens a report when none fits */
    uint64_t window_ns;
} rules[] = {
    [LG_OOM_LINE_CPUSET] = {fit_cpuset, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_CPU] = {fit_cpu, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_TASK_IN] = {fit_task_in, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_USAGE] = {fit_memory, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_MEMSW] = {fit_memory, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_SWAP] = {fit_memory, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_KMEM] = {fit_memory, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_STATS] = {fit_stats, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_MEM_INFO] = {fit_mem_info, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_TABLE_TITLE] = {fit_table, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_TABLE_HEAD] = {fit_table, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_CONSTRAINT] = {fit_constraint, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_KILL] = {fit_kill, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_KILLED] = {fit_killed, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_SHARING] = {fit_sharing, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_EXITING] = {fit_killed, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_GROUP] = {fit_group, false, false, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_REAPED] = {fit_reaped, true, true, LG_OOM_REAPER_NS},
    [LG_OOM_LINE_NO_KILLABLE] = {fit_end, false, true, LG_OOM_WINDOW_NS},
    [LG_OOM_LINE_PANIC] = {fit_end, false, true, LG_OOM_WINDOW_NS},
};

/* The best fit; of equals the one that has waited longest: where two CPUs
 * print in turns, their lines alternate. */
static struct lg_oom_report *owner(struct lg_oom_router *t,
                                   const struct lg_oom_prefix *p,
                                   const struct lg_oom_line *l)
{
    struct lg_oom_report *best = NULL;
    int best_fit = 0;
    for (int i = 0; i < LG_OOM_SLOTS; i++) {
        struct lg_oom_report *r = &t->reports[i];
        if (!may_own(r, p, rules[l->kind].window_ns) ||
            (!rules[l->kind].any_caller && !same_caller(r, p)))
            continue;
        int fit = rules[l->kind].fit(r, l);
        if (fit == 0 || fit < best_fit)
            continue;
        if (best == NULL || fit > best_fit ||
            r->last_offset < best->last_offset)
            best = r;
        best_fit = fit;
    }
    return best;
}

/* ---- what to do with it -------------------------------------------------- */

static struct lg_oom_report *open_report(struct lg_oom_router *t,
                                         const struct lg_oom_prefix *p)
{
    struct lg_oom_report *r = NULL;
    for (int i = 0; i < LG_OOM_SLOTS && r == NULL; i++)
        if (!t->reports[i].used)
            r = &t->reports[i];
    if (r == NULL) {
        r = oldest(t, true, false);
        if (r == NULL)
            r = oldest(t, true, true);
        hand_out(t, r);
    }
    struct lg_oom_slot slot = r->slot;
    lg_oom_report_begin(r, &slot);
    r->sequence = t->sequence++;
    r->stream = p->stream;
    r->caller = p->caller;
    return r;
}

/* Reports of the same speaker that got no line since this one began are cut:
 * their kill will not come. */
static void close_stale(struct lg_oom_router *t,
                        const struct lg_oom_report *than)
{
    for (int i = 0; i < LG_OOM_SLOTS; i++) {
        struct lg_oom_report *r = &t->reports[i];
        if (r->used && r != than && !r->complete && r->stream == than->stream &&
            same_caller(r, &(struct lg_oom_prefix){.caller = than->caller}) &&
            r->last_offset < than->first_offset)
            hand_out(t, r);
    }
}

static void keep_open(struct lg_oom_router *t, const struct lg_oom_report *r)
{
    bool waits = !r->complete || r->ev.no_killable || r->ev.oom_group;
    uint64_t until = r->last_offset + LG_OOM_WINDOW_BYTES;
    if (waits && until > t->open_until)
        t->open_until = until;
}

/* Lines that only their place tells. */
static struct lg_oom_report *inner_owner(struct lg_oom_router *t,
                                         const struct lg_oom_prefix *p)
{
    struct lg_oom_report *order[LG_OOM_SLOTS];
    int count = 0;
    for (int i = 0; i < LG_OOM_SLOTS; i++) {
        struct lg_oom_report *r = &t->reports[i];
        if (r->complete || !may_own(r, p, LG_OOM_WINDOW_NS) ||
            !same_caller(r, p))
            continue;
        int at = count++;
        for (; at > 0 && order[at - 1]->last_offset > r->last_offset; at--)
            order[at] = order[at - 1];
        order[at] = r;
    }
    for (int i = 0; i < count; i++)
        if (lg_oom_report_take_inner(order[i], p->text))
            return order[i];
    return NULL;
}

/* Most lines of a report are such ones. They are asked for first where their
 * first byte says that they are no other. */
static bool looks_inner(struct lg_str text)
{
    if (text.len < 2)
        return false;
    char c = text.data[0];
    return c == ' ' || c == 'R' || c == '<' || c == 'N' ||
           (c >= 'a' && c <= 'z') ||
           (c == '[' && text.data[text.len - 1] != 'e');
}

static void take(struct lg_oom_router *t, const struct lg_oom_prefix *p,
                 const struct lg_oom_line *l, struct lg_str raw,
                 uint64_t offset, uint64_t line)
{
    bool opens = l->kind == LG_OOM_LINE_INVOKED;
    struct lg_oom_report *r = opens ? NULL : owner(t, p, l);
    if (r == NULL) {
        if (!opens && (!rules[l->kind].starts_one ||
                       (l->kind == LG_OOM_LINE_REAPED &&
                        is_recent(t, p->stream, l->task.pid))))
            return;
        r = open_report(t, p);
        r->only_kill =
            l->kind == LG_OOM_LINE_KILLED || l->kind == LG_OOM_LINE_EXITING;
    }
    lg_oom_report_note(r, p, raw, offset, line, false);
    lg_oom_report_apply(r, l);
    if (l->kind == LG_OOM_LINE_TABLE_HEAD || l->kind == LG_OOM_LINE_CONSTRAINT)
        close_stale(t, r);
    keep_open(t, r);
}

void lg_oom_route(struct lg_oom_router *t, const struct lg_oom_prefix *p,
                  struct lg_str raw, uint64_t offset, uint64_t line)
{
    struct lg_oom_line l;
    struct lg_oom_report *r = NULL;
    lg_oom_route_expire(t, offset);
    bool inner = looks_inner(p->text);
    if (inner)
        r = inner_owner(t, p);
    if (r == NULL && lg_oom_line_parse(p->text, p->anchored, &l)) {
        take(t, p, &l, raw, offset, line);
        return;
    }
    if (r == NULL && !inner)
        r = inner_owner(t, p);
    if (r != NULL) {
        lg_oom_report_note(r, p, raw, offset, line, true);
        keep_open(t, r);
    }
}
