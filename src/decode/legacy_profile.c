/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_profile.h"

#include "decode/legacy_forms.h"

/* In the order in which pprof tries them. */
static lg_legacy_form_fn *const forms[] = {
    lg_legacy_cpu,    lg_legacy_heap,       lg_legacy_count,
    lg_legacy_thread, lg_legacy_contention, lg_legacy_java,
};

/* Frames of the profiler itself: google/pprof profile/legacy_profile.go,
 * addLegacyFrameInfo (Go 1.27.4). */
#define CPU_DROP                                                               \
    "ProfileData::Add|ProfileData::prof_handler|CpuProfiler::prof_handler|"    \
    "__pthread_sighandler|__restore"
#define LOCK_DROP                                                              \
    "RecordLockProfileData|(base::)?RecordLockProfileData.*|"                  \
    "(base::)?SubmitMutexProfileData.*|"                                       \
    "(base::)?SubmitSpinLockProfileData.*|"                                    \
    "(base::Mutex::)?AwaitCommon.*|(base::Mutex::)?Unlock.*|"                  \
    "(base::Mutex::)?UnlockSlow.*|(base::Mutex::)?ReaderUnlock.*|"             \
    "(base::MutexLock::)?~MutexLock.*|(Mutex::)?AwaitCommon.*|"                \
    "(Mutex::)?Unlock.*|(Mutex::)?UnlockSlow.*|(Mutex::)?ReaderUnlock.*|"      \
    "(MutexLock::)?~MutexLock.*|(SpinLock::)?Unlock.*|"                        \
    "(SpinLock::)?SlowUnlock.*|(SpinLockHolder::)?~SpinLockHolder.*"
#define HEAP_DROP                                                              \
    "calloc|cfree|malloc|free|memalign|do_memalign|(__)?posix_memalign|"       \
    "pvalloc|valloc|realloc|"                                                  \
    "tcmalloc::.*|tc_calloc|tc_cfree|tc_malloc|tc_free|tc_memalign|"           \
    "tc_posix_memalign|tc_pvalloc|tc_valloc|tc_realloc|tc_new|tc_delete|"      \
    "tc_newarray|tc_deletearray|tc_new_nothrow|tc_newarray_nothrow|"           \
    "malloc_zone_malloc|malloc_zone_calloc|malloc_zone_valloc|"                \
    "malloc_zone_realloc|malloc_zone_memalign|malloc_zone_free|"               \
    "runtime\\..*|"                                                            \
    "BaseArena::.*|(::)?do_malloc_no_errno|(::)?do_malloc_pages|"              \
    "(::)?do_malloc|DoSampledAllocation|MallocedMemBlock::MallocedMemBlock|"   \
    "_M_allocate|__builtin_(vec_)?delete|__builtin_(vec_)?new|"                \
    "__gnu_cxx::new_allocator::allocate|__libc_malloc|"                        \
    "__malloc_alloc_template::allocate|allocate|cpp_alloc|"                    \
    "operator new(\\[\\])?|simple_alloc::allocate"
#define HEAP_KEEP "runtime\\.panic|runtime\\.reflectcall|runtime\\.call[0-9]*"

#define MAX_TYPES 4
static const struct {
    const char *types[MAX_TYPES];
    struct lg_str drop, keep;
} frames[] = {
    {{"allocations", "size"}, LG_STR(HEAP_DROP), LG_STR(HEAP_KEEP)},
    {{"objects", "space"}, LG_STR(HEAP_DROP), LG_STR(HEAP_KEEP)},
    {{"inuse_objects", "inuse_space"}, LG_STR(HEAP_DROP), LG_STR(HEAP_KEEP)},
    {{"alloc_objects", "alloc_space"}, LG_STR(HEAP_DROP), LG_STR(HEAP_KEEP)},
    {{"alloc_objects", "alloc_space", "inuse_objects", "inuse_space"},
     LG_STR(HEAP_DROP),
     LG_STR(HEAP_KEEP)},
    {{"contentions", "delay"}, LG_STR(LOCK_DROP), LG_STR("")},
};

static bool has_types(const struct lg_profile *p,
                      const char *const types[MAX_TYPES])
{
    size_t count = 0;
    while (count < MAX_TYPES && types[count] != NULL)
        count++;
    if (count != p->types.count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!lg_str_eq(p->types.items[i].type, lg_str_of(types[i])))
            return false;
    return true;
}

static void set_frames(struct lg_profile *p)
{
    p->drop_frames = LG_STR(CPU_DROP);
    p->keep_frames = LG_STR("");
    for (size_t i = 0; i < LG_COUNT(frames); i++)
        if (has_types(p, frames[i].types)) {
            p->drop_frames = frames[i].drop;
            p->keep_frames = frames[i].keep;
        }
}

bool lg_legacy_other_form(struct lg_error *err)
{
    return lg_fail(err, LG_UNSUPPORTED, "unrecognized profile format");
}

bool lg_legacy_malformed(struct lg_error *err)
{
    return lg_fail(err, LG_BAD_DATA, "malformed profile format");
}

void lg_legacy_skip_comments(struct lg_scan *s)
{
    while (lg_scan_next(s) && lg_scan_is_comment(s->line))
        continue;
}

static bool parse_as(lg_legacy_form_fn *form, struct lg_str bytes,
                     struct lg_arena *arena, struct lg_profile *profile_ret,
                     struct lg_error *err)
{
    struct lg_legacy b;
    lg_legacy_init(&b, arena);
    bool ok = form(bytes, &b, err);
    if (ok) {
        set_frames(&b.profile);
        *profile_ret = b.profile;
    }
    lg_legacy_deinit(&b);
    return ok;
}

bool lg_legacy_profile_parse(struct lg_str bytes, struct lg_arena *arena,
                             struct lg_profile *profile_ret,
                             struct lg_error *err)
{
    struct lg_error reason = {0};
    for (size_t i = 0; i < LG_COUNT(forms); i++) {
        if (parse_as(forms[i], bytes, arena, profile_ret, &reason))
            return true;
        if (reason.kind != LG_UNSUPPORTED)
            break;
    }
    return lg_fail(err, reason.kind, "%s", reason.text);
}
