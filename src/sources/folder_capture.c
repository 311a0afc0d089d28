/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One capture's folder. Each file fills one field; one that is missing is no
 * matter, one that is damaged is a line in `quality`.
 */
#include "sources/folder_internal.h"

#include "base/io.h"
#include "decode/capture_json.h"
#include "decode/goroutine_text.h"
#include "decode/heap_text.h"
#include "decode/memstats_json.h"
#include "decode/peers_text.h"
#include "decode/pprof.h"
#include "sources/cgroupfs.h"
#include "sources/procfs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 64 /* of a capture; it has about twelve */

static const struct {
    const char *file;
    size_t offset; /* of the pointer in struct lg_capture */
} profiles[] = {
    {"heap-gc.pb.gz", offsetof(struct lg_capture, heap)},
    {"heap.pb.gz", offsetof(struct lg_capture, heap_now)},
    {"goroutine.pb.gz", offsetof(struct lg_capture, goroutine_profile)},
    {"threadcreate.pb.gz", offsetof(struct lg_capture, threadcreate)},
    {"mutex.pb.gz", offsetof(struct lg_capture, mutex)},
    {"block.pb.gz", offsetof(struct lg_capture, block)},
    {"cpu.pb.gz", offsetof(struct lg_capture, cpu)},
};

/* false and a quality line, unless the file is not there at all. */
static bool read_part(struct lg_folder *f, int dir_fd, const char *name,
                      uint64_t limit_bytes, struct lg_capture *c,
                      struct lg_str *bytes_ret)
{
    struct lg_error err = {0};
    bool cut;
    if (!lg_folder_read_file(f, dir_fd, name, limit_bytes, bytes_ret, &cut,
                             &err)) {
        if (err.kind != LG_ABSENT)
            lg_folder_quality(f, c, name, err.text);
        return false;
    }
    if (cut)
        lg_folder_quality(f, c, name, "cut at 64 MiB");
    return true;
}

static void read_profile(struct lg_folder *f, int dir_fd, const char *name,
                         struct lg_capture *c, const struct lg_profile **slot)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    if (!read_part(f, dir_fd, name, LG_FOLDER_PROFILE_BYTES, c, &bytes))
        return;
    struct lg_profile *p = lg_new(f->arena, struct lg_profile, 1);
    if (p == NULL)
        return;
    if (lg_pprof_parse(bytes, f->arena, p, &err))
        *slot = p;
    else
        lg_folder_quality(f, c, name, err.text);
}

/* What became of a capture's heap profiles, as it says itself. */
struct heap_parts {
    bool torn;       /* neither is to be used */
    bool gc_missing; /* that of the last collection could not be read */
};

/* What pprof gave is as of the last collection, and stands alone. Before the
 * first collection nothing is published. Where that of the last collection is
 * missing, the one up to now does not stand for it: it has the garbage, too. */
static void choose_heap(struct lg_capture *c, const struct heap_parts *parts)
{
    if (parts->torn) {
        c->heap = c->heap_now = NULL;
    } else if (c->heap == NULL && !parts->gc_missing) {
        c->heap = c->heap_now;
        c->heap_now = NULL;
    } else if (c->heap != NULL && c->heap->samples.count == 0) {
        c->heap = c->heap_now;
    }
}

static void read_heap_text(struct lg_folder *f, int dir_fd,
                           struct lg_capture *c)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    if (!read_part(f, dir_fd, "heap.txt", LG_FOLDER_TEXT_BYTES, c, &bytes))
        return;
    struct lg_memstats *m = lg_new(f->arena, struct lg_memstats, 1);
    if (m != NULL && lg_heap_text_memstats(bytes, m, &err))
        c->memstats = m;
    else
        lg_folder_quality(f, c, "heap.txt", err.text);
    if (c->heap != NULL)
        return; /* the same samples, and whole */
    struct lg_profile *p = lg_new(f->arena, struct lg_profile, 1);
    if (p != NULL && lg_heap_text_parse(bytes, f->arena, p, &err))
        c->heap = p;
}

