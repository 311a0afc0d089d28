/* SPDX-License-Identifier: Apache-2.0 */
/* Gathered reads against a made-up memory of pages that are there or not. */
#include "target/image.h"

#include "rng.h"
#include "target/fetch_sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE ((size_t)4096)
#define PAGES ((size_t)4096)
#define BASE UINT64_C(0xc000000000)

/* pages[i] tells whether a page is there; its bytes follow from the address. */
struct fake {
    struct lg_image base;
    bool pages[PAGES];
    uint64_t calls, touched_bytes;
    uint64_t calls_until_gone; /* 0: never */
};

static struct fake *of(struct lg_image *image)
{
    return (struct fake *)(void *)image;
}

static uint8_t byte_at(uint64_t address)
{
    return (uint8_t)((address * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
}

static size_t copy(struct fake *f, uint64_t address, uint8_t *into,
                   size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        uint64_t page = (address + i - BASE) / PAGE;
        if (address + i < BASE || page >= PAGES || !f->pages[page])
            return i;
        into[i] = byte_at(address + i);
        f->touched_bytes++;
    }
    return bytes;
}

static bool count_call(struct fake *f)
{
    f->calls++;
    if (f->calls_until_gone != 0 && f->calls >= f->calls_until_gone)
        f->base.gone = true;
    return !f->base.gone;
}

static size_t fake_read(struct lg_image *image, uint64_t address, void *into,
                        size_t bytes)
{
    return count_call(of(image)) ? copy(of(image), address, into, bytes) : 0;
}

static size_t fake_ranges(struct lg_image *image,
                          const struct lg_image_range *ranges, size_t count,
                          void *into)
{
    size_t done = 0;
    assert_true(count > 0 && count <= 1024);
    if (!count_call(of(image)))
        return 0;
    for (size_t i = 0; i < count; i++) {
        size_t got = copy(of(image), ranges[i].address, (uint8_t *)into + done,
                          ranges[i].bytes);
        done += got;
        if (got != ranges[i].bytes)
            break;
    }
    return done;
}

static void fake_destroy(struct lg_image *image)
{
    test_free(image);
}

static const struct lg_image_ops by_ranges = {
    .name = "fake",
    .read = fake_read,
    .read_ranges = fake_ranges,
    .destroy = fake_destroy,
};
static const struct lg_image_ops by_reads = {
    .name = "fake",
    .read = fake_read,
    .destroy = fake_destroy,
};

static struct fake *make(const struct lg_image_ops *ops)
{
    struct fake *f = test_calloc(1, sizeof *f);
    f->base.ops = ops;
    return f;
}

struct seen {
    struct fake *fake;
    unsigned char *told; /* by tag */
    uint64_t last;
    size_t read_count, failed_count;
};

static bool is_there(const struct fake *f, uint64_t address, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; i++) {
        uint64_t page = (address + i - BASE) / PAGE;
        if (address + i < BASE || page >= PAGES || !f->pages[page])
            return false;
    }
    return true;
}

static void take(void *context, const struct lg_fetch *fetch,
                 const uint8_t *bytes)
{
    struct seen *s = context;
    assert_true(fetch->address >= s->last);
    s->last = fetch->address;
    assert_int_equal(s->told[fetch->tag], 0);
    s->told[fetch->tag] = 1;
    if (!s->fake->base.gone)
        assert_int_equal(bytes != NULL,
                         fetch->bytes <= LG_FETCH_MAX_BYTES &&
                             is_there(s->fake, fetch->address, fetch->bytes));
    for (uint32_t i = 0; bytes != NULL && i < fetch->bytes; i++) {
        if (bytes[i] != byte_at(fetch->address + i))
            fail();
    }
    s->read_count += bytes != NULL;
    s->failed_count += bytes == NULL;
}

static struct seen gather(struct fake *f, struct lg_fetch *fetches,
                          size_t count)
{
    struct seen s = {.fake = f, .told = test_calloc(count, 1)};
    for (size_t i = 0; i < count; i++)
        fetches[i].tag = (uint32_t)i;
    assert_true(lg_image_fetch(&f->base, fetches, count, take, &s));
    assert_int_equal(s.read_count + s.failed_count, count);
    test_free(s.told);
    return s;
}

