/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "base/map.h"
#include "cmd_ps.h"
#include "decode/cgroup_files.h"
#include "sources/cgroupfs.h"
#include "sources/procfs.h"
#include "sources/small_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define PARTS (LG_PROCESS_STATUS | LG_PROCESS_FD_COUNT)

struct collector {
    const struct lg_host *host;
    struct lg_arena *arena;
    struct lg_ps *ps;
    struct lg_map domain_of; /* cgroup path → index + 1 */
    struct lg_num uptime_ns;
    struct lg_cgroup_mounts mounts;
    bool sees_init;
};

/* Domain 0: the machine, with its swap. */
static bool add_machine(struct collector *c)
{
    struct lg_host_memory m = lg_host_memory_read(c->host);
    struct lg_kill_domain *d = lg_push(c->arena, &c->ps->domains);
    if (d == NULL)
        return false;
    d->path = LG_STR("");
    d->limit_bytes = m.total_bytes.value + m.swap_total_bytes.value;
    d->left_bytes = m.available_bytes.value + m.swap_free_bytes.value;
    return true;
}

static uint64_t left_of(const struct lg_cgroup_level *l)
{
    uint64_t usage = l->usage_bytes.value;
    uint64_t reclaimable = l->reclaimable_bytes.value;
    uint64_t held = usage > reclaimable ? usage - reclaimable : 0;
    return l->limit_bytes.value > held ? l->limit_bytes.value - held : 0;
}

static bool add_domain(struct collector *c, const struct lg_cgroup_level *l,
                       size_t *index_ret)
{
    bool fresh = false;
    uint64_t *at = lg_map_put_str(&c->domain_of, l->path, &fresh);
    if (at == NULL)
        return false;
    if (fresh) {
        struct lg_kill_domain *d = lg_push(c->arena, &c->ps->domains);
        if (d == NULL)
            return false;
        *d = (struct lg_kill_domain){
            .path = l->path,
            .limit_bytes = l->limit_bytes.value,
            .left_bytes = left_of(l),
            .oom_group = l->oom_group,
            .kill_disabled = l->oom_kill_disabled,
        };
        *at = c->ps->domains.count;
    }
    *index_ret = (size_t)*at - 1;
    return true;
}

static void lower_limit(struct lg_ps_row *row, struct lg_num limit,
                        struct lg_str path)
{
    if (!limit.known ||
        (row->limit_bytes.known && limit.value >= row->limit_bytes.value))
        return;
    row->limit_bytes = limit;
    row->limit_path = path;
}

/* Walks up from the process's cgroup: each level with a limit is a domain. */
static bool place_row(struct collector *c, struct lg_ps_row *row,
                      size_t *domain_ret)
{
    struct lg_cgroup_place place;
    struct lg_cgroup_level level;
    size_t nearest = 0, domain;
    if (lg_cgroup_place_find_next(c->host, row->process.pid, &c->mounts,
                                  c->arena, &place, NULL)) {
        row->cgroup = place.path;
        lg_identity_parse(place.process_path, c->arena, &row->identity);
        do {
            if (!lg_cgroup_level_read(c->host, &place, &level, NULL) ||
                !level.limit_bytes.known)
                continue;
            lower_limit(row, level.limit_bytes, level.path);
            if (!add_domain(c, &level, &domain))
                return false;
            const struct lg_kill_domain *all = c->ps->domains.items;
            if (lg_kill_domain_left_ratio(&all[domain]) <
                lg_kill_domain_left_ratio(&all[nearest]))
                nearest = domain;
        } while (lg_cgroup_place_up(&place));
    }
    lower_limit(row, lg_host_memory_bytes(c->host), LG_STR(""));
    *domain_ret = nearest;
    return !c->arena->failed;
}

/* The kernel spares its own first process, not that of a container. A copy is
 * of the whole machine when the kernel's threads are in it. */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

static bool sees_first_process(const struct lg_host *host)
{
    char target[64];
    char comm[16];
    struct lg_str text;
    if (host->is_live) {
        ssize_t n = readlinkat(host->root_fd, "proc/self/ns/pid", target,
                               sizeof target);
        return n > 0 && lg_str_eq(lg_str_from(target, (size_t)n),
                                  LG_STR(FIRST_PID_NAMESPACE));
    }
    LG_CLOSE
    int fd = lg_host_open(host, "proc/2/comm", O_RDONLY | O_NOFOLLOW);
    return fd >= 0 && lg_small_pread(fd, comm, sizeof comm, &text) &&
           lg_str_starts(text, LG_STR("kthreadd"));
}

static bool is_kernel_thread(const struct lg_process *p)
{
    return !p->vm_size.known;
}