/* The runtime's account, as it was read out of the process's memory. */
static void read_memstats(struct lg_folder *f, int dir_fd, struct lg_capture *c)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    if (!read_part(f, dir_fd, "memstats.json", LG_FOLDER_TEXT_BYTES, c, &bytes))
        return;
    struct lg_memstats *m = lg_new(f->arena, struct lg_memstats, 1);
    if (m != NULL && lg_memstats_json_parse(bytes, m, &err))
        c->memstats = m;
    else
        lg_folder_quality(f, c, "memstats.json", err.text);
}

/* Killed, but not yet gone: its memory has been given back, its descriptors are
 * closed, and /proc says that it is in the root cgroup. None of that is what
 * it was like before. */
static bool is_dying(const struct lg_process *p)
{
    return p->state == 'Z' || p->state == 'X' ||
           (p->state != 0 && !p->vm_rss.known);
}

/* /proc and the cgroup as they were: a copy that procfs reads like a machine */
static void read_root(struct lg_folder *f, const char *path,
                      struct lg_capture *c)
{
    struct lg_host host;
    struct lg_error err = {0};
    if (!lg_host_init(&host, path, &err))
        return;
    int64_t pid = f->in->subject.pid, *pids;
    size_t count;
    if (pid == 0 && lg_process_list(&host, f->arena, &pids, &count, &err) &&
        count > 0)
        pid = pids[0];
    struct lg_process *p = lg_new(f->arena, struct lg_process, 1);
    bool read = p != NULL &&
                lg_process_read(&host, pid,
                                LG_PROCESS_STATUS | LG_PROCESS_SMAPS_ROLLUP |
                                    LG_PROCESS_FDS | LG_PROCESS_SMAPS,
                                f->arena, p, &err);
    if (read && is_dying(p)) {
        lg_folder_quality(f, c, "root/proc", "the process was ending");
        lg_host_deinit(&host);
        return;
    }
    if (read)
        c->process = p;
    else
        lg_folder_quality(f, c, "root/proc", err.text);
    struct lg_cgroup *g = lg_new(f->arena, struct lg_cgroup, 1);
    struct lg_cgroup_place place;
    if (g != NULL && lg_cgroup_place_find(&host, pid, f->arena, &place, &err) &&
        lg_cgroup_read(&host, &place, false, f->arena, g, &err))
        c->cgroup = g;
    lg_host_deinit(&host);
}

static void read_peers(struct lg_folder *f, int dir_fd, struct lg_capture *c)
{
    struct lg_str bytes;
    if (read_part(f, dir_fd, "peers.txt", LG_FOLDER_TEXT_BYTES, c, &bytes))
        (void)lg_peers_text_parse(bytes, f->arena, c, NULL);
}

/* "0003-usage-50" → 3, "usage-50": when capture.json is missing. */
static void name_tells(struct lg_folder *f, struct lg_capture *c)
{
    struct lg_cut slash = lg_str_rcut_char(c->name, '/');
    struct lg_cut dash =
        lg_str_cut_char(slash.found ? slash.tail : c->name, '-');
    uint64_t id;
    if (dash.found && lg_str_u64(dash.head, &id) && id <= UINT32_MAX) {
        c->id = (uint32_t)id;
        c->trigger = dash.tail;
    }
    struct lg_error err = {0};
    lg_fail(&err, LG_ABSENT, "not there: the capture was interrupted");
    lg_folder_quality(f, c, "capture.json", err.text);
}

static void part_quality(struct lg_folder *f, struct lg_capture *c,
                         const struct lg_capture_doc_part *part)
{
    char *file = lg_str_cstr(f->arena, part->file);
    char *error = lg_str_cstr(f->arena, part->error);
    if (file != NULL && error != NULL && (part->cut || error[0] != '\0'))
        lg_folder_quality(f, c, file,
                          error[0] != '\0' ? error : "cut while it came");
}

/* The list of the profile's records ended in memory that the kernel had taken
 * away: what is there is any part of it, and the other of the two is of the
 * same moments. */
