/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the image of a running process: its mappings, its program, its
 * memory through process_vm_readv. /proc/PID/mem stays open beside it: it is
 * bound to the address space that was there when it was opened, so that a read
 * of nothing tells that the process has ended or has become another program,
 * also when its number is in use again.
 */
#ifndef LG_SOURCES_PROCESS_IMAGE_H
#define LG_SOURCES_PROCESS_IMAGE_H

#include "sources/host.h"
#include "sources/process_pause.h"
#include "target/image.h"

/* pid may be that of a thread: its process is opened (image->pid tells).
 * Borrows arena for the image's life. ABSENT: no such process, a zombie, a
 * kernel thread. DENIED: one sentence on what refuses and how to grant it.
 * UNSUPPORTED: not a 64-bit amd64 or arm64 program; host is a copy. */
bool lg_process_image_open(const struct lg_host *host, int64_t pid,
                           struct lg_arena *arena, struct lg_image **ret,
                           struct lg_error *err);
/* How lg_image_pause stops it; LG_PAUSE_BEST unless set. image was made by
 * lg_process_image_open (else false). */
bool lg_process_image_set_pause(struct lg_image *image,
                                enum lg_pause_with with);

#endif
