/* SPDX-License-Identifier: Apache-2.0 */
/* The filters against slow ones that treat each sample by itself and ask every
 * pattern anew, on drawn profiles; and what pprof's source says in words. */
#include "evidence/profile_filter.h"

#include "base/sb.h"
#include "evidence/profile_view.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define TYPES 2

static struct lg_regex *regex(const char *pattern)
{
    struct lg_regex *re = lg_regex_create(lg_str_of(pattern), NULL);
    assert_non_null(re);
    return re;
}

static void add_function(struct lg_profile *p, const char *name,
                         const char *file)
{
    struct lg_profile_function *f = lg_push(p->arena, &p->functions);
    assert_non_null(f);
    *f = (struct lg_profile_function){.id = p->functions.count,
                                      .name = lg_str_of(name),
                                      .system_name = lg_str_of(name),
                                      .file = lg_str_of(file)};
}

static const char *const names[] = {"alpha", "beta", "gamma", "delta",
                                    "",      "alp(", "beta"};
static const char *const files[] = {"a.go", "b.go", "alpha.go", ""};

static void draw_locations(struct lg_profile *p, struct lg_rng *rng)
{
    for (size_t i = 0; i < 12; i++) {
        struct lg_profile_location *l = lg_push(p->arena, &p->locations);
        assert_non_null(l);
        l->id = i + 1;
        l->address = 0x1000 + i;
        l->mapping = (uint32_t)lg_rng_below(rng, p->mappings.count + 1);
        l->line_first = (uint32_t)p->lines.count;
        l->line_count = (uint32_t)lg_rng_below(rng, 4);
        for (uint32_t k = 0; k < l->line_count; k++) {
            struct lg_profile_line *line = lg_push(p->arena, &p->lines);
            assert_non_null(line);
            line->function = (uint32_t)lg_rng_below(rng, p->functions.count);
            line->line = (int64_t)lg_rng_below(rng, 50);
            line->column = (int64_t)lg_rng_below(rng, 3);
        }
    }
}

static void draw_samples(struct lg_profile *p, struct lg_rng *rng)
{
    static const char *const keys[] = {"bytes", "job"};
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t stack[6];
        int64_t values[TYPES];
        size_t depth = lg_rng_below(rng, 6);
        for (size_t k = 0; k < depth; k++)
            stack[k] = (uint32_t)lg_rng_below(rng, p->locations.count);
        for (size_t t = 0; t < TYPES; t++)
            values[t] = (int64_t)lg_rng_below(rng, 5) - 2;
        assert_true(lg_profile_sample(p, stack, depth, values));
        for (size_t k = lg_rng_below(rng, 3); k != 0; k--) {
            struct lg_label label = {
                .key = lg_str_of(keys[lg_rng_below(rng, 2)]),
                .str = LG_STR("v"),
            };
            assert_true(lg_profile_add_label(p, i, &label));
        }
    }
}

static void draw_profile(struct lg_profile *p, struct lg_arena *arena,
                         struct lg_rng *rng)
{
    assert_true(lg_profile_init(p, arena));
    for (size_t t = 0; t < TYPES; t++)
        assert_non_null(lg_push(arena, &p->types));
    for (size_t i = 0; i < 2; i++) {
        struct lg_profile_mapping *m = lg_push(arena, &p->mappings);
        assert_non_null(m);
        m->file = i == 0 ? LG_STR("/bin/svc") : LG_STR("/lib/alpha.so");
        m->has_functions = m->has_inline_frames = true;
    }
    for (size_t i = 0; i < 10; i++)
        add_function(p, names[lg_rng_below(rng, LG_COUNT(names))],
                     files[lg_rng_below(rng, LG_COUNT(files))]);
    draw_locations(p, rng);
    draw_samples(p, rng);
}

/* A location as the slow filters see it. */
struct slow_location {
    uint32_t lines[4];
    size_t count;
};
struct slow {
    const struct lg_profile *p;
    struct slow_location locations[12];
};

