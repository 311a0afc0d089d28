/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: memstats.json, what was read of a Go process's memory statistics in
 * one capture: every member of struct lg_memstats that is known, under its own
 * name. Format: lastgasp.memstats/1, docs/formats/incident.md.
 *
 *     {"schema":"lastgasp.memstats/1","heap_alloc_bytes":4194304,…,
 *      "gogc_percent":100,"memory_limit_bytes":"unlimited"}
 */
#ifndef LG_DECODE_MEMSTATS_JSON_H
#define LG_DECODE_MEMSTATS_JSON_H

#include "base/error.h"
#include "base/json.h"
#include "evidence/memstats.h"

#define LG_MEMSTATS_SCHEMA "lastgasp.memstats/1"

/* The members, into an object that is open. What is not known is left out;
 * UINT64_MAX (no limit, collector off) is "unlimited". */
void lg_memstats_json_members(struct lg_json *j, const struct lg_memstats *m);
/* The whole document, with its last newline. sb->failed: out of memory. */
void lg_memstats_json_write(struct lg_sb *sb, const struct lg_memstats *m);
/* A member that is absent or of another type is unknown. BAD_DATA, LIMIT: not
 * such a document. */
bool lg_memstats_json_parse(struct lg_str bytes, struct lg_memstats *ret,
                            struct lg_error *err);

#endif
