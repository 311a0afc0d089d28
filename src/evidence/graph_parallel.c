/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/graph_internal.h"

#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>

/* Below that a thread costs more than it saves. */
#define MIN_FRAMES_PER_PART 100000

static size_t processor_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (size_t)count : 1;
}

static size_t part_count(uint64_t frames)
{
    size_t parts = (size_t)(frames / MIN_FRAMES_PER_PART);
    if (parts > 1) {
        size_t processors = processor_count();
        parts = parts < processors ? parts : processors;
    }
    parts = parts < LG_GRAPH_MAX_PARTS ? parts : LG_GRAPH_MAX_PARTS;
    return parts > 0 ? parts : 1;
}

size_t lg_graph_split(const struct lg_profile *p,
                      struct lg_graph_range ranges_ret[LG_GRAPH_MAX_PARTS])
{
    uint64_t frames = 0, seen = 0;
    lg_each(s, p->samples)
        frames += s->count;
    size_t parts = part_count(frames), part = 0;
    ranges_ret[0] = (struct lg_graph_range){0, (uint32_t)p->samples.count};
    for (uint32_t i = 0; parts > 1 && i < p->samples.count; i++) {
        seen += p->samples.items[i].count;
        if (part + 1 < parts && seen >= frames / parts * (part + 1)) {
            ranges_ret[part].end = i + 1;
            ranges_ret[++part] =
                (struct lg_graph_range){i + 1, (uint32_t)p->samples.count};
        }
    }
    return part + 1;
}

void lg_graph_parallel(void *(*run)(void *part), void *parts, size_t part_bytes,
                       size_t count)
{
    struct {
        pthread_t thread;
        bool started;
    } others[LG_GRAPH_MAX_PARTS];
    for (size_t i = 1; i < count; i++)
        others[i].started = pthread_create(&others[i].thread, NULL, run,
                                           (char *)parts + i * part_bytes) == 0;
    run(parts);
    for (size_t i = 1; i < count; i++) {
        if (others[i].started)
            pthread_join(others[i].thread, NULL);
        else
            run((char *)parts + i * part_bytes);
    }
}

uint64_t lg_graph_seed(void)
{
    uint64_t n = 0;
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random != NULL)
        memcpy(&n, random, sizeof n);
    return n | 1;
}
