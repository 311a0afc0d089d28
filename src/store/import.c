/* SPDX-License-Identifier: Apache-2.0 */
/* An incident of another machine: unpacked beside the others under a name with
 * a dot, and renamed when all of it is there. */
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A bomb shall meet a bound before the disk does. Ours have some hundred files
 * and some hundred MiB. */
#define FILES_MAX 20000
#define BYTES_MAX (UINT64_C(8) << 30)

#define PREFIX ".import-"
#define TEMP_BYTES (sizeof PREFIX + LG_STORE_ID_BYTES)

/* An import that died left its folder behind; nobody holds it now. */
static void sweep(struct lg_store *store)
{
    int fd =
        openat(store->incidents_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    if (dir == NULL) {
        lg_close_p(&fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (lg_str_starts(lg_str_of(entry->d_name), LG_STR(PREFIX)) &&
            !lg_store_is_held(store, entry->d_name))
            (void)lg_remove_tree(store->incidents_fd, entry->d_name, NULL);
    }
    closedir(dir);
}

static bool make_temp(struct lg_store *store, char name[TEMP_BYTES],
                      int *fd_ret, struct lg_error *err)
{
    char random[LG_STORE_ID_BYTES];
    if (!lg_store_id_random(LG_STORE_ID_BYTES - 1, random, err))
        return false;
    snprintf(name, TEMP_BYTES, PREFIX "%s", random);
    if (mkdirat(store->incidents_fd, name, 0700) != 0)
        return lg_fail_os(err, errno, "cannot create a folder in %s/incidents",
                          store->path);
    int fd = openat(store->incidents_fd, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s/incidents/%s",
                          store->path, name);
    (void)flock(fd, LOCK_EX);
    *fd_ret = fd;
    return true;
}

static bool unpack(const char *path, int temp_fd, struct lg_error *err)
{
    struct lg_unpack_budget budget = {FILES_MAX, BYTES_MAX};
    struct stat st;
    if (strcmp(path, "-") == 0)
        return lg_unpack_tar(STDIN_FILENO, temp_fd, &budget, err);
    LG_CLOSE
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        return lg_fail_os(err, errno, "cannot open it");
    if (S_ISDIR(st.st_mode))
        return lg_unpack_folder(fd, temp_fd, &budget, err);
    if (!S_ISREG(st.st_mode))
        return lg_fail(err, LG_BAD_DATA, "neither a file nor a folder");
    return lg_unpack_tar(fd, temp_fd, &budget, err);
}

/* An export has one folder at its top, named by its id: *name_ret is that, or
 * "" when the files lie at the top. */
static bool single_folder(int fd, char name_ret[NAME_MAX + 1],
                          struct lg_error *err)
{
    struct stat st;
    size_t count = 0;
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own >= 0 ? fdopendir(own) : NULL;
    const struct dirent *entry;
    if (dir == NULL) {
        lg_close_p(&own);
        return lg_fail_os(err, ENOMEM, "cannot list what was unpacked");
    }
    name_ret[0] = '\0';
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        snprintf(name_ret, NAME_MAX + 1, "%s", entry->d_name);
    }
    closedir(dir);
    if (count == 0)
        return lg_fail(err, LG_BAD_DATA, "there is nothing in it");
    if (count > 1 || fstatat(fd, name_ret, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(st.st_mode) || strcmp(name_ret, "captures") == 0)
        name_ret[0] = '\0';
    return true;
}

/* wanted: the id that the incident had, where its own folder does not tell. */
static bool settle(struct lg_store *store, const char *temp, int temp_fd,
                   struct lg_str wanted, char id_ret[LG_STORE_ID_BYTES],
                   struct lg_error *err)
{
    char top[NAME_MAX + 1] = "";
    char from[TEMP_BYTES + NAME_MAX + 2];
    if (!single_folder(temp_fd, top, err))
        return false;
    snprintf(from, sizeof from, "%s%s%s", temp, top[0] != '\0' ? "/" : "", top);
    /* On disk before it gets its name. */
    if (syncfs(temp_fd) != 0)
        return lg_fail_os(err, errno, "cannot write to %s", store->path);
    return lg_store_settle(
        store, from, top[0] != '\0' ? lg_str_of(top) : wanted, id_ret, err);
}

static bool add_row(struct lg_store *store, const char *id,
                    struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_store_row row;
    lg_arena_init(&arena, 0);
    bool ok = lg_row_from_folder(store, id, &arena, &row, err);
    if (ok && lg_str_eq(row.state, LG_STR("recording")))
        row.state = LG_STR("interrupted"); /* nobody records it here */
    ok = ok && lg_row_put(store, &row, err);
    lg_arena_deinit(&arena);
    return ok;
}

bool lg_store_import(struct lg_store *store, const char *path, char id_ret[16],
                     struct lg_error *err)
{
    char temp[TEMP_BYTES] = "";
    LG_CLOSE
    int temp_fd = -1;
    if (!lg_store_writable(store, err))
        return false;
    sweep(store);
    bool ok = make_temp(store, temp, &temp_fd, err) &&
              (unpack(path, temp_fd, err) || lg_context(err, "%s", path)) &&
              (settle(store, temp, temp_fd, lg_row_base_name(lg_str_of(path)),
                      id_ret, err) ||
               lg_context(err, "%s", path));
    if (temp[0] != '\0')
        (void)lg_remove_tree(store->incidents_fd, temp, NULL);
    return ok && add_row(store, id_ret, err);
}
