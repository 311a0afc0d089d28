/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the two small JSON files of an incident's folder that the recorder
 * writes itself: record.json (who, and how it ended) and a capture's
 * capture.json. Read back by decode/record_json.h and decode/capture_json.h.
 * Format: docs/formats/incident.md.
 */
#ifndef LG_RECORD_RECORD_JSON_H
#define LG_RECORD_RECORD_JSON_H

#include "evidence/incident.h"
#include "sources/capture_source.h"

struct lg_record_head {
    const char *id;
    const char *mode; /* "run" or "attach" */
    bool done;
    int64_t started_ns; /* wall, t = 0 of the timeline */
    int64_t recorder_pid;
    const struct lg_subject *subject;
    const struct lg_end *end;
    const struct lg_absent *absent;
    size_t absent_count;
    const char *captures_from;  /* in words; NULL or empty: nowhere */
    bool heap_profile_switched; /* by us, in the program's memory */
};

/* Writes folder/record.json atomically and durably. */
bool lg_record_json_write(int folder_fd, const struct lg_record_head *head,
                          struct lg_arena *arena, struct lg_error *err);

struct lg_capture_head {
    uint32_t id;
    const char *trigger;
    int64_t wall_ns;
    uint64_t t_ns, duration_ns;
    uint64_t processor_ns; /* that it took of ours; 0: not measured */
    bool complete;
    const char *source; /* of the parts; NULL: none was reachable */
    const struct lg_part_result *parts;   /* LG_TAKE_COUNT of them */
    const struct lg_capture_notes *notes; /* NULL: nothing to tell */
};

/* Atomically, not synced: see sources/capture_file.h. */
bool lg_capture_json_write(int folder_fd, const struct lg_capture_head *head,
                           struct lg_arena *arena, struct lg_error *err);

#endif
