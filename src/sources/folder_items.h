/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: loose files as captures. Those of nearly the same time form one:
 *
 *     files ─▶ items (slot, evidence, time) ─▶ sorted by time ─▶ captures
 *
 * The kind of which there are most tells how many captures there were; each
 * other item joins the nearest one that has none of its kind. A profile carries
 * its time; a text has only its file's, which copying may have changed. So
 * equal times are fine, and names decide then.
 */
#ifndef LG_SOURCES_FOLDER_ITEMS_H
#define LG_SOURCES_FOLDER_ITEMS_H

#include "sources/folder_internal.h"

enum lg_folder_slot {
    LG_SLOT_HEAP,
    LG_SLOT_GOROUTINE,
    LG_SLOT_THREADCREATE,
    LG_SLOT_MUTEX,
    LG_SLOT_BLOCK,
    LG_SLOT_CPU,
    LG_SLOT_MEMSTATS,
    LG_SLOT_DUMP,
    LG_SLOT_COUNT,
};

struct lg_folder_item {
    enum lg_folder_slot slot;
    const void *evidence; /* lg_profile, lg_memstats or lg_goroutines */
    const struct lg_profile *heap; /* MEMSTATS: the text's samples, which stand
                                      in where there is no heap profile */
    int64_t time_ns;
    const char *path; /* below the folder */
    uint32_t order;   /* of the names */
    bool cut;
};

struct lg_folder_items {
    struct lg_folder_item *items;
    size_t count, capacity;
};

/* Adds the captures to f->in, in order of time. Sorts the items. */
void lg_folder_group_items(struct lg_folder *f, struct lg_folder_items *items);

#endif
