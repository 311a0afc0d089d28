/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: capture.json, what the recorder says of one capture: why, when, and
 * how each part went. Format: docs/formats/incident.md, lastgasp.capture/1.
 */
#ifndef LG_DECODE_CAPTURE_JSON_H
#define LG_DECODE_CAPTURE_JSON_H

#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"
#include "evidence/fact.h"

struct lg_capture_doc_part {
    struct lg_str file, error; /* error empty: it went well */
    uint64_t bytes, duration_ns;
    bool cut;
};

struct lg_capture_doc {
    uint32_t id;
    struct lg_str trigger, source;
    int64_t time_ns; /* wall */
    uint64_t t_ns, duration_ns, pause_ns;
    bool complete;
    LG_VEC(struct lg_capture_doc_part) parts;
    struct lg_num goroutines; /* alive then; where it was told */
    uint64_t sampled_one_in;  /* of goroutines.txt; 1: all are there */
    LG_VEC(struct lg_str) quality;
};

/* Everything is copied into the arena. */
bool lg_capture_json_parse(struct lg_str bytes, struct lg_arena *arena,
                           struct lg_capture_doc *ret, struct lg_error *err);

#endif
