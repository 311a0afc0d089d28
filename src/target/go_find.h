/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the files share that open a Go process (go_process.c): finding
 * modules and variables, and doubting what was found.
 */
#ifndef LG_TARGET_GO_FIND_H
#define LG_TARGET_GO_FIND_H

#include "decode/elf.h"
#include "target/go_process.h"

/* While a process is opened. */
struct lg_go_finder {
    struct lg_go *go;
    struct lg_go_open_options options;
    struct lg_elf elf; /* of the image's binary; file empty: none */
    bool symbols_are_read;
    uint64_t symbol_module; /* runtime.firstmoduledata by symbol; 0 */
    uint64_t pclntab;       /* address of the header; 0: not found yet */
    uint64_t module;        /* of the first moduledata; 0 */
};

enum lg_go_fit { LG_FIT_NO, LG_FIT_UNKNOWN, LG_FIT_YES };

/* The integer in a field of the object at an address; false: the layout does
 * not have it, or it cannot be read. */
bool lg_go_read(struct lg_go *go, uint64_t object, enum lg_go_field field,
                uint64_t *ret);
/* A slice header {pointer, length, capacity} that makes sense. */
struct lg_go_slice {
    uint64_t data, len, capacity;
};
bool lg_go_read_slice(struct lg_go *go, uint64_t address, uint64_t max_len,
                      struct lg_go_slice *ret);

/* go_vars.c. The symbol table, once: sets what is not found yet of vars,
 * symbol_module. A large one only when asked for. */
void lg_go_find_symbols(struct lg_go_finder *f, bool even_if_large);
const char *lg_go_var_name(enum lg_go_var var); /* "runtime.allgs" */

/* go_process.c. Variables that every program has are not found yet. */
bool lg_go_is_missing_some(const struct lg_go *go);

/* go_module.c. */
bool lg_go_find_first_module(struct lg_go_finder *f, struct lg_error *err);
/* By the layout that go has now. BAD_DATA: it does not fit. */
bool lg_go_read_modules(struct lg_go_finder *f, struct lg_error *err);

/* go_scan.c. Calls fn with each part of the target's memory between two
 * addresses, in pieces that overlap by overlap_bytes; it returns true to end.
 * What cannot be read is left out. */
typedef bool (*lg_go_scan_fn)(void *context, uint64_t address,
                              const uint8_t *bytes, size_t len);
bool lg_go_scan(struct lg_go *go, uint64_t start, uint64_t end,
                size_t overlap_bytes, lg_go_scan_fn fn, void *context);
/* A variable by what lies there; 0: none or several. */
uint64_t lg_go_scan_var(struct lg_go *go, enum lg_go_var var);

/* go_code.c. Variables named by instructions. Sets what is not found yet. */
void lg_go_find_in_code(struct lg_go_finder *f);

/* go_check.c. Does what lies at the address look like the variable, by the
 * layout that go has now? UNKNOWN: it may be (all zero, unreadable …). */
enum lg_go_fit lg_go_check_var(struct lg_go *go, enum lg_go_var var,
                               uint64_t address);
/* Do the goroutines, threads, the scheduler … make sense by this layout? The
 * more does, the higher the score. */
enum lg_go_fit lg_go_check_layout(struct lg_go *go, unsigned *score_ret);

#endif
