/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/memory_source_internal.h"

#include "base/clock.h"
#include "decode/pprof_write.h"

bool lg_memory_store_profile(struct memory_source *m,
                             const struct lg_profile *profile,
                             enum lg_capture_part part, int folder_fd,
                             uint64_t limit_bytes,
                             struct lg_part_result *result)
{
    struct lg_str bytes;
    struct lg_profile dated = *profile;
    dated.time_ns = lg_wall_ns(&lg_clock_system);
    return lg_pprof_write_gz(&dated, &m->scratch, &bytes, &result->error) &&
           lg_memory_store(bytes, part, folder_fd, limit_bytes, result);
}

const struct lg_memory_profile *
lg_memory_profile_of(struct memory_source *m, enum lg_memory_profile_kind kind)
{
    struct lg_memory_profile *p = &m->profiles[kind];
    if (p->tried) {
        return p;
    }
    p->tried = true;
    if (kind == LG_MEMORY_HEAP_NOW || kind == LG_MEMORY_HEAP_GC) {
        enum lg_heap_when when =
            kind == LG_MEMORY_HEAP_NOW ? LG_HEAP_NOW : LG_HEAP_MARKED;
        p->ok = lg_go_heap_profile_read(m->go, when, &m->scratch, &p->profile,
                                        &p->info, &p->error);
    } else {
        enum lg_contention which =
            kind == LG_MEMORY_BLOCK ? LG_CONTENTION_BLOCK : LG_CONTENTION_MUTEX;
        p->ok = lg_go_contention_read(m->go, which, &m->scratch, &p->profile,
                                      &p->error);
    }
    return p;
}

static bool is_heap_profile_off(const struct memory_source *m,
                                const struct lg_go_heap_profile_info *info)
{
    bool has_rate = m->go->vars[LG_VAR_MEM_PROFILE_RATE] != 0;
    return has_rate ? info->rate_bytes == 0 : info->disabled;
}

/* Not asked for, rather than empty: an empty profile would say that nothing
 * was allocated. It makes no capture incomplete. */
static bool leave_out(struct lg_part_result *result)
{
    result->asked = false;
    return true;
}

/* Both views of it: with what was allocated since (and may be garbage by now),
 * and what outlived the last finished collection. */
bool lg_memory_take_heap(struct memory_source *m, enum lg_capture_part part,
                         int folder_fd, uint64_t limit_bytes,
                         struct lg_part_result *result)
{
    bool now = part == LG_TAKE_HEAP;
    const struct lg_memory_profile *p =
        lg_memory_profile_of(m, now ? LG_MEMORY_HEAP_NOW : LG_MEMORY_HEAP_GC);
    if (!p->ok && m->is_switched && m->go->vars[LG_VAR_MBUCKETS] == 0) {
        return leave_out(result); /* nothing has been sampled yet */
    }
    if (!p->ok) {
        result->error = p->error;
        return false;
    }
    if (is_heap_profile_off(m, &p->info)) {
        if (now) {
            lg_capture_note(&m->notes, "heap.pb.gz: %s",
                            p->info.compiled_out
                                ? "the linker left the heap profile out, for "
                                  "nothing in the program reads it"
                                : "the program keeps none: its "
                                  "MemProfileRate is 0");
        }
        return leave_out(result);
    }
    if (p->info.torn_count > 0 && now) {
        lg_capture_note(&m->notes,
                        "heap.pb.gz: %llu sites changed while they were read",
                        (unsigned long long)p->info.torn_count);
    }
    result->cut = p->info.truncated;
    return lg_memory_store_profile(m, &p->profile, part, folder_fd, limit_bytes,
                                   result);
}

bool lg_memory_take_contention(struct memory_source *m,
                               enum lg_capture_part part, int folder_fd,
                               uint64_t limit_bytes,
                               struct lg_part_result *result)
{
    const struct lg_memory_profile *p = lg_memory_profile_of(
        m, part == LG_TAKE_MUTEX ? LG_MEMORY_MUTEX : LG_MEMORY_BLOCK);
    if (!p->ok) {
        result->error = p->error;
        return false;
    }
    if (p->profile.samples.count == 0) {
        return leave_out(result); /* SetBlockProfileRate was never called */
    }
    return lg_memory_store_profile(m, &p->profile, part, folder_fd, limit_bytes,
                                   result);
}
