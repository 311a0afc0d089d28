/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the kernel log followed from now on, for the OOM kills that concern
 * one recording. Their own lines are collected in a fixed buffer, ready to be
 * stored as kernel.log.
 */
#ifndef LG_SOURCES_OOM_WATCH_H
#define LG_SOURCES_OOM_WATCH_H

#include "base/str.h"
#include "sources/host.h"

#include <stddef.h>

struct lg_oom_watch;

/* DENIED or ABSENT when the kernel log cannot be followed. */
bool lg_oom_watch_create(const struct lg_host *host,
                         struct lg_oom_watch **watch_ret, struct lg_error *err);
/* From now on only kills count that may concern this process or its cgroup
 * (borrowed; its path in our namespace, the log's is the machine's): those of
 * other cgroups of the machine are somebody else's. */
void lg_oom_watch_only(struct lg_oom_watch *watch, struct lg_str cgroup,
                       int64_t pid);
void lg_oom_watch_destroy(struct lg_oom_watch *watch);
/* To wait on: readable when the log has grown. */
int lg_oom_watch_fd(const struct lg_oom_watch *watch);
/* Reads what is there. */
void lg_oom_watch_pump(struct lg_oom_watch *watch);
/* Reports that wait for further victims count as complete. */
void lg_oom_watch_flush(struct lg_oom_watch *watch);
/* A kill of this pid (in the initial namespace) was seen. */
bool lg_oom_watch_saw_victim(const struct lg_oom_watch *watch, int64_t pid);
/* Kills seen in all. */
size_t lg_oom_watch_count(const struct lg_oom_watch *watch);
/* The collected lines of all kills since the start; borrowed. */
struct lg_str lg_oom_watch_text(const struct lg_oom_watch *watch);

#endif
