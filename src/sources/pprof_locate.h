/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the local binaries of a profile's mappings, before it is merged
 * with others: below the folders of PPROF_BINARY_PATH, by build id where the
 * mapping has one, else by name; and the executable of the command line for
 * the first mapping. A profile without mappings gets an empty one.
 * Source: google/pprof internal/driver/fetch.go locateBinaries (Go 1.27.4).
 * Beyond it: cmd/pprof takes every file's build id for empty, so that it
 * refuses all that were found by theirs; here they are compared.
 */
#ifndef LG_SOURCES_PPROF_LOCATE_H
#define LG_SOURCES_PPROF_LOCATE_H

#include "sources/pprof_symbols.h"

/* Changes the mappings, and the locations of a profile without any, in place.
 * false: out of memory. */
bool lg_pprof_locate(struct lg_profile *p,
                     const struct lg_symbol_source *source,
                     lg_symbol_say_fn *say, void *context,
                     struct lg_arena *arena);

#endif
