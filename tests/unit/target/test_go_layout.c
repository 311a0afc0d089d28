/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *text;
    struct lg_go_version version;
} versions[] = {
    {"go1.26.8", {true, true, 26, 8}},
    {"go1.20", {true, true, 20, 0}},
    {"go1.21.0", {true, true, 21, 0}},
    {"go1.26rc1", {true, false, 26, 0}},
    {"go1.26.0 X:nodwarf5,greenteagc", {true, false, 26, 0}},
    {"go1.22.5 +8b9e3f1 Mon Jan 1", {true, false, 22, 5}},
    {"go1.22.5-bigcorp", {true, false, 22, 5}},
    {"go1.22.", {true, false, 22, 0}},
    {"devel go1.28-f00ba7 Mon Jan 1", {true, false, 28, 0}},
    {"devel +f00ba7", {false, false, 0, 0}},
    {"go1", {false, false, 0, 0}},
    {"go1.", {false, false, 0, 0}},
    {"go2.1", {false, false, 0, 0}},
    {"go1.99999999999999999999", {false, false, 0, 0}},
    {"go1.22.99999999999999999999", {true, false, 22, 0}},
    {"", {false, false, 0, 0}},
};

static void test_version(void **state)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct lg_go_version v =
            lg_go_version_parse(lg_str_of(versions[i].text));
        print_message("%s\n", versions[i].text);
        assert_int_equal(v.known, versions[i].version.known);
        assert_int_equal(v.is_exact, versions[i].version.is_exact);
        assert_int_equal(v.minor, versions[i].version.minor);
        assert_int_equal(v.patch, versions[i].version.patch);
    }
}

static const struct lg_go_layout *find(const char *version,
                                       enum lg_machine machine, bool is_exact)
{
    bool exact = !is_exact;
    const struct lg_go_layout *l = lg_go_layout_find(
        lg_go_version_parse(lg_str_of(version)), machine, &exact);
    assert_non_null(l);
    assert_int_equal(exact, is_exact);
    assert_int_equal(l->machine, machine);
    return l;
}

static void test_find(void **state)
{
    assert_int_equal(find("go1.19", LG_AMD64, true)->minor, 19);
    assert_int_equal(find("go1.27.4", LG_ARM64, true)->minor, 27);
    const struct lg_go_layout *l = find("go1.26rc1", LG_AMD64, false);
    assert_int_equal(l->minor, 26);
    assert_int_equal(l->patch_first, 0);
    /* not measured yet: the last one that was */
    assert_int_equal(find("go1.27.77", LG_AMD64, false)->minor, 27);
    uint16_t newest = find("", LG_AMD64, false)->minor;
    assert_int_equal(find("go1.99", LG_AMD64, false)->minor, newest);
    assert_int_equal(find("devel go1.99-f00", LG_ARM64, false)->minor, newest);
    assert_int_equal(find("go1.9", LG_AMD64, false)->minor, 18);
}

/* Changes within a minor release: Go's source history. */
static void test_drift(void **state)
{
    assert_false(lg_go_has(find("go1.19.2", LG_AMD64, true),
                           LG_MSPAN_FREE_INDEX_FOR_SCAN));
    assert_true(lg_go_has(find("go1.19.4", LG_AMD64, true),
                          LG_MSPAN_FREE_INDEX_FOR_SCAN));
    const struct lg_go_layout *before = find("go1.24.5", LG_ARM64, true);
    const struct lg_go_layout *after = find("go1.24.6", LG_ARM64, true);
    assert_int_equal(after->offset[LG_M_ALLLINK],
                     before->offset[LG_M_ALLLINK] + 24);
}

/* Facts that were checked by hand against the source or a running program. */
static void test_facts(void **state)
{
    const struct lg_go_layout *l = find("go1.22.12", LG_AMD64, true);
    assert_int_equal(l->offset[LG_G_GOID], 152);
    assert_int_equal(l->width[LG_G_GOID], 8);
    assert_int_equal(l->offset[LG_MSPAN_NELEMS], 50);
    assert_int_equal(l->width[LG_MSPAN_NELEMS], 2);
    assert_false(lg_go_has(l, LG_G_SYSCALLBP));
    l = find("go1.27.4", LG_AMD64, true);
    assert_int_equal(l->offset[LG_G_SIZE], 456);
    assert_int_equal(l->offset[LG_MEM_CYCLE_SIZE], 16);
    assert_int_equal(l->offset[LG_SUDOG_C], 96);
    assert_int_equal(l->offset[LG_SEMTABLE_STRIDE], 64);
    assert_int_equal(l->offset[LG_NUM_HEAP_ARENA_BYTES], 64 << 20);
    assert_int_equal(l->offset[LG_WAIT_REASON_COUNT], 47);
    l = find("go1.27.4", LG_ARM64, true);
    assert_int_equal(l->offset[LG_SEMTABLE_STRIDE], 128);
    l = find("go1.18.10", LG_AMD64, true);
    assert_int_equal(l->width[LG_MSPAN_NELEMS], 8);
}

