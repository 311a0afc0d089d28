/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/goroutines.h"

/* What a goroutine waits for, told by the function that parked it. The words
 * are those of Go's own dumps (Go 1.20 … 1.27: runtime/runtime2.go,
 * waitReasonStrings). The wait on a nil channel looks like that on any other:
 * only the line within chanrecv differs. */
struct rule {
    struct lg_str function, state;
};
#define RULE(function_text, state_text)                                        \
    {                                                                          \
        LG_STR(function_text), LG_STR(state_text)                              \
    }

static const struct rule rules[] = {
    RULE("runtime.chanrecv", "chan receive"),
    RULE("runtime.chanrecv1", "chan receive"),
    RULE("runtime.chanrecv2", "chan receive"),
    RULE("runtime.chansend", "chan send"),
    RULE("runtime.chansend1", "chan send"),
    RULE("runtime.selectgo", "select"),
    RULE("runtime.block", "select (no cases)"),
    RULE("time.Sleep", "sleep"),
    RULE("internal/poll.runtime_pollWait", "IO wait"),
    RULE("sync.runtime_notifyListWait", "sync.Cond.Wait"),
    RULE("sync.runtime_SemacquireRWMutexR", "sync.RWMutex.RLock"),
    RULE("sync.runtime_SemacquireRWMutex", "sync.RWMutex.Lock"),
    RULE("sync.runtime_SemacquireWaitGroup", "sync.WaitGroup.Wait"),
    RULE("sync.runtime_SemacquireMutex", "sync.Mutex.Lock"),
    RULE("internal/sync.runtime_SemacquireMutex", "sync.Mutex.Lock"),
    RULE("sync.runtime_Semacquire", "semacquire"),
    RULE("internal/poll.runtime_Semacquire", "semacquire"),
    RULE("runtime.semacquire", "semacquire"),
    RULE("runtime.runfinq", "finalizer wait"),
    RULE("runtime.runFinalizers", "finalizer wait"),
    RULE("runtime.runCleanups", "cleanup wait"),
    RULE("runtime.bgsweep", "GC sweep wait"),
    RULE("runtime.bgscavenge", "GC scavenge wait"),
    RULE("runtime.forcegchelper", "force gc (idle)"),
    RULE("runtime.gcBgMarkWorker", "GC worker (idle)"),
    RULE("runtime.gcParkAssist", "GC assist wait"),
    RULE("runtime.updateMaxProcsGoroutine", "GOMAXPROCS updater (idle)"),
    RULE("runtime.ReadTrace", "trace reader (blocked)"),
    RULE("runtime.traceReader", "trace reader (blocked)"),
    RULE("runtime.coroswitch", "coroutine"),
};

/* Leaves of a goroutine that is inside of a system call or of C. */
static const struct lg_str syscalls[] = {
    LG_STR("syscall.Syscall"),
    LG_STR("syscall.Syscall6"),
    LG_STR("syscall.syscall"),
    LG_STR("syscall.syscall6"),
    LG_STR("syscall.rawSyscallNoError"),
    LG_STR("syscall.RawSyscall"),
    LG_STR("syscall.RawSyscall6"),
    LG_STR("syscall.runtime_entersyscall"),
    LG_STR("internal/runtime/syscall.Syscall6"),
    LG_STR("internal/runtime/syscall/linux.Syscall6"),
    LG_STR("runtime/internal/syscall.Syscall6"),
    LG_STR("runtime.entersyscall"),
    LG_STR("runtime.entersyscallblock"),
    LG_STR("runtime.cgocall"),
    LG_STR("runtime.asmcgocall"),
    LG_STR("runtime.notetsleepg"),
};

/* How deep the telling function can lie: gopark, goparkunlock, semacquire1,
 * semacquire, sync.runtime_…, and one to spare. */
#define MAX_PARKING_FRAMES 6

static bool is_park(struct lg_str function)
{
    return lg_str_eq(function, LG_STR("runtime.gopark")) ||
           lg_str_eq(function, LG_STR("runtime.goparkunlock")) ||
           lg_str_eq(function, LG_STR("runtime.park_m"));
}

static struct lg_str state_of(struct lg_str function)
{
    for (size_t i = 0; i < LG_COUNT(rules); i++)
        if (lg_str_eq(function, rules[i].function))
            return rules[i].state;
    return (struct lg_str){NULL, 0};
}

/* Up to Go 1.19 a read-write lock waited through the mutex's function. */
static struct lg_str refine(struct lg_str state, const struct lg_frame *frames,
                            size_t count, size_t at)
{
    if (at + 1 >= count || !lg_str_eq(state, LG_STR("sync.Mutex.Lock")))
        return state;
    struct lg_str caller = frames[at + 1].function;
    if (lg_str_eq(caller, LG_STR("sync.(*RWMutex).RLock")))
        return LG_STR("sync.RWMutex.RLock");
    if (lg_str_eq(caller, LG_STR("sync.(*RWMutex).Lock")))
        return LG_STR("sync.RWMutex.Lock");
    return state;
}

static bool is_syscall(struct lg_str function)
{
    for (size_t i = 0; i < LG_COUNT(syscalls); i++)
        if (lg_str_eq(function, syscalls[i]))
            return true;
    return false;
}

/* The goroutine that took the profile is the one that was running. */
static bool is_profiler(struct lg_str function)
{
    return lg_str_starts(function, LG_STR("runtime/pprof.")) ||
           lg_str_starts(function, LG_STR("runtime.goroutineProfile")) ||
           lg_str_starts(function, LG_STR("runtime.GoroutineProfile")) ||
           lg_str_starts(function, LG_STR("runtime.pprof_goroutine"));
}

struct lg_str lg_goroutine_infer_state(const struct lg_frame *frames,
                                       size_t count)
{
    if (count == 0)
        return (struct lg_str){NULL, 0};
    struct lg_str leaf = frames[0].function;
    bool parked = is_park(leaf);
    /* Without its runtime frames (debug=1) a stack may begin with the function
     * that tells; a runtime function as the leaf is at work. */
    size_t most = parked ? MAX_PARKING_FRAMES : 1;
    for (size_t i = 0; i < count && i < most; i++) {
        struct lg_str state = state_of(frames[i].function);
        bool at_work = !parked && lg_frame_is_runtime(leaf);
        if (state.len != 0 && !at_work)
            return refine(state, frames, count, i);
    }
    if (is_syscall(leaf))
        return LG_STR("syscall");
    if (is_profiler(leaf))
        return LG_STR("running");
    return parked ? LG_STR("waiting") : LG_STR("runnable");
}
