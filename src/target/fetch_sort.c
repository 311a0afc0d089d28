/* SPDX-License-Identifier: Apache-2.0 */
#include "target/fetch_sort.h"

#include <string.h>

/* Below this many, a bucket is sorted by insertion. */
#define FEW ((size_t)24)
#define RADIX_BITS 8
#define RADIX (1u << RADIX_BITS)
/* More ascending runs than this are no order worth keeping, nor are moves of
 * more than so many times all of them. */
#define MAX_RUNS 64
#define MAX_MOVES 4

static void insertion_sort(struct lg_fetch *f, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct lg_fetch moved = f[i];
        size_t at = i;
        for (; at > 0 && f[at - 1].address > moved.address; at--)
            f[at] = f[at - 1];
        f[at] = moved;
    }
}

/* 0: sorted already. Else the highest bit in which two addresses differ, plus
 * one: what is above it needs no pass. */
static unsigned bits_to_sort(const struct lg_fetch *f, size_t count)
{
    uint64_t differ = 0;
    bool sorted = true;
    for (size_t i = 1; i < count; i++) {
        differ |= f[i].address ^ f[0].address;
        sorted = sorted && f[i - 1].address <= f[i].address;
    }
    return sorted ? 0 : 64 - (unsigned)__builtin_clzll(differ);
}

/* American flag sort: by the highest digit first, in place, since a million
 * objects would need 16 MB beside them otherwise. Depth ≤ 8. */
static void flag_sort(struct lg_fetch *f, size_t count)
{
    size_t begin[RADIX], end[RADIX];
    if (count <= FEW) {
        insertion_sort(f, count);
        return;
    }
    unsigned bits = bits_to_sort(f, count);
    if (bits == 0)
        return;
    unsigned shift = bits > RADIX_BITS ? bits - RADIX_BITS : 0;
#define DIGIT(fetch) ((fetch).address >> shift & (RADIX - 1))
    memset(end, 0, sizeof end);
    for (size_t i = 0; i < count; i++)
        end[DIGIT(f[i])]++;
    for (size_t digit = 0, at = 0; digit < RADIX; digit++) {
        begin[digit] = at;
        at += end[digit];
        end[digit] = at;
    }
    for (size_t digit = 0; digit < RADIX; digit++) {
        while (begin[digit] < end[digit]) {
            struct lg_fetch moved = f[begin[digit]];
            size_t to = DIGIT(moved);
            while (to != digit) {
                struct lg_fetch next = f[begin[to]];
                f[begin[to]++] = moved;
                moved = next;
                to = DIGIT(moved);
            }
            f[begin[digit]++] = moved;
        }
    }
#undef DIGIT
    for (size_t digit = 0, from = 0; shift != 0 && digit < RADIX; digit++) {
        flag_sort(f + from, end[digit] - from);
        from = end[digit];
    }
}

static size_t run_end(const struct lg_fetch *f, size_t from, size_t count)
{
    size_t i = from + 1;
    while (i < count && f[i - 1].address <= f[i].address)
        i++;
    return i < count ? i : count;
}

/* The first in [low, high) that lies behind address. */
static size_t first_above(const struct lg_fetch *f, size_t low, size_t high,
                          uint64_t address)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void merge_upwards(struct lg_fetch *to, struct lg_fetch *scratch,
                          size_t left, size_t right)
{
    const struct lg_fetch *b = to + left, *b_end = b + right;
    const struct lg_fetch *a = scratch, *a_end = scratch + left;
    memcpy(scratch, to, left * sizeof *to);
    while (a < a_end)
        *to++ = b < b_end && b->address < a->address ? *b++ : *a++;
}

static void merge_downwards(struct lg_fetch *f, struct lg_fetch *scratch,
                            size_t left, size_t right)
{
    size_t to = left + right;
    memcpy(scratch, f + left, right * sizeof *f);
    while (right > 0) {
        if (left > 0 && f[left - 1].address > scratch[right - 1].address)
            f[--to] = f[--left];
        else
            f[--to] = scratch[--right];
    }
}

/* [0, sorted) and [sorted, end) are in order; only what overlaps is moved, and
 * only when the shorter part of it fits the scratch. */
static bool merge(struct lg_fetch *f, size_t sorted, size_t end,
                  struct lg_fetch *scratch, size_t room, size_t *moves)
{
    size_t low = first_above(f, 0, sorted, f[sorted].address);
    size_t high = first_above(f, sorted, end, f[sorted - 1].address);
    size_t left = sorted - low, right = high - sorted;
    if ((left < right ? left : right) > room || left + right > *moves)
        return false;
    *moves -= left + right;
    if (left < right)
        merge_upwards(f + low, scratch, left, right);
    else
        merge_downwards(f + low, scratch, left, right);
    return true;
}

void lg_fetch_sort(struct lg_fetch *fetches, size_t count, void *scratch,
                   size_t scratch_bytes)
{
    size_t moves = count * MAX_MOVES, room = scratch_bytes / sizeof *fetches;
    size_t sorted = run_end(fetches, 0, count);
    for (int runs = 0; sorted < count; runs++) {
        size_t end = run_end(fetches, sorted, count);
        if (runs == MAX_RUNS ||
            !merge(fetches, sorted, end, scratch, room, &moves)) {
            flag_sort(fetches, count);
            return;
        }
        sorted = end;
    }
}
