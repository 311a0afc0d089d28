/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_report.h"

#include <string.h>

void lg_oom_report_begin(struct lg_oom_report *r, const struct lg_oom_slot *s)
{
    struct lg_oom_slot slot = *s;
    memset(r, 0, sizeof *r);
    r->used = true;
    r->slot = slot;
    lg_arena_init_fixed(&r->names, slot.names, LG_OOM_NAMES_BYTES);
    r->table.rows = slot.rows;
    r->ev.stats.items = slot.stats;
    r->ev.stats.capacity = LG_OOM_STATS_MAX;
    r->ev.victims.items = slot.victims;
    r->ev.victims.capacity = LG_OOM_VICTIMS_MAX;
}

static struct lg_str keep(struct lg_oom_report *r, struct lg_str s)
{
    struct lg_str copy = lg_str_dup(&r->names, s);
    if (copy.len != s.len)
        r->overflow = true;
    return copy;
}

static void note_time(struct lg_oom_report *r, const struct lg_oom_prefix *p)
{
    if (p->has_uptime) {
        if (!r->has_uptime)
            r->ev.uptime_ns = p->uptime_ns;
        r->has_uptime = true;
        r->last_uptime_ns = p->uptime_ns;
    }
    if (r->ev.wall_ns == 0)
        r->ev.wall_ns = p->wall_ns;
    if (p->wall_ns != 0)
        r->last_wall_ns = p->wall_ns;
    if (r->caller == 0)
        r->caller = p->caller;
}

void lg_oom_report_note(struct lg_oom_report *r, const struct lg_oom_prefix *p,
                        struct lg_str raw, uint64_t offset, uint64_t line,
                        bool is_inner)
{
    size_t room = LG_OOM_TEXT_BYTES - r->text_len;
    size_t spare = is_inner ? LG_OOM_TEXT_SPARE_BYTES : 0;
    if (raw.len + 1 + spare <= room) {
        memcpy(r->slot.text + r->text_len, raw.data, raw.len);
        r->slot.text[r->text_len + raw.len] = '\n';
        r->text_len += raw.len + 1;
    } else {
        r->overflow = true;
    }
    if (r->ev.line_first == 0) {
        r->ev.line_first = line;
        r->first_offset = offset;
    }
    r->ev.line_last = line;
    r->last_offset = offset;
    note_time(r, p);
}

static void take_invoked(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    struct lg_str rest = l->rest;
    r->has_head = true;
    r->ev.trigger_comm = keep(r, l->task.comm);
    if (lg_str_after(rest, LG_STR("gfp_mask="), &rest))
        r->ev.gfp_mask = keep(r, lg_str_cut(rest, LG_STR(", ")).head);
    struct lg_cut order = lg_str_cut(rest, LG_STR("order="));
    uint64_t n;
    if (order.found && lg_str_take_u64(&order.tail, &n))
        r->ev.order = lg_known(n);
}

/* "x Not tainted 6.18.44 #1 PREEMPT(none)": the name ends before the last
 * word on tainting, the release stands before the build's number. */
static void take_cpu(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    struct lg_cut state = lg_str_rcut(l->rest, LG_STR(" Not tainted "));
    if (!state.found)
        state = lg_str_rcut(l->rest, LG_STR(" Tainted: "));
    r->ev.trigger_pid = l->task.pid;
    if (!state.found)
        return;
    struct lg_str comm = lg_str_rcut(state.head, LG_STR(" Kdump: ")).head;
    if (r->ev.trigger_comm.len == 0 ||
        lg_str_cmp(comm, r->ev.trigger_comm) != 0)
        r->ev.trigger_comm = keep(r, comm);
    struct lg_cut build = lg_str_rcut(state.tail, LG_STR(" #"));
    if (build.found) {
        struct lg_cut word =
            lg_str_rcut_char(lg_str_trim_right(build.head), ' ');
        r->ev.kernel_release = keep(r, word.found ? word.tail : word.head);
    }
}

/* Which bit of stat_bits stands for the name: where it is not set, the name is
 * new, and the rows need not be searched. */
