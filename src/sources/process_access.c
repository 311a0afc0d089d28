/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/process_access.h"

#include "base/io.h"
#include "base/lines.h"
#include "base/vec.h"
#include "sources/proc_fds.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETCAP "`setcap cap_sys_ptrace+ep` on lastgasp's file"
#define YAMA "kernel.yama.ptrace_scope is "

/* What the tables of /proc/PID/status say that matters here. */
struct credentials {
    int64_t uids[4], gids[4]; /* real, effective, saved, file system */
    uint64_t permitted, effective;
    bool known;
};

static bool take_ids(struct lg_str rest, int64_t ids[4])
{
    struct lg_str word;
    for (int i = 0; i < 4; i++) {
        if (!lg_str_word(&rest, &word) || !lg_str_i64(word, &ids[i]))
            return false;
    }
    return true;
}

static struct credentials read_credentials(int dir_fd)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text, line, rest;
    struct credentials c = {0};
    if (dir_fd < 0 ||
        !lg_small_file(dir_fd, "status", buffer, sizeof buffer, &text))
        return c;
    while (lg_lines_next(&text, &line)) {
        if (lg_str_after(line, LG_STR("Uid:"), &rest))
            c.known = take_ids(rest, c.uids);
        else if (lg_str_after(line, LG_STR("Gid:"), &rest))
            c.known = take_ids(rest, c.gids) && c.known;
        else if (lg_str_after(line, LG_STR("CapPrm:"), &rest))
            (void)lg_str_hex(lg_str_trim(rest), &c.permitted);
        else if (lg_str_after(line, LG_STR("CapEff:"), &rest))
            (void)lg_str_hex(lg_str_trim(rest), &c.effective);
    }
    return c;
}

/* As the kernel compares them: our file-system ids do not matter for what we
 * do here, the real ones do. */
static bool are_same(int64_t id, const int64_t its[4])
{
    return its[0] == id && its[1] == id && its[2] == id;
}

static int read_yama(const struct lg_host *host)
{
    char buffer[32];
    struct lg_str text;
    uint64_t scope;
    LG_CLOSE
    int fd = lg_host_open(host, "proc/sys/kernel/yama/ptrace_scope", O_RDONLY);
    if (fd < 0 || !lg_small_pread(fd, buffer, sizeof buffer, &text) ||
        !lg_str_u64(lg_str_trim(text), &scope) || scope > 3)
        return -1;
    return (int)scope;
}

/* The map of the namespace that all others are in. */
static bool is_first_namespace(int self_fd)
{
    char buffer[256];
    struct lg_str text, word;
    uint64_t numbers[3];
    if (!lg_small_file(self_fd, "uid_map", buffer, sizeof buffer, &text))
        return true;
    for (size_t i = 0; i < LG_COUNT(numbers); i++) {
        if (!lg_str_word(&text, &word) || !lg_str_u64(word, &numbers[i]))
            return false;
    }
    return numbers[0] == 0 && numbers[1] == 0 && numbers[2] == UINT32_MAX;
}

/* From within a user namespace the link of one outside cannot be read. */
static bool same_namespace(int self_fd, int dir_fd)
{
    char ours[64], theirs[64];
    ssize_t a = readlinkat(self_fd, "ns/user", ours, sizeof ours);
    ssize_t b = readlinkat(dir_fd, "ns/user", theirs, sizeof theirs);
    if (a < 0 || b < 0)
        return is_first_namespace(self_fd);
    return lg_str_eq(lg_str_from(ours, (size_t)a),
                     lg_str_from(theirs, (size_t)b));
}

/* Files of a process that is not dumpable belong to root; its folder does
 * not. */
static bool is_dumpable(int dir_fd, const struct credentials *its)
{
    struct stat st;
    return fstatat(dir_fd, "mem", &st, 0) != 0 || !its->known ||
           (int64_t)st.st_uid == its->uids[1];
}

