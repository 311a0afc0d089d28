/* SPDX-License-Identifier: Apache-2.0 */
/* An archive from anybody. Whatever it says, nothing appears beside the folder
 * that it is unpacked into, nothing in it is but files and folders, and the
 * bounds hold. */
#include "store/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 40
#define BYTES_MAX (UINT64_C(64) << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint64_t files_seen, bytes_seen;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static int look(const char *path, const struct stat *st, int type,
                struct FTW *at)
{
    (void)path;
    (void)type;
    check(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode));
    check((st->st_mode & 077) == 0);
    files_seen += at->level > 0;
    bytes_seen += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
    return 0;
}

static size_t entries_in(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    check(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

/* One for all inputs, in memory where there is such a place. */
static char outer[64], inner[80];

static void remove_outer(void)
{
    (void)lg_remove_tree(AT_FDCWD, outer, NULL);
}

static void make_outer(void)
{
    bool shm = access("/dev/shm", W_OK) == 0;
    snprintf(outer, sizeof outer, "%s/lastgasp-fuzz-XXXXXX",
             shm ? "/dev/shm" : "/tmp");
    check(mkdtemp(outer) != NULL);
    check(atexit(remove_outer) == 0);
    snprintf(inner, sizeof inner, "%s/in", outer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_unpack_budget budget = {FILES_MAX, BYTES_MAX};
    struct lg_error err = {0};
    if (outer[0] == '\0')
        make_outer();
    check(mkdir(inner, 0700) == 0);
    LG_CLOSE
    int dir_fd = open(inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    LG_CLOSE
    int fd = memfd_create("archive", MFD_CLOEXEC);
    check(dir_fd >= 0 && fd >= 0 && lg_write_all(fd, data, len, NULL));
    check(lseek(fd, 0, SEEK_SET) == 0);
    bool ok = lg_unpack_tar(fd, dir_fd, &budget, &err);
    check(ok == (err.kind == LG_OK) && ok == (err.text[0] == '\0'));
    files_seen = bytes_seen = 0;
    check(nftw(inner, look, 8, FTW_PHYS) == 0);
    check(entries_in(outer) == 1);
    check(files_seen <= FILES_MAX && bytes_seen <= BYTES_MAX);
    check(lg_remove_tree(AT_FDCWD, inner, &err));
    return 0;
}
