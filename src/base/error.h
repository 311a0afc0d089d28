/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: an error says what its caller can do about it.
 *
 * Functions that can fail return bool and take a caller-owned struct lg_error
 * as their last parameter. It has a fixed size and is never allocated, since
 * the recorder works while memory is gone. The innermost function writes the
 * sentence; callers add context outward with lg_context():
 * "heap.pb.gz: sample 7: field 2 is cut at byte 131".
 *
 * A NULL err is allowed everywhere: the caller does not want the reason.
 */
#ifndef LG_BASE_ERROR_H
#define LG_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum lg_error_kind {
    LG_OK = 0,
    LG_NOMEM,       /* give memory back or give up */
    LG_OS,          /* a system call failed: sys_errno */
    LG_BAD_DATA,    /* the bytes are not what they claim: offset */
    LG_ABSENT,      /* what was asked for is not there */
    LG_DENIED,      /* exists, but not for us: a permission helps */
    LG_LIMIT,       /* a bound of ours was reached: offset where it applies */
    LG_UNSUPPORTED, /* this machine, kernel or version cannot */
    LG_CANCELLED,   /* somebody asked us to stop */
    LG_USAGE,       /* the command line asks for what makes no sense */
};

#define LG_ERROR_TEXT_BYTES 400

struct lg_error {
    enum lg_error_kind kind;
    int sys_errno;   /* 0 unless a system call was behind it */
    uint64_t offset; /* byte offset in the input; 0 when it has no meaning */
    char text[LG_ERROR_TEXT_BYTES]; /* one sentence without a final dot; cut
                                       to fit, always terminated */
};

/* Each returns false, so that `return lg_fail(err, …)` reads well. */
bool lg_fail(struct lg_error *err, enum lg_error_kind kind, const char *fmt,
             ...) __attribute__((format(printf, 3, 4)));
/* A system call failed: kind follows from sys_errno (EACCES and EPERM →
 * LG_DENIED, ENOENT, ESRCH and ENODEV → LG_ABSENT, ENOMEM → LG_NOMEM, ENOSYS
 * and EOPNOTSUPP → LG_UNSUPPORTED, else LG_OS); ": strerror" is appended. */
bool lg_fail_os(struct lg_error *err, int sys_errno, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* LG_BAD_DATA at a byte offset; " at byte <offset>" is appended. */
bool lg_fail_at(struct lg_error *err, uint64_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool lg_fail_nomem(struct lg_error *err);
/* Puts "…: " before the text that is there; kind and offset stay. What does
 * not fit is cut at the end, never inside a UTF-8 character. */
bool lg_context(struct lg_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void lg_error_clear(struct lg_error *err);
/* "out of memory", "bad data", … for messages and JSON; never NULL. */
const char *lg_error_kind_name(enum lg_error_kind kind);

#endif