static struct lg_fetch any_fetch(struct lg_rng *rng)
{
    struct lg_fetch f;
    uint64_t at = lg_rng_below(rng, (size_t)PAGES * PAGE);
    switch (lg_rng_below(rng, 16)) {
    case 0: /* anywhere at all */
        f.address = lg_rng_u64(rng);
        f.bytes = (uint32_t)lg_rng_below(rng, 9000);
        return f;
    case 1: /* long, or none */
        f.address = BASE + at;
        f.bytes = (uint32_t)lg_rng_any_width(rng) & 0x3ffff;
        return f;
    case 2:
        f.address = UINT64_MAX - lg_rng_below(rng, 600);
        f.bytes = 400;
        return f;
    default: /* what a runtime has: many of one size, near each other */
        f.address = BASE + at / 416 * 416;
        f.bytes = 392;
        return f;
    }
}

/* Each object is told once, in order, with its bytes if they are there. */
static void every_object_is_told_once(void **state)
{
    (void)state;
    static const struct lg_image_ops *const ops[] = {&by_ranges, &by_reads};
    struct lg_rng rng = {.state = 0x1a6e};
    for (int round = 0; round < 60; round++) {
        struct fake *f = make(ops[round % 2]);
        size_t holes = lg_rng_below(&rng, 4); /* 0: none … 3: half of it */
        size_t count = 1 + lg_rng_below(&rng, round % 10 == 0 ? 20000 : 500);
        for (size_t i = 0; i < PAGES; i++)
            f->pages[i] = holes == 0 || lg_rng_below(&rng, 16) >= holes * holes;
        struct lg_fetch *fetches = test_calloc(count, sizeof *fetches);
        for (size_t i = 0; i < count; i++)
            fetches[i] = any_fetch(&rng);
        (void)gather(f, fetches, count);
        test_free(fetches);
        lg_image_destroy(&f->base);
    }
}

static struct lg_fetch *rows(size_t count, uint64_t step, uint32_t bytes)
{
    struct lg_fetch *fetches = test_calloc(count, sizeof *fetches);
    struct lg_rng rng = {.state = count};
    for (size_t i = 0; i < count; i++)
        fetches[i] = (struct lg_fetch){BASE + i * step, bytes, 0};
    for (size_t i = count; i > 1; i--) { /* shuffled */
        size_t k = lg_rng_below(&rng, i);
        struct lg_fetch swapped = fetches[i - 1];
        fetches[i - 1] = fetches[k];
        fetches[k] = swapped;
    }
    return fetches;
}

/* 16 MB of neighbours are 64 buffers, not 40,000 reads. */
static void neighbours_are_read_together(void **state)
{
    (void)state;
    struct fake *f = make(&by_ranges);
    memset(f->pages, 1, sizeof f->pages);
    size_t count = (size_t)PAGES * PAGE / 416;
    struct lg_fetch *fetches = rows(count, 416, 392);
    assert_int_equal(gather(f, fetches, count).read_count, count);
    assert_true(f->calls <= 68);
    assert_int_equal(f->base.read_calls, f->calls);
    assert_true(f->touched_bytes <= count * 416);
    test_free(fetches);
    lg_image_destroy(&f->base);
}

/* Objects two pages apart: nothing of the pages between them is touched. */
static void pages_between_are_left_alone(void **state)
{
    (void)state;
    struct fake *f = make(&by_ranges);
    size_t count = PAGES / 4;
    for (size_t i = 0; i < PAGES; i += 4)
        f->pages[i] = true;
    struct lg_fetch *fetches = rows(count, 4 * PAGE, 392);
    assert_int_equal(gather(f, fetches, count).read_count, count);
    assert_int_equal(f->touched_bytes, count * 392);
    assert_true(f->calls <= 2);
    test_free(fetches);
    lg_image_destroy(&f->base);
}

/* All is unmapped: at most two short calls for each object, and each touches
 * nothing. */
