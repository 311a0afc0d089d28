/* SPDX-License-Identifier: Apache-2.0 */
#include "base/go_math.h"
#include "decode/legacy_forms.h"

#include <math.h>

/* Go's math.Exp on amd64 is a Taylor series of its own, that may differ from
 * libm's exp in the last bits; a truncation behind it makes a byte of that.
 * After Go 1.27: math/exp_amd64.s (N. Shibata's method): x is reduced to
 * |r| <= ln 2 / 32, e^r - 1 by the series, then doubled four times by
 * (y + 2) * y. With FMA, as Go does it wherever the processor can. */
#define LN2_HIGH 0.69314718055966295651160180568695068359375
#define LN2_LOW 0.28235290563031577122588448175013436025525412068e-12
#define LOG2_E 1.4426950408889634073599246810018920

static const double series[] = {
    2.4801587301587301587e-5,
    1.9841269841269841270e-4,
    1.3888888888888888889e-3,
    8.3333333333333333333e-3,
    4.1666666666666666667e-2,
    1.6666666666666666667e-1,
    0.5,
    1.0,
};

static bool has_fma(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx") && __builtin_cpu_supports("fma");
#else
    return true;
#endif
}

static double fused(double a, double b, double c)
{
    return fma(a, b, c);
}

static double apart(double a, double b, double c)
{
    volatile double product = a * b; /* rounded before the sum */
    return product + c;
}

#define OVERFLOW_FROM 7.09782712893384e+02

static double go_exp(double x)
{
    double (*mul_add)(double, double, double) = has_fma() ? fused : apart;
    if (isnan(x))
        return x;
    if (x < -745 || x > OVERFLOW_FROM)
        return x < 0 ? 0 : HUGE_VAL;
    double power = nearbyint(x * LOG2_E);
    double r = mul_add(-power, LN2_HIGH, x);
    r = mul_add(-power, LN2_LOW, r) * 0.0625;
    double sum = series[0];
    for (size_t i = 1; i < sizeof series / sizeof *series; i++)
        sum = mul_add(sum, r, series[i]);
    r *= sum;
    for (int i = 0; i < 3; i++)
        r *= r + 2;
    return ldexp(mul_add(r, r + 2, 1), (int)power);
}

void lg_legacy_unsample(int64_t *count, int64_t *size, int64_t rate)
{
    double n = (double)*count, bytes = (double)*size;
    if (*count == 0 || *size == 0) {
        *count = *size = 0;
        return;
    }
    if (rate <= 1)
        return;
    double scale = 1 / (1 - go_exp(-(bytes / n) / (double)rate));
    *count = lg_go_int64(n * scale);
    *size = lg_go_int64(bytes * scale);
}
