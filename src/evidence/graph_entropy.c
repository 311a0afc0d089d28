/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a node tells about the profile (graph.go entropyScore): the entropy
 * of the calls into and out of it. The numbers order the picture, so the
 * logarithm is Go's, bit by bit.
 */
#include "evidence/graph_internal.h"

#include <math.h>

/* One function for the two ways: what cannot be contracted into fused
 * multiply-adds gives the bits that Go gives on amd64. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#define NO_FMA
#else
#define NO_FMA __attribute__((optimize("fp-contract=off")))
#endif

/* Go 1.27: math/log.go, after FreeBSD's e_log.c. */
NO_FMA static double go_log(double x)
{
    static const double ln2_hi = 6.93147180369123816490e-01,
                        ln2_lo = 1.90821492927058770002e-10;
    static const double l[] = {
        6.666666666666735130e-01, 3.999999999940941908e-01,
        2.857142874366239149e-01, 2.222219843214978396e-01,
        1.818357216161805012e-01, 1.531383769920937332e-01,
        1.479819860511658591e-01,
    };
    int exponent;
    double f = frexp(x, &exponent);
    if (f < M_SQRT1_2) {
        f *= 2;
        exponent--;
    }
    f -= 1;
    double k = exponent, s = f / (2 + f), s2 = s * s, s4 = s2 * s2;
    double odd = s2 * (l[0] + s4 * (l[2] + s4 * (l[4] + s4 * l[6])));
    double even = s4 * (l[1] + s4 * (l[3] + s4 * l[5]));
    double half = 0.5 * f * f;
    return k * ln2_hi - ((half - (s * (half + (odd + even)) + k * ln2_lo)) - f);
}

NO_FMA static double go_log2(double x)
{
    if (isnan(x) || isinf(x))
        return x;
    if (x <= 0)
        return x == 0 ? -INFINITY : NAN;
    int exponent;
    double fraction = frexp(x, &exponent);
    if (fraction == 0.5)
        return exponent - 1;
    return go_log(fraction) * M_LOG2E + exponent;
}

NO_FMA static double entropy_of(int64_t weight, int64_t total)
{
    double share = (double)lg_go_abs(weight) / (double)total;
    return -share * go_log2(share);
}

struct side { /* calls into, or out of, a node */
    int64_t total;
    double score;
    bool any;
};

static void add_total(struct side *side, int64_t weight)
{
    side->any = true;
    if (weight > 0)
        side->total = lg_go_add(side->total, weight);
}

static void add_score(struct side *side, int64_t weight)
{
    if (side->total != 0)
        side->score += entropy_of(weight, side->total);
}

NO_FMA static int64_t score_of(const struct side *in, const struct side *out,
                               int64_t flat, int64_t cum)
{
    double score = in->any ? in->score : 1, leaving = out->score;
    if (out->total != 0 && flat > 0)
        leaving += entropy_of(flat, out->total);
    score += out->any ? leaving : 1;
    return lg_go_add(lg_go_int64(score * (double)cum), flat);
}

bool lg_graph_entropy(const struct lg_graph_draft *d, int64_t *scores)
{
    struct side *sides =
        lg_new(d->nodes->scratch, struct side, 2 * (size_t)d->count);
    if (sides == NULL)
        return false;
    struct side *in = sides, *out = sides + d->count;
    for (uint32_t i = 0; i < d->count; i++)
        out[i].total = d->sums.flat[i];
    lg_each(e, d->calls) {
        if (!e->removed) {
            add_total(&in[e->dest], e->weight);
            add_total(&out[e->src], e->weight);
        }
    }
    lg_each(e, d->calls) {
        if (!e->removed) {
            add_score(&in[e->dest], e->weight);
            add_score(&out[e->src], e->weight);
        }
    }
    for (size_t i = 0; i < d->list_count; i++) {
        uint32_t node = d->list[i];
        scores[node] = score_of(&in[node], &out[node], d->sums.flat[node],
                                d->sums.cum[node]);
    }
    return true;
}
