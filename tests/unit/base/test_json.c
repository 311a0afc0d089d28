/* SPDX-License-Identifier: Apache-2.0 */
/* Random documents are written by us and built beside it in jansson; what
 * jansson reads out of our text must be the same document. */
#include "base/json.h"

#include "base/utf8.h"
#include "rng.h"

#include <inttypes.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define MAX_STRING 700 /* more than the writer's buffer */

static size_t sanitized(const char *s, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        size_t width = lg_utf8_len(s + i, len - i);
        memcpy(out + n, width != 0 ? s + i : "\xEF\xBF\xBD",
               width != 0 ? width : 3);
        n += width != 0 ? width : 3;
        i += width != 0 ? width : 1;
    }
    return n;
}

/* Bytes at the borders of what UTF-8 allows, so that good and bad sequences
 * both come up. */
static size_t random_bytes(struct lg_rng *rng, char *out, size_t max_len)
{
    static const char border[] =
        "a\"\\/\n\0\x1F\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC"
        "\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5\xF8\xFF";
    size_t len = lg_rng_below(rng, lg_rng_below(rng, 20) ? 12 : max_len);
    if (lg_rng_below(rng, 4) == 0)
        lg_rng_fill(rng, out, len);
    else
        lg_rng_text(rng, border, sizeof border - 1, out, len);
    return len;
}

static json_t *random_string(struct lg_json *j, struct lg_rng *rng)
{
    char text[MAX_STRING], clean[3 * MAX_STRING];
    size_t len = random_bytes(rng, text, sizeof text);
    lg_json_str(j, lg_str_from(len != 0 ? text : NULL, len));
    return json_stringn(clean, sanitized(text, len, clean));
}

static json_t *random_scalar(struct lg_json *j, struct lg_rng *rng)
{
    uint64_t n = lg_rng_any_width(rng);
    bool odd = n & 1;
    switch (lg_rng_below(rng, 6)) {
    case 0:
        lg_json_u64(j, n >> 1);
        return json_integer((json_int_t)(n >> 1));
    case 1:
        lg_json_i64(j, (int64_t)n);
        return json_integer((json_int_t)n);
    case 2:
        lg_json_bool(j, odd);
        return json_boolean(odd);
    case 3:
        if (odd)
            lg_json_null(j);
        else
            lg_json_cstr(j, NULL);
        return json_null();
    default:
        return random_string(j, rng);
    }
}

static json_t *random_value(struct lg_json *j, struct lg_rng *rng, int depth);

static json_t *random_object(struct lg_json *j, struct lg_rng *rng, int depth)
{
    json_t *object = json_object();
    size_t count = lg_rng_below(rng, 5);
    lg_json_object(j);
    for (size_t i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "\"k\\\n%zué", i);
        lg_json_key(j, key);
        json_object_set_new(object, key, random_value(j, rng, depth + 1));
    }
    lg_json_object_end(j);
    return object;
}

static json_t *random_array(struct lg_json *j, struct lg_rng *rng, int depth)
{
    json_t *array = json_array();
    size_t count = lg_rng_below(rng, 5);
    lg_json_array(j);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, random_value(j, rng, depth + 1));
    lg_json_array_end(j);
    return array;
}

static json_t *random_value(struct lg_json *j, struct lg_rng *rng, int depth)
{
    size_t what = lg_rng_below(rng, 4);
    if (depth == 0 || (what == 0 && depth < LG_JSON_MAX_DEPTH))
        return random_object(j, rng, depth);
    if (what == 1 && depth < LG_JSON_MAX_DEPTH)
        return random_array(j, rng, depth);
    return random_scalar(j, rng);
}