static void what_is_unmapped_is_cheap(void **state)
{
    (void)state;
    struct fake *f = make(&by_ranges);
    size_t count = 20000;
    struct lg_fetch *fetches = rows(count, 416, 392);
    assert_int_equal(gather(f, fetches, count).failed_count, count);
    assert_true(f->calls <= 2 * count);
    assert_int_equal(f->touched_bytes, 0);
    test_free(fetches);
    lg_image_destroy(&f->base);
}

static void one_that_goes_away_is_no_loop(void **state)
{
    (void)state;
    struct fake *f = make(&by_ranges);
    memset(f->pages, 1, sizeof f->pages);
    f->calls_until_gone = 3;
    size_t count = (size_t)PAGES * PAGE / 416;
    struct lg_fetch *fetches = rows(count, 416, 392);
    struct seen s = gather(f, fetches, count);
    assert_true(s.read_count > 0 && s.failed_count > 0);
    assert_int_equal(f->calls, 3);
    uint64_t word;
    assert_false(lg_image_u64(&f->base, BASE, &word));
    assert_int_equal(f->calls, 3);
    assert_false(lg_image_is_there(&f->base));
    test_free(fetches);
    lg_image_destroy(&f->base);
}

/* An object above the buffer is read all the same; one above the limit not. */
static void large_objects(void **state)
{
    (void)state;
    struct fake *f = make(&by_ranges);
    memset(f->pages, 1, sizeof f->pages);
    struct lg_fetch fetches[] = {
        {BASE, 100, 0},
        {BASE + 8, (uint32_t)5 << 20, 0},
        {BASE + 16, (uint32_t)LG_FETCH_MAX_BYTES + 1, 0},
        {BASE + 24, 0, 0},
        {BASE + 32, UINT32_MAX, 0},
        {BASE + 40, (uint32_t)(PAGES * PAGE - 40), 0},
    };
    struct seen s = gather(f, fetches, LG_COUNT(fetches));
    assert_int_equal(s.read_count, 4);
    assert_true(f->base.buffer_bytes <= LG_FETCH_MAX_BYTES);
    lg_image_destroy(&f->base);
}

static const uint8_t *view(struct lg_image *image, uint64_t address,
                           size_t bytes)
{
    static uint8_t page[PAGE];
    if (address < BASE || address + bytes > BASE + PAGE)
        return NULL;
    for (size_t i = 0; i < PAGE; i++)
        page[i] = byte_at(BASE + i);
    return page + (address - BASE);
}

/* What is in one place is not copied; the rest is. */
static void views_need_no_copy(void **state)
{
    (void)state;
    struct lg_image_ops ops = by_ranges;
    ops.view = view;
    struct fake *f = make(&ops);
    f->pages[0] = f->pages[1] = true;
    struct lg_fetch fetches[] = {
        {BASE + PAGE - 8, 16, 0},
        {BASE, 400, 0},
        {BASE + 9 * PAGE, 8, 0},
        {BASE + 8, UINT32_MAX, 0},
    };
    struct seen s = gather(f, fetches, LG_COUNT(fetches));
    assert_int_equal(s.read_count, 2);
    assert_int_equal(f->touched_bytes, 16);
    lg_image_destroy(&f->base);
}

