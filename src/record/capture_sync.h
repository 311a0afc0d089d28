/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: captures reach the disk behind the captures: a thread syncs the
 * newest one's folder, once a second. What was written outlives every process;
 * only the end of the machine could take it, and the kernel writes the rest
 * back by itself within seconds.
 */
#ifndef LG_RECORD_CAPTURE_SYNC_H
#define LG_RECORD_CAPTURE_SYNC_H

struct lg_capture_syncer;

/* folder_fd is borrowed. NULL: no thread could be had; the kernel syncs then.
 */
struct lg_capture_syncer *lg_capture_syncer_create(int folder_fd);
/* Waits until the newest one is on the disk. */
void lg_capture_syncer_destroy(struct lg_capture_syncer *syncer);
/* path below the folder. */
void lg_capture_syncer_add(struct lg_capture_syncer *syncer, const char *path);

#endif