static void slow_init(struct slow *s, const struct lg_profile *p)
{
    s->p = p;
    for (size_t i = 0; i < p->locations.count; i++) {
        s->locations[i].count = p->locations.items[i].line_count;
        for (uint32_t k = 0; k < s->locations[i].count; k++)
            s->locations[i].lines[k] = p->locations.items[i].line_first + k;
    }
}

static bool slow_line(const struct slow *s, const struct lg_regex *re,
                      uint32_t line)
{
    const struct lg_profile_function *f =
        &s->p->functions.items[s->p->lines.items[line].function];
    return lg_regex_match(re, f->name) || lg_regex_match(re, f->file);
}

static bool slow_mapping(const struct slow *s, const struct lg_regex *re,
                         size_t location)
{
    uint32_t m = s->p->locations.items[location].mapping;
    return m != 0 && lg_regex_match(re, s->p->mappings.items[m - 1].file);
}

static bool slow_matches(const struct slow *s, const struct lg_regex *re,
                         size_t location)
{
    const struct slow_location *l = &s->locations[location];
    for (size_t i = 0; i < l->count; i++)
        if (slow_line(s, re, l->lines[i]))
            return true;
    return slow_mapping(s, re, location);
}

static void slow_cut(struct slow *s, const struct lg_regex *re, size_t location,
                     bool wanted)
{
    struct slow_location *l = &s->locations[location];
    size_t kept = 0;
    if (slow_mapping(s, re, location)) {
        if (!wanted)
            l->count = 0;
        return;
    }
    for (size_t i = 0; i < l->count; i++)
        if (slow_line(s, re, l->lines[i]) == wanted)
            l->lines[kept++] = l->lines[i];
    l->count = kept;
}

/* One sample as text, so that profiles can be compared. */
static void write_sample(struct lg_sb *sb, const struct lg_profile *p,
                         size_t sample)
{
    for (size_t t = 0; t < TYPES; t++)
        lg_sb_fmt(sb, "%lld ", (long long)lg_profile_value(p, sample, (int)t));
    lg_each(label, p->labels)
        if (label->sample == sample)
            lg_sb_fmt(sb, "%.*s=%.*s ", LG_STR_ARG(label->of->key),
                      LG_STR_ARG(label->of->str));
}

static void write_line(struct lg_sb *sb, const struct lg_profile *p,
                       uint32_t line)
{
    const struct lg_profile_line *l = &p->lines.items[line];
    lg_sb_fmt(sb, "%u:%lld ", l->function, (long long)l->line);
}

static void write_profile(struct lg_sb *sb, const struct lg_profile *p)
{
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_profile_stack stack = p->samples.items[i];
        write_sample(sb, p, i);
        for (uint32_t k = 0; k < stack.count; k++) {
            const struct lg_profile_location *l =
                &p->locations.items[p->stacks.items[stack.first + k]];
            lg_sb_fmt(sb, "[%llu ", (unsigned long long)l->id);
            for (uint32_t n = 0; n < l->line_count; n++)
                write_line(sb, p, l->line_first + n);
            lg_sb_char(sb, ']');
        }
        lg_sb_char(sb, '\n');
    }
}

/* A sample of the slow profile with stack[count]. */
static void write_slow(struct lg_sb *sb, const struct slow *s, size_t sample,
                       const uint32_t *stack, size_t count)
{
    write_sample(sb, s->p, sample);
    for (size_t k = 0; k < count; k++) {
        const struct slow_location *l = &s->locations[stack[k]];
        lg_sb_fmt(sb, "[%llu ",
                  (unsigned long long)s->p->locations.items[stack[k]].id);
        for (size_t n = 0; n < l->count; n++)
            write_line(sb, s->p, l->lines[n]);
        lg_sb_char(sb, ']');
    }
    lg_sb_char(sb, '\n');
}