static void small_reads(void **state)
{
    (void)state;
    struct fake *f = make(&by_ranges);
    struct lg_arena arena;
    struct lg_image_segment segments[] = {
        {.start = BASE, .end = BASE + PAGE, .can_read = true},
        {.start = BASE + PAGE, .end = BASE + 3 * PAGE, .can_read = true},
        {.start = BASE + 8 * PAGE, .end = BASE + 9 * PAGE, .can_read = true},
    };
    uint8_t bytes[64];
    lg_arena_init(&arena, 0);
    f->pages[0] = true;
    f->base.segments.items = segments;
    f->base.segments.count = LG_COUNT(segments);
    assert_true(lg_image_read(&f->base, BASE + 5, bytes, sizeof bytes));
    assert_int_equal(bytes[1], byte_at(BASE + 6));
    assert_false(lg_image_read(&f->base, BASE + PAGE - 1, bytes, 2));
    assert_false(lg_image_read(&f->base, UINT64_MAX - 1, bytes, 8));
    assert_int_equal(f->base.failed_reads, 2);
    assert_null(lg_image_segment_find(&f->base, BASE - 1));
    assert_ptr_equal(lg_image_segment_find(&f->base, BASE), &segments[0]);
    assert_ptr_equal(lg_image_segment_find(&f->base, BASE + PAGE),
                     &segments[1]);
    assert_null(lg_image_segment_find(&f->base, BASE + 3 * PAGE));
    assert_ptr_equal(lg_image_segment_find(&f->base, BASE + 9 * PAGE - 1),
                     &segments[2]);
    assert_null(lg_image_segment_find(&f->base, BASE + 9 * PAGE));
    struct lg_str copied = lg_image_copy(&f->base, BASE + 1, 100, &arena);
    assert_int_equal(copied.len, 100);
    assert_int_equal((uint8_t)copied.data[9], byte_at(BASE + 10));
    size_t used = arena.used_bytes + 7; /* but for alignment */
    assert_int_equal(lg_image_copy(&f->base, BASE + 8 * PAGE, 9, &arena).len,
                     0);
    assert_int_equal(
        lg_image_copy(&f->base, BASE + 1, SIZE_MAX / 2, &arena).len, 0);
    assert_int_equal(lg_image_copy(&f->base, 8, 9, &arena).len, 0);
    assert_true(arena.used_bytes <= used);
    assert_false(arena.failed);
    lg_arena_deinit(&arena);
    lg_image_destroy(&f->base);
}

static int by_address(const void *a, const void *b)
{
    const struct lg_fetch *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* Orders as they come: none at all, few runs that overlap a little or much,
 * all equal, backwards, nearly sorted. */
static void make_order(struct lg_rng *rng, struct lg_fetch *f, size_t count)
{
    size_t kind = lg_rng_below(rng, 6), runs = 1 + lg_rng_below(rng, 80);
    uint64_t at = BASE;
    for (size_t i = 0; i < count; i++) {
        bool turns = lg_rng_below(rng, count / runs + 1) == 0;
        at += lg_rng_below(rng, 3) * 32;
        if (kind == 0)
            at = lg_rng_any_width(rng);
        if (kind == 1 && turns)
            at -= lg_rng_below(rng, 2000);
        if (kind == 2 && turns)
            at = BASE + lg_rng_below(rng, 64 * count);
        if (kind == 3)
            at = BASE;
        if (kind == 4)
            at = BASE - i * 416;
        f[i] = (struct lg_fetch){at, 8, (uint32_t)i};
    }
}

static void sorting_agrees_with_qsort(void **state)
{
    (void)state;
    struct lg_rng rng = {.state = 0x5047};
    for (int round = 0; round < 600; round++) {
        size_t count = lg_rng_below(&rng, round % 20 == 0 ? 30000 : 900);
        size_t room = lg_rng_below(&rng, 2) * 64 * sizeof(struct lg_fetch);
        struct lg_fetch *f = test_calloc(count + 1, sizeof *f);
        struct lg_fetch *expected = test_calloc(count + 1, sizeof *f);
        struct lg_fetch *scratch = test_malloc(room + 1);
        unsigned char *told = test_calloc(count + 1, 1);
        make_order(&rng, f, count);
        memcpy(expected, f, count * sizeof *f);
        qsort(expected, count, sizeof *f, by_address);
        lg_fetch_sort(f, count, scratch, room);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(f[i].address, expected[i].address);
            assert_int_equal(told[f[i].tag]++, 0);
        }
        test_free(told);
        test_free(scratch);
        test_free(expected);
        test_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_is_told_once),
        cmocka_unit_test(neighbours_are_read_together),
        cmocka_unit_test(pages_between_are_left_alone),
        cmocka_unit_test(what_is_unmapped_is_cheap),
        cmocka_unit_test(one_that_goes_away_is_no_loop),
        cmocka_unit_test(large_objects),
        cmocka_unit_test(views_need_no_copy),
        cmocka_unit_test(small_reads),
        cmocka_unit_test(sorting_agrees_with_qsort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
