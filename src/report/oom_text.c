/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One kill for a person:
 *
 *   2026-11-02 14:03:09Z  consumer (pid 4711) was killed: its cgroup /lab/a1
 *   reached 256.0 MiB of 256.0 MiB; it held 255.1 MiB of anonymous memory
 *     runs in    container 4f5e6d7c8b9a (docker)
 *     note       …
 *
 *            pid          rss         anon  …   adj  name
 *     >     4711    260.1 MiB    255.1 MiB  …     0  consumer
 */
#include "report/page.h"

#include "base/clock.h"

#include <stdlib.h>

enum {
    ROWS_MAX = 20, /* a screen; --json has all */
    NOTE_INDENT = 13,
    CONTAINER_ID_SHOWN = 12, /* as docker shows it */
};

/* ---- the sentence -------------------------------------------------------- */

static void put_when(const struct lg_oom_event *e, struct lg_sb *sb)
{
    char text[LG_TIME_TEXT_BYTES];
    if (e->wall_ns != 0) {
        lg_time_text(e->wall_ns, text);
        struct lg_str time = lg_str_of(text);
        lg_sb_str(sb, lg_str_first(time, 10));
        lg_sb_char(sb, ' ');
        lg_sb_str(sb, lg_str_first(lg_str_skip(time, 11), 8));
        lg_sb_cstr(sb, "Z  ");
    } else if (e->uptime_ns != 0) {
        lg_sb_fmt(sb, "[%5llu.%06llu]  ",
                  (unsigned long long)(e->uptime_ns / LG_NS_PER_S),
                  (unsigned long long)(e->uptime_ns % LG_NS_PER_S / 1000));
    }
}

static void put_task(const struct lg_oom_task *t, struct lg_sb *sb)
{
    if (t->comm.len != 0)
        lg_sb_str(sb, t->comm);
    else
        lg_sb_cstr(sb, "a process");
    if (t->pid != 0)
        lg_sb_fmt(sb, " (pid %lld)", (long long)t->pid);
}

static void put_whom(const struct lg_oom_event *e, struct lg_sb *sb)
{
    if (e->victims.count == 0) {
        lg_sb_cstr(sb, e->no_killable || e->panic
                           ? "no process could be killed"
                           : "a process was to be killed, the log does not "
                             "say which");
        return;
    }
    put_task(&e->victims.items[0], sb);
    size_t more = e->victims.count - 1;
    if (more != 0) {
        lg_sb_cstr(sb, " and ");
        lg_sb_count(sb, more);
        lg_sb_cstr(sb, more == 1 ? " more process" : " more processes");
    }
    lg_sb_cstr(sb, e->already_exiting ? " was to be killed but was already "
                                        "exiting"
                   : more != 0        ? " were killed"
                                      : " was killed");
}

static void put_memcg(const struct lg_oom_event *e, struct lg_sb *sb)
{
    bool nested = e->oom_memcg.len != 0 && e->task_memcg.len != 0 &&
                  !lg_str_eq(e->oom_memcg, e->task_memcg);
    lg_sb_cstr(sb, nested ? "the cgroup " : "its cgroup ");
    lg_sb_str(sb, e->oom_memcg);
    if (nested) {
        lg_sb_cstr(sb, " above its own ");
        lg_sb_str(sb, e->task_memcg);
    }
    lg_sb_cstr(sb, e->oom_memcg.len != 0 ? " reached " : "reached ");
    if (!e->usage_bytes.known) {
        lg_sb_cstr(sb, "its limit");
        return;
    }
    lg_sb_bytes(sb, e->usage_bytes.value);
    if (e->limit_bytes.known) {
        lg_sb_cstr(sb, " of ");
        lg_sb_bytes(sb, e->limit_bytes.value);
    }
}

static void put_host(const struct lg_oom_event *e, struct lg_sb *sb)
{
    lg_sb_cstr(sb, "the machine ran out of memory");
    if (!e->host_total_bytes.known || !e->host_free_bytes.known)
        return;
    lg_sb_cstr(sb, ", ");
    lg_sb_bytes(sb, e->host_free_bytes.value);
    lg_sb_cstr(sb, " of ");
    lg_sb_bytes(sb, e->host_total_bytes.value);
    lg_sb_cstr(sb, " were free");
}

