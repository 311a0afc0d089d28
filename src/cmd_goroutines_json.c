/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cmd_goroutines.h"

#include <unistd.h>

static void put_text(struct lg_json *j, const char *key, struct lg_str s)
{
    if (s.len != 0)
        lg_json_kstr(j, key, s);
    else
        lg_json_knull(j, key);
}

/* 0: not told. */
static void put_number(struct lg_json *j, const char *key, uint64_t n)
{
    if (n != 0)
        lg_json_ku64(j, key, n);
    else
        lg_json_knull(j, key);
}

static void put_frame(struct lg_json *j, const struct lg_frame *frame)
{
    if (frame->function.len == 0) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_json_kstr(j, "function", frame->function);
    put_text(j, "file", frame->file);
    put_number(j, "line", frame->line);
    lg_json_object_end(j);
}

static void put_frames(struct lg_json *j, const struct lg_goroutines_view *v,
                       const struct lg_goroutine *item)
{
    const struct lg_frame *frames = lg_goroutine_frames(&v->goroutines, item);
    uint32_t user = lg_goroutines_user_frame(v, item);
    lg_json_key(j, "frames");
    lg_json_array(j);
    for (uint32_t i = 0; i < item->frame_count; i++)
        put_frame(j, &frames[i]);
    lg_json_array_end(j);
    if (item->elided_frames != 0) {
        lg_json_ku64(j, "elided_at", item->elided_at);
        if (item->elided_frames != UINT64_MAX)
            lg_json_ku64(j, "elided_frames", item->elided_frames);
        else
            lg_json_knull(j, "elided_frames");
    }
    lg_json_key(j, "user_frame");
    if (user < item->frame_count)
        lg_json_u64(j, user);
    else
        lg_json_null(j);
}

static void put_waits_on(struct lg_json *j, const struct lg_goroutine *item)
{
    lg_json_key(j, "waits_on");
    if (item->waits_on.len == 0) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_json_kstr(j, "kind", item->waits_on);
    put_number(j, "address", item->waits_on_address);
    put_text(j, "state", item->waits_on_state);
    lg_json_object_end(j);
}

/* What a goroutine and a group of them have in common. */
static void put_common(struct lg_json *j, const struct lg_goroutines_view *v,
                       const struct lg_goroutine *item)
{
    put_text(j, "state", item->state);
    lg_json_kbool(j, "locked_to_thread", item->locked_to_thread);
    lg_json_kbool(j, "stack_unavailable", item->stack_unavailable);
    put_frames(j, v, item);
    lg_json_key(j, "created_by");
    put_frame(j, &item->created_by);
    lg_json_key(j, "start");
    put_frame(j, &item->start);
    put_waits_on(j, item);
}

static void put_goroutine(struct lg_json *j, const struct lg_goroutines_view *v,
                          const struct lg_goroutine *item)
{
    lg_json_object(j);
    put_number(j, "id", item->id);
    lg_json_ku64(j, "count", item->count);
    lg_json_ku64(j, "wait_ns", item->wait_ns);
    lg_json_kbool(j, "leaked", item->leaked);
    put_number(j, "creator_id", item->creator_id);
    put_number(j, "thread_id", item->thread_id);
    put_number(j, "stack_bytes", item->stack_bytes);
    put_text(j, "labels", item->labels);
    put_common(j, v, item);
    lg_json_object_end(j);
}

static void put_group(struct lg_json *j, const struct lg_goroutines_view *v,
                      const struct lg_goroutine_group *g)
{
    lg_json_object(j);
    lg_json_ku64(j, "count", g->count);
    lg_json_ku64(j, "longest_wait_ns", g->longest_wait_ns);
    lg_json_ku64(j, "leaked", g->leaked_count);
    put_number(j, "id_min", g->id_min);
    put_number(j, "id_max", g->id_max);
    put_common(j, v, &v->goroutines.items.items[g->example]);
    lg_json_object_end(j);
}

static void put_read(struct lg_json *j, const struct lg_go_goroutines *read)
{
    lg_json_ku64(j, "system", read->system_count);
    lg_json_ku64(j, "dead", read->dead_count);
    lg_json_ku64(j, "torn", read->torn_count);
    lg_json_ku64(j, "unreadable", read->unreadable_count);
    lg_json_ku64(j, "running_without_stack", read->running_count);
    lg_json_ku64(j, "stack_bytes", read->stack_bytes);
    lg_json_ku64(j, "duration_ns", read->duration_ns);
    lg_json_ku64(j, "pause_ns", read->pause_ns);
}

bool lg_goroutines_print_json(const struct lg_goroutines_view *v)
{
    struct lg_json j;
    int fd = STDOUT_FILENO;
    const struct lg_build_info *build = &v->one.incident.subject.build;
    lg_json_init_fd(&j, &fd, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", "lastgasp.goroutines/1");
    put_number(&j, "pid", (uint64_t)v->one.incident.subject.pid);
    put_text(&j, "go_version", build->go_version);
    lg_json_ku64(&j, "total", v->goroutines.total);
    lg_json_kbool(&j, "from_profile", v->goroutines.from_profile);
    lg_json_kbool(&j, "truncated", v->goroutines.truncated);
    if (v->has_read)
        put_read(&j, &v->read);
    lg_json_key(&j, v->request->full ? "goroutines" : "groups");
    lg_json_array(&j);
    if (v->request->full) {
        lg_each(item, v->goroutines.items)
            put_goroutine(&j, v, item);
    } else {
        lg_each(group, v->groups.items)
            put_group(&j, v, group);
    }
    lg_json_array_end(&j);
    lg_json_object_end(&j);
    return lg_json_finish(&j);
}
