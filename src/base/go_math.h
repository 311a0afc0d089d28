/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: arithmetic as Go has it on amd64, where C leaves it undefined: sums
 * wrap around, and what does not fit has one value.
 */
#ifndef LG_BASE_GO_MATH_H
#define LG_BASE_GO_MATH_H

#include <stdint.h>

static inline int64_t lg_go_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* b == -1 wraps around; b == 0 gives a. */
static inline int64_t lg_go_div(int64_t a, int64_t b)
{
    if (b == 0)
        return a;
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

/* int64(x): what does not fit is the smallest. */
static inline int64_t lg_go_int64(double x)
{
    return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN;
}

/* The smallest number stays negative. */
static inline int64_t lg_go_abs(int64_t n)
{
    return n < 0 ? (int64_t)(0 - (uint64_t)n) : n;
}

#endif