static void put_why(const struct lg_oom_event *e, struct lg_sb *sb)
{
    if (e->scope == LG_OOM_UNKNOWN)
        return;
    lg_sb_cstr(sb, ": ");
    switch (e->scope) {
    case LG_OOM_MEMCG:
        put_memcg(e, sb);
        break;
    case LG_OOM_CPUSET:
        lg_sb_cstr(sb, "the memory nodes of its cpuset were full");
        break;
    case LG_OOM_MEMPOLICY:
        lg_sb_cstr(sb, "the memory nodes that its policy allows were full");
        break;
    default:
        put_host(e, sb);
        break;
    }
}

/* What the victim held: anonymous memory, and shared memory or file pages
 * when they are at least a tenth of it. */
static void put_held(const struct lg_oom_event *e, struct lg_sb *sb)
{
    if (e->victims.count == 0)
        return;
    const struct lg_oom_task *t = &e->victims.items[0];
    const char *whose =
        e->victims.count == 1 ? "; it held " : "; the first held ";
    if (!t->anon_rss_bytes.known) {
        if (t->rss_bytes.known) {
            lg_sb_cstr(sb, whose);
            lg_sb_bytes(sb, t->rss_bytes.value);
        }
        return;
    }
    uint64_t anon = t->anon_rss_bytes.value;
    lg_sb_cstr(sb, whose);
    lg_sb_bytes(sb, anon);
    lg_sb_cstr(sb, " of anonymous memory");
    if (t->shmem_rss_bytes.value > anon / 10) {
        lg_sb_cstr(sb, ", ");
        lg_sb_bytes(sb, t->shmem_rss_bytes.value);
        lg_sb_cstr(sb, " shared");
    }
    if (t->file_rss_bytes.value > anon / 10) {
        lg_sb_cstr(sb, ", ");
        lg_sb_bytes(sb, t->file_rss_bytes.value);
        lg_sb_cstr(sb, " of files");
    }
}

/* The larger of the two names' values: v1 counts children only in total_…. */
static uint64_t stat_of(const struct lg_oom_event *e, struct lg_str name,
                        struct lg_str total_name)
{
    uint64_t value = 0;
    lg_each(stat, e->stats) {
        if ((lg_str_eq(stat->name, name) ||
             lg_str_eq(stat->name, total_name)) &&
            stat->value > value)
            value = stat->value;
    }
    return value;
}

/* Where most of the cgroup's memory was, when the victim did not hold it. */
static void put_elsewhere(const struct lg_oom_event *e, struct lg_sb *sb)
{
    uint64_t usage = e->usage_bytes.value;
    uint64_t shmem = stat_of(e, LG_STR("shmem"), LG_STR("total_shmem"));
    uint64_t kernel = stat_of(e, LG_STR("kernel"), LG_STR("total_kernel"));
    if (e->scope != LG_OOM_MEMCG || usage == 0)
        return;
    if (kernel == 0)
        kernel = e->kmem_usage_bytes.value;
    if (shmem <= usage / 2 && kernel <= usage / 2)
        return;
    lg_sb_cstr(sb, "; ");
    lg_sb_bytes(sb, shmem > kernel ? shmem : kernel);
    lg_sb_cstr(sb, shmem > kernel ? " of the cgroup was shared memory or tmpfs"
                                  : " of the cgroup was memory of the kernel");
}

static bool other_asked(const struct lg_oom_event *e)
{
    return e->trigger_comm.len != 0 && e->victims.count != 0 &&
           !lg_str_eq(e->trigger_comm, e->victims.items[0].comm);
}

static void put_trigger(const struct lg_oom_event *e, struct lg_sb *sb)
{
    if (!other_asked(e))
        return;
    lg_sb_cstr(sb, "; the memory was asked for by ");
    lg_sb_str(sb, e->trigger_comm);
    if (e->trigger_pid != 0)
        lg_sb_fmt(sb, " (thread %lld)", (long long)e->trigger_pid);
}

/* ---- notes --------------------------------------------------------------- */

static void note(const struct lg_page *page, const char *label,
                 struct lg_sb *sb)
{
    page->out->failed |= sb->failed;
    if (sb->len != 0)
        lg_page_labelled(page, label, lg_sb_view(sb), 2, NOTE_INDENT);
}

static void cnote(const struct lg_page *page, const char *text)
{
    lg_page_labelled(page, "note", lg_str_of(text), 2, NOTE_INDENT);
}

