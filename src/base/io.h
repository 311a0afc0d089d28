/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: whole files in and out, and descriptors that close themselves. A
 * file that we write is either there completely, on disk, or not there:
 * written under a temporary name, fsynced, renamed, the folder fsynced.
 */
#ifndef LG_BASE_IO_H
#define LG_BASE_IO_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#include <stdio.h>

/* Cleanup attributes: `LG_CLOSE int fd = -1;` closes at the end of scope. */
void lg_close_p(int *fd);
void lg_fclose_p(FILE **file);
void lg_free_p(void *pointer_to_pointer);
#define LG_CLOSE __attribute__((cleanup(lg_close_p)))
#define LG_FCLOSE __attribute__((cleanup(lg_fclose_p)))
#define LG_FREE __attribute__((cleanup(lg_free_p)))

/* A file mapped read-only. Regular files only (others, and pseudo-files, which
 * have no size: LG_UNSUPPORTED); an empty one maps to "". Who truncates the
 * file while it is mapped sends us SIGBUS: not for files of a hostile owner. */
struct lg_mapped {
    struct lg_str bytes;
    void *address; /* NULL when nothing is mapped */
};

bool lg_mapped_open(struct lg_mapped *m, int dir_fd, const char *path,
                    struct lg_error *err); /* dir_fd: AT_FDCWD or a folder */
void lg_mapped_deinit(struct lg_mapped *m);

/* Whole content of a file or pseudo-file (/proc, cgroup: size unknown) into
 * the arena, at most limit_bytes (LG_LIMIT beyond; what was read is lost). */
bool lg_read_file(int dir_fd, const char *path, size_t limit_bytes,
                  struct lg_arena *arena, struct lg_str *bytes_ret,
                  struct lg_error *err);
/* Everything until EOF of fd (a pipe, stdin). */
bool lg_read_all(int fd, size_t limit_bytes, struct lg_arena *arena,
                 struct lg_str *bytes_ret, struct lg_error *err);
/* A pseudo-file into a buffer of the caller, no allocation: the bytes read in
 * *len_ret, cut to capacity. For loops that may not allocate. */
bool lg_read_small(int dir_fd, const char *path, char *buffer, size_t capacity,
                   size_t *len_ret, struct lg_error *err);

/* Writes all of data, going on after EINTR and short writes. */
bool lg_write_all(int fd, const void *data, size_t len, struct lg_error *err);
/* dir_fd/name := bytes, atomically and durably (see above). mode 0600/0644,
 * less the umask. name may have folders in it; they must exist. A crash can
 * leave ".lastgasp-<pid>-<n>.tmp" behind, a failure does not. */
bool lg_write_file(int dir_fd, const char *name, struct lg_str bytes,
                   unsigned mode, struct lg_error *err);
bool lg_fsync_dir(int dir_fd, struct lg_error *err);
/* mkdir -p; existing folders are fine. */
bool lg_make_dirs(const char *path, unsigned mode, struct lg_error *err);
/* rm -r of a folder (or file, or link) below dir_fd; never follows links out of
 * it. A name with "..", one that ends in "/" or is absolute (but for AT_FDCWD):
 * LG_USAGE. Stops at the first failure. */
bool lg_remove_tree(int dir_fd, const char *name, struct lg_error *err);

#endif
