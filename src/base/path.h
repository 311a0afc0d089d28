/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: names of files as text, in the rules of Go's path/filepath on Unix
 * (Go 1.27), since profiles and pprof's options were written by Go. Nothing
 * here looks at the disk: ".." is taken back by name, whatever links say.
 */
#ifndef LG_BASE_PATH_H
#define LG_BASE_PATH_H

#include "base/arena.h"
#include "base/str.h"

/* filepath.Clean: no empty, "." or needless ".." elements; "" → ".". A view of
 * s when it is clean already, else text in arena. .data NULL: out of memory. */
struct lg_str lg_path_clean(struct lg_str s, struct lg_arena *arena);
/* filepath.Join of two. */
struct lg_str lg_path_join(struct lg_str folder, struct lg_str name,
                           struct lg_arena *arena);
/* filepath.Base: "/" of slashes alone, "." of "". A view. */
struct lg_str lg_path_base(struct lg_str s);
/* filepath.Dir: "." when there is none. A view of a clean s, else text in
 * arena. */
struct lg_str lg_path_dir(struct lg_str s, struct lg_arena *arena);
static inline bool lg_path_is_absolute(struct lg_str s)
{
    return s.len != 0 && s.data[0] == '/';
}

#endif