static void who_note(const struct lg_page *page, const struct lg_identity *who)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    if (who->container_id.len != 0) {
        lg_sb_cstr(&sb, "container ");
        lg_sb_str(&sb, lg_str_first(who->container_id, CONTAINER_ID_SHOWN));
        if (who->runtime.len != 0) {
            lg_sb_cstr(&sb, " (");
            lg_sb_str(&sb, who->runtime);
            lg_sb_char(&sb, ')');
        }
    }
    if (who->pod_uid.len != 0) {
        lg_sb_cstr(&sb, sb.len != 0 ? ", pod " : "pod ");
        lg_sb_str(&sb, who->pod_uid);
        if (who->qos.len != 0) {
            lg_sb_cstr(&sb, " (");
            lg_sb_str(&sb, who->qos);
            lg_sb_char(&sb, ')');
        }
    }
    if (who->unit.len != 0) {
        lg_sb_cstr(&sb, sb.len != 0 ? ", unit " : "unit ");
        lg_sb_str(&sb, who->unit);
    }
    note(page, "runs in", &sb);
}

static void group_note(const struct lg_page *page, const struct lg_oom_event *e)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_sb_cstr(&sb, "memory.oom.group of ");
    lg_sb_str(&sb, e->group_memcg);
    lg_sb_cstr(&sb, " is set, so all in it were killed:");
    for (size_t i = 0; i < e->victims.count && i < ROWS_MAX; i++) {
        lg_sb_cstr(&sb, i != 0 ? ", " : " ");
        put_task(&e->victims.items[i], &sb);
    }
    if (e->victims.count > ROWS_MAX)
        lg_sb_cstr(&sb, ", …");
    note(page, "note", &sb);
}

static void notes(const struct lg_page *page, const struct lg_oom_event *e,
                  const struct lg_identity *who)
{
    if (who != NULL)
        who_note(page, who);
    if (e->oom_group)
        group_note(page, e);
    if (e->victims.count != 0 && e->victims.items[0].reaped)
        cnote(page, "the oom_reaper took its memory while it was still dying");
    if (e->rate_limited)
        cnote(page, "the kernel printed only this line: it limits how often "
                    "it reports in full");
    if (e->truncated)
        cnote(page, "the report is cut: some of its lines are not in this "
                    "log");
    if (e->panic)
        cnote(page, "the kernel panicked");
}

/* ---- the table ----------------------------------------------------------- */

struct column {
    const char *title;
    size_t offset; /* of its struct lg_num in struct lg_oom_task */
};

static const struct column columns[] = {
    {"rss", offsetof(struct lg_oom_task, rss_bytes)},
    {"anon", offsetof(struct lg_oom_task, anon_rss_bytes)},
    {"file", offsetof(struct lg_oom_task, file_rss_bytes)},
    {"shmem", offsetof(struct lg_oom_task, shmem_rss_bytes)},
    {"page tables", offsetof(struct lg_oom_task, pgtables_bytes)},
    {"swap", offsetof(struct lg_oom_task, swap_bytes)},
};

static struct lg_num cell(const struct lg_oom_task *t, const struct column *c)
{
    return *(const struct lg_num *)(const void *)((const char *)t + c->offset);
}

static unsigned known_columns(const struct lg_oom_event *e)
{
    unsigned mask = 0;
    lg_each(t, e->tasks) {
        for (size_t i = 0; i < LG_COUNT(columns); i++)
            if (cell(t, &columns[i]).known)
                mask |= 1u << i;
    }
    return mask;
}

static void put_right(const struct lg_page *page, enum lg_ink ink,
                      struct lg_str s, size_t width)
{
    lg_page_pad(page, s.len < width ? width - s.len : 1);
    lg_page_put(page, ink, s);
}

static void put_head(const struct lg_page *page, unsigned mask)
{
    put_right(page, LG_INK_DIM, LG_STR("pid"), 12);
    for (size_t i = 0; i < LG_COUNT(columns); i++)
        if ((mask & 1u << i) != 0)
            put_right(page, LG_INK_DIM, lg_str_of(columns[i].title), 13);
    lg_page_cput(page, LG_INK_DIM, "    adj  name");
    lg_page_end(page);
}

