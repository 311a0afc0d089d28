/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: captures reach the disk behind the captures: a thread syncs their
 * folders while the next one is taken. Once written, only the end of the
 * machine could take them; that of a process can not.
 */
#ifndef LG_RECORD_CAPTURE_SYNC_H
#define LG_RECORD_CAPTURE_SYNC_H

struct lg_capture_syncer;

/* folder_fd is borrowed. NULL: no thread could be had; the kernel syncs then.
 */
struct lg_capture_syncer *lg_capture_syncer_create(int folder_fd);
/* Waits until what was added is on the disk. */
void lg_capture_syncer_destroy(struct lg_capture_syncer *syncer);
/* path below the folder. When the disk is far behind, older ones are left to
 * the kernel. */
void lg_capture_syncer_add(struct lg_capture_syncer *syncer, const char *path);

#endif
