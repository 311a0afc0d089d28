/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: goroutines as Go prints them: debug=2, a crash, SIGQUIT (with any
 * text around them) and debug=1 (counts per stack). Go 1.17 … 1.27.
 */
#ifndef LG_DECODE_GOROUTINE_TEXT_H
#define LG_DECODE_GOROUTINE_TEXT_H

#include "base/error.h"
#include "evidence/goroutines.h"

bool lg_goroutine_text_is(struct lg_str bytes);       /* debug=2 or a crash */
bool lg_goroutine_count_text_is(struct lg_str bytes); /* debug=1 */
/* Borrows bytes for the life of *ret. A dump that was cut in the middle is
 * fine: ret->truncated. ABSENT when there is no goroutine at all. */
bool lg_goroutine_text_parse(struct lg_str bytes, struct lg_arena *arena,
                             struct lg_goroutines *ret, struct lg_error *err);
bool lg_goroutine_count_text_parse(struct lg_str bytes, struct lg_arena *arena,
                                   struct lg_goroutines *ret,
                                   struct lg_error *err);

/* What a dying Go program says at the end of stderr. */
enum lg_fatal_kind {
    LG_FATAL_NONE = 0,
    LG_FATAL_PANIC,          /* "panic: …" */
    LG_FATAL_STACK_OVERFLOW, /* "goroutine stack exceeds N-byte limit" */
    LG_FATAL_OUT_OF_MEMORY,  /* the runtime itself could not get memory */
    LG_FATAL_THREADS,        /* thread limit, pthread_create failed */
    LG_FATAL_DEADLOCK,       /* all goroutines are asleep */
    LG_FATAL_CONCURRENT_MAP,
    LG_FATAL_SIGNAL, /* SIGQUIT and other dumps; SIGSEGV is a panic */
    LG_FATAL_OTHER,  /* "fatal error: …" */
};
struct lg_fatal {
    enum lg_fatal_kind kind;
    struct lg_str message;      /* the first line: "panic: boom" */
    uint64_t stack_limit_bytes; /* STACK_OVERFLOW */
    struct lg_str dump; /* from the first "goroutine N [" on; may be empty */
};
bool lg_fatal_parse(struct lg_str stderr_tail, struct lg_fatal *ret);

#endif
