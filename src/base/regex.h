/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: regular expressions as Go's regexp package (RE2 syntax) has them,
 * matched by PCRE2 with limits on steps and depth. What RE2 refuses is refused
 * here with the words of Go's error ("error parsing regexp: missing closing ):
 * `a(b`"): look-around, back-references and the like never get to PCRE2. Text
 * is bytes that may not be UTF-8; matching is unanchored unless the pattern
 * says otherwise.
 *
 * Syntax: github.com/google/re2/wiki/Syntax; Go 1.27: regexp/syntax.
 */
#ifndef LG_BASE_REGEX_H
#define LG_BASE_REGEX_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct lg_regex; /* opaque */

/* Heap object. NULL and USAGE: not RE2 syntax; err->text is Go's whole error
 * text, from "error parsing regexp: " on. */
struct lg_regex *lg_regex_create(struct lg_str pattern, struct lg_error *err);
void lg_regex_destroy(struct lg_regex *re); /* NULL is fine */
/* The pattern as given; borrowed. */
struct lg_str lg_regex_pattern(const struct lg_regex *re);
/* A subject on which even the slower matcher, which no pattern makes slow,
 * reaches its limits does not match. Not to be used by
 * two threads at once. */
bool lg_regex_match(const struct lg_regex *re, struct lg_str subject);
/* Submatches 0 … groups-1 of the first match, {NULL, 0} where a group took no
 * part. false: no match, or the limits are reached. Where Go's loops go on
 * after an iteration that matched nothing (`(?:a?|b)*`), they may end
 * elsewhere.
 */
bool lg_regex_find(const struct lg_regex *re, struct lg_str subject,
                   struct lg_str *groups_ret, size_t groups);

#endif