static json_t *parse(struct lg_str text)
{
    json_error_t error;
    json_t *value = json_loadb(
        text.data, text.len,
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (value == NULL)
        fail_msg("%s in: %.*s", error.text, LG_STR_ARG(text));
    return value;
}

static void documents_are_read_back(void **state)
{
    for (uint64_t seed = 100; seed < 3000; seed++) {
        struct lg_rng rng = {seed};
        struct lg_arena arena;
        struct lg_sb sb;
        struct lg_json j;
        lg_arena_init(&arena, 0);
        lg_sb_init(&sb, &arena);
        lg_json_init_sb(&j, &sb, seed % 2);
        json_t *expected = random_value(&j, &rng, 0);
        assert_true(lg_json_finish(&j));
        struct lg_str text = lg_sb_view(&sb);
        json_t *got = parse(text);
        assert_true(json_equal(got, expected));
        assert_int_equal(text.data[text.len - 1], '\n');
        /* One line, or none of its blanks in a string: both end once. */
        if (!j.pretty)
            assert_int_equal(lg_str_find_char(text, '\n'), text.len - 1);
        json_decref(got);
        json_decref(expected);
        lg_arena_deinit(&arena);
    }
}

struct sink {
    size_t calls, good_calls;
    size_t bytes;
};

static bool flaky_sink(void *context, const char *data, size_t len)
{
    struct sink *s = context;
    assert_true(len > 0);
    /* Nobody calls again after a refusal. */
    assert_true(s->calls <= s->good_calls);
    s->bytes += len;
    return s->calls++ < s->good_calls;
}

static void a_broken_sink_is_remembered(void **state)
{
    for (size_t good = 0;; good++) {
        struct lg_rng rng = {101};
        struct sink sink = {.good_calls = good};
        struct lg_json j;
        lg_json_init(&j, flaky_sink, &sink, true);
        lg_json_array(&j);
        for (int i = 0; i < 30; i++)
            json_decref(random_value(&j, &rng, 1));
        lg_json_array_end(&j);
        if (lg_json_finish(&j)) {
            assert_true(good > 5);
            return;
        }
    }
}

static bool write_some(void *context, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_rng rng = {102};
    struct lg_sb sb;
    struct lg_json j;
    lg_sb_init(&sb, arena);
    lg_json_init_sb(&j, &sb, false);
    lg_json_array(&j);
    for (int i = 0; i < 30; i++)
        json_decref(random_value(&j, &rng, 1));
    lg_json_array_end(&j);
    return lg_json_finish(&j) || lg_fail_nomem(err);
}

static void a_full_builder_is_remembered(void **state)
{
    assert_true(lg_alloc_fail_all(write_some, NULL) > 100);
}

static struct lg_arena text_arena;

static struct lg_json writer_of(struct lg_sb *sb)
{
    struct lg_json j;
    lg_arena_reset(&text_arena);
    lg_sb_init(sb, &text_arena);
    lg_json_init_sb(&j, sb, false);
    return j;
}

static const char *f64_text(double n)
{
    struct lg_sb sb;
    struct lg_json j = writer_of(&sb);
    lg_json_f64(&j, n);
    assert_true(lg_json_finish(&j));
    sb.len--; /* the newline */
    return lg_sb_cstr_of(&sb);
}

/* jansson reads only in the C locale here: its own reader asks the locale. */
static void check_floats(bool c_locale)
{
    struct lg_rng rng = {103};
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = lg_rng_u64(&rng);
        double n, back;
        memcpy(&n, &bits, sizeof n);
        if (i % 2)
            n = (double)(bits >> 40) / 1000;
        const char *text = f64_text(n);
        if (!isfinite(n)) {
            assert_string_equal(text, "null");
            continue;
        }
        assert_true(lg_str_f64(lg_str_of(text), &back));
        assert_true(fabs(back - n) <= fabs(n) * 5e-6 || fabs(n) < 1e-300);
        if (c_locale) {
            json_t *value = parse(lg_str_of(text));
            assert_true(json_is_number(value));
            json_decref(value);
        }
    }
    assert_string_equal(f64_text(0.97), "0.97");
    assert_string_equal(f64_text(101.3), "101.3");
    assert_string_equal(f64_text(1e20), "1e+20");
    assert_string_equal(f64_text(3), "3");
    assert_string_equal(f64_text(-0.5), "-0.5");
    assert_string_equal(f64_text((double)NAN), "null");
    assert_string_equal(f64_text((double)-INFINITY), "null");
}

static void floats_are_short_and_have_no_locale(void **state)
{
    static const char *const names[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8",
                                        "ps_AF"};
    lg_arena_init(&text_arena, 0);
    for (size_t i = 0; i < 4; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL)
            check_floats(i == 0);
    }
    setlocale(LC_ALL, "C");
    lg_arena_deinit(&text_arena);
}

