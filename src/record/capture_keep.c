/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capture_keep.h"

#include <string.h>

static double span(uint64_t a, uint64_t b, uint64_t whole)
{
    double distance = a > b ? (double)(a - b) : (double)(b - a);
    return whole != 0 ? distance / (double)whole : 0;
}

/* How far apart its neighbours would be: what is lost without it. */
static double worth(const struct lg_kept *kept, size_t i, uint64_t most_bytes)
{
    const struct lg_kept_capture *before = &kept->items[i - 1];
    const struct lg_kept_capture *after = &kept->items[i + 1];
    uint64_t whole_ns = kept->items[kept->count - 1].t_ns - kept->items[0].t_ns;
    double gap = span(before->t_ns, after->t_ns, whole_ns) +
                 span(before->usage_bytes, after->usage_bytes, most_bytes);
    return kept->items[i].complete ? gap : gap / 4;
}

static size_t least_worth(const struct lg_kept *kept)
{
    uint64_t most = 0;
    size_t newest_complete = 0, least = 0;
    double least_worth = 0;
    for (size_t i = 0; i < kept->count; i++) {
        most = kept->items[i].usage_bytes > most ? kept->items[i].usage_bytes
                                                 : most;
        newest_complete = kept->items[i].complete ? i : newest_complete;
    }
    for (size_t i = 1; i + LG_KEEP_NEWEST < kept->count; i++) {
        double w = worth(kept, i, most);
        if (i != newest_complete && (least == 0 || w < least_worth)) {
            least = i;
            least_worth = w;
        }
    }
    return least;
}

bool lg_kept_add(struct lg_kept *kept, const struct lg_kept_capture *capture,
                 struct lg_kept_capture *remove_ret)
{
    kept->items[kept->count++] = *capture;
    if (kept->count <= LG_KEEP_MAX) {
        return false;
    }
    size_t gone = least_worth(kept);
    *remove_ret = kept->items[gone];
    memmove(&kept->items[gone], &kept->items[gone + 1],
            (kept->count - gone - 1) * sizeof kept->items[0]);
    kept->count--;
    return true;
}
