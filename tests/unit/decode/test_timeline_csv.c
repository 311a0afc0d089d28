/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/peers_text.h"
#include "decode/timeline_csv.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

static void any_number(struct lg_rng *rng, struct lg_num *n)
{
    *n = (struct lg_num){0};
    if (lg_rng_below(rng, 3) != 0)
        *n = lg_known(lg_rng_any_width(rng));
}

static struct lg_timeline_row any_row(struct lg_rng *rng, uint64_t t_ms)
{
    struct lg_timeline_row row = {.t_ns = t_ms * 1000000,
                                  .wall_ns = (int64_t)lg_rng_u64(rng) >> 1};
    struct lg_num *numbers[] = {
        &row.usage_bytes, &row.rss_bytes,   &row.limit_bytes,
        &row.heap_bytes,  &row.stack_bytes, &row.goroutines,
        &row.threads,     &row.fds,         &row.anon_bytes,
        &row.shmem_bytes, &row.file_bytes,  &row.others_rss_bytes};
    for (size_t i = 0; i < LG_COUNT(numbers); i++)
        any_number(rng, numbers[i]);
    return row;
}

static bool same_num(struct lg_num a, struct lg_num b)
{
    return a.known == b.known && a.value == b.value;
}

static void assert_same(const struct lg_timeline_row *a,
                        const struct lg_timeline_row *b)
{
    assert_int_equal(a->t_ns, b->t_ns);
    assert_int_equal(a->wall_ns, b->wall_ns);
    assert_true(same_num(a->usage_bytes, b->usage_bytes));
    assert_true(same_num(a->rss_bytes, b->rss_bytes));
    assert_true(same_num(a->limit_bytes, b->limit_bytes));
    assert_true(same_num(a->heap_bytes, b->heap_bytes));
    assert_true(same_num(a->stack_bytes, b->stack_bytes));
    assert_true(same_num(a->goroutines, b->goroutines));
    assert_true(same_num(a->threads, b->threads));
    assert_true(same_num(a->fds, b->fds));
    assert_true(same_num(a->anon_bytes, b->anon_bytes));
    assert_true(same_num(a->shmem_bytes, b->shmem_bytes));
    assert_true(same_num(a->file_bytes, b->file_bytes));
    assert_true(same_num(a->others_rss_bytes, b->others_rss_bytes));
}

/* What evidence/timeline writes is what comes back. */
static void round_trip(void **state)
{
    struct lg_rng rng = {5};
    struct lg_timeline_row rows[300];
    struct lg_arena arena;
    struct lg_sb sb;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    lg_timeline_csv_header(&sb);
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        rows[i] = any_row(&rng, i * 37);
        lg_timeline_csv_row(&sb, &rows[i]);
    }
    struct lg_timeline t;
    struct lg_error err = {0};
    struct lg_str text = lg_sb_view(&sb);
    assert_true(lg_timeline_csv_is(text));
    assert_true(lg_timeline_csv_parse(text, &arena, &t, &err));
    assert_int_equal(t.count, LG_COUNT(rows));
    for (size_t i = 0; i < t.count; i++)
        assert_same(&t.rows[i], &rows[i]);
    /* Cut anywhere: the rows that were finished are there and right. */
    for (size_t len = 0; len < text.len && len < 20000; len++) {
        struct lg_str part = lg_str_first(text, len);
        struct lg_arena scratch;
        lg_arena_init(&scratch, 0);
        if (lg_timeline_csv_parse(part, &scratch, &t, &err)) {
            assert_true(t.count <= LG_COUNT(rows));
            for (size_t i = 0; i < t.count; i++)
                assert_same(&t.rows[i], &rows[i]);
        }
        lg_arena_deinit(&scratch);
    }
    lg_arena_deinit(&arena);
}

static struct lg_timeline parse(struct lg_arena *arena, const char *text)
{
    struct lg_timeline t;
    struct lg_error err = {0};
    assert_true(lg_timeline_csv_parse(lg_str_of(text), arena, &t, &err));
    return t;
}