static unsigned stat_bit(struct lg_str name)
{
    unsigned first = (unsigned char)name.data[0],
             middle = (unsigned char)name.data[name.len / 2],
             last = (unsigned char)name.data[name.len - 1];
    return ((unsigned)name.len * 37 + first * 11 + middle * 5 + last) % 256;
}

static void add_stat(struct lg_oom_report *r, struct lg_str name,
                     uint64_t value)
{
    if (r->ev.stats.count == LG_OOM_STATS_MAX) {
        r->overflow = true;
        return;
    }
    unsigned bit = stat_bit(name);
    r->stat_bits[bit / 64] |= UINT64_C(1) << bit % 64;
    r->ev.stats.items[r->ev.stats.count++] =
        (struct lg_oom_stat){keep(r, name), value};
}

static bool has_stat(const struct lg_oom_report *r, struct lg_str name)
{
    unsigned bit = stat_bit(name);
    if ((r->stat_bits[bit / 64] & UINT64_C(1) << bit % 64) == 0)
        return false;
    for (size_t i = 0; i < r->ev.stats.count; i++)
        if (lg_str_eq(r->ev.stats.items[i].name, name))
            return true;
    return false;
}

/* To 5.2, one line: "cache:0KB rss:4KB … unevictable:0KB", and one such line
 * for each child cgroup behind it: the first is of the limit's own. */
static void take_stats(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    struct lg_str rest = l->rest, word;
    if (r->stats_path.len != 0)
        return;
    r->stats_path = keep(r, l->path);
    while (lg_str_word(&rest, &word)) {
        struct lg_cut cut = lg_str_cut_char(word, ':');
        uint64_t value;
        if (!cut.found || cut.head.len == 0 ||
            !lg_str_take_u64(&cut.tail, &value))
            continue;
        bool kb = lg_str_eq(cut.tail, LG_STR("KB"));
        if ((!kb || value <= UINT64_MAX / 1024) && !has_stat(r, cut.head))
            add_stat(r, cut.head, kb ? value * 1024 : value);
    }
}

const struct lg_oom_task *lg_oom_report_victim(const struct lg_oom_report *r,
                                               int64_t pid)
{
    for (size_t i = 0; i < r->ev.victims.count; i++)
        if (r->ev.victims.items[i].pid == pid)
            return &r->ev.victims.items[i];
    return NULL;
}

static void add_victim(struct lg_oom_report *r, const struct lg_oom_task *task)
{
    if (lg_oom_report_victim(r, task->pid) != NULL)
        return; /* a group's first victim is told twice */
    if (r->ev.victims.count == LG_OOM_VICTIMS_MAX) {
        r->overflow = true;
        return;
    }
    struct lg_oom_task *t = &r->ev.victims.items[r->ev.victims.count++];
    *t = *task;
    t->comm = keep(r, task->comm);
    r->complete = true;
}

static void take_named(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    if (l->kind == LG_OOM_LINE_CONSTRAINT)
        r->constraint = keep(r, l->rest);
    if (r->named.pid != 0 && l->task.pid == 0)
        return;
    r->named = l->task;
    r->named.comm = keep(r, l->task.comm);
    r->named_by_kill_line = l->kind == LG_OOM_LINE_KILL;
}

static void take_reaped(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    for (size_t i = 0; i < r->ev.victims.count; i++)
        if (r->ev.victims.items[i].pid == l->task.pid)
            r->ev.victims.items[i].reaped = true;
    if (r->stage == LG_OOM_STAGE_NONE) { /* all that is left of the report */
        struct lg_oom_task task = l->task;
        task.reaped = true;
        add_victim(r, &task);
    }
}

static void take_memory(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    struct lg_oom_event *ev = &r->ev;
    struct lg_num unused;
    switch (l->kind) {
    case LG_OOM_LINE_USAGE:
        lg_oom_line_usage(l->rest, &ev->usage_bytes, &ev->limit_bytes,
                          &ev->failcnt);
        break;
    case LG_OOM_LINE_MEMSW:
        lg_oom_line_usage(l->rest, &ev->memsw_usage_bytes,
                          &ev->memsw_limit_bytes, &unused);
        break;
    case LG_OOM_LINE_SWAP:
        lg_oom_line_usage(l->rest, &ev->swap_usage_bytes, &ev->swap_limit_bytes,
                          &unused);
        break;
    default:
        lg_oom_line_usage(l->rest, &ev->kmem_usage_bytes, &ev->kmem_limit_bytes,
                          &unused);
        break;
    }
}

