/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: /proc/PID/maps, line by line:
 *
 *     55d0c000-55d0d000 r-xp 00001000 08:01 123   /usr/bin/prog (deleted)
 *
 * Source: Linux fs/proc/task_mmu.c, show_map_vma; a newline in a path stands
 * there as "\012".
 */
#ifndef LG_DECODE_PROC_MAPS_H
#define LG_DECODE_PROC_MAPS_H

#include "base/str.h"

struct lg_map_line {
    uint64_t start, end, offset, inode;
    bool can_read, can_write, can_exec, is_shared;
    struct lg_str device; /* "08:01" */
    struct lg_str name;   /* a path, "[heap]", "[anon: Go: heap]" or empty;
                             borrows the text */
    bool is_deleted;      /* " (deleted)" stood behind the name, and is cut */
};

/* Takes the next line off *text; what is no mapping is passed over. false:
 * none is left. */
bool lg_proc_maps_next(struct lg_str *text, struct lg_map_line *ret);

#endif
