/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one process image, live, frozen or dead. Whoever reads Go's objects
 * asks for addresses; whether the bytes come from process_vm_readv, a core file
 * or a copy is the image's affair. Reads of many small objects are gathered:
 * sorted by address, neighbours read as one run into a buffer that is reused
 * (a first touch of fresh memory costs more than the copy).
 *
 *   goroutines, buckets, spans …          target/go_*
 *        │ lg_image_read, lg_image_fetch
 *   image ── segments, binary, threads
 *        │ ops
 *   live process · core file · frozen copy     sources/, target/
 *
 * Little-endian 64-bit targets only. Single-threaded: one at a time.
 */
#ifndef LG_TARGET_IMAGE_H
#define LG_TARGET_IMAGE_H

#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"

enum lg_machine { LG_AMD64, LG_ARM64 };

struct lg_image_segment {
    uint64_t start, end; /* [start, end) */
    bool can_read, can_write, can_exec;
    bool is_shared;       /* live only: other processes write to it too */
    struct lg_str path;   /* file behind it; empty: anonymous */
    uint64_t file_offset; /* of start */
    bool present;         /* core: its bytes can be read from somewhere */
};

/* Registers of a thread, as the unwinder needs them. */
struct lg_image_thread {
    int64_t tid;
    bool known; /* false: could not be stopped or is not in the core */
    uint64_t pc, sp, bp;
    uint64_t link; /* arm64: x30 */
    uint64_t g;    /* amd64: r14, arm64: x28 */
    uint64_t tls;  /* amd64: fs base */
};

/* One object of a gathered read. tag is the caller's. */
struct lg_fetch {
    uint64_t address;
    uint32_t bytes;
    uint32_t tag;
};
/* bytes is NULL when they cannot be read; valid during the call only,
 * which may read, but not fetch. */
typedef void (*lg_fetch_fn)(void *context, const struct lg_fetch *fetch,
                            const uint8_t *bytes);

struct lg_image;

struct lg_image_range {
    uint64_t address;
    size_t bytes;
};

struct lg_image_ops {
    const char *name; /* "live process", "core file" */
    /* How many bytes from the start of the range could be copied. Sets
     * image->gone when the process is no longer there. */
    size_t (*read)(struct lg_image *image, uint64_t address, void *into,
                   size_t bytes);
    /* Several ranges one behind the other into `into`; the bytes that were
     * copied before the first failure. NULL: read is called for each. */
    size_t (*read_ranges)(struct lg_image *image,
                          const struct lg_image_range *ranges, size_t count,
                          void *into);
    /* The bytes where they lie, valid until destroy; NULL: not there, or not
     * all of them in one place. Optional: what has it needs no copies. */
    const uint8_t *(*view)(struct lg_image *image, uint64_t address,
                           size_t bytes);
    /* Stops all threads with registers taken; resume also happens when we are
     * killed. They add to pause_ns what it took, from the first thread that is
     * asked to stop to the last that goes on. NULL: the image does not run
     * (threads are there from the start). */
    bool (*pause)(struct lg_image *image, struct lg_error *err);
    void (*resume)(struct lg_image *image);
    /* Segments and now_ns anew. NULL: they never change. */
    bool (*refresh)(struct lg_image *image, struct lg_error *err);
    /* The first run of pages in [from, end) that have memory behind them; what
     * is left out reads as zeros (anonymous memory only). false: none. NULL:
     * all of it counts. */
    bool (*next_populated)(struct lg_image *image, uint64_t from, uint64_t end,
                           struct lg_image_range *ret);
    /* Looks whether it is still the same process and program; sets gone. NULL:
     * it cannot go. */
    void (*check)(struct lg_image *image);
    void (*destroy)(struct lg_image *image);
};

