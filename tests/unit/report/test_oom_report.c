/* SPDX-License-Identifier: Apache-2.0 */
/* A kill in one sentence and as JSON. */
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define MIB (UINT64_C(1) << 20)

static struct lg_oom_task victim(void)
{
    return (struct lg_oom_task){
        .pid = 4711,
        .comm = LG_STR("consumer"),
        .rss_bytes = lg_known(260 * MIB),
        .anon_rss_bytes = lg_known(255 * MIB),
        .file_rss_bytes = lg_known(5 * MIB),
        .shmem_rss_bytes = lg_known(0),
        .has_oom_score_adj = true,
        .oom_score_adj = -7,
    };
}

static struct lg_oom_event event(struct lg_oom_task *task)
{
    struct lg_oom_event e = {
        .wall_ns = INT64_C(1793628189123456789), /* 2026-11-02 14:03:09 */
        .scope = LG_OOM_MEMCG,
        .constraint = LG_STR("CONSTRAINT_MEMCG"),
        .trigger_comm = LG_STR("consumer"),
        .trigger_pid = 4715,
        .oom_memcg = LG_STR("/lab/a1"),
        .task_memcg = LG_STR("/lab/a1"),
        .usage_bytes = lg_known(256 * MIB),
        .limit_bytes = lg_known(256 * MIB),
        .text = LG_STR("first line\nsecond \"line\"\n"),
    };
    e.victims.items = task;
    e.victims.count = 1;
    return e;
}

static struct lg_str text_of(const struct lg_oom_event *e,
                             const struct lg_identity *who,
                             struct lg_arena *arena)
{
    static const struct lg_text_options plain = {0};
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_oom_text_who(e, who, &plain, &sb);
    assert_false(sb.failed);
    return lg_sb_view(&sb);
}

static void assert_says(const struct lg_oom_event *e,
                        const struct lg_identity *who, const char *words)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str text = text_of(e, who, &arena);
    if (!lg_str_contains(text, lg_str_of(words)))
        fail_msg("wanted «%s» in\n%.*s", words, LG_STR_ARG(text));
    lg_arena_deinit(&arena);
}

static void one_sentence(void **state)
{
    struct lg_oom_task task = victim();
    struct lg_oom_event e = event(&task);
    struct lg_arena arena;
    (void)state;
    lg_arena_init(&arena, 0);
    assert_true(lg_str_eq(
        text_of(&e, NULL, &arena),
        LG_STR("2026-11-02 14:03:09Z  consumer (pid 4711) was killed: its "
               "cgroup /lab/a1 reached 256.0 MiB of 256.0 MiB; it held "
               "255.0 MiB of anonymous memory\n")));
    lg_arena_deinit(&arena);
}

static void what_is_special_is_said(void **state)
{
    struct lg_oom_task task = victim();
    struct lg_oom_event e = event(&task);
    struct lg_identity who = {.container_id = LG_STR("0123456789abcdef"),
                              .runtime = LG_STR("docker"),
                              .pod_uid = LG_STR("p-1"),
                              .qos = LG_STR("Burstable"),
                              .unit = LG_STR("x.service")};
    (void)state;
    assert_says(&e, &who,
                "container 0123456789ab (docker), pod p-1 (Burstable), unit "
                "x.service");
    e.trigger_comm = LG_STR("other");
    assert_says(&e, NULL, "; the memory was asked for by other (thread 4715)");
    e.oom_memcg = LG_STR("/lab");
    assert_says(&e, NULL, "the cgroup /lab above its own /lab/a1 reached");
    e.rate_limited = true;
    assert_says(&e, NULL, "only this line");
    e.truncated = true;
    assert_says(&e, NULL, "the report is cut");
    e.oom_group = true;
    e.group_memcg = LG_STR("/lab");
    assert_says(&e, NULL, "memory.oom.group of /lab is set");
    e.wall_ns = 0;
    e.uptime_ns = UINT64_C(579597991000);
    assert_says(&e, NULL, "[  579.597991]  consumer");
    e.usage_bytes = e.limit_bytes = (struct lg_num){0};
    assert_says(&e, NULL, "/lab/a1 reached its limit;");
    task.shmem_rss_bytes = lg_known(100 * MIB);
    assert_says(&e, NULL, "of anonymous memory, 100.0 MiB shared");
}

