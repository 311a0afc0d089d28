/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: locations and functions in the form that nearly all have:
 * fields with tags of one byte, right types, ids that count from 1, references
 * that are there. Hot path: a small profile is mostly tables. Anything else is
 * left to pprof_message.c, which knows all forms and how to complain.
 *
 * Cost: about 15 ns a location, 12 ns a function.
 */
#ifndef LG_DECODE_PPROF_PLAIN_H
#define LG_DECODE_PPROF_PLAIN_H

#include "decode/pprof_message.h"

/* Add the message [at, end) to the profile, where room was reserved. false:
 * it has another form; nothing was changed. */
bool lg_pprof_plain_function(struct lg_pprof *d, const uint8_t *at,
                             const uint8_t *end);
bool lg_pprof_plain_location(struct lg_pprof *d, const uint8_t *at,
                             const uint8_t *end);

#endif