static void take_table_head(struct lg_oom_report *r,
                            const struct lg_oom_line *l)
{
    if (!lg_oom_columns_parse(l->rest, &r->table.columns))
        r->table.columns.count = 0;
}

static void take_end(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    if (l->kind == LG_OOM_LINE_PANIC)
        r->ev.panic = true;
    if (lg_str_contains(l->text, LG_STR("no killable processes")))
        r->ev.no_killable = true;
    r->complete = true;
}

static void take_exiting(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    r->ev.already_exiting = true;
    add_victim(r, &l->task);
}

static void take_group(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    r->ev.oom_group = true;
    r->ev.group_memcg = keep(r, l->path);
}

static void take_task_in(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    r->task_in = keep(r, l->rest);
}

static void take_killed(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    add_victim(r, &l->task);
}

static void take_nothing(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    (void)r;
    (void)l;
}

static const struct {
    void (*take)(struct lg_oom_report *r, const struct lg_oom_line *l);
    enum lg_oom_stage stage; /* that the report has reached with it */
} steps[] = {
    [LG_OOM_LINE_OTHER] = {take_nothing, LG_OOM_STAGE_NONE},
    [LG_OOM_LINE_INVOKED] = {take_invoked, LG_OOM_STAGE_INVOKED},
    [LG_OOM_LINE_CPUSET] = {take_nothing, LG_OOM_STAGE_INVOKED},
    [LG_OOM_LINE_CPU] = {take_cpu, LG_OOM_STAGE_TRACE},
    [LG_OOM_LINE_TASK_IN] = {take_task_in, LG_OOM_STAGE_MEMORY},
    [LG_OOM_LINE_USAGE] = {take_memory, LG_OOM_STAGE_MEMORY},
    [LG_OOM_LINE_MEMSW] = {take_memory, LG_OOM_STAGE_MEMORY},
    [LG_OOM_LINE_SWAP] = {take_memory, LG_OOM_STAGE_MEMORY},
    [LG_OOM_LINE_KMEM] = {take_memory, LG_OOM_STAGE_MEMORY},
    [LG_OOM_LINE_STATS] = {take_stats, LG_OOM_STAGE_STATS},
    [LG_OOM_LINE_MEM_INFO] = {take_nothing, LG_OOM_STAGE_MEM_INFO},
    [LG_OOM_LINE_TABLE_TITLE] = {take_nothing, LG_OOM_STAGE_TABLE},
    [LG_OOM_LINE_TABLE_HEAD] = {take_table_head, LG_OOM_STAGE_TABLE},
    [LG_OOM_LINE_CONSTRAINT] = {take_named, LG_OOM_STAGE_NAMED},
    [LG_OOM_LINE_KILL] = {take_named, LG_OOM_STAGE_NAMED},
    [LG_OOM_LINE_KILLED] = {take_killed, LG_OOM_STAGE_KILLED},
    [LG_OOM_LINE_SHARING] = {take_killed, LG_OOM_STAGE_KILLED},
    [LG_OOM_LINE_EXITING] = {take_exiting, LG_OOM_STAGE_KILLED},
    [LG_OOM_LINE_GROUP] = {take_group, LG_OOM_STAGE_KILLED},
    [LG_OOM_LINE_REAPED] = {take_reaped, LG_OOM_STAGE_KILLED},
    [LG_OOM_LINE_NO_KILLABLE] = {take_end, LG_OOM_STAGE_KILLED},
    [LG_OOM_LINE_PANIC] = {take_end, LG_OOM_STAGE_KILLED},
};

void lg_oom_report_apply(struct lg_oom_report *r, const struct lg_oom_line *l)
{
    steps[l->kind].take(r, l);
    if (steps[l->kind].stage > r->stage)
        r->stage = steps[l->kind].stage;
    if (l->of_memcg)
        r->of_memcg = true;
}

static void hex_after(struct lg_str text, struct lg_str key, struct lg_num *ret)
{
    uint64_t value;
    if (!lg_str_after(text, key, &text))
        return;
    struct lg_str digits = lg_str_cut_char(text, ' ').head;
    if (lg_str_hex(digits, &value))
        *ret = lg_known(value);
}

