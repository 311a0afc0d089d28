/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that somebody collected by hand, in any names: each is told by its
 * contents. What they are together, folder_items.c finds out.
 */
#include "sources/folder_items.h"

#include "base/io.h"
#include "decode/goroutine_text.h"
#include "decode/gzip.h"
#include "decode/heap_text.h"
#include "decode/pprof.h"
#include "decode/timeline_csv.h"
#include "sources/procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 2000
#define MAX_DEPTH 3
#define HEAD_BYTES 4096

struct loose {
    struct lg_folder *f;
    struct lg_folder_items items;
    size_t file_count;
};

/* A file on its way: opened, its bytes in the arena. */
struct file {
    const char *path;
    struct lg_str bytes;
    int64_t mtime_ns;
    bool cut;
};

static struct lg_folder_item *add(struct loose *l, const struct file *file,
                                  enum lg_folder_slot slot,
                                  const void *evidence, int64_t time_ns)
{
    struct lg_folder_item *item = lg_push(l->f->arena, &l->items);
    if (item == NULL)
        return NULL;
    *item = (struct lg_folder_item){.slot = slot,
                                    .evidence = evidence,
                                    .time_ns =
                                        time_ns != 0 ? time_ns : file->mtime_ns,
                                    .path = file->path,
                                    .order = (uint32_t)l->items.count,
                                    .cut = file->cut};
    return item;
}

static void unreadable(struct loose *l, const struct file *file,
                       const char *what, struct lg_error *why)
{
    lg_folder_absent(l->f, what, file->path, why);
    if (l->f->first_error.kind == LG_OK) {
        l->f->first_error = *why;
        if (l->f->fd >= 0)
            lg_context(&l->f->first_error, "%s", file->path);
    }
}

static bool has_type(const struct lg_profile *p, const char *name)
{
    return lg_profile_type(p, lg_str_of(name)) >= 0;
}

/* Mutex and block profiles have the same types: the name decides. */
static bool slot_of(const struct lg_profile *p, const char *path,
                    enum lg_folder_slot *slot_ret)
{
    if (has_type(p, "inuse_space"))
        *slot_ret = LG_SLOT_HEAP;
    else if (has_type(p, "goroutine"))
        *slot_ret = LG_SLOT_GOROUTINE;
    else if (has_type(p, "threadcreate"))
        *slot_ret = LG_SLOT_THREADCREATE;
    else if (has_type(p, "cpu"))
        *slot_ret = LG_SLOT_CPU;
    else if (has_type(p, "contentions"))
        *slot_ret = lg_str_contains(lg_str_of(path), LG_STR("mutex"))
                        ? LG_SLOT_MUTEX
                        : LG_SLOT_BLOCK;
    else
        return false;
    return true;
}

/* The first mapping is the program. */
static void subject_of_profile(struct loose *l, const struct lg_profile *p)
{
    struct lg_subject *s = &l->f->in->subject;
    struct lg_error err = {0};
    if (s->exe.len > 0 || p->mappings.count == 0)
        return;
    const struct lg_profile_mapping *m = &p->mappings.items[0];
    if (m->file.len == 0 || m->file.data[0] != '/')
        return;
    s->exe = m->file;
    char *path = lg_str_cstr(l->f->arena, m->file);
    struct lg_build_info build = {0};
    /* Another build may lie there by now: its module is the same. */
    if (path != NULL && access(path, R_OK) == 0 &&
        lg_build_info_read(path, l->f->arena, &build, &err))
        s->build = build;
    if (s->build.build_id.len == 0)
        s->build.build_id = m->build_id;
}

static bool read_profile(struct loose *l, const struct file *file)
{
    struct lg_error err = {0};
    enum lg_folder_slot slot;
    struct lg_profile *p = lg_new(l->f->arena, struct lg_profile, 1);
    if (p == NULL)
        return true;
    if (!lg_pprof_parse(file->bytes, l->f->arena, p, &err)) {
        /* Any bytes may be no profile: only gzip claims to be one. */
        if (lg_gzip_is(file->bytes))
            unreadable(l, file, "a profile", &err);
        return false;
    }
    if (p->types.count == 0 || !slot_of(p, file->path, &slot))
        return false;
    subject_of_profile(l, p);
    return add(l, file, slot, p, p->time_ns) != NULL;
}

