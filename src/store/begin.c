/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorder calls: at the beginning, and at the end. */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static struct lg_store_held *free_slot(struct lg_store *store)
{
    lg_each(held, store->held) {
        if (held->fd < 0)
            return held;
    }
    struct lg_store_held *held = lg_push(&store->arena, &store->held);
    if (held != NULL)
        held->fd = -1;
    return held;
}

/* The caller's descriptor and ours are one open folder, so the lock holds
 * until both are closed: at the commit, or when this process dies. */
static bool hold(struct lg_store *store, const char *id, int *folder_fd_ret,
                 struct lg_error *err)
{
    struct lg_store_held *slot = free_slot(store);
    if (slot == NULL)
        return lg_fail_nomem(err);
    int own = openat(store->incidents_fd, id,
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (own < 0)
        return lg_fail_os(err, errno, "cannot open %s/incidents/%s",
                          store->path, id);
    (void)flock(own, LOCK_EX);
    int theirs = fcntl(own, F_DUPFD_CLOEXEC, 0);
    if (theirs < 0) {
        lg_fail_os(err, errno, "cannot hold %s/incidents/%s", store->path, id);
        lg_close_p(&own);
        return false;
    }
    slot->fd = own;
    memcpy(slot->id, id, sizeof slot->id);
    *folder_fd_ret = theirs;
    return true;
}

bool lg_store_begin(struct lg_store *store, int64_t pid, struct lg_str name,
                    int64_t wall_ns, char id_ret[16], int *folder_fd_ret,
                    struct lg_error *err)
{
    struct lg_store_row row = {
        .time_ns = wall_ns,
        .pid = pid,
        .name = name,
        .state = LG_STR("recording"),
        .end = LG_STR("running"),
    };
    int fd = -1;
    if (!lg_store_writable(store, err) ||
        !lg_store_make_folder(store, row.id, err))
        return false;
    if (!hold(store, row.id, &fd, err) || !lg_row_put(store, &row, err) ||
        !lg_fsync_dir(store->incidents_fd, err)) {
        lg_store_release(store, row.id);
        lg_close_p(&fd);
        (void)unlinkat(store->incidents_fd, row.id, AT_REMOVEDIR);
        return false;
    }
    memcpy(id_ret, row.id, sizeof row.id);
    *folder_fd_ret = fd;
    return true;
}

static const char *const end_kinds[] = {
    [LG_END_UNKNOWN] = "",          [LG_END_RUNNING] = "running",
    [LG_END_OOM_KILL] = "oom-kill", [LG_END_SIGNAL] = "signal",
    [LG_END_EXIT] = "exit",
};

/* The kernel's own figures, else the last sample that has them. */
static void memory_of(const struct lg_incident *in, struct lg_store_row *row)
{
    const struct lg_end *end = &in->end;
    const struct lg_timeline *t = &in->timeline;
    row->usage_bytes = end->has_oom ? end->oom.usage_bytes.value : 0;
    row->limit_bytes = end->has_oom ? end->oom.limit_bytes.value : 0;
    for (size_t i = t->count; row->usage_bytes == 0 && i > 0; i--)
        row->usage_bytes = t->rows[i - 1].usage_bytes.value;
    if (row->limit_bytes == 0)
        row->limit_bytes = in->subject.limit_bytes.value;
}

static bool verdict_of(const struct lg_verdict *verdict, struct lg_arena *arena,
                       struct lg_store_row *row)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    row->cause = verdict->inconclusive
                     ? LG_STR("inconclusive")
                     : lg_str_of(lg_cause_name(LG_CAUSE_NONE));
    if (verdict->findings.count > 0) {
        const struct lg_finding *f = &verdict->findings.items[0];
        row->cause = lg_str_of(lg_cause_name(f->cause));
        row->title = f->title;
        row->confidence = f->confidence;
        if (f->where.function.len > 0)
            lg_row_where_text(&sb, f->where.function, f->where.file,
                              f->where.line);
    }
    row->where = lg_sb_view(&sb);
    return !sb.failed;
}

/* Over what was known at the beginning. */
static bool update(const struct lg_incident *in,
                   const struct lg_verdict *verdict, struct lg_arena *arena,
                   struct lg_store_row *row)
{
    const struct lg_subject *s = &in->subject;
    struct lg_sb end;
    lg_sb_init(&end, arena);
    lg_row_end_text(&end, lg_str_of(end_kinds[in->end.kind]), in->end.exit_code,
                    in->end.signal);
    row->end = lg_sb_view(&end);
    if (in->end.wall_ns > 0)
        row->time_ns = in->end.wall_ns;
    if (s->pid != 0)
        row->pid = s->pid;
    if (s->exe.len > 0)
        row->name = lg_row_base_name(s->exe);
    else if (s->comm.len > 0)
        row->name = s->comm;
    row->captures_count = in->captures.count;
    memory_of(in, row);
    row->state = verdict != NULL ? LG_STR("done") : LG_STR("interrupted");
    return !end.failed && (verdict == NULL || verdict_of(verdict, arena, row));
}

static bool sync_folder(struct lg_store *store, const char *id,
                        struct lg_error *err)
{
    LG_CLOSE
    int fd = openat(store->incidents_fd, id,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s/incidents/%s",
                          store->path, id);
    return lg_fsync_dir(fd, err);
}

static bool commit(struct lg_store *store, const char *id,
                   const struct lg_incident *incident,
                   const struct lg_verdict *verdict, struct lg_arena *arena,
                   struct lg_error *err)
{
    struct lg_store_row row = {0};
    bool there;
    if (!lg_store_writable(store, err) ||
        !lg_row_get(store, id, arena, &row, &there, err))
        return false;
    if (!there && !lg_row_from_folder(store, id, arena, &row, err))
        return false;
    if (!update(incident, verdict, arena, &row))
        return lg_fail_nomem(err);
    row.size_bytes = lg_store_tree_bytes(store->incidents_fd, id);
    if (!sync_folder(store, id, err) || !lg_row_put(store, &row, err))
        return false;
    lg_store_release(store, id);
    return true;
}

bool lg_store_commit(struct lg_store *store, const char *id,
                     const struct lg_incident *incident,
                     const struct lg_verdict *verdict, struct lg_error *err)
{
    struct lg_arena arena;
    if (!lg_store_id_valid(lg_str_of(id)))
        return lg_fail(err, LG_USAGE, "\"%s\" is not an incident's id", id);
    lg_arena_init(&arena, 0);
    bool ok = commit(store, id, incident, verdict, &arena, err);
    lg_arena_deinit(&arena);
    return ok;
}
