/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the heap by its spans: runs of 8 KiB pages with objects of one size
 * class, or one large object, or a stack. What the runtime's statistics sum
 * up, counted again where it lies.
 * Source: Go 1.27 src/runtime/mheap.go, internal/runtime/gc/sizeclasses.go.
 */
#ifndef LG_TARGET_GO_SPANS_H
#define LG_TARGET_GO_SPANS_H

#include "target/go_process.h"

#define LG_GO_SIZE_CLASSES 68
#define LG_GO_PAGE_BYTES ((uint64_t)8192)

/* Bytes of an object of each class; 0: large objects. The same in Go 1.16 to
 * 1.27. */
extern const uint16_t lg_go_class_bytes[LG_GO_SIZE_CLASSES];

enum lg_go_span_state { LG_SPAN_DEAD, LG_SPAN_IN_USE, LG_SPAN_MANUAL };

struct lg_go_span_class {
    uint64_t spans, bytes; /* pages of the spans */
    uint64_t objects;      /* by allocCount: swept or not */
    uint64_t object_bytes;
};

struct lg_go_spans {
    struct lg_go_span_class classes[LG_GO_SIZE_CLASSES];
    uint64_t in_use_bytes; /* MemStats.HeapInuse */
    uint64_t manual_bytes; /* stacks, and work buffers of the collector */
    uint64_t span_count, unreadable_count;
    uint64_t unswept_count; /* in use, and what died in them not yet counted */
    bool truncated;         /* more spans than can be, or a list that lies */
};

/* Costs a gathered read of all mspan structs: 160 bytes for every 8 KiB of
 * heap at most. ABSENT: the list of spans was not found or read. */
bool lg_go_spans_read(struct lg_go *go, struct lg_go_spans *ret,
                      struct lg_error *err);

#endif
