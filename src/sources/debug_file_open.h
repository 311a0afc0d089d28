/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the debug information that a distribution keeps apart from a
 * stripped binary, found where debuggers look for it on this machine. Not in
 * a container's files: whose owner could cut them while they are mapped.
 */
#ifndef LG_SOURCES_DEBUG_FILE_OPEN_H
#define LG_SOURCES_DEBUG_FILE_OPEN_H

#include "base/io.h"

/* elf: the binary, path: its own. false: it has DWARF itself, or no file that
 * belongs to it is there; *ret is untouched. Cost: up to four opens. */
bool lg_debug_file_open(struct lg_str elf, struct lg_str path,
                        struct lg_mapped *ret);

#endif
