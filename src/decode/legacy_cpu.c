/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_forms.h"

/* profilez of gperftools: words of 32 or 64 bits in either byte order.
 *
 *     header   0 · 3 · 0 (C++) or 1 (Java) · period in µs · 0
 *     sample   how often · depth · leaf … root
 *     end      0 · 1 · 0, then the memory map (C++) or names (Java) as text
 *
 * Source: google/pprof profile/legacy_profile.go, parseCPU (Go 1.27.4). */
#define HEADER_WORDS 5
#define HEADER_SLOTS 3
/* Of two frames below the leaf at most, when all but one in 32 have them. */
#define STRIP_ROUNDS 2
#define STRIP_SIMILAR 32

struct words {
    struct lg_str left;
    size_t bytes;    /* of a word */
    bool is_big;     /* big-endian */
    bool is_missing; /* the last word read was not there */
};

/* 0 where less than a word is left; then all is gone. */
static uint64_t next_word(struct words *w)
{
    uint64_t word = 0;
    w->is_missing = w->left.len < w->bytes;
    if (w->is_missing) {
        w->left.len = 0;
        return 0;
    }
    for (size_t i = 0; i < w->bytes; i++) {
        size_t at = w->is_big ? i : w->bytes - 1 - i;
        word = word << 8 | (uint8_t)w->left.data[at];
    }
    w->left = lg_str_skip(w->left, w->bytes);
    return word;
}

static bool parse_header(struct words *w, bool *is_java_ret,
                         int64_t *period_us_ret)
{
    uint64_t header[HEADER_WORDS];
    for (size_t i = 0; i < HEADER_WORDS; i++)
        header[i] = next_word(w);
    *is_java_ret = header[2] == 1;
    *period_us_ret = (int64_t)header[3];
    return !w->is_missing && header[0] == 0 && header[1] == HEADER_SLOTS &&
           header[2] <= 1 && header[3] > 0 && header[4] == 0;
}

/* Frames of a sample. What is cut off at the end of the file counts as zeros,
 * as pprof has it. *end_ret: it was the mark of the end. */
static bool parse_sample(struct words *w, bool is_java, struct lg_legacy *b,
                         bool *end_ret, struct lg_error *err)
{
    uint64_t count = next_word(w), depth = next_word(w);
    if (w->is_missing || depth > w->left.len / 4)
        return lg_legacy_other_form(err);
    for (uint64_t i = 0; i < depth; i++) {
        uint64_t address = next_word(w);
        *end_ret = count == 0 && depth == 1 && address == 0;
        if (*end_ret)
            return true;
        if (!lg_legacy_frame(b, address - (!is_java && i > 0), err))
            return false;
    }
    uint64_t ns = count * (uint64_t)b->profile.period;
    return lg_legacy_sample(b, (int64_t[]){(int64_t)count, (int64_t)ns}, 0,
                            err);
}

static bool parse_samples(struct words *w, bool is_java, struct lg_legacy *b,
                          struct lg_error *err)
{
    bool is_end = false;
    while (w->left.len != 0 && !is_end)
        if (!parse_sample(w, is_java, b, &is_end, err))
            return false;
    return true;
}

/* The second address that nearly all samples share: *found_ret. */
static bool find_shared(struct lg_legacy *b, bool *found_ret,
                        uint64_t *address_ret, struct lg_error *err)
{
    size_t needed = b->samples.count - b->samples.count / STRIP_SIMILAR;
    struct lg_map counts;
    *found_ret = false;
    lg_map_init(&counts, &b->scratch);
    for (size_t i = 0; i < b->samples.count; i++) {
        if (b->samples.items[i].count < 2)
            continue;
        uint64_t address = lg_legacy_address(b, i, 1);
        uint64_t *count = lg_map_put_u64(&counts, address, NULL);
        if (count == NULL)
            return lg_fail_nomem(err);
        if (++*count < needed)
            continue;
        *found_ret = true;
        *address_ret = address;
    }
    return true;
}

/* A frame that the signal handler put below the leaf. */
static bool strip_shared(struct lg_legacy *b, struct lg_error *err)
{
    for (int round = 0; round < STRIP_ROUNDS; round++) {
        uint64_t address = 0;
        bool found;
        if (!find_shared(b, &found, &address, err))
            return false;
        for (size_t i = 0; found && i < b->samples.count; i++)
            if (b->samples.items[i].count > 1 &&
                lg_legacy_address(b, i, 1) == address)
                lg_legacy_drop_second(b, i);
    }
    return true;
}

static bool parse_body(struct words *w, bool is_java, struct lg_legacy *b,
                       struct lg_error *err)
{
    if (!parse_samples(w, is_java, b, err))
        return false;
    if (is_java)
        return lg_legacy_java_finish(b, w->left, err);
    struct lg_scan map = {.rest = w->left};
    b->drops_twins = true;
    return strip_shared(b, err) && lg_legacy_finish_map(b, &map, err);
}

bool lg_legacy_cpu(struct lg_str bytes, struct lg_legacy *b,
                   struct lg_error *err)
{
    static const struct words kinds[] = {{.bytes = 4},
                                         {.bytes = 4, .is_big = true},
                                         {.bytes = 8},
                                         {.bytes = 8, .is_big = true}};
    for (size_t i = 0; i < LG_COUNT(kinds); i++) {
        struct words w = kinds[i];
        bool is_java;
        int64_t period_us;
        w.left = bytes;
        if (!parse_header(&w, &is_java, &period_us))
            continue;
        lg_legacy_period(b, LG_STR("cpu"), LG_STR("nanoseconds"),
                         (int64_t)((uint64_t)period_us * 1000));
        return lg_legacy_type(b, LG_STR("samples"), LG_STR("count"), err) &&
               lg_legacy_type(b, LG_STR("cpu"), LG_STR("nanoseconds"), err) &&
               parse_body(&w, is_java, b, err);
    }
    return lg_legacy_other_form(err);
}
