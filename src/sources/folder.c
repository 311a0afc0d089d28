/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/folder.h"

#include "base/io.h"
#include "decode/record_json.h"
#include "decode/timeline_csv.h"
#include "sources/folder_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void read_record(struct lg_folder *f)
{
    struct lg_str bytes;
    struct lg_record_doc doc;
    struct lg_error err = {0};
    bool cut;
    if (!lg_folder_read_file(f, f->fd, "record.json", LG_FOLDER_TEXT_BYTES,
                             &bytes, &cut, &err) ||
        !lg_record_json_parse(bytes, f->arena, &doc, &err)) {
        lg_folder_absent(f, "the subject and its end", "record.json", &err);
        return;
    }
    f->started_ns = doc.started_ns;
    f->in->id = doc.id;
    f->in->subject = doc.subject;
    f->in->end = doc.end;
    lg_each(absent, doc.absent) {
        struct lg_absent *slot = lg_push(f->arena, &f->in->absent);
        if (slot != NULL)
            *slot = *absent;
    }
    if (!lg_str_eq(doc.state, LG_STR("done"))) {
        lg_fail(&err, LG_ABSENT, "the recorder ended before the program did");
        lg_folder_absent(f, "the end", "record.json", &err);
    }
}

static void read_timeline(struct lg_folder *f)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    bool cut;
    if (lg_folder_read_file(f, f->fd, "timeline.csv", LG_FOLDER_TEXT_BYTES,
                            &bytes, &cut, &err) &&
        lg_timeline_csv_parse(bytes, f->arena, &f->in->timeline, &err))
        f->found |= f->in->timeline.count > 0;
    else
        lg_folder_absent(f, "the timeline", "timeline.csv", &err);
}

static void read_kernel_log(struct lg_folder *f)
{
    uint64_t size;
    int64_t mtime_ns;
    struct lg_error err = {0};
    LG_CLOSE
    int fd = lg_folder_open(f->fd, "kernel.log", &size, &mtime_ns, &err);
    /* Where the kernel killed nobody, it has nothing to report; where nobody
     * saw the end, it might have. */
    const struct lg_end *end = &f->in->end;
    bool expected = end->kind == LG_END_OOM_KILL || end->kind == LG_END_UNKNOWN;
    if (fd < 0 ? expected : !lg_folder_kernel_log(f, fd, mtime_ns, &err))
        lg_folder_absent(f, "the kernel's report", "kernel.log", &err);
    f->found |= f->in->oom_events.count > 0;
}

static void read_stderr(struct lg_folder *f)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    bool cut;
    if (lg_folder_read_file(f, f->fd, "stderr.txt", LG_FOLDER_TEXT_BYTES,
                            &bytes, &cut, &err)) {
        size_t over = bytes.len > LG_FOLDER_STDERR_BYTES
                          ? bytes.len - LG_FOLDER_STDERR_BYTES
                          : 0;
        f->in->end.stderr_tail = lg_str_skip(bytes, over);
        (void)lg_folder_last_words(f, f->in->end.stderr_tail);
    } else if (err.kind != LG_ABSENT) {
        lg_folder_absent(f, "what it wrote to stderr", "stderr.txt", &err);
    }
}

static void add_capture(struct lg_folder *f, const char *dir)
{
    struct lg_capture *c = lg_push(f->arena, &f->in->captures);
    if (c == NULL)
        return;
    lg_folder_capture(f, dir, c);
    if (c->id == 0)
        c->id = (uint32_t)f->in->captures.count;
    if (c->t_ns == 0 && f->started_ns > 0 && c->wall_ns > f->started_ns)
        c->t_ns = (uint64_t)(c->wall_ns - f->started_ns);
}

