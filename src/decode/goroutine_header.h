/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the lines of a goroutine's block, one by one:
 *
 *     goroutine 38 [chan receive, 5 minutes] {tenant: "a b"}:
 *     main.(*T).run(0xc000012345, {0x1, 0x2})
 *     	/src/main.go:12 +0x1d
 *     created by main.start in goroutine 1
 *     	/src/main.go:40 +0x55
 */
#ifndef LG_DECODE_GOROUTINE_HEADER_H
#define LG_DECODE_GOROUTINE_HEADER_H

#include "evidence/goroutines.h"

/* The first line. Only the fields that it tells are set in *ret; views borrow
 * line. false: the line is none. Goroutine 0 is a thread's scheduler stack. */
bool lg_goroutine_header(struct lg_str line, struct lg_goroutine *ret);
/* "main.(*T).run(0xc000012345, …)" → the function's name; false: no call. */
bool lg_goroutine_call(struct lg_str line, struct lg_str *function_ret);
/* "\t/src/main.go:12 +0x1d" → file and line; false: no such line. *rest_ret is
 * what stands behind the number; when it is empty, the number may be cut. */
bool lg_goroutine_place(struct lg_str line, struct lg_frame *frame_ret,
                        struct lg_str *rest_ret);
/* "created by main.start in goroutine 1" */
bool lg_goroutine_creator(struct lg_str line, struct lg_str *function_ret,
                          uint64_t *id_ret);
/* "...23 frames elided..."; UINT64_MAX for "...additional frames elided...". */
bool lg_goroutine_elided(struct lg_str line, uint64_t *count_ret);

#endif
