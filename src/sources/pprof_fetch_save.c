/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "base/path.h"
#include "base/sb.h"
#include "decode/pprof_write.h"
#include "sources/pprof_fetch_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define LAST_FILE_NUMBER 9999

bool lg_pprof_new_file(const char *dir, struct lg_str prefix,
                       const char *suffix, struct lg_arena *arena, int *fd_ret,
                       const char **path_ret, struct lg_error *err)
{
    for (int i = 1; i <= LAST_FILE_NUMBER; i++) {
        struct lg_sb sb;
        lg_sb_init(&sb, arena);
        lg_sb_fmt(&sb, "%s%s%.*s%03d%s", dir, dir[0] != '\0' ? "/" : "",
                  LG_STR_ARG(prefix), i, suffix);
        const char *path = lg_sb_cstr_of(&sb);
        if (path == NULL)
            return lg_fail_nomem(err);
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            *fd_ret = fd;
            *path_ret = path;
            return true;
        }
        if (errno != EEXIST)
            return lg_fail_os(err, errno, "%s", path);
    }
    return lg_fail(err, LG_OS, "could not create file of the form %.*s%s",
                   LG_STR_ARG(prefix), suffix);
}

static bool try_dir(const struct lg_pprof_fetch *f, const char *path)
{
    struct lg_error err = {0};
    if (lg_make_dirs(path, 0755, &err))
        return true;
    lg_pprof_fetch_say(f, "Could not use temp dir %s: %s", path, err.text);
    return false;
}

/* setTmpDir: PPROF_TMPDIR, $HOME/pprof, /tmp. */
static const char *save_dir(const struct lg_pprof_fetch *f,
                            struct lg_arena *arena)
{
    const char *own = getenv("PPROF_TMPDIR"), *home = getenv("HOME");
    const char *temporary = getenv("TMPDIR");
    if (own != NULL && own[0] != '\0' && try_dir(f, own))
        return own;
    if (home != NULL && home[0] != '\0') {
        struct lg_sb sb;
        lg_sb_init(&sb, arena);
        lg_sb_fmt(&sb, "%s/pprof", home);
        const char *path = lg_sb_cstr_of(&sb);
        if (path != NULL && try_dir(f, path))
            return path;
    }
    if (temporary == NULL || temporary[0] == '\0')
        temporary = "/tmp";
    return try_dir(f, temporary) ? temporary : NULL;
}

/* "pprof.server.alloc_objects.inuse_space." A sample type is the server's
 * word: its slashes stay out of the path. */
static struct lg_str prefix_of(const struct lg_profile *p,
                               struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, "pprof.");
    if (p->mappings.count > 0 && p->mappings.items[0].file.len > 0) {
        lg_sb_str(&sb, lg_path_base(p->mappings.items[0].file));
        lg_sb_char(&sb, '.');
    }
    lg_each(type, p->types) {
        for (size_t i = 0; i < type->type.len; i++) {
            char c = type->type.data[i];
            lg_sb_char(&sb, c == '/' || c == '\0' ? '_' : c);
        }
        lg_sb_char(&sb, '.');
    }
    return lg_sb_view(&sb);
}

static bool write_and_close(int fd, struct lg_str bytes, struct lg_error *err)
{
    bool ok = lg_write_all(fd, bytes.data, bytes.len, err);
    return (close(fd) == 0 || !ok || lg_fail_os(err, errno, "close")) && ok;
}

bool lg_pprof_save(const struct lg_pprof_fetch *f, const struct lg_profile *p,
                   struct lg_arena *arena, struct lg_error *err)
{
    struct lg_error own = {0};
    struct lg_str bytes;
    const char *path = NULL, *dir = save_dir(f, arena);
    int fd = -1;
    if (dir == NULL)
        return lg_fail(err, LG_OS, "failed to identify temp dir");
    if (lg_pprof_write_gz(p, arena, &bytes, &own) &&
        lg_pprof_new_file(dir, prefix_of(p, arena), ".pb.gz", arena, &fd, &path,
                          &own) &&
        write_and_close(fd, bytes, &own))
        lg_pprof_fetch_say(f, "Saved profile in %s", path);
    else
        lg_pprof_fetch_say(f, "Could not save profile: %s", own.text);
    return true;
}