static void columns_by_name(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_timeline t = parse(&arena, "fds, colour ,t,rss_bytes\r\n"
                                         "7,red,1.5,100\r\n"
                                         "\n"
                                         ",,2.000000001,\n"
                                         "x,y,z\n"
                                         "-3,,3,1e9,9,9,9\n"
                                         "4,,99999999999,1\n");
    assert_int_equal(t.count, 3);
    assert_int_equal(t.rows[0].t_ns, 1500000000);
    assert_int_equal(t.rows[0].fds.value, 7);
    assert_int_equal(t.rows[0].rss_bytes.value, 100);
    assert_int_equal(t.rows[1].t_ns, 2000000001);
    assert_false(t.rows[1].fds.known || t.rows[1].rss_bytes.known);
    assert_int_equal(t.rows[2].t_ns, 3000000000);
    assert_false(t.rows[2].fds.known || t.rows[2].rss_bytes.known);
    assert_int_equal(parse(&arena, "t,fds\n").count, 0);
    assert_int_equal(parse(&arena, "t,fds").count, 0);
    lg_arena_deinit(&arena);
}

static void not_a_timeline(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "t",
        "t,x,y\n1,2,3\n",
        "usage_bytes\n1\n",
        "goroutine 1 [running]:\n",
        "\x1f\x8b\x08",
        "time,rss_bytes\n1,2\n",
    };
    for (size_t i = 0; i < LG_COUNT(texts); i++) {
        struct lg_arena arena;
        struct lg_timeline t;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        assert_false(lg_timeline_csv_is(lg_str_of(texts[i])));
        assert_false(
            lg_timeline_csv_parse(lg_str_of(texts[i]), &arena, &t, &err));
        assert_int_equal(err.kind, LG_BAD_DATA);
        lg_arena_deinit(&arena);
    }
}

static void many_rows_are_thinned(void **state)
{
    struct lg_arena arena;
    struct lg_sb sb;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    lg_sb_cstr(&sb, "t,fds\n");
    for (unsigned i = 0; i < 200000; i++)
        lg_sb_fmt(&sb, "%u,%u\n", i, i);
    size_t before = arena.used_bytes;
    struct lg_timeline t = parse(&arena, lg_sb_cstr_of(&sb));
    assert_true(t.count > 40000 && t.count <= 65536);
    assert_int_equal(t.rows[0].fds.value, 0);
    assert_int_equal(t.rows[t.count - 1].fds.value, 199999);
    assert_true(arena.used_bytes - before < (size_t)20 << 20);
    lg_arena_deinit(&arena);
}

static bool parse_small(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_timeline t;
    struct lg_capture c = {0};
    return lg_timeline_csv_parse(LG_STR("t,fds\n1,2\n"), arena, &t, err) &&
           lg_peers_text_parse(LG_STR("1\t2\ta\n3\t4\tb\n"), arena, &c, err);
}

static void out_of_memory(void **state)
{
    assert_true(lg_alloc_fail_all(parse_small, NULL) > 2);
}

static void reads_peers(void **state)
{
    struct lg_arena arena;
    struct lg_capture c = {0};
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_true(lg_peers_text_parse(
        LG_STR("12\t4096\tsidecar\nPID\tRSS_BYTES\tCOMM\n-1\t1\tx\n"
               "13\t\tx\n14\t5\n15\t18446744073709551615\ta\tb c\n16\t7\t"),
        &arena, &c, &err));
    assert_int_equal(c.peers.count, 3);
    assert_int_equal(c.peers.items[0].pid, 12);
    assert_int_equal(c.peers.items[0].rss_bytes, 4096);
    assert_true(lg_str_eq(c.peers.items[0].comm, LG_STR("sidecar")));
    assert_true(lg_str_eq(c.peers.items[1].comm, LG_STR("a\tb c")));
    assert_int_equal(c.peers.items[1].rss_bytes, UINT64_MAX);
    assert_int_equal(c.peers.items[2].comm.len, 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(columns_by_name),
        cmocka_unit_test(not_a_timeline),
        cmocka_unit_test(many_rows_are_thinned),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(reads_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
