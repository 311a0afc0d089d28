/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/graph_internal.h"

#include <sys/auxv.h>

/* Below that a thread costs more than it saves. */
#define MIN_FRAMES_PER_PART 100000

/* So many samples tell well enough how many frames there are. */
#define LOOKED_AT 65536

size_t lg_graph_split(const struct lg_profile *p,
                      struct lg_graph_range ranges_ret[LG_PARALLEL_MAX_PARTS])
{
    uint64_t frames = 0, seen = 0;
    size_t count = p->samples.count, step = count / LOOKED_AT + 1;
    for (size_t i = 0; i < count; i += step)
        frames += p->samples.items[i].count * (uint64_t)step;
    size_t parts = lg_parallel_parts(frames, MIN_FRAMES_PER_PART), part = 0;
    ranges_ret[0] = (struct lg_graph_range){0, (uint32_t)count};
    for (size_t i = 0; parts > 1 && i < count; i += step) {
        seen += p->samples.items[i].count * (uint64_t)step;
        if (part + 1 < parts && seen >= frames / parts * (part + 1)) {
            uint32_t end = (uint32_t)(i + step < count ? i + step : count);
            ranges_ret[part].end = end;
            ranges_ret[++part] = (struct lg_graph_range){end, (uint32_t)count};
        }
    }
    return part + 1;
}

uint64_t lg_graph_seed(void)
{
    uint64_t n = 0;
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random != NULL)
        memcpy(&n, random, sizeof n);
    return n | 1;
}
