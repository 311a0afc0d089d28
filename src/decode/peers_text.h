/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: peers.txt, the other processes of a cgroup at a capture, one a
 * line: "PID\tRSS_BYTES\tCOMM". What is no such line is passed over.
 */
#ifndef LG_DECODE_PEERS_TEXT_H
#define LG_DECODE_PEERS_TEXT_H

#include "base/error.h"
#include "evidence/incident.h"

/* Adds to capture->peers, at most 10,000; names are copied. */
bool lg_peers_text_parse(struct lg_str text, struct lg_arena *arena,
                         struct lg_capture *capture, struct lg_error *err);

#endif
