/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#define fail_msg(...) abort()
#define assert_true(x) ((x) ? (void)0 : abort())

#include "decode/goroutine_text_write.h"
#include "fake_functions.h"
#include "fake_image.h"
#include "target/go_goroutines.h"

#define TEXT UINT64_C(0x400000)
#define BASE UINT64_C(0xc000010000)
#define MEMORY_BYTES ((size_t)128 << 10)
#define GOROUTINES 8
/* Where things lie in memory. */
#define ALLGS_AT 0x100
#define ARRAY_AT 0x200
#define G_AT 0x1000
#define G_STRIDE 0x200
#define OBJECTS_AT 0x3000 /* sudogs, channels, labels: what the input makes */
#define SEMTABLE_AT 0x8000
#define STACKS_AT 0x10000
#define STACK_BYTES 0x1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { PARK, WORK, START, GOEXIT, PREEMPT, SWITCH, FOREIGN, FINALIZERS, COUNT };

static const struct fake_function functions[] = {
    [PARK] = {"runtime.gopark", 64, 24, 10, 0, 0},
    [WORK] = {"main.(*T[go.shape.int]).work", 64, 56, 30, 0, 0},
    [START] = {"main.start", 64, 16, 60, 0, 0},
    [GOEXIT] = {"runtime.goexit", 16, 0, 50, 8, LG_GO_FLAG_TOP_FRAME},
    [PREEMPT] = {"runtime.asyncPreempt", 64, 8, 50, 3, 0},
    [SWITCH] = {"runtime.gogo", 64, 0, 70, 0, LG_GO_FLAG_SP_WRITE},
    [FOREIGN] = {"assembler", 64, -1, 80, 0, 0},
    [FINALIZERS] = {"runtime.runFinalizers", 64, 8, 90, 18, 0},
};

/* The input: version and options, then words of the target's memory: where (in
 * words), what it is an address of (nothing, memory, text, a g), and which. */
struct word {
    uint8_t at[2], kind, value[8];
};

static void put(uint8_t *memory, size_t at, uint64_t value)
{
    memcpy(memory + at % (MEMORY_BYTES - 8), &value, sizeof value);
}

static void put_field(uint8_t *memory, const struct lg_go *go, size_t object,
                      enum lg_go_field field, uint64_t value)
{
    if (lg_go_has(go->layout, field) && go->layout->width[field] != 0)
        memcpy(memory + object + go->layout->offset[field], &value,
               go->layout->width[field]);
}

/* Goroutines that are sound, for the input to spoil. */
static void put_goroutine(uint8_t *memory, const struct lg_go *go, size_t i)
{
    size_t g = G_AT + i * G_STRIDE, stack = STACKS_AT + i * STACK_BYTES;
    size_t sp = stack + STACK_BYTES - 200;
    put(memory, ARRAY_AT + i * 8, BASE + g);
    put_field(memory, go, g, LG_G_GOID, i + 1);
    put_field(memory, go, g, LG_G_STATUS, LG_STATUS_WAITING);
    put_field(memory, go, g, LG_G_WAITREASON, i);
    put_field(memory, go, g, LG_G_STACK_LO, BASE + stack);
    put_field(memory, go, g, LG_G_STACK_HI, BASE + stack + STACK_BYTES);
    put_field(memory, go, g, LG_G_SCHED_SP, BASE + sp);
    put_field(memory, go, g, LG_G_SCHED_PC, TEXT + 9);
    put_field(memory, go, g, LG_G_SCHED_G, BASE + g);
    put_field(memory, go, g, LG_G_STARTPC, TEXT + 128);
    put_field(memory, go, g, LG_G_GOPC, TEXT + 70);
    put(memory, sp + 24, TEXT + 64 + 9);
    put(memory, sp + 24 + 64, TEXT + 128 + 9);
    put(memory, sp + 24 + 64 + 24, TEXT + 192 + 1);
}