/* Registers count from the line on that shows user mode (selector 0x33). */
static void take_trace(struct lg_oom_report *r, struct lg_str text)
{
    struct lg_oom_event *ev = &r->ev;
    if (text.data[0] != 'R')
        return;
    hex_after(text, LG_STR("RIP: 0033:"), &ev->user_rip);
    if (!ev->user_rip.known)
        return;
    hex_after(text, LG_STR("RSP: 002b:"), &ev->user_rsp);
    hex_after(text, LG_STR("RBP: "), &ev->user_rbp);
}

/* " free:12082 free_pcp:…", alone or behind the other counters. */
static void take_free(struct lg_oom_report *r, struct lg_str text)
{
    struct lg_cut free = lg_str_cut(text, LG_STR(" free:"));
    uint64_t n;
    if (!free.found)
        free.found = lg_str_after(text, LG_STR("free:"), &free.tail);
    if (free.found && lg_str_take_u64(&free.tail, &n) &&
        (free.tail.len == 0 || free.tail.data[0] == ' '))
        r->free_pages = lg_known(n);
}

static void take_mem_info(struct lg_oom_report *r, struct lg_str text)
{
    struct lg_oom_event *ev = &r->ev;
    struct lg_str at = lg_str_trim_left(text);
    uint64_t n;
    switch (at.data[0]) {
    case 'a':
    case 'f':
        take_free(r, at);
        break;
    case 'F':
    case 'T': {
        struct lg_num free_swap = lg_oom_line_kb(at, LG_STR("Free swap  = "));
        struct lg_num total_swap = lg_oom_line_kb(at, LG_STR("Total swap = "));
        if (free_swap.known)
            ev->swap_free_bytes = free_swap;
        if (total_swap.known)
            ev->swap_total_bytes = total_swap;
        break;
    }
    default:
        if (lg_str_take_u64(&at, &n) && lg_str_eq(at, LG_STR(" pages RAM")))
            r->ram_pages = lg_known(n);
        break;
    }
}

/* From 5.3 to 6.x all rows came in one record, which some logs keep as one line
 * with newlines, some write with rsyslog's escape. */
static bool take_stat_record(struct lg_oom_report *r, struct lg_str rest)
{
    struct lg_str name;
    uint64_t value;
    bool any = false;
    while (rest.len != 0) {
        struct lg_cut row = lg_str_cut_char(rest, '\n');
        if (!row.found)
            row = lg_str_cut(rest, LG_STR("#012"));
        if (!lg_oom_line_stat(row.head, &name, &value) || has_stat(r, name))
            return any;
        add_stat(r, name, value);
        any = true;
        rest = row.tail;
    }
    return any;
}

static bool take_stat_row(struct lg_oom_report *r, struct lg_str text)
{
    struct lg_str name;
    uint64_t value;
    if (!lg_oom_line_stat(text, &name, &value))
        return take_stat_record(r, lg_str_trim(text));
    if (has_stat(r, name))
        return false;
    add_stat(r, name, value);
    return true;
}

static bool take_row(struct lg_oom_report *r, struct lg_str text)
{
    struct lg_oom_row row;
    if (!lg_oom_row_parse(&r->table.columns, text, &row))
        return false;
    lg_oom_table_add(&r->table, &row);
    return true;
}

bool lg_oom_report_take_inner(struct lg_oom_report *r, struct lg_str text)
{
    switch (r->stage) {
    case LG_OOM_STAGE_INVOKED:
    case LG_OOM_STAGE_TRACE:
        if (lg_oom_line_is_start(text) || !lg_oom_line_is_trace(text))
            return false;
        take_trace(r, text);
        return true;
    case LG_OOM_STAGE_STATS:
        return take_stat_row(r, text);
    case LG_OOM_STAGE_MEM_INFO:
        if (lg_oom_line_is_start(text) || !lg_oom_line_is_mem_info(text))
            return false;
        take_mem_info(r, text);
        return true;
    case LG_OOM_STAGE_TABLE:
        return take_row(r, text);
    default:
        return false;
    }
}