static void read_heap_text(struct loose *l, const struct file *file)
{
    struct lg_error err = {0};
    struct lg_arena *arena = l->f->arena;
    struct lg_memstats *m = lg_new(arena, struct lg_memstats, 1);
    struct lg_profile *p = lg_new(arena, struct lg_profile, 1);
    if (p != NULL && !lg_heap_text_parse(file->bytes, arena, p, NULL))
        p = NULL;
    if (m != NULL && lg_heap_text_memstats(file->bytes, m, &err)) {
        struct lg_folder_item *item = add(l, file, LG_SLOT_MEMSTATS, m, 0);
        if (item != NULL)
            item->heap = p;
        return;
    }
    unreadable(l, file, "runtime.MemStats", &err);
    if (p != NULL)
        add(l, file, LG_SLOT_HEAP, p, 0);
}

/* What Go's runtime writes when it dies is the end of its stderr. The reason
 * comes before the dump, which may be long. */
static void read_last_words(struct loose *l, const struct file *file)
{
    if (lg_folder_last_words(l->f, file->bytes))
        l->f->in->end.stderr_tail =
            lg_str_first(file->bytes, LG_FOLDER_STDERR_BYTES);
}

static void read_goroutines(struct loose *l, const struct file *file,
                            bool counts)
{
    struct lg_error err = {0};
    struct lg_goroutines *g = lg_new(l->f->arena, struct lg_goroutines, 1);
    if (g == NULL)
        return;
    bool ok =
        counts
            ? lg_goroutine_count_text_parse(file->bytes, l->f->arena, g, &err)
            : lg_goroutine_text_parse(file->bytes, l->f->arena, g, &err);
    if (!ok) {
        unreadable(l, file, "a goroutine dump", &err);
        return;
    }
    g->truncated |= file->cut;
    add(l, file, LG_SLOT_DUMP, g, 0);
    if (!counts)
        read_last_words(l, file);
}

static void read_timeline(struct loose *l, const struct file *file)
{
    struct lg_timeline t;
    struct lg_error err = {0};
    if (!lg_timeline_csv_parse(file->bytes, l->f->arena, &t, &err))
        unreadable(l, file, "a timeline", &err);
    else if (t.count > l->f->in->timeline.count)
        l->f->in->timeline = t;
}

/* false: nothing that we know by its beginning. */
static bool read_known(struct loose *l, const struct file *file)
{
    if (lg_heap_text_is(file->bytes))
        read_heap_text(l, file);
    else if (lg_goroutine_count_text_is(file->bytes))
        read_goroutines(l, file, true);
    else if (lg_timeline_csv_is(file->bytes))
        read_timeline(l, file);
    else if (lg_goroutine_text_is(file->bytes))
        read_goroutines(l, file, false);
    else
        return false;
    return true;
}

static bool is_text(struct lg_str bytes)
{
    struct lg_str head = lg_str_first(bytes, HEAD_BYTES);
    return head.len > 0 && lg_str_find_char(head, '\0') < 0;
}

/* gzip: a profile, or any of the texts compressed. */
static void read_gzip(struct loose *l, struct file *file)
{
    struct lg_str inner;
    struct lg_error err = {0};
    if (!lg_gunzip(file->bytes, LG_FOLDER_ALL_DUMPS_BYTES, l->f->arena, &inner,
                   &err)) {
        unreadable(l, file, "a profile", &err);
        return;
    }
    struct file text = *file;
    text.bytes = inner;
    if (is_text(inner) && read_known(l, &text))
        return;
    if (read_profile(l, file))
        return;
    if (is_text(inner) &&
        !lg_folder_kernel_text(l->f, inner, file->mtime_ns, &err))
        unreadable(l, file, "a kernel log", &err);
}

/* Logs can be longer than memory: they are streamed. */
static void read_log(struct loose *l, int fd, const struct file *file)
{
    struct lg_error err = {0};
    if (lseek(fd, 0, SEEK_SET) == 0 &&
        !lg_folder_kernel_log(l->f, fd, file->mtime_ns, &err))
        unreadable(l, file, "a kernel log", &err);
}

static bool is_ours(const char *path)
{
    struct lg_str name = lg_str_of(path);
    return lg_str_ends(name, LG_STR("report.json")) ||
           lg_str_ends(name, LG_STR("capture.json"));
}