static void test_get(void **state)
{
    const struct lg_go_layout *l = find("go1.22.12", LG_AMD64, true);
    uint8_t g[512] = {0};
    g[152] = 0x34;
    g[153] = 0x12;
    g[154] = 0xff;
    assert_int_equal(lg_go_layout_get(l, g, LG_G_GOID), 0xff1234);
    g[176] = 7;
    g[177] = 1; /* preempt, next to the one-byte waitreason */
    assert_int_equal(lg_go_layout_get(l, g, LG_G_WAITREASON), 7);
    assert_int_equal(lg_go_layout_get(l, g, LG_G_SYSCALLBP), 0);
}

/* What lies in a struct ends within it. */
static void assert_inside(const struct lg_go_layout *l, enum lg_go_field first,
                          enum lg_go_field last, enum lg_go_field size)
{
    for (enum lg_go_field f = first; f <= last; f++) {
        if (!lg_go_has(l, f))
            continue;
        assert_true(l->offset[f] >= 0);
        assert_true(l->offset[f] + l->width[f] <= l->offset[size]);
    }
}

static void assert_row(const struct lg_go_layout *l)
{
    assert_true(l->patch_first <= l->patch_last);
    assert_inside(l, LG_G_STACK_LO, LG_G_GC_ASSIST_BYTES, LG_G_SIZE);
    assert_inside(l, LG_M_G0, LG_M_VDSO_PC, LG_M_SIZE);
    assert_inside(l, LG_P_ID, LG_P_RUNQ, LG_P_SIZE);
    assert_inside(l, LG_SUDOG_G, LG_SUDOG_C, LG_SUDOG_SIZE);
    assert_inside(l, LG_MSPAN_NEXT, LG_MSPAN_LARGE_TYPE, LG_MSPAN_SIZE);
    static const enum lg_go_field always[] = {
        LG_G_GOID,       LG_G_STATUS,       LG_G_SCHED_SP,    LG_G_SCHED_PC,
        LG_G_GOPC,       LG_G_STARTPC,      LG_M_PROCID,      LG_M_ALLLINK,
        LG_BUCKET_NSTK,  LG_MHEAP_ALLSPANS, LG_MSPAN_STATE,   LG_MODULE_NEXT,
        LG_MODULE_TYPES, LG_P_TIMERS,       LG_SEMTABLE_COUNT};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        assert_true(lg_go_has(l, always[i]));
    for (int f = 0; f < LG_GO_FIELD_COUNT; f++) {
        assert_true(l->offset[f] >= LG_GO_ABSENT);
        assert_true(l->width[f] <= 8);
        assert_true(lg_go_has(l, (enum lg_go_field)f) || l->width[f] == 0);
    }
}

static void test_rows(void **state)
{
    uint32_t seen[2] = {0};
    for (size_t i = 0; i < lg_go_layout_count; i++) {
        const struct lg_go_layout *l = &lg_go_layouts[i];
        assert_row(l);
        seen[l->machine] |= 1u << (l->minor - 18);
        /* each release has one row */
        for (size_t j = 0; j < i; j++) {
            const struct lg_go_layout *m = &lg_go_layouts[j];
            assert_false(m->machine == l->machine && m->minor == l->minor &&
                         m->patch_last >= l->patch_first);
        }
    }
    assert_int_equal(seen[LG_AMD64], (1u << 10) - 1); /* 1.18 … 1.27 */
    assert_int_equal(seen[LG_ARM64], (1u << 10) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version), cmocka_unit_test(test_find),
        cmocka_unit_test(test_drift),   cmocka_unit_test(test_facts),
        cmocka_unit_test(test_get),     cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
