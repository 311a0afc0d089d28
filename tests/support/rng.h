/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: random input that is the same on every run and machine (splitmix64;
 * Steele, Lea, Flood 2014). A property test names its seed in the code.
 */
#ifndef LG_TESTS_RNG_H
#define LG_TESTS_RNG_H

#include <stddef.h>
#include <stdint.h>

struct lg_rng {
    uint64_t state;
};

static inline uint64_t lg_rng_u64(struct lg_rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* 0 … n-1; n is not 0. The bias does not matter for tests. */
static inline size_t lg_rng_below(struct lg_rng *rng, size_t n)
{
    return (size_t)(lg_rng_u64(rng) % n);
}

/* Every width is as likely as any other: 0, small and huge numbers. */
static inline uint64_t lg_rng_any_width(struct lg_rng *rng)
{
    uint64_t n = lg_rng_u64(rng);
    size_t bits = lg_rng_below(rng, 65);
    return bits == 0 ? 0 : n >> (64 - bits);
}

static inline void lg_rng_fill(struct lg_rng *rng, void *out, size_t len)
{
    unsigned char *p = out;
    for (size_t i = 0; i < len; i++)
        p[i] = (unsigned char)lg_rng_u64(rng);
}

/* len characters out of an alphabet: few letters make many coincidences. */
static inline void lg_rng_text(struct lg_rng *rng, const char *alphabet,
                               size_t alphabet_len, char *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[lg_rng_below(rng, alphabet_len)];
}

#endif
