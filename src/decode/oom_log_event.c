/* SPDX-License-Identifier: Apache-2.0 */
/* What a finished report says as a whole: names that only several lines
 * together settle, pages that only the victim's line sizes. */
#include "decode/oom_log_report.h"

#include <string.h>

static bool is_inside(struct lg_str path, struct lg_str ancestor)
{
    if (lg_str_eq(path, ancestor) || lg_str_eq(ancestor, LG_STR("/")))
        return true;
    return lg_str_starts(path, ancestor) && path.data[ancestor.len] == '/';
}

/* Cuts "A<between>B" where one path is the other or lies in it: both may hold
 * the words between. The first cut when none fits. */
static struct lg_cut cut_paths(struct lg_str s, struct lg_str between,
                               bool first_is_inner)
{
    struct lg_cut first = lg_str_cut(s, between);
    for (size_t from = 0; from < s.len;) {
        ptrdiff_t at = lg_str_find(lg_str_skip(s, from), between);
        if (at < 0)
            break;
        size_t head = from + (size_t)at;
        struct lg_str a = lg_str_first(s, head);
        struct lg_str b = lg_str_skip(s, head + between.len);
        if (first_is_inner ? is_inside(a, b) : is_inside(b, a))
            return (struct lg_cut){a, b, true};
        from = head + 1;
    }
    return first;
}

/* To 4.20: "Task in A killed as a result of limit of B". */
static void conclude_task_in(struct lg_oom_report *r)
{
    struct lg_cut paths =
        cut_paths(r->task_in, LG_STR(" killed as a result of limit of "), true);
    if (!paths.found)
        return;
    r->ev.task_memcg = paths.head;
    r->ev.oom_memcg = paths.tail;
}

/* Where the memcgs begin: behind the allowed nodes, which are digits. The
 * cpuset's name before them may hold anything. */
static struct lg_str behind_nodes(struct lg_str s)
{
    struct lg_str key = LG_STR(",mems_allowed=");
    for (struct lg_cut cut = lg_str_cut(s, key); cut.found;
         cut = lg_str_cut(cut.tail, key)) {
        size_t i = 0;
        while (i < cut.tail.len &&
               memchr("0123456789-,", cut.tail.data[i], 12) != NULL)
            i++;
        struct lg_str rest = lg_str_skip(cut.tail, i != 0 ? i - 1 : 0);
        if (lg_str_starts(rest, LG_STR(",oom_memcg=/")) ||
            lg_str_starts(rest, LG_STR(",global_oom")))
            return rest;
    }
    return s;
}

static void conclude_memcgs(struct lg_oom_report *r, struct lg_str s)
{
    struct lg_str rest = behind_nodes(s);
    struct lg_cut limit = lg_str_cut(rest, LG_STR(",oom_memcg="));
    if (lg_str_after(rest, LG_STR(",global_oom"), &rest)) {
        (void)lg_str_after(rest, LG_STR(",task_memcg="), &r->ev.task_memcg);
        return;
    }
    if (!limit.found)
        return;
    struct lg_str key = LG_STR(",task_memcg=");
    struct lg_str known = r->stats_path;
    if (known.len != 0 && lg_str_starts(limit.tail, known) &&
        lg_str_starts(lg_str_skip(limit.tail, known.len), key)) {
        r->ev.oom_memcg = known;
        r->ev.task_memcg = lg_str_skip(limit.tail, known.len + key.len);
        return;
    }
    struct lg_cut paths = cut_paths(limit.tail, key, false);
    r->ev.oom_memcg = paths.head;
    r->ev.task_memcg = paths.tail;
}

/* The name of pid as a line tells it that leaves no doubt. */
static struct lg_str sure_name(const struct lg_oom_report *r, int64_t pid)
{
    const struct lg_oom_task *victim = lg_oom_report_victim(r, pid);
    const struct lg_oom_row *row = lg_oom_table_find(&r->table, pid);
    if (victim != NULL)
        return victim->comm;
    return row != NULL ? lg_str_from(row->name, row->name_len)
                       : (struct lg_str){0};
}

/* "CONSTRAINT_MEMCG,nodemask=…,…,task=x,pid=1,uid=0", from the right. */
static void conclude_constraint(struct lg_oom_report *r)
{
    struct lg_str s = r->constraint;
    r->ev.constraint = lg_str_cut_char(s, ',').head;
    struct lg_cut uid = lg_str_rcut(s, LG_STR(",uid="));
    struct lg_cut pid = lg_str_rcut(uid.head, LG_STR(",pid="));
    if (!uid.found || !pid.found)
        return;
    struct lg_str key = LG_STR(",task=");
    struct lg_str name = sure_name(r, r->named.pid);
    struct lg_cut task = lg_str_rcut(pid.head, key);
    if (lg_str_ends(pid.head, name) && name.len + key.len < pid.head.len) {
        size_t before = pid.head.len - name.len;
        struct lg_str with_key = lg_str_first(pid.head, before);
        if (lg_str_ends(with_key, key))
            task = (struct lg_cut){lg_str_first(with_key, before - key.len),
                                   name, true};
    }
    if (!task.found)
        return;
    if (r->named.comm.len == 0)
        r->named.comm = task.tail;
    conclude_memcgs(r, task.head);
}

