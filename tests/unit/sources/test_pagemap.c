/* SPDX-License-Identifier: Apache-2.0 */
/* Our own pages, of which we know what we have touched. */
#include "sources/pagemap.h"

#include "rng.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE ((size_t)4096)
#define PAGES ((size_t)20000)

static bool touched[PAGES];

/* Pages here and there; single ones in one half, runs in the other. */
static char *make_area(void)
{
    struct lg_rng rng = {.state = 0x9a9e};
    char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(area != MAP_FAILED);
    (void)madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
    memset(touched, 0, sizeof touched);
    for (size_t at = 0; at < PAGES;) {
        size_t run = at < PAGES / 2 ? 1 : 1 + lg_rng_below(&rng, PAGES - at);
        bool touch = lg_rng_below(&rng, 2) != 0;
        for (size_t i = at; i < at + run; i++) {
            touched[i] = touch;
            if (touch)
                area[i * PAGE] = 1;
        }
        at += run;
    }
    return area;
}

static void runs_are_what_was_touched(void **state)
{
    bool no_scan = *state != NULL;
    struct lg_pagemap m;
    struct lg_image_range r;
    char *area = make_area();
    uint64_t start = (uint64_t)(uintptr_t)area, at = start;
    uint64_t end = start + PAGES * PAGE;
    int proc_fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    lg_pagemap_init(&m);
    m.no_scan = no_scan;
    while (lg_pagemap_next(&m, proc_fd, at, end, PAGE, &r)) {
        assert_true(r.address >= at && r.bytes > 0);
        assert_true(r.address + r.bytes <= end);
        for (uint64_t p = at; p < r.address; p += PAGE)
            assert_false(touched[(p - start) / PAGE]);
        for (uint64_t p = r.address; p < r.address + r.bytes; p += PAGE)
            assert_true(touched[(p - start) / PAGE]);
        at = r.address + r.bytes;
    }
    for (; at < end; at += PAGE)
        assert_false(touched[(at - start) / PAGE]);
    /* From the middle, up to the middle. */
    for (size_t i = 0; i + 8 < PAGES; i += 501) {
        bool any = false;
        for (size_t k = 0; k < 8; k++)
            any = any || touched[i + k];
        assert_int_equal(lg_pagemap_next(&m, proc_fd, start + i * PAGE,
                                         start + (i + 8) * PAGE, PAGE, &r),
                         any);
    }
    area[0] = 1;
    lg_pagemap_forget(&m);
    assert_true(lg_pagemap_next(&m, proc_fd, start, start + PAGE, PAGE, &r));
    lg_pagemap_deinit(&m);
    (void)close(proc_fd);
    assert_int_equal(munmap(area, PAGES * PAGE), 0);
}

/* Nothing is left out because nobody could tell. */
static void what_is_not_told_counts(void **state)
{
    (void)state;
    struct lg_pagemap m;
    struct lg_image_range r;
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    lg_pagemap_init(&m);
    assert_true(lg_pagemap_next(&m, fd, 0x10000, 0x50000, PAGE, &r));
    assert_int_equal(r.address, 0x10000);
    assert_int_equal(r.bytes, 0x40000);
    lg_pagemap_deinit(&m);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_what_was_touched),
        {.name = "runs_are_what_was_touched without PAGEMAP_SCAN",
         .test_func = runs_are_what_was_touched,
         .initial_state = touched},
        cmocka_unit_test(what_is_not_told_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