void lg_access_facts_read(const struct lg_host *host, int64_t pid,
                          struct lg_access_facts *ret)
{
    LG_CLOSE
    int dir_fd = lg_proc_open(host, pid, NULL);
    LG_CLOSE
    int self_fd = lg_proc_open(host, getpid(), NULL);
    struct credentials ours = read_credentials(self_fd);
    struct credentials its = read_credentials(dir_fd);
    *ret = (struct lg_access_facts){
        .yama_scope = read_yama(host),
        .have_sys_ptrace =
            (ours.effective >> CAP_SYS_PTRACE & UINT64_C(1)) != 0,
        .same_user = are_same((int64_t)getuid(), its.uids) &&
                     are_same((int64_t)getgid(), its.gids),
        .our_uid = (int64_t)getuid(),
        .its_uid = its.uids[0],
        .dumpable = is_dumpable(dir_fd, &its),
        .caps_within_ours = (its.permitted & ~ours.permitted) == 0,
        .same_user_namespace = same_namespace(self_fd, dir_fd),
    };
}

static void reason_without_capability(const struct lg_access_facts *f,
                                      char *text, size_t capacity)
{
    if (!f->same_user)
        (void)snprintf(text, capacity,
                       "it belongs to user %lld and we are user %lld without "
                       "CAP_SYS_PTRACE; run as that user or as root, or grant "
                       "it by " SETCAP,
                       (long long)f->its_uid, (long long)f->our_uid);
    else if (f->yama_scope == 2)
        (void)snprintf(text, capacity,
                       YAMA "2: Yama lets only CAP_SYS_PTRACE do that; run as "
                            "root, or grant it by " SETCAP
                            ", or `sysctl kernel.yama.ptrace_scope=0`");
    else if (!f->dumpable)
        (void)snprintf(text, capacity,
                       "it is not dumpable (it changed its user, or its file "
                       "may not be read), which takes CAP_SYS_PTRACE; run as "
                       "root, or grant it by " SETCAP);
    else if (!f->caps_within_ours)
        (void)snprintf(text, capacity,
                       "it has capabilities that we have not, which takes "
                       "CAP_SYS_PTRACE; run as root, or grant it by " SETCAP);
    else if (f->yama_scope == 1)
        (void)snprintf(text, capacity,
                       YAMA "1: Yama lets a process be read only by those that "
                            "started it; `sysctl kernel.yama.ptrace_scope=0`, "
                            "or grant CAP_SYS_PTRACE by " SETCAP
                            ", or start it with `lastgasp run`");
    else
        (void)snprintf(text, capacity,
                       "a security module or a seccomp filter (AppArmor, "
                       "SELinux, the container's profile) refuses; run outside "
                       "of it, or with CAP_SYS_PTRACE");
}

void lg_access_reason(const struct lg_access_facts *f, char *text,
                      size_t capacity)
{
    if (f->yama_scope == 3)
        (void)snprintf(text, capacity,
                       YAMA "3: Yama forbids it to everybody until the next "
                            "boot; set it to 0 in /etc/sysctl.d and restart");
    else if (!f->same_user_namespace && f->have_sys_ptrace)
        (void)snprintf(text, capacity,
                       "it is in another user namespace, over which our "
                       "CAP_SYS_PTRACE does not reach; run lastgasp in that "
                       "namespace or in the host's");
    else if (f->have_sys_ptrace)
        (void)snprintf(text, capacity,
                       "although we have CAP_SYS_PTRACE, a security module or "
                       "a seccomp filter (AppArmor, SELinux, the container's "
                       "profile) refuses; run outside of it");
    else
        reason_without_capability(f, text, capacity);
}

bool lg_process_access_explain(const struct lg_host *host, int64_t pid,
                               const char *what, int sys_errno,
                               struct lg_error *err)
{
    struct lg_access_facts facts;
    char reason[LG_ERROR_TEXT_BYTES];
    if (sys_errno == ESRCH || sys_errno == ENOENT)
        return lg_fail(err, LG_ABSENT, "%s: it has ended", what);
    if (sys_errno != EPERM && sys_errno != EACCES)
        return lg_fail_os(err, sys_errno, "%s", what);
    lg_access_facts_read(host, pid, &facts);
    lg_access_reason(&facts, reason, sizeof reason);
    (void)lg_fail(err, LG_DENIED, "%s: %s", what, reason);
    if (err != NULL)
        err->sys_errno = sys_errno;
    return false;
}
