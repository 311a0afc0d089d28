/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_scan.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static bool stands(struct lg_str bytes, size_t at, const char *word, size_t len)
{
    return at <= bytes.len && bytes.len - at >= len &&
           memcmp(bytes.data + at, word, len) == 0;
}
#define STANDS(bytes, at, word) stands(bytes, at, word, sizeof(word) - 1)

/* "4711 (" or, on RHEL 6, "4711,": programs' own words on killing rarely go on
 * like this, and a whole line is dear to look at. */
static bool is_named_pid(struct lg_str bytes, size_t at)
{
    size_t digits = at;
    while (at < bytes.len && bytes.data[at] >= '0' && bytes.data[at] <= '9')
        at++;
    return at != digits && (STANDS(bytes, at, " (") || STANDS(bytes, at, ","));
}

/* Does a marker word stand here? Decides what the fingerprint could not. */
static bool confirm(struct lg_str bytes, size_t at)
{
    if (bytes.data[at] == 'K') {
        if (STANDS(bytes, at, "Killed process "))
            return is_named_pid(bytes, at + sizeof("Killed process ") - 1);
        return STANDS(bytes, at, "Kill process ") &&
               is_named_pid(bytes, at + sizeof("Kill process ") - 1);
    }
    if (at < 2 || bytes.data[at - 1] != 'o' || bytes.data[at - 2] != 'o')
        return false;
    return STANDS(bytes, at, "m-killer: gfp") ||
           STANDS(bytes, at, "m-kill:constraint=") ||
           STANDS(bytes, at, "m_reaper: reaped process ") ||
           STANDS(bytes, at, "m.group set");
}

size_t lg_oom_scan_plain(struct lg_str bytes, size_t from)
{
    for (size_t i = from; i < bytes.len; i++) {
        char c = bytes.data[i];
        if ((c == 'm' || c == 'K') && confirm(bytes, i))
            return i;
    }
    return bytes.len;
}

#if defined(__x86_64__)

/* "m-k" "m_r" "m.g" or "K.ll" at each of the positions. The same text for
 * both widths: only the names of the instructions differ. */
#define LG_OOM_FINGERPRINT(P, EQ, AND, OR, LOAD, SET)                          \
    P v0 = LOAD((const P *)(const void *)(s + i));                             \
    P v1 = LOAD((const P *)(const void *)(s + i + 1));                         \
    P v2 = LOAD((const P *)(const void *)(s + i + 2));                         \
    P v3 = LOAD((const P *)(const void *)(s + i + 3));                         \
    P dash = AND(EQ(v1, SET('-')), EQ(v2, SET('k')));                          \
    P line = AND(EQ(v1, SET('_')), EQ(v2, SET('r')));                          \
    P dot = AND(EQ(v1, SET('.')), EQ(v2, SET('g')));                           \
    P oom = AND(EQ(v0, SET('m')), OR(dash, OR(line, dot)));                    \
    P ll = AND(EQ(v2, SET('l')), EQ(v3, SET('l')));                            \
    P hits = OR(oom, AND(EQ(v0, SET('K')), ll))

size_t lg_oom_scan_sse2(struct lg_str bytes, size_t from)
{
    const char *s = bytes.data;
    size_t i = from < bytes.len ? from : bytes.len;
    for (; bytes.len - i >= 16 + 3; i += 16) {
        LG_OOM_FINGERPRINT(__m128i, _mm_cmpeq_epi8, _mm_and_si128, _mm_or_si128,
                           _mm_loadu_si128, _mm_set1_epi8);
        unsigned mask = (unsigned)_mm_movemask_epi8(hits);
        for (; mask != 0; mask &= mask - 1) {
            size_t at = i + (size_t)__builtin_ctz(mask);
            if (confirm(bytes, at))
                return at;
        }
    }
    return lg_oom_scan_plain(bytes, i);
}

__attribute__((target("avx2"))) static size_t scan_avx2(struct lg_str bytes,
                                                        size_t from)
{
    const char *s = bytes.data;
    size_t i = from;
    for (; bytes.len - i >= 32 + 3; i += 32) {
        LG_OOM_FINGERPRINT(__m256i, _mm256_cmpeq_epi8, _mm256_and_si256,
                           _mm256_or_si256, _mm256_loadu_si256,
                           _mm256_set1_epi8);
        unsigned mask = (unsigned)_mm256_movemask_epi8(hits);
        for (; mask != 0; mask &= mask - 1) {
            size_t at = i + (size_t)__builtin_ctz(mask);
            if (confirm(bytes, at))
                return at;
        }
    }
    return lg_oom_scan_plain(bytes, i);
}

size_t lg_oom_scan(struct lg_str bytes, size_t from)
{
    if (from >= bytes.len)
        return bytes.len;
    if (__builtin_cpu_supports("avx2"))
        return scan_avx2(bytes, from);
    return lg_oom_scan_sse2(bytes, from);
}

__attribute__((target("avx2"))) static uint64_t newlines_avx2(const char *s,
                                                              size_t blocks)
{
    const __m256i newline = _mm256_set1_epi8('\n');
    __m256i sums = _mm256_setzero_si256();
    for (size_t b = 0; b < blocks;) {
        __m256i counts = _mm256_setzero_si256();
        /* A byte counts to 255 before it must be added up. */
        size_t stop = blocks - b > 255 ? b + 255 : blocks;
        for (; b < stop; b++)
            counts = _mm256_sub_epi8(
                counts, _mm256_cmpeq_epi8(
                            _mm256_loadu_si256(
                                (const __m256i *)(const void *)(s + b * 32)),
                            newline));
        sums = _mm256_add_epi64(
            sums, _mm256_sad_epu8(counts, _mm256_setzero_si256()));
    }
    uint64_t lanes[4];
    _mm256_storeu_si256((__m256i *)(void *)lanes, sums);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

uint64_t lg_oom_count_newlines(struct lg_str bytes)
{
    size_t at = 0;
    uint64_t count = 0;
    if (__builtin_cpu_supports("avx2")) {
        count = newlines_avx2(bytes.data, bytes.len / 32);
        at = bytes.len / 32 * 32;
    }
    for (; at < bytes.len; at++)
        count += bytes.data[at] == '\n';
    return count;
}

#else

size_t lg_oom_scan(struct lg_str bytes, size_t from)
{
    return lg_oom_scan_plain(bytes, from);
}

uint64_t lg_oom_count_newlines(struct lg_str bytes)
{
    uint64_t count = 0;
    for (size_t at = 0; at < bytes.len; at++)
        count += bytes.data[at] == '\n';
    return count;
}

#endif
