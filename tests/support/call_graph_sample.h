/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a small profile in which everything is that a drawn call graph can
 * have: several roots, recursion, a cycle, inlined calls, labels, so many sizes
 * that they become ranges, negative values, names that need escapes, frames
 * without a function; and reports of it. What `go tool pprof` makes of it
 * stands in tests/golden/pprof-graph/ and pprof-text/.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_CALL_GRAPH_SAMPLE_H
#define LG_TESTS_CALL_GRAPH_SAMPLE_H

#include "must_push.h"
#include "report/pprof_report.h"

#define LG_SAMPLE_FUNCTIONS                                                    \
    {                                                                          \
        "main.main", "main.(*Server).serve[...]",                              \
            "example.com/shop/v2/cart.(*Cart).Add.func1",                      \
            "std::vector<int>::push_back", "odd \"name\"\\with.escapes",       \
            "runtime.mallocgc", "main.even", "main.odd", "io.ReadAll",         \
            "com.example.Shop$Cart.add"                                        \
    }

/* A stack, leaf first, ended by 0: 1 + index of a function; + 100: inlined into
 * the one behind it. 99 is an address without a function. */
struct lg_sample_row {
    int stack[8];
    int64_t count, bytes;
    const char *key, *value; /* NULL: no label */
    int64_t size;            /* 0: none */
};

static const struct lg_sample_row lg_sample_rows[] = {
    {{6, 3, 2, 1}, 4, 4096, "tenant", "acme", 1024},
    {{6, 3, 2, 1}, 2, 4096, "tenant", "acme", 2048},
    {{6, 3, 2, 1}, 1, 5000, "tenant", "zeta", 5000},
    {{6, 103, 2, 1}, 7, 70000, NULL, NULL, 10000},
    {{6, 9, 1}, 3, 30000, NULL, NULL, 10000},
    {{6, 9, 1}, 9, 900, NULL, NULL, 100},
    {{6, 9, 1}, 9, 1800, NULL, NULL, 200},
    {{6, 9, 1}, 9, 2700, NULL, NULL, 300},
    {{6, 9, 1}, 1, 1048576, NULL, NULL, 1048576},
    {{4, 5, 1}, 2, 20480, "kind", "a\"b\\c", 0},
    {{8, 7, 8, 7, 1}, 5, 9999, NULL, NULL, 0},
    {{7, 8, 7, 1}, 5, 1111, NULL, NULL, 0},
    {{3, 3, 3, 2, 1}, 1, 640, NULL, NULL, 0},
    {{99, 10}, 1, 12345, NULL, NULL, 0},
    {{10}, -3, -3333, NULL, NULL, 0},
    {{109, 103, 2, 1}, 2, 2222, "tenant", "acme", 1111},
};

static inline uint32_t lg_sample_function(struct lg_profile *p,
                                          const char *name, int64_t id)
{
    struct lg_profile_function *f = lg_must_push(p->arena, &p->functions);
    *f = (struct lg_profile_function){.id = (uint64_t)id,
                                      .name = lg_str_of(name),
                                      .system_name = lg_str_of(name),
                                      .file = LG_STR("/src/shop/file.go"),
                                      .start_line = id};
    return (uint32_t)(p->functions.count - 1);
}

/* A location of its own for each frame of each sample, with the lines that are
 * inlined into it. Returns how many frames it is made of. */
static inline size_t lg_sample_location(struct lg_profile *p, const int *frames)
{
    struct lg_profile_location *l = lg_must_push(p->arena, &p->locations);
    size_t count = 0;
    *l = (struct lg_profile_location){
        .id = p->locations.count,
        .address = 0x401000 + 16 * p->locations.count,
        .mapping = 1,
        .line_first = (uint32_t)p->lines.count,
    };
    if (frames[0] == 99)
        return 1;
    for (bool more = true; more; count++) {
        struct lg_profile_line *line = lg_must_push(p->arena, &p->lines);
        *line = (struct lg_profile_line){
            .function = (uint32_t)(frames[count] % 100 - 1),
            .line = 10 + frames[count] % 7,
        };
        l->line_count++;
        more = frames[count] > 100;
    }
    return count;
}