static void check_same(struct lg_sb *slow, const struct lg_profile *fast)
{
    struct lg_sb sb;
    lg_sb_init(&sb, slow->arena);
    write_profile(&sb, fast);
    assert_false(sb.failed || slow->failed);
    if (!lg_str_eq(lg_sb_view(&sb), lg_sb_view(slow)))
        fail_msg("%.*s is not\n%.*s", LG_STR_ARG(lg_sb_view(&sb)),
                 LG_STR_ARG(lg_sb_view(slow)));
}

static const char *const patterns[] = {"alpha", "^b",      "\\.go$", "svc",
                                       "^$",    "nothing", ".",      "gamma"};

static struct lg_regex *draw_regex(struct lg_rng *rng)
{
    size_t n = lg_rng_below(rng, LG_COUNT(patterns) + 5);
    return n < LG_COUNT(patterns) ? regex(patterns[n]) : NULL;
}

static void slow_filter_names(struct lg_sb *sb, const struct lg_profile *p,
                              const struct lg_name_filter *f)
{
    struct slow s;
    bool focused[12], ignored[12], hidden[12] = {false};
    slow_init(&s, p);
    for (size_t i = 0; i < p->locations.count; i++) {
        ignored[i] = f->ignore != NULL && slow_matches(&s, f->ignore, i);
        focused[i] =
            !ignored[i] && (f->focus == NULL || slow_matches(&s, f->focus, i));
        if (f->hide != NULL && slow_matches(&s, f->hide, i)) {
            slow_cut(&s, f->hide, i, false);
            hidden[i] = s.locations[i].count == 0;
        }
        if (f->show != NULL) {
            slow_cut(&s, f->show, i, true);
            hidden[i] = hidden[i] || s.locations[i].count == 0;
        }
    }
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_profile_stack stack = p->samples.items[i];
        uint32_t left[6];
        size_t count = 0;
        bool focus = false, ignore = false, hides = false;
        for (uint32_t k = 0; k < stack.count; k++) {
            uint32_t l = p->stacks.items[stack.first + k];
            focus = focus || focused[l];
            ignore = ignore || ignored[l];
            hides = hides || hidden[l];
            if (!hidden[l])
                left[count++] = l;
        }
        if (focus && !ignore && (count != 0 || !hides))
            write_slow(sb, &s, i, left, count);
    }
}

static void names_are_filtered_like_one_by_one(void **state)
{
    struct lg_rng rng = {61};
    for (size_t round = 0; round < 400; round++) {
        struct lg_arena arena;
        struct lg_profile p, out;
        struct lg_name_matches matched;
        struct lg_sb sb, before;
        lg_arena_init(&arena, 0);
        draw_profile(&p, &arena, &rng);
        struct lg_regex *re[4];
        for (size_t i = 0; i < 4; i++)
            re[i] = draw_regex(&rng);
        struct lg_name_filter f = {re[0], re[1], re[2], re[3]};
        lg_sb_init(&sb, &arena);
        lg_sb_init(&before, &arena);
        write_profile(&before, &p);
        assert_true(lg_profile_filter_names(&p, &f, &arena, &out, &matched));
        if (re[0] || re[1] || re[2] || re[3])
            slow_filter_names(&sb, &p, &f);
        else
            write_profile(&sb, &p);
        check_same(&sb, &out);
        check_same(&before, &p); /* which stays as it was */
        for (size_t i = 0; i < 4; i++)
            lg_regex_destroy(re[i]);
        lg_arena_deinit(&arena);
    }
}

static void slow_show_from(struct lg_sb *sb, const struct lg_profile *p,
                           const struct lg_regex *re)
{
    struct slow s;
    bool match[12];
    slow_init(&s, p);
    for (size_t i = 0; i < p->locations.count; i++) {
        struct slow_location *l = &s.locations[i];
        match[i] = slow_matches(&s, re, i);
        if (!match[i] || slow_mapping(&s, re, i))
            continue;
        while (!slow_line(&s, re, l->lines[l->count - 1]))
            l->count--;
    }
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_profile_stack stack = p->samples.items[i];
        const uint32_t *locations = p->stacks.items + stack.first;
        while (stack.count != 0 && !match[locations[stack.count - 1]])
            stack.count--;
        if (stack.count != 0)
            write_slow(sb, &s, i, locations, stack.count);
    }
}