static void numbers_are_exact(void **state)
{
    struct lg_rng rng = {104};
    lg_arena_init(&text_arena, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t n = i == 0 ? UINT64_MAX : lg_rng_any_width(&rng);
        char expected[64];
        struct lg_sb sb;
        struct lg_json j = writer_of(&sb);
        lg_json_array(&j);
        lg_json_u64(&j, n);
        lg_json_i64(&j, (int64_t)n);
        lg_json_array_end(&j);
        assert_true(lg_json_finish(&j));
        snprintf(expected, sizeof expected, "[%" PRIu64 ",%" PRId64 "]\n", n,
                 (int64_t)n);
        assert_string_equal(lg_sb_cstr_of(&sb), expected);
    }
    lg_arena_deinit(&text_arena);
}

static void looks_as_promised(void **state)
{
    struct lg_sb sb;
    lg_arena_init(&text_arena, 0);
    struct lg_json j = writer_of(&sb);
    j.pretty = true;
    lg_json_object(&j);
    lg_json_kstr(&j, "s", LG_STR("a\x01\n\"\\/\x7F"));
    lg_json_kcstr(&j, "c", NULL);
    lg_json_ku64(&j, "u", 1);
    lg_json_ki64(&j, "i", -1);
    lg_json_kf64(&j, "f", 0.5);
    lg_json_kbool(&j, "b", true);
    lg_json_knull(&j, "n");
    lg_json_ktime(&j, "t", INT64_C(1793628189123456789));
    lg_json_ktime(&j, "no", 0);
    lg_json_key(&j, "a");
    lg_json_array(&j);
    lg_json_array(&j);
    lg_json_array_end(&j);
    lg_json_u64(&j, 2);
    lg_json_array_end(&j);
    lg_json_object_end(&j);
    assert_true(lg_json_finish(&j));
    assert_string_equal(lg_sb_cstr_of(&sb),
                        "{\n"
                        "  \"s\": \"a\\u0001\\n\\\"\\\\/\x7F\",\n"
                        "  \"c\": null,\n"
                        "  \"u\": 1,\n"
                        "  \"i\": -1,\n"
                        "  \"f\": 0.5,\n"
                        "  \"b\": true,\n"
                        "  \"n\": null,\n"
                        "  \"t\": \"2026-11-02T14:03:09.123Z\",\n"
                        "  \"no\": null,\n"
                        "  \"a\": [\n"
                        "    [],\n"
                        "    2\n"
                        "  ]\n"
                        "}\n");
    lg_arena_deinit(&text_arena);
}

static void writes_to_a_descriptor(void **state)
{
    int fds[2], closed = -1;
    struct lg_json j;
    char text[64];
    assert_int_equal(pipe(fds), 0);
    lg_json_init_fd(&j, &fds[1], false);
    lg_json_cstr(&j, "x");
    assert_true(lg_json_finish(&j));
    assert_int_equal(read(fds[0], text, sizeof text), 4);
    assert_memory_equal(text, "\"x\"\n", 4);
    lg_json_init_fd(&j, &closed, false);
    lg_json_cstr(&j, "x");
    assert_false(lg_json_finish(&j));
    close(fds[0]);
    close(fds[1]);
}

/* Our bug, which an assertion stops; a release must at least not write past
 * its table of levels. */
#ifdef NDEBUG
static void too_deep_fails_in_a_release(void **state)
{
    struct lg_sb sb;
    lg_arena_init(&text_arena, 0);
    struct lg_json j = writer_of(&sb);
    for (int i = 0; i < 3 * LG_JSON_MAX_DEPTH; i++)
        lg_json_array(&j);
    for (int i = 0; i < 3 * LG_JSON_MAX_DEPTH; i++)
        lg_json_array_end(&j);
    assert_false(lg_json_finish(&j));
    lg_arena_deinit(&text_arena);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_read_back),
        cmocka_unit_test(a_broken_sink_is_remembered),
        cmocka_unit_test(a_full_builder_is_remembered),
        cmocka_unit_test(floats_are_short_and_have_no_locale),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(looks_as_promised),
        cmocka_unit_test(writes_to_a_descriptor),
#ifdef NDEBUG
        cmocka_unit_test(too_deep_fails_in_a_release),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
