/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/capture_source.h"

const char *lg_capture_part_file(enum lg_capture_part part)
{
    static const char *const files[LG_TAKE_COUNT] = {
        [LG_TAKE_HEAP] = "heap.pb.gz",
        [LG_TAKE_GOROUTINE] = "goroutine.pb.gz",
        [LG_TAKE_MEMSTATS] = "heap.txt",
        [LG_TAKE_GOROUTINES_TEXT] = "goroutines.txt",
        [LG_TAKE_THREADCREATE] = "threadcreate.pb.gz",
        [LG_TAKE_MUTEX] = "mutex.pb.gz",
        [LG_TAKE_BLOCK] = "block.pb.gz",
        [LG_TAKE_CPU] = "cpu.pb.gz",
        [LG_TAKE_TRACE] = "trace.out",
    };
    return part < LG_TAKE_COUNT ? files[part] : "";
}