static void stacks_are_shown_from_a_frame(void **state)
{
    struct lg_rng rng = {62};
    for (size_t round = 0; round < 200; round++) {
        struct lg_arena arena;
        struct lg_profile p, out;
        struct lg_sb sb;
        bool matched;
        lg_arena_init(&arena, 0);
        draw_profile(&p, &arena, &rng);
        struct lg_regex *re =
            regex(patterns[lg_rng_below(&rng, LG_COUNT(patterns))]);
        lg_sb_init(&sb, &arena);
        slow_show_from(&sb, &p, re);
        assert_true(lg_profile_show_from(&p, re, &arena, &out, &matched));
        check_same(&sb, &out);
        lg_regex_destroy(re);
        lg_arena_deinit(&arena);
    }
}

/* A profile of one sample whose locations have these functions, leaf first;
 * "a,b" is a location of b with a inlined. */
static void one_stack(struct lg_profile *p, struct lg_arena *arena,
                      const char *text)
{
    struct lg_cut cut = {.tail = lg_str_of(text), .found = true};
    const int64_t values[1] = {1};
    uint32_t stack[8], count = 0;
    assert_true(lg_profile_init(p, arena));
    assert_non_null(lg_push(arena, &p->types));
    while (cut.found) {
        cut = lg_str_cut_char(cut.tail, ' ');
        struct lg_profile_location *l = lg_push(arena, &p->locations);
        assert_non_null(l);
        l->id = ++count;
        l->line_first = (uint32_t)p->lines.count;
        struct lg_cut name = {.tail = cut.head, .found = true};
        while (name.found) {
            name = lg_str_cut_char(name.tail, ',');
            struct lg_profile_line *line = lg_push(arena, &p->lines);
            struct lg_profile_function *f = lg_push(arena, &p->functions);
            assert_true(line != NULL && f != NULL);
            line->function = (uint32_t)(p->functions.count - 1);
            f->name = name.head;
            l->line_count++;
        }
        stack[count - 1] = count - 1;
    }
    assert_true(lg_profile_sample(p, stack, count, values));
}

static void check_stack(const struct lg_profile *p, const char *expected)
{
    char text[200];
    size_t at = 0;
    struct lg_profile_stack s = p->samples.items[0];
    text[0] = '\0';
    for (uint32_t i = 0; i < s.count; i++) {
        const struct lg_profile_location *l =
            &p->locations.items[p->stacks.items[s.first + i]];
        for (uint32_t k = 0; k < l->line_count; k++) {
            uint32_t f = p->lines.items[l->line_first + k].function;
            struct lg_str name = p->functions.items[f].name;
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s",
                                   k != 0   ? ","
                                   : i != 0 ? " "
                                            : "",
                                   LG_STR_ARG(name));
        }
    }
    assert_string_equal(text, expected);
}

static void check_drop(const char *stack, const char *drop, const char *keep,
                       const char *expected)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    one_stack(&p, &arena, stack);
    p.drop_frames = lg_str_of(drop);
    p.keep_frames = lg_str_of(keep);
    assert_true(lg_profile_remove_uninteresting(&p, &arena, &p));
    check_stack(&p, expected);
    lg_arena_deinit(&arena);
}

