/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/capture_source.h"

#include <stdarg.h>
#include <stdio.h>

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
        [LG_TAKE_MEMSTATS_JSON] = "memstats.json",
        [LG_TAKE_HEAP_GC] = "heap-gc.pb.gz",
    };
    return part < LG_TAKE_COUNT ? files[part] : "";
}

void lg_capture_note(struct lg_capture_notes *notes, const char *fmt, ...)
{
    va_list args;
    if (notes->quality_count == LG_CAPTURE_QUALITY_MAX) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(notes->quality[notes->quality_count++], LG_CAPTURE_QUALITY_BYTES,
              fmt, args);
    va_end(args);
}