/* false: out of memory. A process that has gone meanwhile is no row. */
static bool add_process(struct collector *c, int64_t pid)
{
    struct lg_ps_row row = {0};
    struct lg_error err = {0};
    struct lg_num size;
    if (!lg_process_read(c->host, pid, PARTS, c->arena, &row.process, &err))
        return err.kind != LG_NOMEM;
    if (is_kernel_thread(&row.process))
        return true;
    row.program_known =
        lg_process_build_info(c->host, pid, c->arena, &row.build, &size, &err);
    c->ps->denied_count += !row.program_known && err.kind == LG_DENIED;
    c->ps->go_count += row.build.is_go;
    struct lg_ps_row *slot = lg_push(c->arena, &c->ps->rows);
    if (slot == NULL || c->arena->failed)
        return false;
    *slot = row;
    return true;
}

static uint64_t cpu_ns(const struct lg_process *p)
{
    return p->utime_ns.value + p->stime_ns.value;
}

/* Since its start: what a copy can tell, and ps without waiting. */
static void cpu_since_start(struct collector *c, struct lg_ps_row *row)
{
    uint64_t start_ns =
        row->process.start_ticks * (LG_NS_PER_S / c->host->ticks_per_s);
    if (!c->uptime_ns.known || c->uptime_ns.value <= start_ns ||
        !row->process.utime_ns.known)
        return;
    row->has_cpu = true;
    row->cpu_cores =
        (double)cpu_ns(&row->process) / (double)(c->uptime_ns.value - start_ns);
}

static void cpu_over(struct collector *c, uint64_t over_ns)
{
    uint64_t begin_ns = lg_mono_ns(c->host->clock);
    (void)poll(NULL, 0, (int)(over_ns / LG_NS_PER_MS));
    lg_each(row, c->ps->rows) {
        struct lg_process again;
        if (!lg_process_read(c->host, row->process.pid, LG_PROCESS_TIMES,
                             c->arena, &again, NULL) ||
            again.start_ticks != row->process.start_ticks)
            continue;
        uint64_t took_ns = lg_mono_ns(c->host->clock) - begin_ns;
        uint64_t before = cpu_ns(&row->process), now = cpu_ns(&again);
        if (took_ns == 0)
            continue;
        row->has_cpu = true;
        row->cpu_cores =
            (double)(now > before ? now - before : 0) / (double)took_ns;
    }
}

static bool order_rows(struct collector *c)
{
    struct lg_ps *ps = c->ps;
    size_t count = ps->rows.count, domain;
    ps->order = lg_new(c->arena, struct lg_kill_candidate, count);
    struct lg_ps_row *sorted = lg_new(c->arena, struct lg_ps_row, count);
    struct lg_map row_of;
    lg_map_init(&row_of, c->arena);
    if (ps->order == NULL || sorted == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct lg_ps_row *row = &ps->rows.items[i];
        const struct lg_process *p = &row->process;
        uint64_t *at = lg_map_put_u64(&row_of, (uint64_t)p->pid, NULL);
        if (at == NULL || !place_row(c, row, &domain))
            return false;
        *at = i;
        ps->order[i] = (struct lg_kill_candidate){
            .pid = p->pid,
            .domain = domain,
            .memory_bytes =
                p->vm_rss.value + p->vm_swap.value + p->vm_pte.value,
            .oom_score_adj = p->oom_score_adj,
            .is_immune = (p->pid == 1 && c->sees_init) ||
                         (p->has_oom_score && p->oom_score_adj <= -1000),
        };
    }
    lg_kill_order(ps->domains.items, ps->domains.count, ps->order, count);
    for (size_t i = 0; i < count; i++) {
        const uint64_t *at =
            lg_map_find_u64(&row_of, (uint64_t)ps->order[i].pid);
        sorted[i] = ps->rows.items[*at];
        sorted[i].order = &ps->order[i];
    }
    ps->rows.items = sorted;
    ps->rows.capacity = count;
    return true;
}

bool lg_ps_collect(const struct lg_host *host, uint64_t over_ns,
                   struct lg_arena *arena, struct lg_ps *ret,
                   struct lg_error *err)
{
    struct lg_ps ps = {.cpu_over_ns = host->is_live ? over_ns : 0};
    struct collector c = {.host = host, .arena = arena, .ps = &ps};
    int64_t *pids;
    size_t count;
    if (!lg_process_list(host, arena, &pids, &count, err))
        return false;
    lg_map_init(&c.domain_of, arena);
    c.uptime_ns = lg_host_uptime_ns(host);
    c.sees_init = sees_first_process(host);
    bool ok = add_machine(&c);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_process(&c, pids[i]);
    if (!ok || !order_rows(&c))
        return lg_fail_nomem(err);
    lg_each(row, ps.rows)
        cpu_since_start(&c, row);
    if (ps.cpu_over_ns > 0)
        cpu_over(&c, ps.cpu_over_ns);
    *ret = ps;
    return true;
}
