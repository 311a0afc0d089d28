/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: record.json, what the recorder knew of the subject and its end.
 * Format: docs/formats/incident.md, lastgasp.record/1. A recording that was
 * interrupted has no end: its kind is UNKNOWN.
 */
#ifndef LG_DECODE_RECORD_JSON_H
#define LG_DECODE_RECORD_JSON_H

#include "base/error.h"
#include "evidence/incident.h"

struct lg_record_doc {
    struct lg_str id, state, mode;
    int64_t started_ns; /* wall; t = 0 of the timeline */
    struct lg_subject subject;
    struct lg_end end; /* without the kernel's report and stderr */
    LG_VEC(struct lg_absent) absent;
};

/* Everything is copied into the arena. */
bool lg_record_json_parse(struct lg_str bytes, struct lg_arena *arena,
                          struct lg_record_doc *ret, struct lg_error *err);

#endif