static void uninteresting_frames_go(void **state)
{
    check_drop("a malloc b main", "malloc", "", "b main");
    check_drop("a malloc b main", "mallo", "", "a malloc b main");
    check_drop("a malloc(int) b main", "malloc", "", "b main");
    check_drop("a .malloc b main", "malloc", "", "b main");
    check_drop("a x(anonymous_namespace) b main", "x", "", "b main");
    check_drop("a operator() b", "operator", "", "a operator() b");
    check_drop("a operator() b", "operator\\(\\)", "", "b");
    check_drop("a,malloc,c b main", "malloc", "", "c b main");
    check_drop("a,malloc b main", "malloc", "", "b main");
    /* Never all of it: nothing goes before the first frame that stays. */
    check_drop("malloc", "malloc", "", "malloc");
    check_drop("a malloc", "malloc", "", "a malloc");
    check_drop("a malloc b", "m.*", "malloc", "a malloc b");
    check_drop("a mmap b", "m.*", "malloc", "b");
    /* Not patterns: all stays. */
    check_drop("a malloc b", "malloc(", "", "a malloc b");
    check_drop("a malloc b", "malloc", "(", "a malloc b");
}

static void check_prune_from(const char *stack, const char *from,
                             const char *expected)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_regex *re = regex(from);
    lg_arena_init(&arena, 0);
    one_stack(&p, &arena, stack);
    assert_true(lg_profile_prune_from(&p, re, &arena, &p));
    check_stack(&p, expected);
    lg_regex_destroy(re);
    lg_arena_deinit(&arena);
}

static void stacks_are_pruned_from_a_frame(void **state)
{
    check_prune_from("A B C B D", "A", "A B C B D");
    check_prune_from("A B C B D", "B", "B C B D");
    check_prune_from("A,B,C D", "B", "B,C D");
    check_prune_from("x A,B,C D", "B|C", "B,C D");
    check_prune_from("A B", "X", "A B");
}

static void check_owner(const char *stack, const char *module,
                        const char *expected)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    one_stack(&p, &arena, stack);
    assert_true(lg_profile_owner(&p, lg_str_of(module), &arena, &p));
    check_stack(&p, expected);
    lg_arena_deinit(&arena);
}

static void samples_are_charged_to_the_own_frame(void **state)
{
    check_owner("runtime.mallocgc bytes.Grow corp.example/shop/disk.Read "
                "main.main runtime.main",
                "corp.example/shop",
                "corp.example/shop/disk.Read main.main runtime.main");
    check_owner("runtime.mallocgc corp.example/shopping.X main.main",
                "corp.example/shop", "main.main");
    check_owner("strings.Map,main.f main.main", "", "main.f main.main");
    check_owner("runtime.gc runtime.bg", "corp.example/shop",
                "runtime.gc runtime.bg");
}

static void check_module(const char *const (*functions)[2], size_t count,
                         const char *expected)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    assert_true(lg_profile_init(&p, &arena));
    for (size_t i = 0; i < count; i++)
        add_function(&p, functions[i][0], functions[i][1]);
    struct lg_str module = lg_profile_main_module(&p);
    if (!lg_str_eq(module, lg_str_of(expected)))
        fail_msg("%.*s, not %s", LG_STR_ARG(module), expected);
    lg_arena_deinit(&arena);
}