static void read_captures(struct lg_folder *f)
{
    LG_CLOSE
    int fd = lg_folder_open_dir(f->fd, "captures");
    struct lg_folder_names names = {0};
    struct lg_sb sb;
    if (fd >= 0)
        (void)lg_folder_list(f, fd, LG_FOLDER_MAX_CAPTURES, &names);
    for (size_t i = 0; i < names.count; i++) {
        lg_sb_init(&sb, f->arena);
        lg_sb_cstr(&sb, "captures/");
        lg_sb_cstr(&sb, names.items[i]);
        char *dir = lg_sb_cstr_of(&sb);
        struct stat st;
        if (dir != NULL && fstatat(f->fd, dir, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(st.st_mode))
            add_capture(f, dir);
    }
}

/* The dumps of the last captures tell most: they come before the bound. */
static void read_dumps(struct lg_folder *f)
{
    for (size_t i = f->in->captures.count; i-- > 0;)
        lg_folder_capture_dump(f, &f->in->captures.items[i]);
}

/* What nothing came of says nothing, but that it was tried. */
static void drop_empty_captures(struct lg_folder *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->in->captures.count; i++) {
        struct lg_capture *c = &f->in->captures.items[i];
        if (lg_folder_capture_has_evidence(c) || c->quality.count > 0)
            f->in->captures.items[kept++] = *c;
        f->found |= lg_folder_capture_has_evidence(c);
    }
    f->in->captures.count = kept;
}

/* Without record.json the copies of /proc name the process. */
static void subject_of_captures(struct lg_folder *f)
{
    struct lg_subject *s = &f->in->subject;
    const struct lg_capture *c = lg_incident_last_process(f->in);
    if (c == NULL)
        return;
    if (s->pid == 0)
        s->pid = c->process->pid;
    if (s->comm.len == 0)
        s->comm = c->process->comm;
    if (s->exe.len == 0)
        s->exe = c->process->exe;
}

static void read_recorded(struct lg_folder *f)
{
    read_record(f);
    read_timeline(f);
    read_kernel_log(f);
    read_stderr(f);
    read_captures(f);
    if (f->in->captures.count == 0)
        add_capture(f, "");
    read_dumps(f);
    drop_empty_captures(f);
    subject_of_captures(f);
    lg_folder_choose_oom(f);
    /* A program that ended before anything was captured is a case too. */
    f->found |= f->in->subject.pid > 0;
}

/* A folder that the recorder wrote has one of these. */
static bool is_recorded(int fd)
{
    struct stat st;
    return fstatat(fd, "record.json", &st, AT_SYMLINK_NOFOLLOW) == 0 ||
           fstatat(fd, "captures", &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool finish(const struct lg_folder *f, struct lg_incident *ret,
                   struct lg_error *err)
{
    if (f->arena->failed)
        return lg_fail_nomem(err);
    if (!f->found && f->first_error.kind != LG_OK && err != NULL) {
        *err = f->first_error;
        return lg_context(err, "%s", f->path);
    }
    if (!f->found)
        return lg_fail(err, LG_ABSENT,
                       "%s: no evidence there: neither profiles of a Go "
                       "program nor a goroutine dump, a kernel log with an "
                       "OOM report or a timeline.csv",
                       f->path);
    *ret = *f->in;
    return true;
}

bool lg_folder_read(const char *path, struct lg_arena *arena,
                    struct lg_incident *ret, struct lg_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return lg_fail_os(err, errno, "%s", path);
    LG_CLOSE
    int fd = -1;
    if (S_ISDIR(st.st_mode)) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return lg_fail_os(err, errno, "%s", path);
    }
    struct lg_incident in = {.arena = arena, .end = {.exit_code = -1}};
    struct lg_folder f = {.path = path,
                          .fd = fd,
                          .arena = arena,
                          .in = &in,
                          .dump_bytes_left = LG_FOLDER_ALL_DUMPS_BYTES};
    if (fd >= 0 && is_recorded(fd))
        read_recorded(&f);
    else
        lg_folder_loose(&f);
    return finish(&f, ret, err);
}
