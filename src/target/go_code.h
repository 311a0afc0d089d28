/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: which addresses do the instructions of a function name? Where a
 * binary is stripped of symbols, its function table still names functions, and
 * the code of runtime.allgadd still says where allgs lies. amd64: operands
 * relative to the instruction pointer, decoded by Zydis. Other machines: none,
 * the variables are found by what lies in them.
 */
#ifndef LG_TARGET_GO_CODE_H
#define LG_TARGET_GO_CODE_H

#include "target/go_find.h"

enum lg_go_access {                    /* of the memory at the address */
                    LG_ACCESS_ADDRESS, /* LEA */
                    LG_ACCESS_LOAD,
                    LG_ACCESS_STORE, /* also read, change and write */
                    LG_ACCESS_COMPARE,
};

struct lg_go_operand {
    uint64_t address; /* named; run-time */
    enum lg_go_access access;
    uint8_t bytes; /* width of the access; 0: LEA */
    bool is_zero;  /* compared with, or set to, the constant 0 */
};

/* The largest of the functions that are asked (schedtrace, readmemstats_m)
 * have some 150. */
#define LG_GO_OPERANDS_MAX 512

/* The operands of a function in the order of its code, those that lie in the
 * first module's data; how many. */
size_t lg_go_code_operands(struct lg_go_finder *f,
                           const struct lg_go_func *func,
                           struct lg_go_operand ret[LG_GO_OPERANDS_MAX]);

#endif
