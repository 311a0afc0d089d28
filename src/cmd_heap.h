/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a heap profile by the lines of user code that its allocations
 * belong to, as `heap --sites` prints it.
 */
#ifndef LG_CMD_HEAP_H
#define LG_CMD_HEAP_H

#include "diagnose/case.h"
#include "one_capture.h"

struct lg_heap_row {
    const struct lg_heap_site *site;
    int64_t alloc_objects;
};

struct lg_heap_request {
    bool json, by_alloc, published;
    uint64_t top; /* rows of the text; 0: all */
    const char *out;
};

struct lg_heap_table {
    const struct lg_source_arg *source;
    const struct lg_one_capture *one;
    const struct lg_heap_request *request;
    LG_VEC(struct lg_heap_row) rows; /* most bytes of what was asked first */
    int64_t inuse_bytes, inuse_objects, alloc_bytes, alloc_objects;
};

/* false: out of memory. */
bool lg_heap_table_make(struct lg_heap_table *t, struct lg_arena *arena);
bool lg_heap_print_text(const struct lg_heap_table *t, struct lg_arena *arena);
bool lg_heap_print_json(const struct lg_heap_table *t);

#endif
