/* SPDX-License-Identifier: Apache-2.0 */
/* Several sources and their bases as one profile; servers are asked in
 * tests/e2e/pprof.bats. */
#include "sources/pprof_fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/vec.h"
#include "tmpdir.h"

#include <pthread.h>
#include <unistd.h>

struct fixture {
    void *tmp;
    struct lg_arena arena;
    struct lg_pprof_fetch fetch;
    struct lg_profile profile;
    struct lg_error err;
    pthread_mutex_t lock;
    char said[4096];
};

static void say(void *context, const char *text)
{
    struct fixture *f = context;
    pthread_mutex_lock(&f->lock);
    size_t len = strlen(f->said);
    snprintf(f->said + len, sizeof f->said - len, "%s\n", text);
    pthread_mutex_unlock(&f->lock);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.lock = PTHREAD_MUTEX_INITIALIZER};
    assert_int_equal(lg_tmpdir_setup(&f.tmp), 0);
    assert_int_equal(chdir(f.tmp), 0);
    put("a", "main;work 3\nmain;rest 1\n");
    put("b", "main;work 5\n");
    put("bad", "\x1f\x8b no gzip");
    lg_arena_init(&f.arena, 0);
    f.fetch = (struct lg_pprof_fetch){.comment = "",
                                      .symbols.mode = LG_STR("none"),
                                      .symbols.binary_path = LG_STR("/nosuch"),
                                      .say = say,
                                      .say_context = &f};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lg_pprof_fetch_deinit(&f->fetch);
    lg_arena_deinit(&f->arena);
    assert_int_equal(chdir("/"), 0);
    return lg_tmpdir_teardown(&f->tmp);
}

static bool fetch(struct fixture *f, char *const *sources, size_t count,
                  const char *const *bases, size_t base_count)
{
    f->fetch.sources = sources;
    f->fetch.source_count = count;
    f->fetch.bases = bases;
    f->fetch.base_count = base_count;
    lg_pprof_fetch_deinit(&f->fetch);
    return lg_pprof_fetch(&f->fetch, &f->arena, &f->profile, &f->err);
}

/* Sum of the samples whose leaf has that name. */
static int64_t sum_of(const struct lg_profile *p, const char *leaf)
{
    int64_t sum = 0;
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_frame_iter it = lg_profile_frames(p, i);
        struct lg_frame frame;
        if (lg_frame_iter_next(&it, &frame) &&
            lg_str_eq(frame.function, lg_str_of(leaf)))
            sum += lg_profile_value(p, i, 0);
    }
    return sum;
}

static char a[] = "a", b[] = "b", bad[] = "bad", none[] = "none", ours[] = "id";

static void one_and_many(void **state)
{
    struct fixture *f = *state;
    char *many[300];
    assert_true(fetch(f, (char *[]){a}, 1, NULL, 0));
    assert_int_equal(sum_of(&f->profile, "work"), 3);
    assert_true(fetch(f, (char *[]){a, b}, 2, NULL, 0));
    assert_int_equal(sum_of(&f->profile, "work"), 8);
    assert_int_equal(f->profile.samples.count, 2);
    for (size_t i = 0; i < LG_COUNT(many); i++)
        many[i] = i % 3 == 0 ? b : a;
    assert_true(fetch(f, many, LG_COUNT(many), NULL, 0));
    assert_int_equal(sum_of(&f->profile, "work"), 100 * 5 + 200 * 3);
    assert_int_equal(sum_of(&f->profile, "rest"), 200);
    assert_string_equal(f->said, "");
}

static void minus_a_base(void **state)
{
    struct fixture *f = *state;
    const char *base = "b";
    assert_true(fetch(f, (char *[]){a}, 1, &base, 1));
    assert_int_equal(sum_of(&f->profile, "work"), -2);
    assert_int_equal(f->profile.labels.count, 0);
    f->fetch.is_diff = true;
    assert_true(fetch(f, (char *[]){a}, 1, &base, 1));
    assert_int_equal(sum_of(&f->profile, "work"), -2);
    assert_int_equal(f->profile.labels.count, 1);
    assert_true(
        lg_str_eq(f->profile.labels.items[0].of->key, LG_STR("pprof::base")));
    f->fetch.normalize = true; /* 5 of b become a's 4 */
    assert_true(fetch(f, (char *[]){b}, 1, &(const char *){"a"}, 1));
    assert_int_equal(sum_of(&f->profile, "rest"), -1);
}

static void what_is_missing_is_said(void **state)
{
    struct fixture *f = *state;
    const char *gone = "none";
    assert_true(fetch(f, (char *[]){none, a, bad}, 3, NULL, 0));
    assert_int_equal(sum_of(&f->profile, "work"), 3);
    assert_non_null(strstr(f->said, "none: "));
    assert_non_null(strstr(f->said, "bad: "));
    assert_non_null(strstr(f->said, "Fetched 1 source profiles out of 3\n"));
    assert_false(fetch(f, (char *[]){none, bad}, 2, NULL, 0));
    assert_string_equal(f->err.text, "failed to fetch any source profiles");
    assert_false(fetch(f, (char *[]){a}, 1, &gone, 1));
    assert_string_equal(f->err.text, "failed to fetch any base profiles");
}

static bool open_ours(void *context, const char *word, struct lg_arena *arena,
                      struct lg_profile *ret, struct lg_error *err)
{
    (void)context;
    if (strcmp(word, "id") != 0)
        return lg_fail(err, LG_ABSENT, "no %s", word);
    const int64_t value = 7;
    assert_true(lg_profile_init(ret, arena));
    struct lg_value_type *type = lg_push(arena, &ret->types);
    type->type = LG_STR("samples");
    type->unit = LG_STR("count");
    struct lg_profile_location *l = lg_push(arena, &ret->locations);
    l->id = 1;
    return lg_profile_sample(ret, &(uint32_t){0}, 1, &value);
}

static void the_front_door_opens(void **state)
{
    struct fixture *f = *state;
    f->fetch.open = open_ours;
    f->fetch.comment = "from an incident";
    assert_true(fetch(f, (char *[]){ours}, 1, NULL, 0));
    assert_int_equal(lg_profile_total(&f->profile, 0), 7);
    assert_int_equal(f->profile.comments.count, 1);
    assert_true(fetch(f, (char *[]){ours, a, none}, 3, NULL, 0));
    assert_int_equal(lg_profile_total(&f->profile, 0), 11);
    assert_non_null(strstr(f->said, "none: "));
}

static void new_files_take_the_next_number(void **state)
{
    struct fixture *f = *state;
    const char *path;
    int fd;
    for (int i = 1; i <= 12; i++) {
        char want[40];
        assert_true(lg_pprof_new_file("", LG_STR("profile"), ".svg", &f->arena,
                                      &fd, &path, &f->err));
        snprintf(want, sizeof want, "profile%03d.svg", i);
        assert_string_equal(path, want);
        close(fd);
    }
    assert_false(lg_pprof_new_file("nosuch", LG_STR("x"), "", &f->arena, &fd,
                                   &path, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_and_many, setup, teardown),
        cmocka_unit_test_setup_teardown(minus_a_base, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_said, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_front_door_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(new_files_take_the_next_number, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