static void the_main_module_is_found_by_its_files(void **state)
{
    static const char *const plain[][2] = {
        {"runtime.main", "/usr/local/go/src/runtime/proc.go"},
        {"main.main", "/w/shop/cmd/shop/main.go"},
        {"corp.example/shop/cmd/shop/flags.Parse",
         "/w/shop/cmd/shop/flags/f.go"},
        {"corp.example/shop/store.Read", "/w/shop/store/disk.go"},
        {"github.com/x/y.Do", "/root/go/pkg/mod/github.com/x/y@v1.2.3/y.go"},
        {"github.com/v/w.Do", "/w/shop/vendor/github.com/v/w/w.go"},
    };
    static const char *const trimmed[][2] = {
        {"runtime.main", "runtime/proc.go"},
        {"net/http.Serve", "net/http/server.go"},
        {"main.main", "corp.example/shop/cmd/shop/main.go"},
        {"corp.example/shop/store.Read", "corp.example/shop/store/disk.go"},
        {"corp.example/lib.Do", "corp.example/lib@v1.0.0/lib.go"},
    };
    static const char *const gopath[][2] = {
        {"main.main", "/go/src/github.com/a/b/main.go"},
        {"github.com/x/y.Do", "/go/src/github.com/x/y/y.go"},
        {"github.com/a/b/c.Do", "/go/src/github.com/a/b/c/c.go"},
    };
    static const char *const alone[][2] = {
        {"main.main", "/w/main.go"},
        {"fmt.Println", "/usr/local/go/src/fmt/print.go"},
    };
    check_module(plain, LG_COUNT(plain), "corp.example/shop");
    check_module(trimmed, LG_COUNT(trimmed), "corp.example/shop");
    check_module(gopath, LG_COUNT(gopath), "github.com/a/b");
    check_module(alone, LG_COUNT(alone), "");
    check_module(alone + 1, 1, "");
}

static void aggregation_forgets(void **state)
{
    struct lg_arena arena;
    struct lg_profile p, out;
    struct lg_rng rng = {63};
    lg_arena_init(&arena, 0);
    draw_profile(&p, &arena, &rng);
    struct lg_aggregation all = {true, true, true, true, true, true};
    assert_true(lg_profile_aggregate(&p, &all, &arena, &out));
    assert_ptr_equal(out.locations.items, p.locations.items);
    assert_ptr_equal(out.lines.items, p.lines.items);
    assert_ptr_equal(out.functions.items, p.functions.items);
    struct lg_aggregation files_only = {.filename = true, .column = true};
    assert_true(lg_profile_aggregate(&p, &files_only, &arena, &out));
    assert_ptr_equal(out.stacks.items, p.stacks.items);
    for (size_t i = 0; i < p.locations.count; i++) {
        struct lg_profile_location *a = &p.locations.items[i],
                                   *b = &out.locations.items[i];
        assert_int_equal(b->address, 0);
        assert_int_equal(b->line_count, a->line_count != 0);
        if (a->line_count == 0)
            continue;
        assert_int_equal(b->line_first, a->line_first + a->line_count - 1);
        struct lg_profile_line *line = &out.lines.items[b->line_first];
        assert_true(line->line == 0 && line->column == 0);
        const struct lg_profile_function *f =
            &out.functions.items[line->function];
        assert_true(f->name.len == 0 && f->system_name.len == 0);
        assert_true(lg_str_eq(f->file, p.functions.items[line->function].file));
    }
    assert_false(out.mappings.items[0].has_functions);
    assert_true(p.mappings.items[0].has_functions);
    lg_arena_deinit(&arena);
}

/* profile.go: rounded, saturated as amd64 does; samples all of whose scaled
 * values are 0 go. */
static void values_are_scaled(void **state)
{
    static const int64_t values[][TYPES] = {
        {3, 7}, {0, 9}, {1, 0}, {-3, 1}, {INT64_MAX, 0}};
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    assert_true(lg_profile_init(&p, &arena));
    for (size_t t = 0; t < TYPES; t++)
        assert_non_null(lg_push(&arena, &p.types));
    for (size_t i = 0; i < LG_COUNT(values); i++)
        assert_true(lg_profile_sample(&p, NULL, 0, values[i]));
    const double ratios[TYPES] = {2.5, 1}, ones[TYPES] = {1, 1};
    struct lg_profile out;
    assert_true(lg_profile_scale(&p, ones, &arena, &out));
    assert_int_equal(out.samples.count, 5);
    assert_true(lg_profile_scale(&p, ratios, &arena, &out));
    assert_int_equal(out.samples.count, 4); /* 0 is not kept by its 9 */
    assert_int_equal(lg_profile_value(&out, 0, 0), 8);
    assert_int_equal(lg_profile_value(&out, 0, 1), 7);
    assert_int_equal(lg_profile_value(&out, 1, 0), 3);
    assert_int_equal(lg_profile_value(&out, 2, 0), -8);
    assert_int_equal(lg_profile_value(&out, 3, 0), INT64_MIN);
    lg_arena_deinit(&arena);
}

