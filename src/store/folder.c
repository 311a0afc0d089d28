/* SPDX-License-Identifier: Apache-2.0 */
/* The folders: names, locks, sizes. */
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without 0, 1: no doubt between them and o, l. */
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz23456789";
#define ALPHABET_COUNT (sizeof alphabet - 1)
#define ID_SHORTEST 4
/* At 4 characters there are a million names; so many misses in a row mean
 * that a good part of them is taken. */
#define TRIES_PER_LENGTH 8
/* Ours have five levels. */
#define TREE_DEPTH_MAX 32

bool lg_store_id_valid(struct lg_str id)
{
    bool has_digit = false;
    if (id.len < ID_SHORTEST || id.len >= LG_STORE_ID_BYTES)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        if (id.data[i] == '\0' || strchr(alphabet, id.data[i]) == NULL)
            return false;
        has_digit = has_digit || id.data[i] <= '9';
    }
    return has_digit;
}

static bool random_index(size_t *ret, struct lg_error *err)
{
    /* Bytes from here on would make the first letters likelier. */
    const unsigned fair = 256 - 256 % ALPHABET_COUNT;
    unsigned char byte;
    do {
        if (getrandom(&byte, 1, 0) != 1 && errno != EINTR)
            return lg_fail_os(err, errno, "no random bytes");
    } while (byte >= fair);
    *ret = byte % ALPHABET_COUNT;
    return true;
}

bool lg_store_id_random(size_t len, char id_ret[LG_STORE_ID_BYTES],
                        struct lg_error *err)
{
    char id[LG_STORE_ID_BYTES] = "";
    bool has_digit = false;
    while (!has_digit) {
        for (size_t i = 0; i < len; i++) {
            size_t n = 0;
            if (!random_index(&n, err))
                return false;
            id[i] = alphabet[n];
            has_digit = has_digit || n >= 26;
        }
    }
    memcpy(id_ret, id, sizeof id);
    return true;
}

bool lg_store_make_folder(struct lg_store *store,
                          char id_ret[LG_STORE_ID_BYTES], struct lg_error *err)
{
    for (size_t i = 0;; i++) {
        size_t len = ID_SHORTEST + i / TRIES_PER_LENGTH;
        if (len >= LG_STORE_ID_BYTES)
            return lg_fail(err, LG_LIMIT, "no free name for an incident");
        if (!lg_store_id_random(len, id_ret, err))
            return false;
        if (mkdirat(store->incidents_fd, id_ret, 0700) == 0)
            return true;
        if (errno != EEXIST)
            return lg_fail_os(err, errno,
                              "cannot create a folder in %s/incidents",
                              store->path);
    }
}

/* A plain rename would replace an empty folder. Filesystems without the flag
 * (EINVAL) leave a moment between question and answer. */
static bool rename_new(int dir_fd, const char *from, const char *to)
{
    if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL)
        return false;
    if (faccessat(dir_fd, to, F_OK, 0) == 0) {
        errno = EEXIST;
        return false;
    }
    return renameat(dir_fd, from, dir_fd, to) == 0;
}

bool lg_store_settle(struct lg_store *store, const char *from,
                     struct lg_str wanted, char id_ret[LG_STORE_ID_BYTES],
                     struct lg_error *err)
{
    bool first = lg_store_id_valid(wanted);
    for (size_t i = 0;; i++) {
        size_t len = ID_SHORTEST + i / TRIES_PER_LENGTH;
        char id[LG_STORE_ID_BYTES] = "";
        if (len >= LG_STORE_ID_BYTES)
            return lg_fail(err, LG_LIMIT, "no free name for an incident");
        if (first && i == 0)
            memcpy(id, wanted.data, wanted.len);
        else if (!lg_store_id_random(len, id, err))
            return false;
        if (rename_new(store->incidents_fd, from, id)) {
            memcpy(id_ret, id, sizeof id);
            return lg_fsync_dir(store->incidents_fd, err);
        }
        if (errno != EEXIST)
            return lg_fail_os(err, errno, "cannot rename to %s/incidents/%s",
                              store->path, id);
    }
}

bool lg_store_is_held(struct lg_store *store, const char *id)
{
    LG_CLOSE
    int fd = openat(store->incidents_fd, id,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* A shared lock: two who ask at once do not see each other. */
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void lg_store_release(struct lg_store *store, const char *id)
{
    lg_each(held, store->held) {
        if (held->fd >= 0 && strcmp(held->id, id) == 0) {
            /* The caller's descriptor is the same open folder: unlock it, do
             * not just let go of ours. */
            (void)flock(held->fd, LOCK_UN);
            lg_close_p(&held->fd);
            held->fd = -1;
        }
    }
}

static uint64_t tree_bytes(int dir_fd, const char *name, int depth)
{
    struct stat st;
    if (depth > TREE_DEPTH_MAX ||
        fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    if (S_ISREG(st.st_mode))
        return (uint64_t)st.st_size / (st.st_nlink > 0 ? st.st_nlink : 1);
    if (!S_ISDIR(st.st_mode))
        return 0;
    int fd =
        openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    uint64_t sum = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            sum += tree_bytes(dirfd(dir), entry->d_name, depth + 1);
    }
    closedir(dir);
    return sum;
}

uint64_t lg_store_tree_bytes(int dir_fd, const char *name)
{
    return tree_bytes(dir_fd, name, 0);
}

bool lg_store_writable(const struct lg_store *store, struct lg_error *err)
{
    if (store->read_only)
        return lg_fail(err, LG_DENIED,
                       "the state folder %s may only be read; pass --state "
                       "DIR or set LASTGASP_STATE to one that may be written",
                       store->path);
    if (store->full)
        return lg_fail_os(err, ENOSPC,
                          "cannot keep incidents in %s (lastgasp rm makes "
                          "room, --state DIR is another place)",
                          store->path);
    return true;
}

struct lg_str lg_store_folder(const struct lg_store *store, const char *id,
                              struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_fmt(&sb, "%s/incidents/%s", store->path, id);
    /* Terminated, too: most users pass it to open(). */
    return lg_str_of(lg_sb_cstr_of(&sb));
}
