/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what a dying Go program says at the end of stderr. Source: Go 1.27:
 * runtime/panic.go, stack.go, malloc.go; the words are the same since 1.17.
 */
#ifndef LG_EVIDENCE_FATAL_H
#define LG_EVIDENCE_FATAL_H

#include "base/str.h"

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

#endif
