/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/varints.h"

#include <string.h>

#if defined(__SSE2__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <emmintrin.h>
#define WITH_SSE2 1
#endif

#define MAX_SMALL_BYTES 4

#ifdef WITH_SSE2
#define STEP_BYTES 64 /* bits of a mask */

/* Every bit: that byte of the 64 ends a varint. */
static inline uint64_t ends_mask(const uint8_t *at)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(at + 16 * i));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(bytes) << (16 * i);
    }
    return ~mask;
}

size_t lg_varints_count(const uint8_t *at, const uint8_t *end)
{
    size_t count = (size_t)(end - at);
    const __m128i one = _mm_set1_epi8(1), zero = _mm_setzero_si128();
    __m128i sums = zero; /* of bytes that do not end one */
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        bytes = _mm_and_si128(_mm_srli_epi16(bytes, 7), one);
        sums = _mm_add_epi64(sums, _mm_sad_epu8(bytes, zero));
    }
    count -= (size_t)_mm_cvtsi128_si64(sums);
    count -= (size_t)_mm_cvtsi128_si64(_mm_srli_si128(sums, 8));
    for (; at < end; at++)
        count -= *at >> 7;
    return count;
}

/* Every byte of the 64 at `at` as the first of a varint of one or two. */
static inline void read_short(const uint8_t *at, uint16_t values[STEP_BYTES])
{
    const __m128i low = _mm_set1_epi8(0x7f), zero = _mm_setzero_si128();
    for (size_t i = 0; i < STEP_BYTES; i += 16) {
        __m128i first = _mm_loadu_si128((const __m128i *)(at + i));
        __m128i second = _mm_loadu_si128((const __m128i *)(at + i + 1));
        __m128i *place = (__m128i *)(values + i);
        second = _mm_and_si128(second, _mm_cmplt_epi8(first, zero));
        first = _mm_and_si128(first, low);
        _mm_storeu_si128(
            place,
            _mm_or_si128(_mm_unpacklo_epi8(first, zero),
                         _mm_srli_epi16(_mm_unpacklo_epi8(zero, second), 1)));
        _mm_storeu_si128(
            place + 1,
            _mm_or_si128(_mm_unpackhi_epi8(first, zero),
                         _mm_srli_epi16(_mm_unpackhi_epi8(zero, second), 1)));
    }
}

/* Varints of one or two bytes, less one each, from the first to where there may
 * be another, which is set to *at. Most profiles have so few locations. *most:
 * the largest. */
static uint32_t *take_short(const uint8_t **at, const uint8_t *end,
                            const uint8_t *readable, uint32_t *out,
                            uint32_t *most)
{
    uint16_t values[STEP_BYTES];
    uint32_t largest = 0;
    while (*at < end && readable - *at > STEP_BYTES) {
        uint64_t mask = ends_mask(*at), cut = 0;
        if (end - *at < STEP_BYTES)
            cut = UINT64_MAX << (end - *at);
        uint64_t more = ~mask & ~cut; /* is not the last byte */
        if ((more & more << 1) != 0)
            break;
        /* The last of the 64 may be half a number: for the next time. */
        uint64_t begins = ~(more << 1 | cut | (more & (uint64_t)1 << 63));
        read_short(*at, values);
        for (; begins != 0; begins &= begins - 1) {
            uint32_t index = values[__builtin_ctzll(begins)] - 1U;
            largest = index > largest ? index : largest;
            *out++ = index;
        }
        *at += STEP_BYTES - (more >> 63);
    }
    *at = *at < end ? *at : end;
    *most = largest;
    return out;
}

/* The numbers that end in the 64 bytes at `at`, each still with its
 * continuation bits: four bytes from where it begins, cut to its length.
 * *from: where the first of them begins; *longest: of their lengths. */
static inline uint32_t *take_step(const uint8_t *at, uint64_t mask,
                                  const uint8_t **from, size_t *longest,
                                  uint32_t *out)
{
    static const uint32_t cuts[8] = {0,          0xff,       0xffff,
                                     0xffffff,   UINT32_MAX, UINT32_MAX,
                                     UINT32_MAX, UINT32_MAX};
    while (mask != 0) {
        const uint8_t *next = at + __builtin_ctzll(mask) + 1;
        size_t len = (size_t)(next - *from);
        uint32_t word;
        memcpy(&word, *from, sizeof word);
        *out++ = word & cuts[len & 7];
        *longest = len > *longest ? len : *longest;
        *from = next;
        mask &= mask - 1;
    }
    return out;
}

