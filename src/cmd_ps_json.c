/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cmd_ps.h"

#include <unistd.h>

static void put_num(struct lg_json *j, const char *key, struct lg_num n)
{
    if (n.known)
        lg_json_ku64(j, key, n.value);
    else
        lg_json_knull(j, key);
}

/* An empty text says that there is none. */
static void put_text(struct lg_json *j, const char *key, struct lg_str s)
{
    if (s.len > 0)
        lg_json_kstr(j, key, s);
    else
        lg_json_knull(j, key);
}

static void put_program(struct lg_json *j, const struct lg_ps_row *row)
{
    const struct lg_build_info *b = &row->build;
    lg_json_kstr(j, "comm", row->process.comm);
    put_text(j, "exe", row->process.exe);
    if (row->program_known)
        lg_json_kbool(j, "is_go", b->is_go);
    else
        lg_json_knull(j, "is_go");
    put_text(j, "go_version", b->go_version);
    put_text(j, "path", b->path);
    put_text(j, "module", b->module.path);
    put_text(j, "module_version", b->module.version);
    put_text(j, "build_id", b->build_id);
    if (row->program_known)
        lg_json_kbool(j, "stripped", b->stripped);
    else
        lg_json_knull(j, "stripped");
}

static void put_use(struct lg_json *j, const struct lg_ps_row *row)
{
    const struct lg_process *p = &row->process;
    put_num(j, "rss_bytes", p->vm_rss);
    put_num(j, "swap_bytes", p->vm_swap);
    put_num(j, "limit_bytes", row->limit_bytes);
    put_text(j, "limit_cgroup", row->limit_path);
    if (row->has_cpu)
        lg_json_kf64(j, "cpu_cores", row->cpu_cores);
    else
        lg_json_knull(j, "cpu_cores");
    put_num(j, "threads", p->threads_count);
    put_num(j, "fds", p->fds_count);
    put_num(j, "fds_limit", p->fds_limit);
    if (p->has_oom_score) {
        lg_json_ki64(j, "oom_score", p->oom_score);
        lg_json_ki64(j, "oom_score_adj", p->oom_score_adj);
    } else {
        lg_json_knull(j, "oom_score");
        lg_json_knull(j, "oom_score_adj");
    }
}

static void put_identity(struct lg_json *j, const struct lg_ps_row *row)
{
    const struct lg_identity *id = &row->identity;
    put_text(j, "cgroup", row->cgroup);
    put_text(j, "unit", id->unit);
    put_text(j, "container_id", id->container_id);
    put_text(j, "container_runtime", id->runtime);
    put_text(j, "pod_uid", id->pod_uid);
    put_text(j, "qos", id->qos);
}

static void put_order(struct lg_json *j, const struct lg_ps *ps,
                      const struct lg_ps_row *row, struct lg_arena *arena)
{
    const struct lg_kill_candidate *c = row->order;
    const struct lg_kill_domain *d = &ps->domains.items[c->domain];
    lg_json_key(j, "order");
    lg_json_object(j);
    lg_json_ku64(j, "place", c->place);
    lg_json_kcstr(j, "scope", d->path.len > 0 ? "memcg" : "host");
    put_text(j, "cgroup", d->path);
    lg_json_ku64(j, "scope_limit_bytes", d->limit_bytes);
    lg_json_ku64(j, "scope_left_bytes", d->left_bytes);
    if (c->is_immune)
        lg_json_knull(j, "place_in_scope");
    else
        lg_json_ku64(j, "place_in_scope", c->place_in_domain);
    lg_json_ki64(j, "points_bytes", c->points_bytes);
    lg_json_kbool(j, "oom_group", d->oom_group);
    lg_json_kstr(j, "why", lg_ps_why(ps, row, arena));
    lg_json_object_end(j);
}

bool lg_ps_print_json(const struct lg_ps *ps, bool all, bool is_live,
                      struct lg_arena *arena)
{
    int out = STDOUT_FILENO;
    struct lg_json j;
    lg_json_init_fd(&j, &out, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", "lastgasp.ps/1");
    if (ps->cpu_over_ns > 0)
        lg_json_kf64(&j, "cpu_over_s",
                     (double)ps->cpu_over_ns / (double)LG_NS_PER_S);
    else
        lg_json_knull(&j, "cpu_over_s");
    lg_json_ku64(&j, "not_permitted", ps->denied_count);
    lg_json_key(&j, "processes");
    lg_json_array(&j);
    lg_each(row, ps->rows) {
        if (!lg_ps_is_shown(ps, row, all, is_live))
            continue;
        lg_json_object(&j);
        lg_json_ki64(&j, "pid", row->process.pid);
        put_program(&j, row);
        put_use(&j, row);
        put_identity(&j, row);
        put_order(&j, ps, row, arena);
        lg_json_object_end(&j);
    }
    lg_json_array_end(&j);
    lg_json_object_end(&j);
    return lg_json_finish(&j);
}
