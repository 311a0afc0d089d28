/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: is this binary a Go program, which Go made it, of which modules?
 * Read from the build information blob, which survives strip.
 * Source: Go 1.17: debug/buildinfo; Go 1.18: inline strings (flags bit 1).
 */
#ifndef LG_TARGET_BUILD_INFO_H
#define LG_TARGET_BUILD_INFO_H

#include "base/error.h"
#include "evidence/subject.h"

/* elf: the whole file (mapped; only headers, the RW segment and notes are
 * touched). true with ret->is_go false: a valid ELF that is not Go.
 * BAD_DATA: not an ELF file, or damaged. */
bool lg_build_info_parse(struct lg_str elf, struct lg_arena *arena,
                         struct lg_build_info *ret, struct lg_error *err);

#endif