/* 7 bits of each byte, put together. */
static inline uint32_t squeezed(uint32_t word)
{
    word = (word & 0x007f007f) | (word & 0x7f007f00) >> 1;
    return (word & 0x3fff) | (word & 0x3fff0000) >> 2;
}

static void squeeze(uint32_t *out, size_t count)
{
    const __m128i even = _mm_set1_epi32(0x007f007f);
    const __m128i odd = _mm_set1_epi32(0x7f007f00);
    const __m128i low = _mm_set1_epi32(0x3fff);
    const __m128i high = _mm_set1_epi32(0x3fff0000);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        __m128i *place = (__m128i *)(out + i), w = _mm_loadu_si128(place);
        w = _mm_or_si128(_mm_and_si128(w, even),
                         _mm_srli_epi32(_mm_and_si128(w, odd), 1));
        w = _mm_or_si128(_mm_and_si128(w, low),
                         _mm_srli_epi32(_mm_and_si128(w, high), 2));
        _mm_storeu_si128(place, w);
    }
    for (; i < count; i++)
        out[i] = squeezed(out[i]);
}
#endif

/* One by one. */
static uint32_t *take_rest(const uint8_t *at, const uint8_t *end, uint32_t *out)
{
    while (at < end) {
        uint32_t n = 0;
        unsigned i = 0;
        for (; at + i < end && at[i] >= 0x80; i++)
            n |= i < MAX_SMALL_BYTES ? (uint32_t)(at[i] & 0x7f) << (7 * i) : 0;
        if (i >= MAX_SMALL_BYTES || at + i == end)
            return NULL;
        *out++ = n | (uint32_t)at[i] << (7 * i);
        at += i + 1;
    }
    return out;
}

#ifdef WITH_SSE2
/* Varints of up to four bytes. */
static uint32_t *take_small(const uint8_t *at, const uint8_t *end,
                            const uint8_t *readable, uint32_t *out)
{
    const uint8_t *from = at;
    uint32_t *first = out;
    size_t longest = 0;
    /* The word of the last number reaches up to three bytes beyond it. */
    while (at < end && readable - at >= STEP_BYTES + MAX_SMALL_BYTES) {
        uint64_t mask = ends_mask(at);
        if (end - at < STEP_BYTES)
            mask &= ((uint64_t)1 << (end - at)) - 1;
        out = take_step(at, mask, &from, &longest, out);
        at += STEP_BYTES;
    }
    squeeze(first, (size_t)(out - first));
    return longest <= MAX_SMALL_BYTES ? take_rest(from, end, out) : NULL;
}
#endif

/* Takes one from each. false: one of them was 0 or above limit. */
static bool to_indices(uint32_t *ids, size_t count, uint32_t limit)
{
    bool bad = limit == 0 && count != 0;
    size_t i = 0;
#ifdef WITH_SSE2
    /* Unsigned comparison is signed comparison with the top bit turned. */
    const __m128i one = _mm_set1_epi32(1), top = _mm_set1_epi32(INT32_MIN);
    const __m128i last =
        _mm_xor_si128(_mm_set1_epi32((int32_t)(limit - 1)), top);
    __m128i above = _mm_setzero_si128();
    for (; i + 4 <= count; i += 4) {
        __m128i *place = (__m128i *)(ids + i), w = _mm_loadu_si128(place);
        w = _mm_sub_epi32(w, one);
        _mm_storeu_si128(place, w);
        above =
            _mm_or_si128(above, _mm_cmpgt_epi32(_mm_xor_si128(w, top), last));
    }
    bad |= _mm_movemask_epi8(above) != 0;
#endif
    for (; i < count; i++) {
        ids[i]--;
        bad |= ids[i] >= limit;
    }
    return !bad;
}

uint32_t *lg_varints_indices(const uint8_t *at, const uint8_t *end,
                             const uint8_t *readable, uint32_t limit,
                             uint32_t *out)
{
    uint32_t *first = out;
    if (at < end && end[-1] >= 0x80)
        return NULL;
#ifdef WITH_SSE2
    uint32_t most;
    out = first = take_short(&at, end, readable, out, &most);
    if (most >= limit)
        return NULL;
    if (at < end)
        out = take_small(at, end, readable, out);
#else
    (void)readable;
    out = take_rest(at, end, out);
#endif
    if (out == NULL || !to_indices(first, (size_t)(out - first), limit))
        return NULL;
    return out;
}
