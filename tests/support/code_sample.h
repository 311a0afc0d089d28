/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a small profile with source, and a machine that has that source and
 * some code for it. Everything is in it that a listing can meet: an inlined
 * call, one function in two files, a file that is lost, functions without a
 * file or a first line, lines behind the end, a location without a function,
 * negative and zero values. What cmd/pprof of Go 1.27.4 prints of it stands in
 * tests/golden/pprof-list/.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_CODE_SAMPLE_H
#define LG_TESTS_CODE_SAMPLE_H

#include "must_push.h"
#include "report/pprof_report.h"

#include <string.h>

struct lg_code_row {
    const char *name, *file;
    int64_t start_line;
};
enum { SERVE, ADD, LOST, NOFILE, OLD, TWO, TWO_OLD, GC, TAIL };
static const struct lg_code_row lg_code_functions[] = {
    [SERVE] = {"main.serve", "shop/cart.go", 3},
    [ADD] = {"main.add", "shop/cart.go", 10},
    [LOST] = {"main.lost", "shop/lost.go", 5},
    [NOFILE] = {"main.nofile", "", 0},
    [OLD] = {"main.old", "shop/old.go", 0},
    [TWO] = {"main.two", "shop/cart.go", 14},
    [TWO_OLD] = {"main.two", "shop/old.go", 20},
    [GC] = {"runtime.gc", "shop/gc.go", 1},
    [TAIL] = {"main.tail", "shop/old.go", 31},
};

struct lg_code_place {
    uint64_t address;
    size_t count; /* of lines, innermost first */
    struct {
        uint32_t function;
        int64_t line;
    } lines[2];
};
static const struct lg_code_place lg_code_places[] = {
    {0x401010, 1, {{SERVE, 5}}},  {0x401020, 2, {{ADD, 11}, {SERVE, 5}}},
    {0x401030, 1, {{ADD, 12}}},   {0x401040, 1, {{LOST, 6}}},
    {0x401050, 1, {{NOFILE, 0}}}, {0x401060, 1, {{OLD, 9}}},
    {0x401068, 1, {{OLD, 3}}},    {0x401070, 1, {{OLD, 30}}},
    {0x401080, 1, {{TWO, 14}}},   {0x401090, 1, {{TWO_OLD, 21}}},
    {0x4010a0, 1, {{GC, 2}}},     {0x4010b0, 1, {{SERVE, 6}}},
    {0x4010c0, 1, {{TAIL, 40}}},  {0x4010d0, 0, {{0, 0}}},
};

struct lg_code_sample {
    uint32_t stack[3];
    size_t depth;
    int64_t values[2];
};
static const struct lg_code_sample lg_code_samples[] = {
    {{1, 0}, 2, {3, 3 << 20}}, {{2, 11}, 2, {1, 1536}},
    {{3, 0}, 2, {2, -100}},    {{4, 0}, 2, {1, 7}},
    {{5, 6, 7}, 3, {1, 1000}}, {{6, 0}, 2, {4, 2048}},
    {{8, 0}, 2, {1, 1}},       {{9, 8}, 2, {1, 99999}},
    {{10, 1}, 2, {5, 12345}},  {{0}, 1, {0, 0}},
    {{12}, 1, {1, 512}},       {{13, 0}, 2, {2, 77}},
};

static const char lg_code_cart[] =
    "package main\n\nfunc serve() {\n\tfor {\n\t\tadd(1)\n\t}\n}\n\n// adds\n"
    "func add(n int) {\r\n\tsum += n // ünï\n}\n\nfunc two() { work() }\n";

static inline void lg_code_type(struct lg_profile *p, struct lg_str type,
                                struct lg_str unit)
{
    struct lg_value_type *t = lg_must_push(p->arena, &p->types);
    *t = (struct lg_value_type){type, unit};
}

static inline void lg_code_function(struct lg_profile *p,
                                    const struct lg_code_row *row)
{
    struct lg_profile_function *f = lg_must_push(p->arena, &p->functions);
    f->id = p->functions.count;
    f->name = f->system_name = lg_str_of(row->name);
    f->file = lg_str_of(row->file);
    f->start_line = row->start_line;
}

static inline void lg_code_location(struct lg_profile *p,
                                    const struct lg_code_place *place)
{
    struct lg_profile_location *l = lg_must_push(p->arena, &p->locations);
    l->id = p->locations.count;
    l->address = place->address;
    l->mapping = 1;
    l->line_first = (uint32_t)p->lines.count;
    l->line_count = (uint32_t)place->count;
    for (size_t j = 0; j < place->count; j++) {
        struct lg_profile_line *line = lg_must_push(p->arena, &p->lines);
        line->function = place->lines[j].function;
        line->line = place->lines[j].line;
    }
}

static inline void lg_code_profile(struct lg_profile *p, struct lg_arena *arena)
{
    assert_true(lg_profile_init(p, arena));
    lg_code_type(p, LG_STR("objects"), LG_STR("count"));
    lg_code_type(p, LG_STR("space"), LG_STR("bytes"));
    struct lg_profile_mapping *m = lg_must_push(arena, &p->mappings);
    m->id = 1;
    m->start = 0x401000;
    m->limit = 0x402000;
    m->offset = 0x1000;
    m->file = LG_STR("/no/such/binary");
    for (size_t i = 0; i < LG_COUNT(lg_code_functions); i++)
        lg_code_function(p, &lg_code_functions[i]);
    for (size_t i = 0; i < LG_COUNT(lg_code_places); i++)
        lg_code_location(p, &lg_code_places[i]);
    for (size_t i = 0; i < LG_COUNT(lg_code_samples); i++)
        assert_true(lg_profile_sample(p, lg_code_samples[i].stack,
                                      lg_code_samples[i].depth,
                                      lg_code_samples[i].values));
}

static inline bool lg_code_read(void *context,
                                const struct lg_source_query *query,
                                struct lg_arena *arena, struct lg_str *text_ret)
{
    struct lg_sb sb;
    (void)context;
    lg_sb_init(&sb, arena);
    if (lg_str_eq(query->path, LG_STR("shop/cart.go"))) {
        *text_ret = lg_str_of(lg_code_cart);
        return true;
    }
    if (lg_str_eq(query->path, LG_STR("shop/old.go"))) {
        for (int i = 1; i <= 32; i++)
            lg_sb_fmt(&sb, i < 32 ? "old %d\n" : "old %d", i);
        *text_ret = lg_sb_view(&sb);
        return true;
    }
    lg_sb_fmt(&sb, "could not find file %.*s on path %.*s",
              LG_STR_ARG(query->path), LG_STR_ARG(query->search_path));
    *text_ret = lg_sb_view(&sb);
    return false;
}

/* list of what an expression matches; the caller fills in what it tests. */
static inline struct lg_pprof_report
lg_code_report(const struct lg_profile *p, const struct lg_aggregation *keep,
               const struct lg_pprof_machine *machine,
               const struct lg_regex *regex, const char *expression)
{
    assert_non_null(regex);
    return (struct lg_pprof_report){
        .profile = p,
        .format = LG_PPROF_LIST,
        .ratio = 1,
        .value_type = 1,
        .sample_type = LG_STR("space"),
        .sample_unit = LG_STR("bytes"),
        .output_unit = LG_STR("minimum"),
        .symbol = regex,
        .symbol_text = lg_str_of(expression),
        .aggregation = keep,
        .machine = machine,
        .total = lg_pprof_total(p, 1, false),
    };
}

#endif
