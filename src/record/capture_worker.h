/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the other side of a lane (capturer.h): a process that takes jobs
 * from a socket, makes captures and tells their outcomes. It ends when the
 * socket does, or with the recorder.
 */
#ifndef LG_RECORD_CAPTURE_WORKER_H
#define LG_RECORD_CAPTURE_WORKER_H

#include "record/capturer.h"

/* Runs in the forked child and returns when the socket has ended. */
void lg_capture_worker_run(const struct lg_capturer_options *options,
                           int socket_fd);

/* capture_host.c: files of /proc and the cgroup as they are now, under root/
 * of the capture's folder, and the cgroup's other processes. */
void lg_capture_save_host(const struct lg_capturer_options *options,
                          bool with_maps, struct lg_arena *scratch,
                          int folder_fd);

#endif
