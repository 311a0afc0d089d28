/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: RE2 syntax, as Go's regexp/syntax reads it, checked and written as
 * a pattern of PCRE2 that means the same whatever PCRE2's own rules are: all
 * but letters and digits as \x{…}, classes as ranges, assertions spelled out.
 * Inside of base/regex only.
 *
 * Source: Go 1.27.4, regexp/syntax/parse.go.
 */
#ifndef LG_BASE_REGEX_SYNTAX_H
#define LG_BASE_REGEX_SYNTAX_H

#include "base/error.h"
#include "base/sb.h"
#include "base/str.h"

#define LG_RUNE_MAX ((uint32_t)0x10FFFF)

/* Writes the pattern, ASCII only, for PCRE2_UTF. USAGE: not RE2 syntax;
 * err->text is Go's error. NOMEM: out's arena. */
bool lg_regex_translate(struct lg_str pattern, struct lg_sb *out,
                        struct lg_error *err);

/* What the parts of the translator share. */

/* A class that no character is in. */
#define LG_REGEX_NOTHING "[^\\x{0}-\\x{10ffff}]"

/* `error parsing regexp: CODE: `EXPR``; expr is the text between the two. */
bool lg_regex_error(struct lg_error *err, const char *code, const char *expr,
                    const char *expr_end);
bool lg_regex_is_alnum(uint32_t c); /* ASCII */
bool lg_regex_is_surrogate(uint32_t c);
/* The character at the start of *s, which advances; U+FFFD at its end, as
 * utf8.DecodeRune has it. USAGE: not UTF-8. */
bool lg_regex_take_rune(struct lg_str *s, uint32_t *rune_ret,
                        struct lg_error *err);
/* `\n`, `\x{41}`, `\.`: *s begins with the backslash and advances. */
bool lg_regex_take_escape(struct lg_str *s, uint32_t *rune_ret,
                          struct lg_error *err);
/* One character or a range, in or out of a class. Surrogates, which no text
 * has, are left out of ranges; alone, nothing is written. */
void lg_regex_put_rune(struct lg_sb *out, uint32_t rune);
void lg_regex_put_range(struct lg_sb *out, uint32_t low, uint32_t high);

/* Is \d, \S, \pL, \P{Greek} … at the start of *s? Then *s advances and what
 * may stand in a class is written; nothing, for the empty set. fold: (?i). */
enum lg_regex_taken {
    LG_REGEX_NONE,
    LG_REGEX_TAKEN,
    LG_REGEX_FAILED, /* err says why */
};
enum lg_regex_taken lg_regex_take_group(struct lg_str *s, bool fold,
                                        struct lg_sb *out,
                                        struct lg_error *err);
/* `[…]` at the start of *s, which advances. */
bool lg_regex_take_class(struct lg_str *s, bool fold, struct lg_sb *out,
                         struct lg_error *err);

/* regex_unicode.c: PCRE2's name of the set, "L" or "sc:greek", that Go knows
 * by this name; NULL: Go knows none. "Any", "Assigned" and "ASCII" are not
 * among them. exists_ret: PCRE2's Unicode has it, too. */
const char *lg_regex_unicode_name(struct lg_str name, char text[48],
                                  bool *exists_ret);

#endif