static void put_words(uint8_t *memory, const uint8_t *data, size_t len)
{
    struct word w;
    for (; len >= sizeof w; data += sizeof w, len -= sizeof w) {
        memcpy(&w, data, sizeof w);
        uint64_t value;
        memcpy(&value, w.value, sizeof value);
        if ((w.kind & 3) == 1)
            value = BASE + value % MEMORY_BYTES;
        else if ((w.kind & 3) == 2)
            value = TEXT + value % 600;
        else if ((w.kind & 3) == 3)
            value = BASE + G_AT + value % GOROUTINES * G_STRIDE;
        put(memory, ((size_t)w.at[0] | (size_t)w.at[1] << 8) * 8, value);
    }
}

static void check(const struct lg_goroutines *g)
{
    for (size_t i = 0; i < g->items.count; i++) {
        const struct lg_goroutine *item = &g->items.items[i];
        if ((uint64_t)item->frame_first + item->frame_count > g->frames.count)
            abort();
        if (item->state.len == 0)
            abort();
    }
}

static void read_all(struct lg_go *go, uint8_t options, struct lg_arena *arena)
{
    static const uint32_t frames[] = {UINT32_MAX, 0, 3, 200};
    struct lg_go_goroutines_options o = {
        .freeze = (enum lg_freeze)(options % 3),
        .max_frames = frames[options >> 2 & 3],
        .with_system = (options & 16) != 0,
        .with_waits = true,
        .with_labels = true,
        .keep_max = (options & 32) != 0 ? 3 : UINT64_MAX,
    };
    struct lg_go_goroutines gs;
    struct lg_goroutines g;
    struct lg_profile p;
    struct lg_sb text;
    struct lg_error err = {0};
    if (!lg_go_goroutines_read(go, &o, arena, &gs, &err))
        return;
    lg_sb_init(&text, arena);
    if (lg_go_goroutines_evidence(&gs, arena, &g)) {
        check(&g);
        lg_goroutine_text_write(&g, &text);
    }
    if (lg_go_goroutines_grouped(&gs, arena, &g))
        check(&g);
    (void)lg_go_goroutines_profile(&gs, arena, &p);
}

static void set_up(struct lg_go *go, uint8_t *memory, struct lg_arena *arena)
{
    static const char *const reasons[] = {
        "",       "chan receive", "sync.Mutex.Lock", "semacquire",
        "select", "IO wait",      "sleep",           "sync.Cond.Wait"};
    struct lg_go_module *m = lg_push(arena, &go->modules);
    if (m == NULL)
        abort();
    *m = fake_functions(arena, functions, COUNT, TEXT);
    for (size_t i = 0; i < LG_COUNT(reasons); i++)
        go->wait_reasons[i] = lg_str_of(reasons[i]);
    go->wait_reason_count = LG_COUNT(reasons);
    go->vars[LG_VAR_ALLGS] = BASE + ALLGS_AT;
    go->vars[LG_VAR_SEMTABLE] = BASE + SEMTABLE_AT;
    for (size_t i = 0; i < GOROUTINES; i++)
        put_goroutine(memory, go, i);
    put(memory, ALLGS_AT, BASE + ARRAY_AT);
    put(memory, ALLGS_AT + 8, GOROUTINES);
}

/* Whatever lies in the target's memory: an answer, within bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    struct lg_arena arena;
    struct lg_fake_image fake;
    bool is_exact;
    lg_arena_init(&arena, (size_t)64 << 20);
    uint8_t *memory = lg_new(&arena, uint8_t, MEMORY_BYTES);
    if (memory == NULL)
        abort();
    lg_fake_image_init(&fake, &arena,
                       (data[1] & 64) != 0 ? LG_ARM64 : LG_AMD64);
    lg_fake_image_add(&fake, BASE, memory, MEMORY_BYTES, true);
    fake.image.is_live = (data[1] & 128) != 0;
    struct lg_go go = {.image = &fake.image, .arena = &arena};
    go.minor = (uint16_t)(18 + data[0] % 10);
    go.layout = lg_go_layout_find(
        (struct lg_go_version){true, true, go.minor, 4}, LG_AMD64, &is_exact);
    set_up(&go, memory, &arena);
    put_words(memory, data + 2, len - 2);
    read_all(&go, data[1], &arena);
    free(fake.image.buffer);
    lg_arena_deinit(&arena);
    return 0;
}
