/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the files of the pclntab reader share. Every number in the
 * table is a claim: these answer 0 for what lies outside of the bytes.
 */
#ifndef LG_TARGET_GO_PCLNTAB_INTERNAL_H
#define LG_TARGET_GO_PCLNTAB_INTERNAL_H

#include "target/go_pclntab.h"

static inline uint64_t lg_pcln_uint(struct lg_str bytes, uint64_t at,
                                    size_t width)
{
    uint64_t value = 0;
    if (at <= bytes.len && bytes.len - at >= width)
        memcpy(&value, bytes.data + at, width);
    return value;
}

static inline uint32_t lg_pcln_u32(struct lg_str bytes, uint64_t at)
{
    return (uint32_t)lg_pcln_uint(bytes, at, 4);
}

static inline uint64_t lg_pcln_u64(struct lg_str bytes, uint64_t at)
{
    return lg_pcln_uint(bytes, at, 8);
}

/* Where a form keeps the fields of _func; offsets in bytes. */
struct lg_pcln_shape {
    uint8_t entry_bytes; /* of ftab's two numbers, and of _func.entry */
    uint8_t name, pcsp, pcfile, pcln, npcdata, cu, start_line, id, flag;
    uint8_t nfuncdata, pcdata; /* pcdata: the array; header's end */
    uint8_t inline_bytes;      /* of an inlined call; 0: not read */
    uint8_t inline_id, inline_name, inline_parent_pc, inline_start_line;
};

/* Absent fields (cu, start_line …) have this offset. */
#define LG_PCLN_NONE 0xff

const struct lg_pcln_shape *lg_pcln_shape(const struct lg_go_pclntab *table);
/* A version's number for a kind of function. go_minor 0: form decides. */
enum lg_go_func_kind lg_pcln_kind(const struct lg_go_pclntab *table,
                                  uint8_t id);
/* The name at an offset among names; empty when it is damaged. */
struct lg_str lg_pcln_name(const struct lg_go_pclntab *table, uint32_t at);

#endif
