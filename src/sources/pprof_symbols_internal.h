/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of symbolisation share: a profile whose mappings, locations,
 * lines and functions may be changed, since they are copies. */
#ifndef LG_SOURCES_PPROF_SYMBOLS_INTERNAL_H
#define LG_SOURCES_PPROF_SYMBOLS_INTERNAL_H

#include "base/map.h"
#include "sources/demangle.h"
#include "sources/pprof_symbols.h"

struct lg_symbol_mode {
    bool none, no_local, no_remote, force;
    enum lg_demangle_mode demangle;
};

struct lg_symboliser {
    struct lg_profile *p; /* being changed */
    const struct lg_symbol_source *source;
    struct lg_symbol_mode mode;
    lg_symbol_say_fn *say;
    void *context;
    struct lg_arena *arena;
    bool owns_mappings, owns_places, owns_functions;
    size_t demangled_bytes;  /* made so far */
    struct lg_map names;     /* text → number, of functions and files */
    struct lg_map functions; /* name << 32 | file → index */
};

/* -symbolize; says what is wrong with it. */
struct lg_symbol_mode
lg_symbol_mode_parse(struct lg_str text, lg_symbol_say_fn *say, void *context);

/* Columns are shared with the profile that was given until one of these is
 * called: false: out of memory. */
bool lg_symbols_own_mappings(struct lg_symboliser *s);
bool lg_symbols_own_places(struct lg_symboliser *s); /* locations, lines */
bool lg_symbols_own_functions(struct lg_symboliser *s);

/* Index of a function that has this name and file and was added here; new ones
 * are copied. UINT32_MAX: out of memory. Owns functions. */
uint32_t lg_symbols_function(struct lg_symboliser *s, struct lg_str name,
                             struct lg_str file);
/* Says a line made of pieces. */
void lg_symbols_say(const struct lg_symboliser *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Names from local binaries (pprof_symbols_local.c). NOMEM only. */
bool lg_symbols_local(struct lg_symboliser *s, struct lg_error *err);
/* Names from the server that the profile came from (pprof_symbols_remote.c).
 * Fails when it was to be asked and did not answer. */
bool lg_symbols_remote(struct lg_symboliser *s, struct lg_error *err);

#endif
