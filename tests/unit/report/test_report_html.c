/* SPDX-License-Identifier: Apache-2.0 */
/* The page is ours to the last tag: every "<" in it opens or closes one of a
 * short list, with attributes of a short list, and all are balanced. */
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/map.h"
#include "golden.h"
#include "random_incident.h"

static struct lg_str render(const struct sample *s, struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_report_html(&s->report, &sb);
    assert_false(sb.failed);
    return lg_sb_view(&sb);
}

static bool is_one_of(struct lg_str s, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lg_str_eq(s, lg_str_of(names[i])))
            return true;
    return false;
}

static const char *const tags[] = {
    "html", "head",    "title",      "style",  "body",    "main",    "div",
    "span", "b",       "i",          "h1",     "h2",      "h3",      "p",
    "code", "section", "meter",      "dl",     "dt",      "dd",      "table",
    "tr",   "th",      "td",         "figure", "details", "summary", "pre",
    "svg",  "rect",    "figcaption", "desc",   "text",    "g",       "footer",
};
static const char *const void_tags[] = {"meta", "br"};
static const char *const svg_void_tags[] = {"line", "rect", "circle", "path"};
static const char *const attributes[] = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "style",
    "title",
    "min",
    "max",
    "value",
    "scope",
    "open",
    "xmlns",
    "viewBox",
    "width",
    "height",
    "role",
    "id",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "d",
    "aria-hidden",
    "aria-labelledby",
};

/* name="value" or name; false at the end of the tag. */
static bool next_attribute(struct lg_str *tag, struct lg_str *name_ret)
{
    *tag = lg_str_trim_left(*tag);
    if (tag->len == 0 || lg_str_eq(*tag, LG_STR("/")))
        return false;
    size_t n = 0;
    while (n < tag->len && tag->data[n] != '=' && tag->data[n] != ' ')
        n++;
    *name_ret = lg_str_first(*tag, n);
    *tag = lg_str_skip(*tag, n);
    if (tag->len == 0 || tag->data[0] != '=')
        return true;
    assert_true(tag->len > 2 && tag->data[1] == '"');
    struct lg_cut value = lg_str_cut_char(lg_str_skip(*tag, 2), '"');
    assert_true(value.found);
    *tag = value.tail;
    return true;
}

/* The end of the tag that begins s, quotes respected. */
static size_t tag_length(struct lg_str s)
{
    bool quoted = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '"')
            quoted = !quoted;
        if (s.data[i] == '>' && !quoted)
            return i + 1;
    }
    fail_msg("a tag without end: %.*s", LG_STR_ARG(lg_str_first(s, 80)));
    return 0;
}

static void check_tag(struct lg_str tag, struct lg_map *ids)
{
    struct lg_str name, attribute;
    bool closed = lg_str_ends(tag, LG_STR("/"));
    assert_true(lg_str_word(&tag, &name));
    if (lg_str_ends(name, LG_STR("/")))
        name = lg_str_first(name, name.len - 1);
    bool known =
        is_one_of(name, tags, LG_COUNT(tags)) ||
        is_one_of(name, void_tags, LG_COUNT(void_tags)) ||
        (closed && is_one_of(name, svg_void_tags, LG_COUNT(svg_void_tags)));
    if (!known)
        fail_msg("tag %.*s", LG_STR_ARG(name));
    struct lg_str before = tag;
    while (next_attribute(&tag, &attribute)) {
        if (!is_one_of(attribute, attributes, LG_COUNT(attributes)))
            fail_msg("attribute %.*s", LG_STR_ARG(attribute));
        if (lg_str_eq(attribute, LG_STR("id"))) {
            bool fresh;
            struct lg_str value = lg_str_trim(before);
            assert_non_null(lg_map_put_str(ids, value, &fresh));
            if (!fresh)
                fail_msg("twice: %.*s", LG_STR_ARG(value));
        }
        before = tag;
    }
}

struct nesting {
    struct lg_str open[64];
    size_t depth;
};

static void check_element(struct nesting *n, struct lg_str tag,
                          struct lg_map *ids)
{
    struct lg_str name;
    if (tag.data[0] == '/') {
        assert_true(n->depth > 0);
        name = lg_str_skip(tag, 1);
        if (!lg_str_eq(name, n->open[n->depth - 1]))
            fail_msg("</%.*s> closes <%.*s>", LG_STR_ARG(name),
                     LG_STR_ARG(n->open[n->depth - 1]));
        n->depth--;
        return;
    }
    check_tag(tag, ids);
    struct lg_str rest = tag;
    lg_str_word(&rest, &name);
    if (lg_str_ends(tag, LG_STR("/")) ||
        is_one_of(name, void_tags, LG_COUNT(void_tags)))
        return;
    assert_true(n->depth < LG_COUNT(n->open));
    n->open[n->depth++] = name;
}

static void check_text(struct lg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f || c == '>')
            fail_msg("byte %02x in %.*s", c, LG_STR_ARG(text));
    }
}