struct lg_image {
    const struct lg_image_ops *ops;
    enum lg_machine machine;
    int64_t pid; /* 0: unknown */
    int signal;  /* core: what its first thread was about to get; 0: none */
    LG_VEC(struct lg_image_segment) segments; /* sorted, not overlapping */
    struct lg_str binary_path;                /* for people */
    struct lg_str binary; /* the main ELF file, mapped lazily; may be empty */
    uint64_t bias;        /* run-time address minus the ELF file's (PIE) */
    LG_VEC(struct lg_image_thread) threads; /* while paused, or of a core */
    uint64_t now_ns; /* CLOCK_MONOTONIC when it was opened or refreshed (live),
                        else 0 */
    uint64_t pause_ns; /* how long its threads have been stopped in all */
    unsigned pause_depth;
    bool is_live;
    bool gone; /* it ended, or runs another program: nothing read from now on */
    bool truncated;         /* a core with bytes missing */
    struct lg_str missing;  /* what is missing, for people; empty: nothing */
    struct lg_arena *arena; /* borrowed: segments, threads */
    uint8_t *buffer;        /* of gathered reads; made on demand, owned */
    size_t buffer_bytes;
    uint64_t read_calls, read_bytes, failed_reads; /* told on request */
};

/* All of it or nothing. */
bool lg_image_read(struct lg_image *image, uint64_t address, void *into,
                   size_t bytes);
static inline bool lg_image_u64(struct lg_image *image, uint64_t address,
                                uint64_t *ret)
{
    return lg_image_read(image, address, ret, sizeof *ret);
}
static inline bool lg_image_u32(struct lg_image *image, uint64_t address,
                                uint32_t *ret)
{
    return lg_image_read(image, address, ret, sizeof *ret);
}
/* The bytes copied into the arena; empty when unreadable or over limit. */
struct lg_str lg_image_copy(struct lg_image *image, uint64_t address,
                            size_t bytes, struct lg_arena *arena);
/* Go string header at address ({data, len}); empty when unreadable or longer
 * than limit_bytes. */
struct lg_str lg_image_go_string(struct lg_image *image, uint64_t address,
                                 size_t limit_bytes, struct lg_arena *arena);
/* Calls fn for every fetch, in address order (fetches are sorted in place).
 * Objects closer than a page are read as one run, so nothing is touched that
 * shares no page with an object; a run that fails is tried object by object.
 * Objects above LG_FETCH_MAX_BYTES are not read. false: out of memory for the
 * buffer. Cost: one copy; none where the image has views. */
#define LG_FETCH_MAX_BYTES ((size_t)16 << 20)
bool lg_image_fetch(struct lg_image *image, struct lg_fetch *fetches,
                    size_t count, lg_fetch_fn fn, void *context);
/* The segment that holds address; NULL: none. */
const struct lg_image_segment *lg_image_segment_find(const struct lg_image *im,
                                                     uint64_t address);
/* Live: segments and now_ns as they are now; strings of new files go to the
 * arena. ABSENT: it is gone. Pointers to segments become invalid. */
bool lg_image_refresh(struct lg_image *image, struct lg_error *err);
/* Whether all that was read until now came from the process that was opened:
 * false when it has ended or runs another program. Ask once after a series of
 * reads; gathered reads ask by themselves. */
bool lg_image_is_there(struct lg_image *image);
/* Pauses where that means anything. true when threads are to be had. Pairs
 * nest; the time is added to pause_ns. DENIED says what would allow it. */
bool lg_image_pause(struct lg_image *image, struct lg_error *err);
void lg_image_resume(struct lg_image *image);
/* The thread with this id; NULL: not there, or not paused. */
const struct lg_image_thread *lg_image_thread_find(const struct lg_image *im,
                                                   int64_t tid);
/* NULL is fine. Resumes first. */
void lg_image_destroy(struct lg_image *image);

/* A copy of what the process can change alone: every readable, writable,
 * private segment, read now, so pause it before for a consistent one; of
 * anonymous memory only the pages that are populated. It answers from memory
 * of its own while the target goes on, with the threads of the pause;
 * what cannot change is read through `of`, or from the binary once the process
 * has ended. `of` is refreshed first and must outlive it. LIMIT: more than
 * limit_bytes are populated. ABSENT: it has ended. NOMEM. */
bool lg_image_freeze_copy(struct lg_image *of, uint64_t limit_bytes,
                          struct lg_image **image_ret, struct lg_error *err);

#endif
