/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the memory map behind a legacy profile, either as /proc/self/maps
 * or brief ("40000-80000 /path (@ff00) buildid"), in which "name=value" lines
 * define $name for the lines below; and pprof's guesses on it: pieces that
 * touch are one mapping, the main binary comes first, a mapping at 0x400000
 * begins with its file. Source: google/pprof profile/legacy_profile.go,
 * parseProcMapsFromScanner, parseMappingEntry, remapMappingIDs;
 * profile/profile.go, massageMappings (Go 1.27.4).
 */
#ifndef LG_DECODE_LEGACY_MAPS_H
#define LG_DECODE_LEGACY_MAPS_H

#include "decode/legacy_scan.h"
#include "evidence/profile.h"

enum lg_maps_line { LG_MAPS_OTHER, LG_MAPS_SKIPPED, LG_MAPS_MAPPING };

/* One line. Views into it; SKIPPED: a mapping that isn't executable. */
enum lg_maps_line lg_maps_line_parse(struct lg_str line,
                                     struct lg_profile_mapping *ret);
/* All lines that are left into p->mappings (strings copied), then joined and
 * the main one moved to the front. LIMIT: $names that blow up. */
bool lg_maps_read(struct lg_scan *s, struct lg_profile *p,
                  struct lg_arena *scratch, struct lg_error *err);
/* Puts each location with an address and without a mapping into one; what
 * fits nowhere goes to one made-up mapping of everything. Numbers mappings. */
bool lg_maps_assign(struct lg_profile *p, struct lg_arena *scratch,
                    struct lg_error *err);

#endif
