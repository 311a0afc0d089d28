/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the checks of variables share; go_find.h has their use.
 */
#ifndef LG_TARGET_GO_CHECK_H
#define LG_TARGET_GO_CHECK_H

#include "target/go_find.h"

/* The largest g, m and mspan that are read here whole. */
#define LG_GO_OBJECT_BYTES_MAX ((size_t)4096)
/* Addresses of user space: 47 bits, 56 with five levels of page tables. */
#define LG_GO_ADDRESS_MAX ((uint64_t)1 << 56)
#define LG_GO_SAMPLES ((uint64_t)48)

/* The longest so far has 36. */
#define LG_GO_WAIT_REASON_BYTES_MAX ((size_t)64)

struct lg_go_tally {
    uint64_t good, bad;
};
enum lg_go_fit lg_go_fit_of(struct lg_go_tally t);

/* An object's bytes, by the field that is its size, into
 * object[LG_GO_OBJECT_BYTES_MAX]. */
bool lg_go_read_object(struct lg_go *go, uint64_t address,
                       enum lg_go_field size, uint8_t *object);
bool lg_go_is_code(struct lg_go *go, uint64_t pc);
/* Index of the i-th of LG_GO_SAMPLES of so many: the first ones, then some over
 * the whole length. */
uint64_t lg_go_sample_at(uint64_t i, uint64_t len);

/* How many texts stand there, one behind the other. */
size_t lg_go_count_wait_reasons(struct lg_go *go, uint64_t address);

enum lg_go_fit lg_go_check_mheap(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_memstats(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_gc(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_work(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_buckets(struct lg_go *go, uint64_t address,
                                   uint64_t type);
enum lg_go_fit lg_go_check_flag(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_rate(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_cycle(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_semtable(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_wait_reasons(struct lg_go *go, uint64_t address);
enum lg_go_fit lg_go_check_allfin(struct lg_go *go, uint64_t address);

#endif
