/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: all goroutines of a Go program at one moment, read out of its
 * memory. Two questions, two costs: a census (what each g struct says) and
 * stacks (program counters by frame sizes from the pclntab). Stacks are
 * interned as a tree of program counters while they are read, so that a
 * million goroutines at ten places cost ten stacks; names and lines are looked
 * up once per distinct counter, afterwards.
 *
 * Reading does not stop the target. What cannot be read without (running
 * goroutines: their registers) is read in one short pause under
 * LG_FREEZE_AUTO. A goroutine that moved while it was read is read again; what
 * stays torn is counted, never guessed.
 */
#ifndef LG_TARGET_GO_GOROUTINES_H
#define LG_TARGET_GO_GOROUTINES_H

#include "evidence/goroutines.h"
#include "target/go_process.h"

enum lg_freeze { LG_FREEZE_AUTO, LG_FREEZE_NEVER, LG_FREEZE_ALWAYS };

/* atomicstatus without the scan bit. Go 1.27: runtime2.go. */
enum lg_go_status {
    LG_STATUS_IDLE,
    LG_STATUS_RUNNABLE,
    LG_STATUS_RUNNING,
    LG_STATUS_SYSCALL,
    LG_STATUS_WAITING,
    LG_STATUS_MORIBUND,
    LG_STATUS_DEAD,
    LG_STATUS_ENQUEUE,
    LG_STATUS_COPYSTACK,
    LG_STATUS_PREEMPTED,
    LG_STATUS_LEAKED,
    LG_STATUS_DEADEXTRA,
};

struct lg_go_g {
    uint64_t address, id, parent_id;
    uint64_t go_pc, start_pc; /* return pc in the creator; entry */
    uint64_t pc, sp;          /* where it stands (sched or syscall) */
    uint64_t wait_since;      /* nanotime; 0: no GC has seen it wait yet */
    uint64_t stack_lo, stack_hi;
    uint64_t waiting; /* first sudog; 0: none */
    uint64_t labels, m, bubble;
    int64_t thread_id; /* of the OS, while it has one; 0: none, or unknown */
    uint32_t stack;    /* node in stacks; 0: not read */
    uint32_t wait;     /* index + 1 into waits; 0: none */
    uint32_t label;    /* index + 1 into label_sets; 0: none */
    uint8_t status, reason;
    uint8_t moves; /* how often it stopped running, modulo 256 */
    bool locked, system, torn, scanned;
    bool in_syscall; /* pc and sp are of the system call, or of C */
    bool in_cleanup; /* runs a cleanup of the user's: ≥ 1.25 */
};

/* Leaf towards root: parent. 0 is the root, the empty stack. */
struct lg_go_stack_node {
    uint32_t parent, depth; /* depth: frames from here to the root that are
                               kept, this one included */
    uint64_t pc;     /* as looked up: return addresses already less one */
    uint64_t elided; /* frames as people see them that were left out between
                        this one and its parent */
    bool is_cut;     /* more frames follow that were not asked for or read */
};

enum lg_go_wait_kind {
    LG_ON_NONE,
    LG_ON_CHAN,
    LG_ON_SELECT, /* several channels: the first is told */
    LG_ON_NIL_CHAN,
    LG_ON_MUTEX, /* sync.Mutex, by the address of the mutex */
    LG_ON_RWMUTEX_READ,
    LG_ON_RWMUTEX_WRITE,
    LG_ON_WAIT_GROUP,
    LG_ON_SEMAPHORE,
    LG_ON_COND,
    LG_ON_TIMER,
    LG_ON_IO,
};

/* What one goroutine waits on. */
struct lg_go_wait {
    enum lg_go_wait_kind kind;
    uint64_t address;          /* of the object; 0: not found */
    uint64_t capacity, length; /* channels */
    uint64_t cases;            /* SELECT: channels in all */
    uint64_t waiters;          /* MUTEX, WAIT_GROUP: who waits there */
    int64_t value;             /* WAIT_GROUP: its counter; MUTEX: 1 locked;
                                  IO: descriptor */
    uint64_t until_ns;         /* TIMER: nanotime */
    bool closed;
    bool is_known; /* what follows address could be read */
};

/* Of runtime/pprof.Do. Goroutines share sets. */
struct lg_go_label {
    struct lg_str key, value;
};
struct lg_go_label_set {
    uint32_t first, count; /* into labels */
};

/* Goroutines that stand at the same place in the same state, made by the same
 * line: one of them, and how many. */
struct lg_go_group {
    struct lg_go_g example; /* the first one in allgs */
    uint64_t count, id_min, id_max;
    uint64_t wait_since; /* the earliest; 0: no GC has seen one wait */
};

struct lg_go_goroutines_options {
    enum lg_freeze freeze;
    uint32_t max_frames; /* per stack; 0: census only */
    bool with_system;    /* the runtime's own goroutines too */
    bool with_waits;     /* what each waits on: channels, semaphores; of items
                            that are kept, and of each group's example */
    bool with_labels;
    uint64_t keep_max;    /* records kept in items; all count in groups */
    uint64_t keep_one_in; /* a power of two: only those are kept that a hash of
                             the id chooses, always the same; 0, 1: all */
};

struct lg_go_goroutines {
    struct lg_go *go;
    LG_VEC(struct lg_go_g) items; /* in order of allgs; the first keep_max */
    LG_VEC(struct lg_go_group) groups; /* in order of first appearance */
    LG_VEC(struct lg_go_stack_node) stacks;
    LG_VEC(struct lg_go_wait) waits;
    LG_VEC(struct lg_go_label_set) label_sets;
    LG_VEC(struct lg_go_label) labels;
    uint64_t total, system_count, dead_count; /* total: live ones, no system */
    uint64_t torn_count, unreadable_count;
    uint64_t running_count; /* without a stack for want of a pause */
    uint64_t stack_bytes;   /* of all live ones, hi - lo */
    uint64_t now_ns;        /* nanotime that waits are measured against */
    uint64_t pause_ns, duration_ns;
    bool truncated; /* a bound was reached, or memory lied */
};

/* ABSENT: the process ended; ret holds what was read until then. */
bool lg_go_goroutines_read(struct lg_go *go,
                           const struct lg_go_goroutines_options *options,
                           struct lg_arena *arena, struct lg_go_goroutines *ret,
                           struct lg_error *err);

/* The same model as a parsed debug=2 dump, symbolised: states in the runtime's
 * words, inlined frames expanded, runtime frames hidden as the runtime hides
 * them. Equal stacks share their frames. One item per goroutine. */
bool lg_go_goroutines_evidence(const struct lg_go_goroutines *from,
                               struct lg_arena *arena,
                               struct lg_goroutines *ret);
/* One item per group, with its count: for more goroutines than records are
 * worth. Ids and waits are those of the example. */
bool lg_go_goroutines_grouped(const struct lg_go_goroutines *from,
                              struct lg_arena *arena,
                              struct lg_goroutines *ret);
/* A goroutine profile as runtime/pprof makes it: unique stacks with counts,
 * mappings, labels; system goroutines left out. */
bool lg_go_goroutines_profile(const struct lg_go_goroutines *from,
                              struct lg_arena *arena, struct lg_profile *ret);

#endif
