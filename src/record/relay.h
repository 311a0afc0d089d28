/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the program's stderr passes through unchanged, and its last bytes
 * are kept, for there a panic or a stack overflow says what it was. A process
 * of its own copies, so that the program can go on writing when the recorder
 * dies. A terminal is never put between (the program would lose it), nor a
 * stderr that is the same open file as stdout (lines would change order);
 * a regular file is read afterwards instead of copied.
 */
#ifndef LG_RECORD_RELAY_H
#define LG_RECORD_RELAY_H

#include "base/error.h"
#include "base/str.h"

#define LG_RELAY_TAIL_BYTES 65536

struct lg_relay {
    int write_fd;       /* for the program's stderr; −1: leave it alone */
    int64_t copier_pid; /* 0: none */
    int file_fd;        /* a regular file that is read afterwards; −1 */
    int64_t file_from;  /* its size at the start */
    struct lg_relay_tail *tail; /* shared with the copier */
};

/* Never fails as a whole: without a relay the program is left alone. */
void lg_relay_start(struct lg_relay *relay);
/* After the program was started: our own end is closed. */
void lg_relay_started(struct lg_relay *relay);
/* After the program has ended: waits until what it wrote has been passed on
 * (its children may hold stderr open: then until nothing more comes), and
 * gives the tail, in the arena. */
struct lg_str lg_relay_finish(struct lg_relay *relay, struct lg_arena *arena);

#endif
