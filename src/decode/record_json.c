/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/record_json.h"

#include "decode/cgroup_files.h"
#include "decode/json_tree.h"

/* More of any list than a real recording has; what is beyond is left out. */
#define MAX_ITEMS 100000

static size_t items(const json_t *array)
{
    size_t n = json_array_size(array); /* 0 when it is none */
    return n < MAX_ITEMS ? n : MAX_ITEMS;
}

static void read_cmdline(const json_t *o, struct lg_arena *arena,
                         struct lg_subject *s)
{
    const json_t *array = json_object_get(o, "cmdline");
    for (size_t i = 0; i < items(array); i++) {
        struct lg_str *arg = lg_push(arena, &s->cmdline);
        if (arg == NULL)
            return;
        *arg = lg_json_str_of(json_array_get(array, i), arena);
    }
}

static void read_build(const json_t *o, struct lg_arena *arena,
                       struct lg_build_info *b)
{
    b->is_go = lg_json_get_bool(o, "is_go");
    b->go_version = lg_json_get_str(o, "go_version", arena);
    b->build_id = lg_json_get_str(o, "build_id", arena);
    b->path = lg_json_get_str(o, "path", arena);
    b->module.path = lg_json_get_str(o, "module", arena);
    b->module.version = lg_json_get_str(o, "module_version", arena);
    b->stripped = lg_json_get_bool(o, "stripped");
    b->race = lg_json_get_bool(o, "race");
    b->cgo = lg_json_get_bool(o, "cgo");
    const json_t *deps = json_object_get(o, "deps");
    for (size_t i = 0; i < items(deps); i++) {
        struct lg_module *m = lg_push(arena, &b->deps);
        if (m == NULL)
            return;
        m->path = lg_json_get_str(json_array_get(deps, i), "path", arena);
        m->version = lg_json_get_str(json_array_get(deps, i), "version", arena);
    }
}

static void read_subject(const json_t *o, struct lg_arena *arena,
                         struct lg_subject *s)
{
    s->pid = lg_json_get_i64(o, "pid");
    s->exe = lg_json_get_str(o, "exe", arena);
    s->comm = lg_json_get_str(o, "comm", arena);
    s->started_at_ns = lg_json_get_i64(o, "started_at_ns");
    s->cgroup = lg_json_get_str(o, "cgroup", arena);
    s->cgroup_version = lg_json_get_int(o, "cgroup_version", 0);
    s->limit_bytes = lg_json_get_num(o, "limit_bytes");
    s->limit_source = lg_json_get_str(o, "limit_source", arena);
    s->gogc = lg_json_get_str(o, "gogc", arena);
    s->gomemlimit = lg_json_get_str(o, "gomemlimit", arena);
    s->host_memory_bytes = lg_json_get_num(o, "host_memory_bytes");
    s->exe_size_bytes = lg_json_get_num(o, "exe_size_bytes");
    read_cmdline(o, arena, s);
    read_build(o, arena, &s->build);
    lg_identity_parse(s->cgroup, arena, &s->identity);
}

static enum lg_end_kind end_kind(const json_t *o)
{
    static const struct {
        const char *name;
        enum lg_end_kind kind;
    } kinds[] = {
        {"oom-kill", LG_END_OOM_KILL},
        {"signal", LG_END_SIGNAL},
        {"exit", LG_END_EXIT},
        {"running", LG_END_RUNNING},
    };
    struct lg_str name =
        lg_str_of(json_string_value(json_object_get(o, "kind")));
    for (size_t i = 0; i < LG_COUNT(kinds); i++) {
        if (lg_str_eq(name, lg_str_of(kinds[i].name)))
            return kinds[i].kind;
    }
    return LG_END_UNKNOWN;
}

static void read_signals(const json_t *array, struct lg_arena *arena,
                         struct lg_end *end)
{
    for (size_t i = 0; i < items(array); i++) {
        const json_t *o = json_array_get(array, i);
        struct lg_signal_event *s = lg_push(arena, &end->signals);
        if (s == NULL)
            return;
        s->wall_ns = lg_json_get_i64(o, "time_ns");
        s->signal = lg_json_get_int(o, "signal", 0);
        s->sender_pid = lg_json_get_i64(o, "sender_pid");
        s->sender_comm = lg_json_get_str(o, "sender_comm", arena);
        s->from_kernel = lg_json_get_bool(o, "from_kernel");
    }
}

static void read_end(const json_t *o, struct lg_arena *arena,
                     struct lg_end *end)
{
    end->kind = end_kind(o);
    end->wall_ns = lg_json_get_i64(o, "time_ns");
    end->t_ns = lg_json_get_u64(o, "t_ns");
    end->life_ns = lg_json_get_u64(o, "life_ns");
    end->signal = lg_json_get_int(o, "signal", 0);
    end->exit_code = -1;
    if (end->kind == LG_END_EXIT)
        end->exit_code = lg_json_get_int(o, "exit_code", -1);
    end->oom_kill_delta = lg_json_get_num(o, "oom_kill_delta");
    read_signals(json_object_get(o, "signals"), arena, end);
}

static enum lg_absence absence_kind(const json_t *o)
{
    static const char *const names[] = {
        [LG_NOT_ASKED] = "not-asked",
        [LG_NOT_SUPPORTED] = "not-supported",
        [LG_NOT_PERMITTED] = "not-permitted",
        [LG_GONE] = "gone",
        [LG_NOT_THERE] = "not-there",
        [LG_UNREADABLE] = "unreadable",
    };
    struct lg_str name =
        lg_str_of(json_string_value(json_object_get(o, "kind")));
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        if (lg_str_eq(name, lg_str_of(names[i])))
            return (enum lg_absence)i;
    }
    return LG_NOT_ASKED;
}

static void read_absent(const json_t *array, struct lg_arena *arena,
                        struct lg_record_doc *doc)
{
    for (size_t i = 0; i < items(array); i++) {
        const json_t *o = json_array_get(array, i);
        struct lg_absent *a = lg_push(arena, &doc->absent);
        if (a == NULL)
            return;
        a->what = lg_json_get_str(o, "what", arena);
        a->source = lg_json_get_str(o, "source", arena);
        a->reason = lg_json_get_str(o, "reason", arena);
        a->kind = absence_kind(o);
    }
}

bool lg_record_json_parse(struct lg_str bytes, struct lg_arena *arena,
                          struct lg_record_doc *ret, struct lg_error *err)
{
    LG_JSON_TREE json_t *tree =
        lg_json_tree_parse(bytes, "lastgasp.record/1", err);
    if (tree == NULL)
        return false;
    struct lg_record_doc doc = {
        .id = lg_json_get_str(tree, "id", arena),
        .state = lg_json_get_str(tree, "state", arena),
        .mode = lg_json_get_str(tree, "mode", arena),
        .started_ns = lg_json_get_i64(tree, "started_ns"),
    };
    read_subject(json_object_get(tree, "subject"), arena, &doc.subject);
    read_end(json_object_get(tree, "end"), arena, &doc.end);
    read_absent(json_object_get(tree, "absent"), arena, &doc);
    if (arena->failed)
        return lg_fail_nomem(err);
    *ret = doc;
    return true;
}