static enum lg_oom_scope scope_of(const struct lg_oom_report *r)
{
    static const struct {
        const char *constraint;
        enum lg_oom_scope scope;
    } scopes[] = {
        {"CONSTRAINT_MEMCG", LG_OOM_MEMCG},
        {"CONSTRAINT_NONE", LG_OOM_HOST},
        {"CONSTRAINT_CPUSET", LG_OOM_CPUSET},
        {"CONSTRAINT_MEMORY_POLICY", LG_OOM_MEMPOLICY},
    };
    for (size_t i = 0; i < LG_COUNT(scopes); i++)
        if (lg_str_eq(r->ev.constraint, lg_str_of(scopes[i].constraint)))
            return scopes[i].scope;
    if (r->of_memcg || r->stats_path.len != 0 || r->task_in.len != 0 ||
        r->ev.usage_bytes.known)
        return LG_OOM_MEMCG;
    if (r->stage == LG_OOM_STAGE_KILLED || r->ram_pages.known)
        return LG_OOM_HOST;
    return LG_OOM_UNKNOWN;
}

/* The table counts pages, the victim's line KiB: their ratio is the page. */
static uint64_t page_bytes_of(const struct lg_oom_report *r)
{
    for (size_t i = 0; i < r->ev.victims.count; i++) {
        const struct lg_oom_task *v = &r->ev.victims.items[i];
        const struct lg_oom_row *row = lg_oom_table_find(&r->table, v->pid);
        if (row == NULL || !v->total_vm_bytes.known)
            continue;
        int64_t pages = row->value[LG_OOM_COL_TOTAL_VM];
        for (uint64_t page = 4096; pages > 0 && page <= 65536; page *= 2)
            if ((uint64_t)pages <= UINT64_MAX / page &&
                (uint64_t)pages * page == v->total_vm_bytes.value)
                return page;
    }
    return 4096;
}

static void fill(struct lg_num *n, struct lg_num from)
{
    if (!n->known)
        *n = from;
}

/* What the victim's own line does not say, its row of the table may. */
static void conclude_victim(struct lg_oom_report *r, struct lg_oom_task *v,
                            uint64_t page_bytes)
{
    const struct lg_oom_row *row = lg_oom_table_find(&r->table, v->pid);
    if (v->anon_rss_bytes.known && v->file_rss_bytes.known)
        v->rss_bytes =
            lg_known(v->anon_rss_bytes.value + v->file_rss_bytes.value +
                     v->shmem_rss_bytes.value);
    if (v->pid == r->named.pid)
        fill(&v->uid, r->named.uid);
    if (row == NULL)
        return;
    struct lg_oom_task t = lg_oom_row_task(row, &r->table.columns, page_bytes);
    /* 5.3 … 5.6 print bytes of page tables as if they were KiB. */
    if (v->pgtables_bytes.known && t.pgtables_bytes.known &&
        t.pgtables_bytes.value != 0 &&
        v->pgtables_bytes.value / 1024 == t.pgtables_bytes.value)
        v->pgtables_bytes = t.pgtables_bytes;
    fill(&v->uid, t.uid);
    fill(&v->total_vm_bytes, t.total_vm_bytes);
    fill(&v->rss_bytes, t.rss_bytes);
    fill(&v->anon_rss_bytes, t.anon_rss_bytes);
    fill(&v->file_rss_bytes, t.file_rss_bytes);
    fill(&v->shmem_rss_bytes, t.shmem_rss_bytes);
    fill(&v->pgtables_bytes, t.pgtables_bytes);
    fill(&v->swap_bytes, t.swap_bytes);
    if (!v->has_oom_score_adj) {
        v->has_oom_score_adj = t.has_oom_score_adj;
        v->oom_score_adj = t.oom_score_adj;
    }
    if (v->comm.len == 0)
        v->comm = t.comm;
}

static void conclude_tasks(struct lg_oom_report *r, struct lg_oom_task *tasks,
                           uint64_t page_bytes)
{
    lg_oom_table_sort(&r->table);
    for (size_t i = 0; i < r->table.count; i++)
        tasks[i] =
            lg_oom_row_task(&r->table.rows[i], &r->table.columns, page_bytes);
    r->ev.tasks.items = tasks;
    r->ev.tasks.count = r->ev.tasks.capacity = r->table.count;
    r->ev.tasks_dropped_count = r->table.seen_count - r->table.count;
}

static struct lg_num pages(struct lg_num count, uint64_t page_bytes)
{
    if (!count.known || count.value > UINT64_MAX / page_bytes)
        return (struct lg_num){0};
    return lg_known(count.value * page_bytes);
}

void lg_oom_report_conclude(struct lg_oom_report *r, struct lg_oom_task *tasks)
{
    struct lg_oom_event *ev = &r->ev;
    bool told = r->complete;
    if (r->task_in.len != 0)
        conclude_task_in(r);
    if (r->constraint.len != 0)
        conclude_constraint(r);
    if (ev->oom_memcg.len == 0)
        ev->oom_memcg = r->stats_path;
    if (ev->task_memcg.len == 0 && r->only_kill)
        ev->task_memcg = ev->group_memcg;
    /* The log ends between the choice and the kill: he is as good as dead. */
    if (!told && r->named.pid != 0 && ev->victims.count == 0) {
        struct lg_str name = sure_name(r, r->named.pid);
        ev->victims.items[ev->victims.count++] = r->named;
        if (name.len != 0)
            ev->victims.items[0].comm = name;
    }
    uint64_t page_bytes = page_bytes_of(r);
    for (size_t i = 0; i < ev->victims.count; i++)
        conclude_victim(r, &ev->victims.items[i], page_bytes);
    conclude_tasks(r, tasks, page_bytes);
    ev->host_total_bytes = pages(r->ram_pages, page_bytes);
    ev->host_free_bytes = pages(r->free_pages, page_bytes);
    ev->scope = scope_of(r);
    /* Alone at the very start of a log, its head may have been overwritten. */
    ev->rate_limited = r->only_kill && ev->line_first > 1;
    ev->truncated = !told || (!r->has_head && !ev->rate_limited);
    ev->text = lg_str_from(r->slot.text, r->text_len);
}
