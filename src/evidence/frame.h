/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one frame of a Go stack as people read it. Leaf first wherever
 * frames stand in a row.
 */
#ifndef LG_EVIDENCE_FRAME_H
#define LG_EVIDENCE_FRAME_H

#include "base/str.h"

#include <stdint.h>

struct lg_frame {
    struct lg_str function; /* full name: "main.(*Repo).All",
                               "github.com/a/b/c.Func.func1" */
    struct lg_str file;     /* as the profile or dump says; may be empty */
    uint32_t line;          /* 0: unknown */
};

/* Import path part of a function name: "github.com/a/b/c" of
 * "github.com/a/b/c.(*T).M[...]"; "%2e" escapes of the linker are kept. */
struct lg_str lg_frame_package(struct lg_str function);
/* True for Go's runtime and its internals: "runtime.…", "runtime/…",
 * "internal/runtime/…", and the assembler's names without a package. */
bool lg_frame_is_runtime(struct lg_str function);
/* True when the package is of the standard library: its first path element
 * has no dot and is not the given main module ("" when unknown) nor "main". */
bool lg_frame_is_std(struct lg_str function, struct lg_str main_module);
/* Function without its import path: "collection.(*TimingWheel).run". */
struct lg_str lg_frame_short(struct lg_str function);

#endif
