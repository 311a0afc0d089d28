/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy is one block of memory and a list of runs, sorted by address:
 *
 *     target   [··▪▪▪▪···▪▪] [▪▪▪▪]        ▪ populated, · not: zeros
 *     block    ▪▪▪▪▪▪▪▪▪▪                  as long as what is populated
 */
#include "target/image.h"

#include "decode/elf.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Private mappings of files are copied whole, for what of them is untouched
 * reads as the file: a program's data, seldom a database. */
#define MAX_FILE_SEGMENT_BYTES (UINT64_C(256) << 20)

struct run {
    uint64_t start, end;
    size_t at; /* in the block */
};

struct frozen {
    struct lg_image base; /* first: the two are one */
    struct lg_image *of;
    struct lg_arena own; /* segments, threads, runs */
    struct lg_elf elf;   /* of the binary; file empty: none */
    LG_VEC(struct run) runs;
    uint8_t *block;
    size_t block_bytes, used_bytes;
};

static struct frozen *frozen_of(struct lg_image *image)
{
    return (struct frozen *)(void *)image;
}

static bool is_copied(const struct lg_image_segment *s)
{
    return s->can_read && s->can_write && !s->is_shared &&
           (s->path.len == 0 || s->end - s->start <= MAX_FILE_SEGMENT_BYTES);
}

/* The first run that ends behind address; NULL: none. */
static const struct run *run_after(const struct frozen *f, uint64_t address)
{
    size_t low = 0, high = f->runs.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->runs.items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->runs.count ? &f->runs.items[low] : NULL;
}

static const uint8_t *view_frozen(struct lg_image *image, uint64_t address,
                                  size_t bytes)
{
    const struct frozen *f = frozen_of(image);
    const struct run *r = run_after(f, address);
    if (r == NULL || address < r->start || bytes > r->end - address)
        return NULL;
    return f->block + r->at + (address - r->start);
}

/* What a copied segment holds from address on: of a run, or zeros before the
 * next one. */
static size_t read_copied(const struct frozen *f,
                          const struct lg_image_segment *s, uint64_t address,
                          uint8_t *into, size_t bytes)
{
    const struct run *r = run_after(f, address);
    uint64_t end = s->end;
    bool in_run = r != NULL && r->start <= address;
    if (r != NULL)
        end = in_run ? r->end : r->start;
    end = end < s->end ? end : s->end;
    if (bytes > end - address)
        bytes = (size_t)(end - address);
    if (in_run)
        memcpy(into, f->block + r->at + (address - r->start), bytes);
    else if (s->path.len != 0) /* a file's page that could not be read */
        return 0;
    else
        memset(into, 0, bytes);
    return bytes;
}

/* Code and constants do not change: they are asked for where they are. */
static size_t read_elsewhere(struct frozen *f, uint64_t address, uint8_t *into,
                             size_t bytes)
{
    if (!f->of->gone) {
        size_t got = f->of->ops->read(f->of, address, into, bytes);
        if (got != 0)
            return got;
    }
    if (f->elf.file.len == 0)
        return 0;
    struct lg_str there = lg_elf_at_address(&f->elf, address - f->base.bias);
    there = lg_str_first(there, bytes);
    if (there.len != 0)
        memcpy(into, there.data, there.len);
    return there.len;
}

static size_t read_frozen(struct lg_image *image, uint64_t address, void *into,
                          size_t bytes)
{
    struct frozen *f = frozen_of(image);
    size_t done = 0;
    while (done < bytes) {
        const struct lg_image_segment *s =
            lg_image_segment_find(image, address + done);
        if (s == NULL)
            break;
        size_t left = bytes - done;
        if (left > s->end - (address + done))
            left = (size_t)(s->end - (address + done));
        uint8_t *to = (uint8_t *)into + done;
        size_t got = is_copied(s) ? read_copied(f, s, address + done, to, left)
                                  : read_elsewhere(f, address + done, to, left);
        if (got == 0)
            break;
        done += got;
    }
    return done;
}

static void destroy_frozen(struct lg_image *image)
{
    struct frozen *f = frozen_of(image);
    if (f->block != NULL)
        (void)munmap(f->block, f->block_bytes);
    lg_arena_deinit(&f->own);
    free(f);
}

static const struct lg_image_ops frozen_ops = {
    .name = "frozen copy",
    .read = read_frozen,
    .view = view_frozen,
    .destroy = destroy_frozen,
};

static bool copy_lists(struct frozen *f)
{
    const struct lg_image *of = f->of;
    lg_each(s, of->segments) {
        struct lg_image_segment *to = lg_push(&f->own, &f->base.segments);
        if (to == NULL)
            return false;
        *to = *s;
    }
    lg_each(t, of->threads) {
        struct lg_image_thread *to = lg_push(&f->own, &f->base.threads);
        if (to == NULL)
            return false;
        *to = *t;
    }
    return true;
}