static void put_row(const struct lg_page *page, const struct lg_oom_task *t,
                    unsigned mask, bool is_victim)
{
    enum lg_ink ink = is_victim ? LG_INK_BOLD : LG_INK_PLAIN;
    struct lg_sb sb;
    lg_page_cput(page, ink, is_victim ? "  >" : "   ");
    lg_sb_init(&sb, page->scratch);
    lg_sb_fmt(&sb, "%lld", (long long)t->pid);
    put_right(page, ink, lg_sb_view(&sb), 9);
    for (size_t i = 0; i < LG_COUNT(columns); i++) {
        if ((mask & 1u << i) == 0)
            continue;
        lg_sb_init(&sb, page->scratch);
        if (cell(t, &columns[i]).known)
            lg_sb_bytes(&sb, cell(t, &columns[i]).value);
        put_right(page, ink, lg_sb_view(&sb), 13);
    }
    lg_sb_init(&sb, page->scratch);
    if (t->has_oom_score_adj)
        lg_sb_fmt(&sb, "%d", t->oom_score_adj);
    put_right(page, ink, lg_sb_view(&sb), 7);
    lg_page_pad(page, 2);
    lg_page_put(page, ink, t->comm);
    lg_page_end(page);
}

static bool is_victim(const struct lg_oom_event *e, int64_t pid)
{
    lg_each(v, e->victims) {
        if (v->pid == pid)
            return true;
    }
    return false;
}

static int by_size(const void *a, const void *b)
{
    const struct lg_oom_task *const *x = a, *const *y = b;
    uint64_t m = (*x)->rss_bytes.value, n = (*y)->rss_bytes.value;
    if (m != n)
        return m < n ? 1 : -1;
    return ((*x)->pid > (*y)->pid) - ((*x)->pid < (*y)->pid);
}

/* Largest first: the first few, and every victim farther down. */
static void put_tasks(const struct lg_page *page, const struct lg_oom_event *e)
{
    size_t count = e->tasks.count;
    const struct lg_oom_task **sorted =
        lg_new(page->scratch, const struct lg_oom_task *, count);
    if (sorted == NULL) {
        page->out->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = &e->tasks.items[i];
    qsort(sorted, count, sizeof(sorted[0]), by_size);
    unsigned mask = known_columns(e);
    uint64_t left_count = e->tasks_dropped_count, left_bytes = 0;
    lg_page_end(page);
    put_head(page, mask);
    for (size_t i = 0; i < count; i++) {
        bool victim = is_victim(e, sorted[i]->pid);
        if (i < ROWS_MAX || victim) {
            put_row(page, sorted[i], mask, victim);
        } else {
            left_count++;
            left_bytes += sorted[i]->rss_bytes.value;
        }
    }
    if (left_count == 0)
        return;
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_sb_cstr(&sb, "    … and ");
    lg_sb_count(&sb, left_count);
    lg_sb_cstr(&sb, " more with ");
    lg_sb_bytes(&sb, left_bytes);
    lg_page_put(page, LG_INK_DIM, lg_sb_view(&sb));
    lg_page_end(page);
}

/* ---- all ----------------------------------------------------------------- */

/* One line in a pipe, for who greps it. */
static void put_sentence(const struct lg_page *page, struct lg_str when,
                         struct lg_str sentence)
{
    lg_page_put(page, LG_INK_DIM, when);
    if (page->columns != 0) {
        lg_page_wrap(page, LG_INK_BOLD, sentence, when.len, 2);
        return;
    }
    lg_page_put(page, LG_INK_BOLD, sentence);
    lg_page_end(page);
}

void lg_oom_text_who(const struct lg_oom_event *event,
                     const struct lg_identity *who,
                     const struct lg_text_options *options, struct lg_sb *out)
{
    struct lg_arena scratch;
    struct lg_sb when, sentence;
    lg_arena_init(&scratch, 0);
    const struct lg_page page = {.out = out,
                                 .scratch = &scratch,
                                 .color = options->color,
                                 .columns = options->columns};
    lg_sb_init(&when, &scratch);
    lg_sb_init(&sentence, &scratch);
    put_when(event, &when);
    put_whom(event, &sentence);
    put_why(event, &sentence);
    put_held(event, &sentence);
    put_elsewhere(event, &sentence);
    put_trigger(event, &sentence);
    out->failed |= when.failed || sentence.failed;
    put_sentence(&page, lg_sb_view(&when), lg_sb_view(&sentence));
    notes(&page, event, who);
    if (event->tasks.count != 0)
        put_tasks(&page, event);
    lg_arena_deinit(&scratch);
}

void lg_oom_text(const struct lg_oom_event *event,
                 const struct lg_text_options *options, struct lg_sb *out)
{
    lg_oom_text_who(event, NULL, options, out);
}