static void read_file(struct loose *l, int dir_fd, const char *name,
                      const char *path)
{
    struct lg_folder *f = l->f;
    struct lg_error err = {0};
    struct file file = {.path = path};
    uint64_t size;
    LG_CLOSE
    int fd = lg_folder_open(dir_fd, name, &size, &file.mtime_ns, &err);
    if (fd < 0 || is_ours(path)) {
        if (err.kind == LG_DENIED)
            unreadable(l, &file, "a file", &err);
        return;
    }
    uint64_t limit = f->dump_bytes_left < LG_FOLDER_DUMP_BYTES
                         ? f->dump_bytes_left
                         : LG_FOLDER_DUMP_BYTES;
    if (limit == 0) {
        lg_fail(&err, LG_LIMIT, "left out: the files exceed 512 MiB");
        lg_folder_absent(f, "a file", path, &err);
        return;
    }
    if (!lg_folder_read_file(f, dir_fd, name, limit, &file.bytes, &file.cut,
                             &err))
        return;
    f->dump_bytes_left -= file.bytes.len;
    if (lg_gzip_is(file.bytes))
        read_gzip(l, &file);
    else if (!is_text(file.bytes))
        (void)read_profile(l, &file); /* an inflated one */
    else if (!read_known(l, &file))
        read_log(l, fd, &file);
}

static const char *join(struct lg_folder *f, const char *dir, const char *name)
{
    struct lg_sb sb;
    lg_sb_init(&sb, f->arena);
    lg_sb_cstr(&sb, dir);
    if (dir[0] != '\0')
        lg_sb_char(&sb, '/');
    lg_sb_cstr(&sb, name);
    return lg_sb_cstr_of(&sb);
}

static void read_folder(struct loose *l, int fd, const char *dir, int depth)
{
    struct lg_folder_names names;
    if (!lg_folder_list(l->f, fd, MAX_FILES, &names))
        return;
    for (size_t i = 0; i < names.count && l->file_count < MAX_FILES; i++) {
        const char *path = join(l->f, dir, names.items[i]);
        LG_CLOSE
        int sub = lg_folder_open_dir(fd, names.items[i]);
        if (path == NULL)
            return;
        l->file_count++;
        if (sub < 0)
            read_file(l, fd, names.items[i], path);
        else if (depth < MAX_DEPTH)
            read_folder(l, sub, path, depth + 1);
    }
}

/* With a timeline that tells wall time, t = 0 is its start. */
static void align(struct lg_incident *in)
{
    if (in->timeline.count == 0 || in->timeline.rows[0].wall_ns == 0)
        return;
    const struct lg_timeline_row *first = &in->timeline.rows[0];
    int64_t start_ns =
        (int64_t)((uint64_t)first->wall_ns - first->t_ns); /* any numbers */
    lg_each(c, in->captures) {
        c->t_ns = c->wall_ns > start_ns
                      ? (uint64_t)c->wall_ns - (uint64_t)start_ns
                      : 0;
    }
}

static void note_missing(struct lg_folder *f)
{
    const struct {
        bool there;
        const char *what, *reason;
    } parts[] = {
        {lg_incident_last_heap(f->in) != NULL, "a heap profile",
         "no file has the sample type inuse_space"},
        {lg_incident_last_goroutines(f->in) != NULL, "goroutines",
         "neither a goroutine profile nor a dump is among the files"},
        {lg_incident_last_memstats(f->in) != NULL, "runtime.MemStats",
         "no heap profile with debug=1 is among the files"},
        {f->in->oom_events.count > 0, "the kernel's report",
         "no file has the lines of an OOM kill"},
        {f->in->timeline.count > 0, "the timeline",
         "no timeline.csv is among the files"},
    };
    for (size_t i = 0; i < LG_COUNT(parts); i++) {
        struct lg_error why = {0};
        lg_fail(&why, LG_ABSENT, "%s", parts[i].reason);
        if (!parts[i].there)
            lg_folder_absent(f, parts[i].what, "", &why);
    }
}

void lg_folder_loose(struct lg_folder *f)
{
    struct loose l = {.f = f};
    if (f->fd >= 0)
        read_folder(&l, f->fd, "", 0);
    else
        read_file(&l, AT_FDCWD, f->path, f->path);
    lg_folder_group_items(f, &l.items);
    align(f->in);
    lg_folder_choose_oom(f);
    f->found = f->in->captures.count > 0 || f->in->oom_events.count > 0 ||
               f->in->timeline.count > 0;
    if (f->found)
        note_missing(f);
}
