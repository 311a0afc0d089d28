/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: `goroutines`: whatever the operand is becomes one struct
 * lg_goroutines and the places where they stand; three ways to print it.
 */
#ifndef LG_CMD_GOROUTINES_H
#define LG_CMD_GOROUTINES_H

#include "one_capture.h"
#include "target/go_goroutines.h"

struct lg_goroutines_request {
    bool full, json, all, with_system;
    enum lg_freeze freeze;
    uint32_t frames; /* per stack; UINT32_MAX: all */
};

struct lg_goroutines_view {
    const struct lg_goroutines_request *request;
    struct lg_source_arg *source;
    struct lg_one_capture
        one; /* its incident: for names and whose code it is */
    struct lg_goroutines goroutines;
    struct lg_goroutine_groups groups; /* unless full text */
    bool has_read;                     /* read is filled: an image was read */
    struct lg_go_goroutines read;
};

/* ABSENT: nothing there tells of goroutines. */
bool lg_goroutines_view_read(struct lg_goroutines_view *v,
                             struct lg_arena *arena, struct lg_error *err);
/* Index in the group's frames of the innermost one of the user's code; the
 * count when there is none. */
uint32_t lg_goroutines_user_frame(const struct lg_goroutines_view *v,
                                  const struct lg_goroutine *item);
/* To stdout. false: it cannot be written, or memory is out. */
bool lg_goroutines_print_groups(const struct lg_goroutines_view *v,
                                struct lg_arena *arena);
bool lg_goroutines_print_full(const struct lg_goroutines_view *v,
                              struct lg_arena *arena);
bool lg_goroutines_print_json(const struct lg_goroutines_view *v);

#endif
