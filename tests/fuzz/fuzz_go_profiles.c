/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_image.h"
#include "target/go_heap_profile.h"
#include "target/go_memstats.h"
#include "target/go_spans.h"

#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0xc000010000)
#define MEMORY_BYTES ((size_t)256 << 10)
/* Where the variables are: the structs behind each other, 32 KiB for most. */
static const uint32_t var_at[LG_VAR_COUNT] = {
    [LG_VAR_MBUCKETS] = 0x08,
    [LG_VAR_BBUCKETS] = 0x10,
    [LG_VAR_XBUCKETS] = 0x18,
    [LG_VAR_MPROF_CYCLE] = 0x20,
    [LG_VAR_MEM_PROFILE_RATE] = 0x28,
    [LG_VAR_ALLFIN] = 0x30,
    [LG_VAR_ALLP] = 0x40,
    [LG_VAR_ALLGS] = 0x60,
    [LG_VAR_TICKS_PER_SECOND] = 0x80,
    [LG_VAR_GC_CONTROLLER] = 0x400,
    [LG_VAR_SCHED] = 0x1000,
    [LG_VAR_MEMSTATS] = 0x4000,
    [LG_VAR_MHEAP] = 0x8000,
};

/* The input: a version, then words of the target's memory: where (in words),
 * whether a number or an address within that memory, and which. */
struct word {
    uint8_t at[2], is_address, value[8];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void put_words(uint8_t *memory, const uint8_t *data, size_t len)
{
    struct word w;
    for (; len >= sizeof w; data += sizeof w, len -= sizeof w) {
        memcpy(&w, data, sizeof w);
        uint64_t value;
        memcpy(&value, w.value, sizeof value);
        if (w.is_address & 1)
            value = BASE + value % MEMORY_BYTES;
        size_t at = ((size_t)w.at[0] | (size_t)w.at[1] << 8) * 8;
        memcpy(memory + at % MEMORY_BYTES, &value, sizeof value);
    }
}

static void check_profile(const struct lg_profile *p)
{
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_frame_iter it = lg_profile_frames(p, i);
        struct lg_frame frame;
        while (lg_frame_iter_next(&it, &frame))
            if (frame.function.len != 0 && frame.function.data == NULL)
                abort();
    }
}

static void read_all(struct lg_go *go, struct lg_arena *arena)
{
    struct lg_profile p;
    struct lg_go_heap_profile_info info;
    struct lg_memstats m;
    struct lg_go_spans spans;
    struct lg_error err = {0};
    for (int i = 0; i < 2; i++) {
        if (lg_go_heap_profile_read(go, (enum lg_heap_when)i, arena, &p, &info,
                                    &err))
            check_profile(&p);
        if (lg_go_contention_read(go, (enum lg_contention)i, arena, &p, &err))
            check_profile(&p);
    }
    (void)lg_go_memstats_read(go, &m, &err);
    (void)lg_go_spans_read(go, &spans, &err);
}

/* Whatever lies in the target's memory: an answer, within bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    struct lg_arena arena;
    struct lg_fake_image fake;
    bool is_exact;
    lg_arena_init(&arena, (size_t)64 << 20);
    uint8_t *memory = lg_new(&arena, uint8_t, MEMORY_BYTES);
    if (memory == NULL)
        abort();
    put_words(memory, data + 1, len - 1);
    lg_fake_image_init(&fake, &arena, LG_AMD64);
    lg_fake_image_add(&fake, BASE, memory, MEMORY_BYTES, true);
    struct lg_go go = {.image = &fake.image, .arena = &arena};
    go.minor = (uint16_t)(18 + data[0] % 10);
    go.layout = lg_go_layout_find(
        (struct lg_go_version){true, true, go.minor, 4}, LG_AMD64, &is_exact);
    for (int i = 0; i < LG_VAR_COUNT; i++)
        go.vars[i] = var_at[i] != 0 ? BASE + var_at[i] : 0;
    read_all(&go, &arena);
    free(fake.image.buffer);
    lg_arena_deinit(&arena);
    return 0;
}