static void memory_that_no_process_holds_is_said(void **state)
{
    struct lg_oom_task task = victim();
    struct lg_oom_event e = event(&task);
    struct lg_oom_stat stats[] = {{LG_STR("shmem"), 0},
                                  {LG_STR("total_shmem"), 200 * MIB}};
    (void)state;
    e.stats.items = stats;
    e.stats.count = 2;
    assert_says(&e, NULL,
                "; 200.0 MiB of the cgroup was shared memory or tmpfs");
    stats[1].value = 100 * MIB;
    e.kmem_usage_bytes = lg_known(150 * MIB);
    assert_says(&e, NULL, "; 150.0 MiB of the cgroup was memory of the kernel");
}

static void other_scopes_and_no_victim(void **state)
{
    struct lg_oom_task task = victim();
    struct lg_oom_event e = event(&task);
    (void)state;
    e.scope = LG_OOM_HOST;
    assert_says(&e, NULL, "was killed: the machine ran out of memory; it");
    e.host_total_bytes = lg_known(1024 * MIB);
    e.host_free_bytes = lg_known(47 * MIB);
    assert_says(&e, NULL, "memory, 47.0 MiB of 1.0 GiB were free;");
    e.scope = LG_OOM_CPUSET;
    assert_says(&e, NULL, "the memory nodes of its cpuset were full");
    e.scope = LG_OOM_MEMPOLICY;
    assert_says(&e, NULL, "that its policy allows were full");
    e.already_exiting = true;
    assert_says(&e, NULL, "was to be killed but was already exiting");
    e.victims.count = 0;
    e.no_killable = true;
    e.panic = true;
    assert_says(&e, NULL, "no process could be killed");
    assert_says(&e, NULL, "the kernel panicked");
}

static void hostile_names_do_not_reach_the_terminal(void **state)
{
    struct lg_oom_task task = victim();
    struct lg_oom_event e = event(&task);
    struct lg_arena arena;
    (void)state;
    task.comm = LG_STR("a\033[31m\nb");
    e.oom_memcg = e.task_memcg = LG_STR("/\033]0;x\007");
    e.tasks.items = &task;
    e.tasks.count = 1;
    lg_arena_init(&arena, 0);
    struct lg_str text = text_of(&e, NULL, &arena);
    assert_int_equal(lg_str_find_char(text, '\033'), -1);
    assert_int_equal(lg_str_find_char(text, '\007'), -1);
    assert_true(lg_str_contains(text, LG_STR("a\\x1b[31m\\nb")));
    lg_arena_deinit(&arena);
}

static void the_table_is_sorted_and_short(void **state)
{
    struct lg_oom_task tasks[40], task = victim();
    struct lg_oom_event e = event(&task);
    struct lg_arena arena;
    (void)state;
    for (size_t i = 0; i < 40; i++)
        tasks[i] = (struct lg_oom_task){.pid = (int64_t)i + 1,
                                        .comm = LG_STR("t"),
                                        .rss_bytes = lg_known(i * MIB)};
    tasks[3].pid = 4711; /* a small victim is shown all the same */
    e.tasks.items = tasks;
    e.tasks.count = 40;
    lg_arena_init(&arena, 0);
    struct lg_str text = text_of(&e, NULL, &arena);
    ptrdiff_t first = lg_str_find(text, LG_STR("39.0 MiB"));
    ptrdiff_t second = lg_str_find(text, LG_STR("38.0 MiB"));
    ptrdiff_t own = lg_str_find(text, LG_STR("  >     4711"));
    assert_true(first > 0 && second > first && own > second);
    assert_false(lg_str_contains(text, LG_STR("\n          10  ")));
    assert_true(lg_str_contains(text, LG_STR("… and 19 more with 187.0 MiB")));
    assert_false(lg_str_contains(text, LG_STR("swap"))); /* nobody knows it */
    lg_arena_deinit(&arena);
}

