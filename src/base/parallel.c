/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"

#include "base/thread.h"

size_t lg_parallel_parts(uint64_t work, uint64_t min_per_part)
{
    uint64_t parts = work / min_per_part;
    if (parts < 2)
        return 1;
    size_t most = lg_processor_count();
    most = most < LG_PARALLEL_MAX_PARTS ? most : LG_PARALLEL_MAX_PARTS;
    return parts < most ? (size_t)parts : most;
}

void lg_parallel(void *(*run)(void *part), void *parts, size_t part_bytes,
                 size_t count)
{
    struct {
        pthread_t thread;
        bool started;
    } others[LG_PARALLEL_MAX_PARTS];
    for (size_t i = 1; i < count; i++)
        others[i].started = lg_thread_start(&others[i].thread, run,
                                            (char *)parts + i * part_bytes);
    run(parts);
    for (size_t i = 1; i < count; i++) {
        if (others[i].started)
            pthread_join(others[i].thread, NULL);
        else
            run((char *)parts + i * part_bytes);
    }
}
