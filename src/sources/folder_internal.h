/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the folder reader share. A reader goes over one folder
 * with one arena; what it cannot read it notes and goes on. Only memory that
 * is gone (arena->failed) ends the whole.
 */
#ifndef LG_SOURCES_FOLDER_INTERNAL_H
#define LG_SOURCES_FOLDER_INTERNAL_H

#include "base/error.h"
#include "evidence/incident.h"

/* A dump of 100,000 goroutines has about 50 MiB. */
#define LG_FOLDER_DUMP_BYTES ((uint64_t)64 << 20)
/* Profiles are compressed; those of large services have a few MiB. */
#define LG_FOLDER_PROFILE_BYTES ((uint64_t)64 << 20)
/* heap.txt, timeline.csv and the small ones. */
#define LG_FOLDER_TEXT_BYTES ((uint64_t)64 << 20)
/* Texts of dumps stay in memory, for the goroutines borrow them. */
#define LG_FOLDER_ALL_DUMPS_BYTES ((uint64_t)512 << 20)
#define LG_FOLDER_STDERR_BYTES 65536
#define LG_FOLDER_MAX_CAPTURES 1000

struct lg_folder {
    const char *path; /* as the caller gave it */
    int fd;           /* the folder; -1 for a single file */
    struct lg_arena *arena;
    struct lg_incident *in;
    int64_t started_ns;          /* wall time of t = 0; 0: unknown */
    uint64_t dump_bytes_left;    /* of LG_FOLDER_ALL_DUMPS_BYTES */
    bool found;                  /* anything that is evidence */
    struct lg_error first_error; /* of something that looked like evidence */
};

/* The file's first bytes, at most limit_bytes, in the arena; *cut_ret when
 * there are more. Only regular files; no link is followed. */
bool lg_folder_read_file(struct lg_folder *f, int dir_fd, const char *name,
                         uint64_t limit_bytes, struct lg_str *bytes_ret,
                         bool *cut_ret, struct lg_error *err);
/* Opens a regular file so; -1 and err. */
int lg_folder_open(int dir_fd, const char *name, uint64_t *size_ret,
                   int64_t *mtime_ns_ret, struct lg_error *err);
/* Opens a folder, no link is followed; -1 when it is none. */
int lg_folder_open_dir(int dir_fd, const char *name);
/* Names in a folder, in natural order ("2" before "10"), at most max_count;
 * without those that begin with a dot. */
struct lg_folder_names {
    char **items;
    size_t count, capacity;
};
bool lg_folder_list(struct lg_folder *f, int dir_fd, size_t max_count,
                    struct lg_folder_names *ret);

/* incident.absent; source is below the folder. The error's kind becomes the
 * absence's, a missing file is LG_NOT_THERE. */
void lg_folder_absent(struct lg_folder *f, const char *what, const char *source,
                      const struct lg_error *why);
/* capture.quality: "name: reason". */
void lg_folder_quality(struct lg_folder *f, struct lg_capture *c,
                       const char *name, const char *reason);

/* The OOM reports of a kernel log, added to incident.oom_events. The file is
 * streamed, however long. false: it could not be read. */
bool lg_folder_kernel_log(struct lg_folder *f, int fd, int64_t mtime_ns,
                          struct lg_error *err);
/* The same from memory (an inflated log). */
bool lg_folder_kernel_text(struct lg_folder *f, struct lg_str text,
                           int64_t mtime_ns, struct lg_error *err);
/* The report on the subject, among them, becomes the incident's end; what it
 * tells of the subject fills gaps. */
void lg_folder_choose_oom(struct lg_folder *f);

/* What Go's runtime said in the end of stderr: end.fatal and its goroutines.
 * The text is borrowed. false: it said nothing. */
bool lg_folder_last_words(struct lg_folder *f, struct lg_str text);

/* Reads one capture's folder; dir is its path below the incident ("" = top). */
void lg_folder_capture(struct lg_folder *f, const char *dir,
                       struct lg_capture *c);
/* The goroutine dump of it, separately: the newest come first. */
void lg_folder_capture_dump(struct lg_folder *f, struct lg_capture *c);
/* folder_sample.c: a sample of a dump counts for all goroutines: what stands at
 * a stack has in all the count that the capture's goroutine profile has there,
 * which is exact. false: out of memory. */
bool lg_folder_weigh_sample(struct lg_folder *f, const struct lg_capture *c,
                            struct lg_goroutines *g);
/* true: at least one part of it could be read. */
bool lg_folder_capture_has_evidence(const struct lg_capture *c);

/* Files in any names: names are below f->fd, or the path of one file with
 * f->fd -1. */
void lg_folder_loose(struct lg_folder *f);

#endif
