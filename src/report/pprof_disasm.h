/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the parts of disasm that are pure text: instructions with the
 * samples that belong to them, and what counts as an address on the command
 * line. Source: google/pprof internal/report/report.go annotateAssembly.
 */
#ifndef LG_REPORT_PPROF_DISASM_H
#define LG_REPORT_PPROF_DISASM_H

#include "report/pprof_source_reader.h"

struct lg_code_samples {
    const struct lg_graph_node *const *nodes; /* in order of address */
    size_t count;
    uint64_t offset; /* profile address - file address */
};

/* One line for each instruction; a sample belongs to the instruction that
 * begins at its address or before. */
void lg_disasm_put(const struct lg_pprof_report *r, struct lg_sb *out,
                   const struct lg_code_lines *lines,
                   const struct lg_code_samples *samples);
/* Go's strconv.ParseUint(s, 0, 64): 0x1f, 31, 0b11111, 0o37, 037, 1_000. */
bool lg_disasm_address(struct lg_str s, uint64_t *ret);

#endif
