/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: names of C++ and Rust functions as people write them. Itanium's and
 * Rust's schemes are read by libiberty; what is left out of a name (arguments,
 * template arguments) follows google/pprof internal/symbolizer/symbolizer.go
 * and github.com/ianlancetaylor/demangle (as vendored in Go 1.27.4).
 *
 *     _ZN1A3fooIiEEvT_    "": A::foo   templates: A::foo<int>
 *                         full: void A::foo<int>(int)
 *
 * A name that is neither costs a look at its first bytes and one pass for
 * angle brackets; Go's names, that is nearly all, end there.
 */
#ifndef LG_SOURCES_DEMANGLE_H
#define LG_SOURCES_DEMANGLE_H

#include "base/str.h"

enum lg_demangle_mode {
    LG_DEMANGLE_DEFAULT,   /* no arguments, no template arguments */
    LG_DEMANGLE_TEMPLATES, /* no arguments */
    LG_DEMANGLE_FULL,      /* all but "[clone …]" */
    LG_DEMANGLE_NONE,
};

/* The readable form of a mangled name, in the arena. false: it is none, or too
 * much of one (LG_DEMANGLE_MAX_BYTES). Not for two threads at once. */
#define LG_DEMANGLE_MAX_BYTES ((size_t)1 << 20)
bool lg_demangle(struct lg_str mangled, enum lg_demangle_mode mode,
                 struct lg_arena *arena, struct lg_str *ret);
/* The name that pprof shows for a symbol: demangled, or, where it looks like a
 * C++ name already, without its arguments; else the symbol itself. */
struct lg_str lg_demangle_shown(struct lg_str symbol,
                                enum lg_demangle_mode mode,
                                struct lg_arena *arena);

/* Old mangling of Rust: "_ZN…17h<16 digits>E" (demangle_rust.c). */
bool lg_demangle_old_rust(struct lg_str mangled, struct lg_arena *arena,
                          struct lg_str *ret);
/* Empties the <…> of generic arguments in a name of Rust; those of "<T as U>"
 * stay. In place, less length. */
void lg_demangle_empty_generics(struct lg_str *name, char *data);

#endif
