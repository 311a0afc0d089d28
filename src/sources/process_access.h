/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: why the memory of a process may not be read, in one sentence that
 * names who refuses and what would grant it. The kernel says EPERM for all of
 * it; the reasons are found by looking at both processes.
 * Source: Linux kernel/ptrace.c, __ptrace_may_access; security/yama/yama_lsm.c,
 * yama_ptrace_access_check; security/commoncap.c, cap_ptrace_access_check.
 */
#ifndef LG_SOURCES_PROCESS_ACCESS_H
#define LG_SOURCES_PROCESS_ACCESS_H

#include "sources/host.h"

#include <stddef.h>

struct lg_access_facts {
    int yama_scope;       /* 0–3; -1: the kernel has no Yama */
    bool have_sys_ptrace; /* CAP_SYS_PTRACE, effective */
    bool same_user;       /* all of its user and group ids are ours */
    int64_t our_uid, its_uid;
    bool dumpable;
    bool caps_within_ours; /* its permitted capabilities are ours too */
    bool same_user_namespace;
};
void lg_access_facts_read(const struct lg_host *host, int64_t pid,
                          struct lg_access_facts *ret);
/* The part behind the colon, without a dot. */
void lg_access_reason(const struct lg_access_facts *facts, char *text,
                      size_t capacity);

/* Fails with DENIED (or ABSENT when it has ended meanwhile). what: "cannot
 * read the memory of process 12". sys_errno: what the refused call said. */
bool lg_process_access_explain(const struct lg_host *host, int64_t pid,
                               const char *what, int sys_errno,
                               struct lg_error *err);

#endif