static void check_page(struct lg_str page, struct lg_arena *arena)
{
    struct nesting nesting = {.depth = 0};
    struct lg_map ids;
    lg_map_init(&ids, arena);
    assert_true(lg_str_after(page, LG_STR("<!DOCTYPE html>\n"), &page));
    while (page.len != 0) {
        ptrdiff_t at = lg_str_find_char(page, '<');
        bool in_style =
            nesting.depth > 0 &&
            lg_str_eq(nesting.open[nesting.depth - 1], LG_STR("style"));
        struct lg_str text = at < 0 ? page : lg_str_first(page, (size_t)at);
        if (!in_style)
            check_text(text);
        page = lg_str_skip(page, text.len);
        if (page.len == 0)
            break;
        size_t len = tag_length(page);
        check_element(&nesting, lg_str_from(page.data + 1, len - 2), &ids);
        page = lg_str_skip(page, len);
    }
    assert_int_equal(nesting.depth, 0);
}

/* The others differ from these in nothing that is drawn. */
static bool has_golden(const char *name)
{
    return strcmp(name, "timing-wheel") == 0 ||
           strcmp(name, "inconclusive") == 0 || strcmp(name, "hostile") == 0;
}

static void samples_are_well_formed(void **state)
{
    for (size_t i = 0; i < LG_COUNT(samples); i++) {
        struct lg_arena arena;
        struct sample s;
        char name[64];
        lg_arena_init(&arena, 0);
        samples[i].build(&arena, &s);
        struct lg_str page = render(&s, &arena);
        check_page(page, &arena);
        snprintf(name, sizeof name, "report/%s.html", samples[i].name);
        if (has_golden(samples[i].name))
            lg_golden_check(name, page);
        lg_arena_deinit(&arena);
    }
}

static void random_ones_are_well_formed(void **state)
{
    struct lg_rng rng = {20261121};
    for (int i = 0; i < 400; i++) {
        struct lg_arena arena;
        struct sample s;
        lg_arena_init(&arena, 0);
        random_incident(&rng, &arena, &s);
        check_page(render(&s, &arena), &arena);
        lg_arena_deinit(&arena);
    }
}

/* Works offline and runs nothing: no scheme but the name of SVG's namespace,
 * no address that a style could fetch. */
static void fetches_nothing(void **state)
{
    struct lg_arena arena;
    struct sample s;
    lg_arena_init(&arena, 0);
    sample_timing_wheel(&arena, &s);
    struct lg_str page = render(&s, &arena), rest;
    assert_false(lg_str_contains(page, LG_STR("url(")));
    assert_false(lg_str_contains(page, LG_STR("@import")));
    assert_false(lg_str_contains(page, LG_STR("src=")));
    assert_false(lg_str_contains(page, LG_STR("href")));
    for (rest = page; rest.len != 0;) {
        struct lg_cut cut = lg_str_cut(rest, LG_STR("://"));
        if (cut.found)
            assert_true(
                lg_str_starts(cut.tail, LG_STR("www.w3.org/2000/svg\"")));
        rest = cut.tail;
    }
    lg_arena_deinit(&arena);
}

/* The picture says what the rows say: the line goes up to the limit, and there
 * is a gap where the recorder took no samples. */
static void timeline_shows_the_rows(void **state)
{
    struct lg_arena arena;
    struct sample s;
    struct lg_sb sb;
    lg_arena_init(&arena, 0);
    sample_timing_wheel(&arena, &s);
    lg_sb_init(&sb, &arena);
    lg_timeline_svg(&s.in, 1000, 340, &sb);
    struct lg_str svg = lg_sb_view(&sb);
    assert_true(lg_str_starts(svg, LG_STR("<svg xmlns=")));
    assert_true(lg_str_ends(svg, LG_STR("</svg>\n")));
    assert_true(lg_str_contains(svg, LG_STR("limit 256.0 MiB")));
    assert_true(lg_str_contains(svg, LG_STR("no samples for 800 ms")));
    assert_true(lg_str_contains(svg, LG_STR("OOM kill, 8.4 s")));
    assert_true(lg_str_contains(svg, LG_STR("capture 7: rate")));
    /* Two runs: before and after the gap. */
    struct lg_cut line = lg_str_cut(svg, LG_STR("<path class=\"line usage\""));
    assert_true(line.found);
    struct lg_str path = lg_str_cut_char(line.tail, '>').head;
    size_t runs = 0;
    for (size_t i = 0; i < path.len; i++)
        runs += path.data[i] == 'M';
    assert_int_equal(runs, 2);
    lg_arena_deinit(&arena);
}

static bool render_in(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_report_html(context, &sb);
    return !sb.failed || lg_fail_nomem(err);
}

static void memory_may_run_out(void **state)
{
    struct lg_arena arena;
    struct sample s;
    lg_arena_init(&arena, 0);
    sample_idle_pool(&arena, &s);
    assert_true(lg_alloc_fail_all(render_in, &s.report) > 10);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_well_formed),
        cmocka_unit_test(random_ones_are_well_formed),
        cmocka_unit_test(fetches_nothing),
        cmocka_unit_test(timeline_shows_the_rows),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