static void note_heap_part(const struct lg_capture_doc *doc,
                           const struct lg_capture_doc_part *part,
                           struct heap_parts *parts)
{
    bool is_gc = lg_str_eq(part->file, LG_STR("heap-gc.pb.gz"));
    bool is_now = lg_str_eq(part->file, LG_STR("heap.pb.gz"));
    parts->torn |= part->cut && !doc->complete && (is_gc || is_now);
    parts->gc_missing |= is_gc && part->error.len > 0;
}

static void read_json(struct lg_folder *f, int dir_fd, struct lg_capture *c,
                      struct heap_parts *heap_ret)
{
    struct lg_str bytes;
    struct lg_capture_doc doc;
    struct lg_error err = {0};
    bool cut;
    if (!lg_folder_read_file(f, dir_fd, "capture.json", LG_FOLDER_TEXT_BYTES,
                             &bytes, &cut, &err)) {
        if (c->name.len > 0)
            name_tells(f, c);
        return;
    }
    if (!lg_capture_json_parse(bytes, f->arena, &doc, &err)) {
        name_tells(f, c);
        lg_folder_quality(f, c, "capture.json", err.text);
        return;
    }
    c->id = doc.id;
    c->trigger = doc.trigger;
    c->source = doc.source;
    c->wall_ns = doc.time_ns;
    c->t_ns = doc.t_ns;
    c->duration_ns = doc.duration_ns;
    c->pause_ns = doc.pause_ns;
    c->complete = doc.complete;
    c->sampled_one_in = doc.sampled_one_in;
    lg_each(part, doc.parts) {
        part_quality(f, c, part);
        note_heap_part(&doc, part, heap_ret);
    }
    lg_each(sentence, doc.quality) {
        struct lg_str *slot = lg_push(f->arena, &c->quality);
        if (slot != NULL)
            *slot = *sentence;
    }
}

static char *path_of(struct lg_folder *f, struct lg_str dir, const char *name)
{
    struct lg_sb sb;
    lg_sb_init(&sb, f->arena);
    lg_sb_str(&sb, dir);
    if (dir.len > 0)
        lg_sb_char(&sb, '/');
    lg_sb_cstr(&sb, name);
    return lg_sb_cstr_of(&sb);
}

static bool is_evidence_file(const char *name)
{
    struct lg_str s = lg_str_of(name);
    return lg_str_ends(s, LG_STR(".pb.gz")) || lg_str_ends(s, LG_STR(".txt")) ||
           lg_str_eq(s, LG_STR("memstats.json")) ||
           lg_str_eq(s, LG_STR("trace.out")) ||
           lg_str_eq(s, LG_STR("goroutines.txt.part"));
}

