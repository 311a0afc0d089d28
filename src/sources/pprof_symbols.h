/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: names for addresses. The local binaries of a profile's mappings
 * have been found before the merge (sources/pprof_locate.h: mapping.file is
 * the path then): Go's by their pclntab, others by symbols and DWARF (libdw,
 * with separate debug files); then names are demangled. As cmd/pprof does it
 * (Go 1.27.4), -symbolize's modes included.
 */
#ifndef LG_SOURCES_PPROF_SYMBOLS_H
#define LG_SOURCES_PPROF_SYMBOLS_H

#include "base/error.h"
#include "evidence/profile.h"

struct lg_http_user;

/* Where a mapping came from: plugin.MappingSources. The key is its build id, or
 * its file, or, of a mapping that has neither, the URL, which is its file until
 * it has been symbolised. */
struct lg_mapping_url {
    struct lg_str key;
    const char *url;
    uint64_t start; /* of the mapping there, before a merge */
};

struct lg_symbol_source {
    struct lg_str mode;       /* -symbolize; empty: auto */
    struct lg_str executable; /* first operand when it is a binary; or empty */
    struct lg_str build_id;   /* -buildid */
    struct lg_str
        binary_path; /* PPROF_BINARY_PATH; empty: $HOME/pprof/binaries */
    const char *url; /* the profile's own, for remote symbolisation; or NULL */
    const struct lg_mapping_url *urls; /* those of all sources and bases, in
                                          their order */
    size_t url_count;
    const struct lg_http_user *tls; /* certificates; NULL: none */
};
/* Lines that pprof prints on stderr ("Local symbolization failed for …"). */
typedef void lg_symbol_say_fn(void *context, const char *text);

/* A new profile with functions and lines where they were to be had. */
bool lg_pprof_symbolise(const struct lg_profile *p,
                        const struct lg_symbol_source *source,
                        lg_symbol_say_fn *say, void *context,
                        struct lg_arena *arena, struct lg_profile *ret,
                        struct lg_error *err);

#endif