/* Bytes of the runs that a segment has; its memory is counted before it is
 * taken. */
static bool next_run(struct lg_image *of, const struct lg_image_segment *s,
                     uint64_t from, struct lg_image_range *ret)
{
    if (from >= s->end)
        return false;
    if (s->path.len == 0 && of->ops->next_populated != NULL)
        return of->ops->next_populated(of, from, s->end, ret);
    *ret = (struct lg_image_range){from, (size_t)(s->end - from)};
    return true;
}

static bool take_block(struct frozen *f, uint64_t limit_bytes,
                       struct lg_error *err)
{
    struct lg_image_range r;
    uint64_t total = 0;
    lg_each(s, f->base.segments) {
        uint64_t from = s->start;
        while (is_copied(s) && total <= limit_bytes &&
               next_run(f->of, s, from, &r)) {
            total += r.bytes;
            from = r.address + r.bytes;
        }
    }
    if (total > limit_bytes)
        return lg_fail(
            err, LG_LIMIT, "process %lld has more than %llu MiB to be copied",
            (long long)f->of->pid, (unsigned long long)(limit_bytes >> 20));
    /* It may run, and populate more: some room, which costs nothing. */
    f->block_bytes = (size_t)(total + total / 8 + ((uint64_t)4 << 20));
    void *block = mmap(NULL, f->block_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) {
        f->block_bytes = 0;
        return lg_fail_nomem(err);
    }
    f->block = block;
    return true;
}

/* Pages that cannot be read are stepped over. */
#define PAGE_BYTES ((uint64_t)4096)

static bool copy_run(struct frozen *f, struct lg_image_range r)
{
    struct lg_image *of = f->of;
    uint64_t end = r.address + r.bytes;
    for (uint64_t at = r.address; at < end && !of->gone;) {
        size_t room = f->block_bytes - f->used_bytes;
        size_t wanted = end - at < room ? (size_t)(end - at) : room;
        if (wanted == 0)
            return false;
        size_t got = of->ops->read(of, at, f->block + f->used_bytes, wanted);
        of->read_calls++;
        of->read_bytes += got;
        if (got != 0) {
            struct run *run = lg_push(&f->own, &f->runs);
            if (run == NULL)
                return false;
            *run = (struct run){at, at + got, f->used_bytes};
            f->used_bytes += got;
            at += got;
        }
        if (got != wanted)
            at = at / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES;
    }
    return true;
}

static bool copy_segments(struct frozen *f, struct lg_error *err)
{
    struct lg_image_range r;
    lg_each(s, f->base.segments) {
        uint64_t from = s->start;
        while (is_copied(s) && next_run(f->of, s, from, &r)) {
            if (!copy_run(f, r))
                return f->own.failed
                           ? lg_fail_nomem(err)
                           : lg_fail(err, LG_LIMIT,
                                     "process %lld grew while it was copied",
                                     (long long)f->of->pid);
            from = r.address + r.bytes;
        }
    }
    if (!lg_image_is_there(f->of))
        return lg_fail(err, LG_ABSENT, "process %lld ended while it was copied",
                       (long long)f->of->pid);
    return true;
}

static bool fill(struct frozen *f, uint64_t limit_bytes, struct lg_error *err)
{
    if (!lg_image_refresh(f->of, err))
        return false;
    if (!copy_lists(f))
        return lg_fail_nomem(err);
    f->base.now_ns = f->of->now_ns;
    if (f->base.binary.len == 0 || !lg_elf_parse(f->base.binary, &f->elf, NULL))
        f->elf.file = (struct lg_str){0};
    return take_block(f, limit_bytes, err) && copy_segments(f, err);
}

bool lg_image_freeze_copy(struct lg_image *of, uint64_t limit_bytes,
                          struct lg_image **image_ret, struct lg_error *err)
{
    struct frozen *f = calloc(1, sizeof *f);
    if (f == NULL)
        return lg_fail_nomem(err);
    f->of = of;
    lg_arena_init(&f->own, 0);
    f->base = (struct lg_image){
        .ops = &frozen_ops,
        .machine = of->machine,
        .pid = of->pid,
        .binary_path = of->binary_path,
        .binary = of->binary,
        .bias = of->bias,
        .truncated = of->truncated,
        .missing = of->missing,
        .arena = &f->own,
    };
    if (!fill(f, limit_bytes, err)) {
        destroy_frozen(&f->base);
        return false;
    }
    *image_ret = &f->base;
    return true;
}