static inline void lg_sample_label(struct lg_profile *p, uint32_t sample,
                                   const struct lg_sample_row *row)
{
    if (row->key != NULL) {
        struct lg_label l = {.key = lg_str_of(row->key),
                             .str = lg_str_of(row->value)};
        assert_true(lg_profile_add_label(p, sample, &l));
    }
    if (row->size != 0) {
        struct lg_label l = {
            .is_numeric = true, .key = LG_STR("bytes"), .num = row->size};
        assert_true(lg_profile_add_label(p, sample, &l));
    }
}

static inline void lg_sample_types(struct lg_profile *p)
{
    struct lg_value_type *t = lg_must_push(p->arena, &p->types);
    *t = (struct lg_value_type){LG_STR("alloc_objects"), LG_STR("count")};
    t = lg_must_push(p->arena, &p->types);
    *t = (struct lg_value_type){LG_STR("alloc_space"), LG_STR("bytes")};
    struct lg_profile_mapping *m = lg_must_push(p->arena, &p->mappings);
    *m = (struct lg_profile_mapping){
        .id = 1,
        .start = 0x400000,
        .limit = 0x800000,
        .file = LG_STR("/srv/bin/shop"),
        .build_id = LG_STR("c0ffee"),
        .has_functions = true,
        .has_filenames = true,
        .has_line_numbers = true,
        .has_inline_frames = true,
    };
}

static inline void lg_sample_profile(struct lg_profile *p,
                                     struct lg_arena *arena)
{
    static const char *const names[] = LG_SAMPLE_FUNCTIONS;
    assert_true(lg_profile_init(p, arena));
    lg_sample_types(p);
    for (size_t i = 0; i < LG_COUNT(names); i++)
        lg_sample_function(p, names[i], (int64_t)i + 1);
    for (size_t i = 0; i < LG_COUNT(lg_sample_rows); i++) {
        const struct lg_sample_row *row = &lg_sample_rows[i];
        uint32_t stack[8];
        size_t depth = 0;
        for (size_t at = 0; row->stack[at] != 0;) {
            stack[depth++] = (uint32_t)p->locations.count;
            at += lg_sample_location(p, row->stack + at);
        }
        const int64_t values[] = {row->count, row->bytes};
        assert_true(lg_profile_sample(p, stack, depth, values));
        lg_sample_label(p, (uint32_t)i, row);
    }
}

struct lg_report_variant {
    const char *golden;
    lg_pprof_report_fn *report;
    enum lg_pprof_format format;
    bool lines, addresses, call_tree, cum_sort, has_mean, drop_negative;
    int64_t node_count;
    double node_fraction, edge_fraction;
    const char *unit, *symbol; /* NULL: minimum; none */
};

/* As the command does it, without filters: of the sample profile, before it is
 * aggregated. What lines, addresses and symbol ask for is the caller's to do.
 */
static inline struct lg_pprof_report
lg_sample_report(const struct lg_report_variant *v, const struct lg_profile *p,
                 const struct lg_label_units *units)
{
    return (struct lg_pprof_report){
        .profile = p,
        .format = v->format,
        .cum_sort = v->cum_sort,
        .call_tree = v->call_tree,
        .drop_negative = v->drop_negative,
        .ratio = 1,
        .label_units = units,
        .node_count = v->node_count,
        .node_fraction = v->node_fraction,
        .edge_fraction = v->edge_fraction,
        .value_type = 1,
        .has_mean = v->has_mean,
        .sample_type =
            v->has_mean ? LG_STR("mean_alloc_space") : LG_STR("alloc_space"),
        .sample_unit = LG_STR("bytes"),
        .output_unit = lg_str_of(v->unit != NULL ? v->unit : "minimum"),
        .total = lg_pprof_total(p, 1, v->has_mean),
    };
}

#endif