static bool keep_odd(void *context, const struct lg_profile *p, uint32_t sample,
                     const struct lg_profile_label *labels, size_t label_count)
{
    size_t *label_sum = context;
    for (size_t i = 0; i < label_count; i++)
        assert_int_equal(labels[i].sample, sample);
    *label_sum += label_count;
    return sample % 2 == 1;
}

static void samples_are_kept_with_their_labels(void **state)
{
    struct lg_arena arena;
    struct lg_profile p, out;
    struct lg_rng rng = {64};
    size_t labels = 0, odd = 0;
    lg_arena_init(&arena, 0);
    draw_profile(&p, &arena, &rng);
    assert_true(lg_profile_filter_samples(&p, keep_odd, &labels, &arena, &out));
    assert_int_equal(labels, p.labels.count);
    assert_int_equal(out.samples.count, p.samples.count / 2);
    lg_each(label, p.labels) {
        if (label->sample % 2 == 0)
            continue;
        assert_int_equal(out.labels.items[odd].sample, label->sample / 2);
        assert_true(lg_str_eq(out.labels.items[odd].of->key, label->of->key));
        odd++;
    }
    assert_int_equal(out.labels.count, odd);
    struct lg_regex *hide = regex("job");
    bool show_matched, hide_matched;
    assert_true(lg_profile_filter_tags(&p, NULL, hide, &arena, &out,
                                       &show_matched, &hide_matched));
    assert_true(hide_matched);
    lg_each(label, out.labels)
        assert_true(lg_str_eq(label->of->key, LG_STR("bytes")));
    lg_regex_destroy(hide);
    lg_arena_deinit(&arena);
}

static bool all_filters(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    const struct lg_profile *p = context;
    struct lg_profile out;
    struct lg_name_matches matched;
    bool a, b;
    struct lg_regex *re = regex("alpha"), *hide = regex("^b");
    struct lg_name_filter filter = {.ignore = NULL, .hide = hide, .show = re};
    struct lg_aggregation keep = {.function = true};
    const double ratios[TYPES] = {2, 3};
    bool ok = lg_profile_filter_names(p, &filter, arena, &out, &matched) &&
              lg_profile_show_from(p, re, arena, &out, &a) &&
              lg_profile_prune_from(p, re, arena, &out) &&
              lg_profile_filter_tags(p, NULL, hide, arena, &out, &a, &b) &&
              lg_profile_scale(p, ratios, arena, &out) &&
              lg_profile_owner(p, LG_STR("x"), arena, &out) &&
              lg_profile_label_frames(p, LG_STR("job,bytes"), LG_STR("job"),
                                      LG_STR("minimum"), arena, &out, &a, &b) &&
              lg_profile_aggregate(p, &keep, arena, &out);
    lg_regex_destroy(re);
    lg_regex_destroy(hide);
    return ok || lg_fail_nomem(err);
}

static void no_memory_is_said(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_rng rng = {65};
    lg_arena_init(&arena, 0);
    draw_profile(&p, &arena, &rng);
    assert_true(lg_alloc_fail_all(all_filters, &p) > 5);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_filtered_like_one_by_one),
        cmocka_unit_test(stacks_are_shown_from_a_frame),
        cmocka_unit_test(uninteresting_frames_go),
        cmocka_unit_test(stacks_are_pruned_from_a_frame),
        cmocka_unit_test(samples_are_charged_to_the_own_frame),
        cmocka_unit_test(the_main_module_is_found_by_its_files),
        cmocka_unit_test(aggregation_forgets),
        cmocka_unit_test(values_are_scaled),
        cmocka_unit_test(samples_are_kept_with_their_labels),
        cmocka_unit_test(no_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
