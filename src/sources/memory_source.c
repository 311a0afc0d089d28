/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/memory_source.h"

/* The reader of goroutines and profiles is on its way: until then HTTP. */
bool lg_memory_source_create(const struct lg_host *host, int64_t pid,
                             enum lg_freeze freeze,
                             struct lg_capture_source **ret,
                             struct lg_error *err)
{
    return lg_fail(err, LG_UNSUPPORTED, "not built yet");
}

bool lg_memory_source_switch_heap_profile(struct lg_capture_source *source,
                                          struct lg_error *err)
{
    return lg_fail(err, LG_UNSUPPORTED, "not built yet");
}