static json_t *json_of(const struct lg_oom_event *e,
                       const struct lg_identity *who)
{
    struct lg_arena arena;
    struct lg_sb sb;
    struct lg_json j;
    json_error_t error;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    lg_json_init_sb(&j, &sb, false);
    lg_oom_json_who(e, who, &j);
    assert_true(lg_json_finish(&j));
    /* One line for each kill. */
    assert_int_equal(lg_str_find_char(lg_sb_view(&sb), '\n'), sb.len - 1);
    json_t *root = json_loadb(sb.data, sb.len, 0, &error);
    assert_non_null(root);
    lg_arena_deinit(&arena);
    return root;
}

static void json_is_shaped_as_end(void **state)
{
    static const char *const keys[] = {
        "kind",      "scope",   "time",   "constraint", "signal",
        "exit_code", "trigger", "victim", "memcg",      "kernel_log"};
    static const char *const victim_keys[] = {"pid",
                                              "comm",
                                              "total_vm_bytes",
                                              "anon_rss_bytes",
                                              "file_rss_bytes",
                                              "shmem_rss_bytes",
                                              "pgtables_bytes",
                                              "oom_score_adj"};
    struct lg_oom_task task = victim();
    struct lg_oom_stat stat = {LG_STR("anon"), 17};
    struct lg_oom_event e = event(&task);
    size_t i = 0;
    e.stats.items = &stat;
    e.stats.count = 1;
    const char *key;
    json_t *value;
    (void)state;
    json_t *root = json_of(&e, NULL);
    json_object_foreach(root, key, value)
    {
        if (i < LG_COUNT(keys))
            assert_string_equal(key, keys[i]);
        i++;
    }
    assert_true(i > LG_COUNT(keys));
    i = 0;
    json_object_foreach(json_object_get(root, "victim"), key, value)
        assert_string_equal(key, victim_keys[i++]);
    assert_int_equal(i, LG_COUNT(victim_keys));
    assert_string_equal(json_string_value(json_object_get(root, "time")),
                        "2026-11-02T14:03:09.123Z");
    assert_int_equal(json_integer_value(json_object_get(root, "signal")), 9);
    assert_int_equal(json_array_size(json_object_get(root, "kernel_log")), 2);
    assert_int_equal(json_array_size(json_object_get(root, "victims")), 1);
    assert_true(json_is_null(json_object_get(root, "identity")));
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(root, "stats"), "anon")),
                     17);
    assert_true(json_is_null(
        json_object_get(json_object_get(root, "victim"), "total_vm_bytes")));
    json_decref(root);
}

static void json_says_what_is_missing(void **state)
{
    struct lg_oom_event e = {.no_killable = true};
    struct lg_identity who = {.unit = LG_STR("x.service")};
    (void)state;
    json_t *root = json_of(&e, &who);
    static const char *const nulls[] = {
        "scope", "time", "constraint", "signal", "trigger", "victim", "memcg"};
    for (size_t i = 0; i < LG_COUNT(nulls); i++)
        assert_true(json_is_null(json_object_get(root, nulls[i])));
    assert_true(json_is_true(json_object_get(root, "no_killable")));
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(root, "identity"), "unit")),
                        "x.service");
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sentence),
        cmocka_unit_test(what_is_special_is_said),
        cmocka_unit_test(memory_that_no_process_holds_is_said),
        cmocka_unit_test(other_scopes_and_no_victim),
        cmocka_unit_test(hostile_names_do_not_reach_the_terminal),
        cmocka_unit_test(the_table_is_sorted_and_short),
        cmocka_unit_test(json_is_shaped_as_end),
        cmocka_unit_test(json_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
