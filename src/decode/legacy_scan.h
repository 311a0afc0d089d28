/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what all legacy text forms are read with: lines as Go's
 * bufio.Scanner hands them out (one of 64 KiB or more ends everything), blanks
 * as Unicode has them, integers as Go's strconv reads them, and pieces of
 * pprof's regular expressions as steps on a view. All are linear, where a
 * backtracking matcher would not be.
 */
#ifndef LG_DECODE_LEGACY_SCAN_H
#define LG_DECODE_LEGACY_SCAN_H

#include "base/error.h"
#include "base/str.h"

/* bufio.MaxScanTokenSize (Go 1.27). */
#define LG_SCAN_LINE_BYTES 65536

struct lg_scan {
    struct lg_str rest;
    struct lg_str line; /* empty before the first and behind the last */
    bool too_long;
};

/* Next line into s->line, without "\n" or "\r\n". false: the end, or a line
 * that is too long (lg_scan_finish tells). */
bool lg_scan_next(struct lg_scan *s);
/* BAD_DATA "bufio.Scanner: token too long". */
bool lg_scan_finish(const struct lg_scan *s, struct lg_error *err);

/* Without Unicode's blanks at both ends, as strings.TrimSpace. */
struct lg_str lg_scan_trim(struct lg_str s);
bool lg_scan_is_comment(struct lg_str line); /* blank, or begins with # */
/* Where the memory map begins: "MAPPED_LIBRARIES:" or "--- Memory map: ---". */
bool lg_scan_is_map(struct lg_str line);

/* strconv.ParseInt(s, base, 64), base 10 or 0 (0x, 0b, 0o, 0, underscores). */
bool lg_scan_int(struct lg_str s, int base, int64_t *ret);

/* Next "0x…" with lower-case digits off *s. false: none is left, or (with
 * *big_ret set) it has more than 64 bits. */
bool lg_scan_address(struct lg_str *s, uint64_t *ret, struct lg_str *big_ret);

/* Steps: each takes its part off the front of *s when it is there. */
static inline bool lg_scan_digit(char c)
{
    return c >= '0' && c <= '9';
}
bool lg_scan_xdigit(char c);           /* [[:xdigit:]] */
bool lg_scan_blank(char c);            /* \s: tab, LF, FF, CR, space */
bool lg_scan_nonblank(char c);         /* \S */
void lg_scan_spaces(struct lg_str *s); /* " *" */
/* The characters in front that pass, as a view; false: there is none. */
typedef bool lg_scan_test(char c);
static inline bool lg_scan_run(struct lg_str *s, lg_scan_test *test,
                               struct lg_str *ret)
{
    size_t n = 0;
    while (n < s->len && test(s->data[n]))
        n++;
    *ret = lg_str_first(*s, n);
    *s = lg_str_skip(*s, n);
    return n != 0;
}
bool lg_scan_digits(struct lg_str *s, struct lg_str *ret); /* [[:digit:]]+ */
bool lg_scan_xdigits(struct lg_str *s, struct lg_str *ret);
bool lg_scan_blanks(struct lg_str *s); /* "\s+" */
/* "[ x0-9a-f]*": what begins s. */
struct lg_str lg_scan_stack(struct lg_str s);
static inline bool lg_scan_text(struct lg_str *s, struct lg_str text)
{
    return lg_str_after(*s, text, s);
}

#endif
