/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record_json.h"

#include "base/io.h"
#include "base/json.h"
#include "sources/capture_file.h"

static void write_known(struct lg_json *j, const char *key, struct lg_num n)
{
    if (n.known) {
        lg_json_ku64(j, key, n.value);
    }
}

static void write_present(struct lg_json *j, const char *key, struct lg_str s)
{
    if (s.len > 0) {
        lg_json_kstr(j, key, s);
    }
}

static void write_build(struct lg_json *j, const struct lg_build_info *build)
{
    lg_json_kbool(j, "is_go", build->is_go);
    write_present(j, "go_version", build->go_version);
    write_present(j, "build_id", build->build_id);
    write_present(j, "module", build->module.path);
    write_present(j, "module_version", build->module.version);
    write_present(j, "path", build->path);
    lg_json_kbool(j, "stripped", build->stripped);
    lg_json_key(j, "deps");
    lg_json_array(j);
    lg_each(dep, build->deps) {
        lg_json_object(j);
        lg_json_kstr(j, "path", dep->path);
        lg_json_kstr(j, "version", dep->version);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static void write_subject(struct lg_json *j, const struct lg_subject *s)
{
    lg_json_key(j, "subject");
    lg_json_object(j);
    lg_json_ki64(j, "pid", s->pid);
    write_present(j, "exe", s->exe);
    write_present(j, "comm", s->comm);
    lg_json_key(j, "cmdline");
    lg_json_array(j);
    lg_each(word, s->cmdline) {
        lg_json_str(j, *word);
    }
    lg_json_array_end(j);
    write_build(j, &s->build);
    lg_json_ki64(j, "started_at_ns", s->started_at_ns);
    write_present(j, "cgroup", s->cgroup);
    lg_json_ki64(j, "cgroup_version", s->cgroup_version);
    write_known(j, "limit_bytes", s->limit_bytes);
    write_present(j, "limit_source", s->limit_source);
    write_present(j, "gogc", s->gogc);
    write_present(j, "gomemlimit", s->gomemlimit);
    write_known(j, "host_memory_bytes", s->host_memory_bytes);
    write_known(j, "exe_size_bytes", s->exe_size_bytes);
    lg_json_object_end(j);
}

static const char *end_kind_name(enum lg_end_kind kind)
{
    switch (kind) {
    case LG_END_RUNNING:
        return "running";
    case LG_END_OOM_KILL:
        return "oom-kill";
    case LG_END_SIGNAL:
        return "signal";
    case LG_END_EXIT:
        return "exit";
    case LG_END_UNKNOWN:
        break;
    }
    return "unknown";
}

static void write_signals(struct lg_json *j, const struct lg_end *end)
{
    lg_json_key(j, "signals");
    lg_json_array(j);
    lg_each(sent, end->signals) {
        lg_json_object(j);
        lg_json_ki64(j, "time_ns", sent->wall_ns);
        lg_json_ki64(j, "signal", sent->signal);
        lg_json_ki64(j, "sender_pid", sent->sender_pid);
        lg_json_kstr(j, "sender_comm", sent->sender_comm);
        lg_json_kbool(j, "from_kernel", sent->from_kernel);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static void write_end(struct lg_json *j, const struct lg_end *end)
{
    lg_json_key(j, "end");
    lg_json_object(j);
    lg_json_kcstr(j, "kind", end_kind_name(end->kind));
    lg_json_ki64(j, "time_ns", end->wall_ns);
    lg_json_ku64(j, "t_ns", end->t_ns);
    lg_json_ku64(j, "life_ns", end->life_ns);
    if (end->signal != 0) {
        lg_json_ki64(j, "signal", end->signal);
    }
    if (end->kind == LG_END_EXIT) {
        lg_json_ki64(j, "exit_code", end->exit_code);
    }
    write_known(j, "oom_kill_delta", end->oom_kill_delta);
    write_signals(j, end);
    lg_json_object_end(j);
}

static const char *absence_name(enum lg_absence kind)
{
    static const char *const names[] = {
        [LG_NOT_ASKED] = "not-asked",
        [LG_NOT_SUPPORTED] = "not-supported",
        [LG_NOT_PERMITTED] = "not-permitted",
        [LG_GONE] = "gone",
        [LG_NOT_THERE] = "not-there",
        [LG_UNREADABLE] = "unreadable",
    };
    return names[kind];
}

static void write_absent(struct lg_json *j, const struct lg_record_head *head)
{
    lg_json_key(j, "absent");
    lg_json_array(j);
    for (size_t i = 0; i < head->absent_count; i++) {
        const struct lg_absent *a = &head->absent[i];
        lg_json_object(j);
        lg_json_kstr(j, "what", a->what);
        lg_json_kstr(j, "source", a->source);
        lg_json_kstr(j, "reason", a->reason);
        lg_json_kcstr(j, "kind", absence_name(a->kind));
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static bool finish(struct lg_json *j, const struct lg_sb *sb,
                   struct lg_error *err)
{
    return (lg_json_finish(j) && !sb->failed) || lg_fail_nomem(err);
}

bool lg_record_json_write(int folder_fd, const struct lg_record_head *head,
                          struct lg_arena *arena, struct lg_error *err)
{
    struct lg_sb sb;
    struct lg_json j;
    lg_sb_init(&sb, arena);
    lg_json_init_sb(&j, &sb, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", "lastgasp.record/1");
    lg_json_kcstr(&j, "id", head->id);
    lg_json_kcstr(&j, "state", head->done ? "done" : "recording");
    lg_json_kcstr(&j, "mode", head->mode);
    lg_json_ki64(&j, "recorder_pid", head->recorder_pid);
    write_subject(&j, head->subject);
    lg_json_ki64(&j, "started_ns", head->started_ns);
    if (head->end != NULL) {
        write_end(&j, head->end);
    }
    if (head->captures_from != NULL && head->captures_from[0] != '\0') {
        lg_json_kcstr(&j, "captures_from", head->captures_from);
    }
    lg_json_kbool(&j, "heap_profile_switched_on", head->heap_profile_switched);
    write_absent(&j, head);
    lg_json_object_end(&j);
    return finish(&j, &sb, err) &&
           lg_write_file(folder_fd, "record.json", lg_sb_view(&sb), 0644, err);
}

static void write_part(struct lg_json *j, enum lg_capture_part part,
                       const struct lg_part_result *result)
{
    lg_json_object(j);
    lg_json_kcstr(j, "file", lg_capture_part_file(part));
    lg_json_ku64(j, "bytes", result->bytes);
    lg_json_ku64(j, "duration_ns", result->duration_ns);
    lg_json_kbool(j, "cut", result->cut);
    lg_json_kcstr(j, "error", result->error.text);
    lg_json_object_end(j);
}

/* What is to be said beside the parts. */
static void write_notes(struct lg_json *j, const struct lg_capture_notes *n)
{
    if (n->goroutine_count > 0) {
        lg_json_ku64(j, "goroutines", n->goroutine_count);
        lg_json_ku64(j, "goroutines_in_text", n->text_count);
        lg_json_ku64(j, "sampled_one_in",
                     n->sampled_one_in > 1 ? n->sampled_one_in : 1);
    }
    lg_json_key(j, "quality");
    lg_json_array(j);
    for (size_t i = 0; i < n->quality_count; i++) {
        lg_json_cstr(j, n->quality[i]);
    }
    lg_json_array_end(j);
}

bool lg_capture_json_write(int folder_fd, const struct lg_capture_head *head,
                           struct lg_arena *arena, struct lg_error *err)
{
    struct lg_sb sb;
    struct lg_json j;
    lg_sb_init(&sb, arena);
    lg_json_init_sb(&j, &sb, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", "lastgasp.capture/1");
    lg_json_ku64(&j, "id", head->id);
    lg_json_kcstr(&j, "trigger", head->trigger);
    lg_json_ki64(&j, "time_ns", head->wall_ns);
    lg_json_ku64(&j, "t_ns", head->t_ns);
    lg_json_ku64(&j, "duration_ns", head->duration_ns);
    if (head->processor_ns > 0) {
        lg_json_ku64(&j, "processor_ns", head->processor_ns);
    }
    lg_json_ku64(&j, "pause_ns",
                 head->notes != NULL ? head->notes->pause_ns : 0);
    lg_json_kbool(&j, "complete", head->complete);
    lg_json_kcstr(&j, "source", head->source);
    lg_json_key(&j, "parts");
    lg_json_array(&j);
    for (int part = 0; part < LG_TAKE_COUNT; part++) {
        if (head->parts[part].asked) {
            write_part(&j, (enum lg_capture_part)part, &head->parts[part]);
        }
    }
    lg_json_array_end(&j);
    if (head->notes != NULL) {
        write_notes(&j, head->notes);
    }
    lg_json_object_end(&j);
    return finish(&j, &sb, err) &&
           lg_capture_file_write(folder_fd, "capture.json", lg_sb_view(&sb),
                                 err);
}