static void list_files(struct lg_folder *f, int dir_fd, struct lg_capture *c)
{
    struct lg_folder_names names;
    if (!lg_folder_list(f, dir_fd, MAX_FILES, &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        if (!is_evidence_file(names.items[i]))
            continue;
        char *path = path_of(f, c->name, names.items[i]);
        struct lg_str *slot = lg_push(f->arena, &c->files);
        if (slot != NULL && path != NULL)
            *slot = lg_str_of(path);
    }
}

/* Without capture.json: when its heap profile was made, or its folder. */
static void guess_time(const struct lg_folder *f, struct lg_capture *c,
                       int dir_fd)
{
    struct stat st;
    for (size_t i = 0; i < LG_COUNT(profiles) && c->wall_ns == 0; i++) {
        const struct lg_profile *p = *(
            const struct lg_profile *const *)(const void *)((const char *)c +
                                                            profiles[i].offset);
        if (p != NULL)
            c->wall_ns = p->time_ns;
    }
    if (c->wall_ns != 0 || c->name.len == 0 || fstat(dir_fd, &st) != 0)
        return;
    /* A copy of the folder may have any time. */
    int64_t at = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if (at > f->started_ns && at < f->in->end.wall_ns)
        c->wall_ns = at;
}

void lg_folder_capture(struct lg_folder *f, const char *dir,
                       struct lg_capture *c)
{
    *c = (struct lg_capture){.name = lg_str_dup(f->arena, lg_str_of(dir)),
                             .trigger = LG_STR("file")};
    LG_CLOSE
    int fd = lg_folder_open_dir(f->fd, dir[0] != '\0' ? dir : ".");
    if (fd < 0)
        return;
    struct heap_parts heap_parts = {0};
    read_json(f, fd, c, &heap_parts);
    for (size_t i = 0; i < LG_COUNT(profiles); i++)
        read_profile(f, fd, profiles[i].file, c,
                     (const struct lg_profile **)(void *)((char *)c +
                                                          profiles[i].offset));
    /* A program has one at least: it was read while the kernel took its memory
     * away. */
    if (c->goroutine_profile != NULL &&
        c->goroutine_profile->samples.count == 0)
        c->goroutine_profile = NULL;
    choose_heap(c, &heap_parts);
    read_heap_text(f, fd, c);
    read_memstats(f, fd, c);
    read_peers(f, fd, c);
    char *root = path_of(f, lg_str_of(f->path), dir);
    root = root != NULL ? path_of(f, lg_str_of(root), "root") : NULL;
    LG_CLOSE
    int root_fd = lg_folder_open_dir(fd, "root");
    if (root != NULL && root_fd >= 0)
        read_root(f, root, c);
    list_files(f, fd, c);
    guess_time(f, c, fd);
}

/* A recorder that died while the dump came left its beginning under another
 * name. */
static bool read_dump(struct lg_folder *f, int dir_fd, struct lg_capture *c,
                      struct lg_str *bytes_ret, bool *cut_ret)
{
    static const char name[] = "goroutines.txt";
    uint64_t limit = f->dump_bytes_left < LG_FOLDER_DUMP_BYTES
                         ? f->dump_bytes_left
                         : LG_FOLDER_DUMP_BYTES;
    struct lg_error err = {0};
    if (lg_folder_read_file(f, dir_fd, name, limit, bytes_ret, cut_ret, &err)) {
        if (*cut_ret)
            lg_folder_quality(f, c, name,
                              limit < LG_FOLDER_DUMP_BYTES
                                  ? "left out: all dumps exceed 512 MiB"
                                  : "cut at 64 MiB");
        return true;
    }
    if (err.kind != LG_ABSENT)
        lg_folder_quality(f, c, name, err.text);
    else if (lg_folder_read_file(f, dir_fd, "goroutines.txt.part", limit,
                                 bytes_ret, cut_ret, &err)) {
        *cut_ret = true;
        lg_folder_quality(f, c, name, "cut: the recorder died while it came");
        return true;
    }
    return false;
}

void lg_folder_capture_dump(struct lg_folder *f, struct lg_capture *c)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    bool cut;
    char *dir = lg_str_cstr(f->arena, c->name);
    if (dir == NULL)
        return;
    LG_CLOSE
    int fd = lg_folder_open_dir(f->fd, dir[0] != '\0' ? dir : ".");
    if (fd < 0 || !read_dump(f, fd, c, &bytes, &cut))
        return;
    f->dump_bytes_left -= bytes.len;
    struct lg_goroutines *g = lg_new(f->arena, struct lg_goroutines, 1);
    if (g == NULL)
        return;
    if (lg_goroutine_text_parse(bytes, f->arena, g, &err)) {
        g->truncated |= cut;
        if (c->sampled_one_in > 1 && !lg_folder_weigh_sample(f, c, g))
            return;
        c->goroutines = g;
    } else {
        lg_folder_quality(f, c, "goroutines.txt", err.text);
    }
}

bool lg_folder_capture_has_evidence(const struct lg_capture *c)
{
    return c->heap != NULL || c->heap_now != NULL ||
           c->goroutine_profile != NULL || c->threadcreate != NULL ||
           c->mutex != NULL || c->block != NULL || c->cpu != NULL ||
           c->goroutines != NULL || c->memstats != NULL || c->process != NULL ||
           c->cgroup != NULL;
}
