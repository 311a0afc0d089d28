/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/capture_facts.h"

#include "base/io.h"
#include "decode/heap_text.h"
#include "decode/memstats_json.h"
#include "decode/pprof.h"
#include "sources/capture_source.h"

#include <string.h>

/* A goroutine profile has a sample per unique stack, not per goroutine: even a
 * million goroutines make kilobytes. */
#define MAX_PROFILE_BYTES ((size_t)1 << 20)

static void read_goroutines(int folder_fd, struct lg_arena *arena,
                            struct lg_capture_facts *ret)
{
    struct lg_str bytes;
    struct lg_profile profile;
    if (!lg_read_file(folder_fd, lg_capture_part_file(LG_TAKE_GOROUTINE),
                      MAX_PROFILE_BYTES, arena, &bytes, NULL) ||
        !lg_pprof_parse(bytes, arena, &profile, NULL) ||
        profile.types.count == 0) {
        return;
    }
    int64_t total = lg_profile_total(&profile, 0);
    if (total > 0) {
        ret->goroutines = lg_known((uint64_t)total);
    }
}

void lg_capture_facts_read(int folder_fd, struct lg_arena *arena,
                           struct lg_capture_facts *ret)
{
    struct lg_mapped text;
    struct lg_memstats stats;
    memset(ret, 0, sizeof *ret);
    read_goroutines(folder_fd, arena, ret);
    if (!lg_mapped_open(&text, folder_fd,
                        lg_capture_part_file(LG_TAKE_MEMSTATS), NULL)) {
        return;
    }
    if (lg_heap_text_memstats(text.bytes, &stats, NULL)) {
        ret->heap_bytes = stats.heap_alloc_bytes;
        ret->stack_bytes = stats.stack_inuse_bytes;
    }
    lg_mapped_deinit(&text);
}

void lg_capture_facts_of(const struct lg_memstats *stats,
                         struct lg_capture_facts *ret)
{
    *ret = (struct lg_capture_facts){
        .goroutines = stats->goroutines_count,
        .heap_bytes = stats->heap_alloc_bytes,
        .stack_bytes = stats->stack_inuse_bytes,
    };
}
