/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph against a plain one of few nodes, which does what pprof's does:
 * sets in matrices, everything built anew after each step of trimming.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "evidence/graph.h"
#include "must_push.h"
#include "rng.h"

#define NODES 9
#define LOCATIONS 30
#define MAX_DEPTH 12

struct call {
    bool there, residual, is_inline;
    int64_t weight;
};

struct plain {
    int64_t flat[NODES], cum[NODES];
    bool listed[NODES];
    size_t count; /* listed */
    struct call calls[NODES][NODES];
};

static const char *const names[NODES] = {"a", "b", "c", "d", "e",
                                         "f", "g", "h", "i"};

/* Functions 0 … NODES-1; each location has one to three of them. */
static void make_profile(struct lg_profile *p, struct lg_arena *arena,
                         struct lg_rng *rng, size_t samples, bool negative)
{
    assert_true(lg_profile_init(p, arena));
    lg_must_push(arena, &p->types)->type = LG_STR("n");
    for (size_t i = 0; i < NODES; i++)
        lg_must_push(arena, &p->functions)->name = lg_str_of(names[i]);
    for (size_t i = 0; i < LOCATIONS; i++) {
        struct lg_profile_location *l = lg_must_push(arena, &p->locations);
        l->line_first = (uint32_t)p->lines.count;
        l->line_count =
            (uint32_t)(lg_rng_below(rng, 3) == 0 ? 1 + lg_rng_below(rng, 3)
                                                 : 1);
        for (uint32_t k = 0; k < l->line_count; k++)
            lg_must_push(arena, &p->lines)->function =
                (uint32_t)lg_rng_below(rng, NODES);
    }
    for (size_t i = 0; i < samples; i++) {
        uint32_t stack[MAX_DEPTH];
        size_t depth = lg_rng_below(rng, MAX_DEPTH + 1);
        for (size_t k = 0; k < depth; k++)
            stack[k] = (uint32_t)lg_rng_below(rng, LOCATIONS);
        int64_t value = (int64_t)lg_rng_below(rng, 50);
        if (negative && lg_rng_below(rng, 3) == 0)
            value = -value;
        assert_true(lg_profile_sample(p, stack, depth, &value));
    }
}

static void add_sample(struct plain *g, const struct lg_profile *p,
                       size_t sample, const bool *kept)
{
    bool seen[NODES] = {0}, called[NODES][NODES] = {0}, residual = false;
    int64_t value = lg_profile_value(p, sample, 0);
    struct lg_profile_stack s = p->samples.items[sample];
    int parent = -1;
    for (uint32_t k = s.count; value != 0 && k-- > 0;) {
        const struct lg_profile_location *l =
            &p->locations.items[p->stacks.items[s.first + k]];
        for (uint32_t i = l->line_count; i-- > 0;) {
            int n = (int)p->lines.items[l->line_first + i].function;
            if (kept != NULL && !kept[n]) {
                residual = true;
                continue;
            }
            if (!seen[n])
                g->cum[n] += value;
            seen[n] = true;
            if (parent >= 0 && parent != n && !called[parent][n]) {
                struct call *c = &g->calls[parent][n];
                bool is_inline = i + 1 != l->line_count;
                called[parent][n] = true;
                c->is_inline = (!c->there || c->is_inline) && is_inline;
                c->residual = c->residual || residual;
                c->weight += value;
                c->there = true;
            }
            parent = n;
            residual = false;
        }
    }
    if (value != 0 && parent >= 0 && !residual)
        g->flat[parent] += value;
}

static struct plain build_plain(const struct lg_profile *p, const bool *kept,
                                bool drop_negative)
{
    struct plain g = {0};
    for (size_t i = 0; i < p->samples.count; i++)
        add_sample(&g, p, i, kept);
    for (int i = 0; i < NODES; i++) {
        bool negative = g.flat[i] < 0 || (g.flat[i] == 0 && g.cum[i] < 0);
        g.listed[i] =
            (g.flat[i] != 0 || g.cum[i] != 0) && !(drop_negative && negative);
        g.count += g.listed[i];
    }
    return g;
}

static bool before(const struct plain *g, bool cum, int a, int b)
{
    int64_t x = llabs(cum ? g->cum[a] : g->flat[a]);
    int64_t y = llabs(cum ? g->cum[b] : g->flat[b]);
    return x != y ? x > y : a < b; /* names are in order */
}

static size_t order_of(const struct plain *g, bool cum, int *order_ret)
{
    size_t count = 0;
    for (int i = 0; i < NODES; i++) {
        if (!g->listed[i])
            continue;
        size_t at = count++;
        for (; at > 0 && before(g, cum, i, order_ret[at - 1]); at--)
            order_ret[at] = order_ret[at - 1];
        order_ret[at] = i;
    }
    return count;
}

static size_t trim_calls(struct plain *g, int64_t cutoff)
{
    size_t removed = 0;
    for (int a = 0; a < NODES; a++) {
        for (int b = 0; b < NODES; b++) {
            struct call *c = &g->calls[a][b];
            if (c->there && g->listed[b] && llabs(c->weight) < cutoff) {
                *c = (struct call){0};
                removed++;
            }
        }
    }
    return removed;
}

static int64_t cutoff_of(const struct plain *g, double fraction)
{
    int64_t total = 0;
    for (int i = 0; i < NODES; i++)
        total += g->listed[i] ? g->flat[i] : 0;
    return llabs((int64_t)((double)total * fraction));
}

static struct plain trim_plain(const struct lg_profile *p,
                               const struct lg_graph_options *o,
                               const struct lg_graph_trim *trim, int *order_ret,
                               struct lg_graph_dropped *dropped)
{
    struct plain g = build_plain(p, NULL, o->drop_negative);
    bool kept[NODES];
    int64_t cutoff = cutoff_of(&g, trim->node_fraction);
    int64_t edge_cutoff = cutoff_of(&g, trim->edge_fraction);
    size_t count = 0;
    for (int i = 0; i < NODES; i++) {
        kept[i] = g.listed[i] && llabs(g.cum[i]) >= cutoff;
        count += kept[i];
    }
    if (cutoff > 0 && count != g.count) {
        dropped->nodes = g.count - count;
        g = build_plain(p, kept, o->drop_negative);
    }
    dropped->orig_count = g.count;
    count = order_of(&g, trim->cum_sort, order_ret);
    if (trim->node_count > 0 && (size_t)trim->node_count < count) {
        for (int i = 0; i < NODES; i++)
            kept[i] = false;
        for (int64_t i = 0; i < trim->node_count; i++)
            kept[order_ret[i]] = true;
        g = build_plain(p, kept, o->drop_negative);
        order_of(&g, trim->cum_sort, order_ret);
    }
    dropped->edges = trim_calls(&g, edge_cutoff);
    return g;
}

static int node_of(const struct lg_graph *g, uint32_t node)
{
    return g->nodes.items[node].info.name.data[0] - 'a';
}

static void check_nodes(const struct lg_graph *g, const struct plain *plain,
                        const int *order)
{
    assert_int_equal(g->order.count, plain->count);
    for (size_t i = 0; i < plain->count; i++) {
        const struct lg_graph_node *n = &g->nodes.items[g->order.items[i]];
        assert_int_equal(node_of(g, g->order.items[i]), order[i]);
        assert_int_equal(n->flat, plain->flat[order[i]]);
        assert_int_equal(n->cum, plain->cum[order[i]]);
    }
}

static void check_calls(const struct lg_graph *g, const struct plain *plain)
{
    size_t count = 0;
    for (int a = 0; a < NODES; a++)
        for (int b = 0; b < NODES; b++)
            count += plain->calls[a][b].there;
    assert_int_equal(g->edges.count, count);
    lg_each(e, g->edges) {
        const struct call *c =
            &plain->calls[node_of(g, e->src)][node_of(g, e->dest)];
        assert_true(c->there);
        assert_int_equal(e->weight, c->weight);
        assert_int_equal(e->residual, c->residual);
        assert_int_equal(e->is_inline, c->is_inline);
    }
    size_t in = 0, out = 0;
    lg_each(n, g->nodes) {
        in += n->in.count;
        out += n->out.count;
        lg_each(i, n->in)
            assert_ptr_equal(&g->nodes.items[g->edges.items[*i].dest], n);
        lg_each(i, n->out)
            assert_ptr_equal(&g->nodes.items[g->edges.items[*i].src], n);
    }
    assert_int_equal(in, count);
    assert_int_equal(out, count);
}

/* 1: a call that is inlined is among those left, 2: one that is not. */
static unsigned marks_of_plain(const struct plain *g, int node)
{
    unsigned marks = 0;
    for (int a = 0; a < NODES; a++) {
        if (g->calls[a][node].there)
            marks |= g->calls[a][node].is_inline ? 1 : 2;
    }
    return (marks & 1) != 0 ? marks : 0; /* 2 alone shows nothing */
}

static void check_marks(const struct lg_graph *g, const struct plain *plain)
{
    lg_each(i, g->order) {
        unsigned marks = 0;
        lg_each(edge, g->nodes.items[*i].in)
            marks |= g->edges.items[*edge].is_inline ? 1 : 2;
        marks = (marks & 1) != 0 ? marks : 0;
        assert_int_equal(marks, marks_of_plain(plain, node_of(g, *i)));
    }
}

static void random_trim(struct lg_rng *rng, struct lg_graph_trim *trim)
{
    static const double fractions[] = {0, 0, 0.05, 0.2, 0.5};
    *trim = (struct lg_graph_trim){
        .node_count = (int64_t)lg_rng_below(rng, NODES + 3),
        .node_fraction = fractions[lg_rng_below(rng, 5)],
        .edge_fraction = fractions[lg_rng_below(rng, 5)],
        .cum_sort = lg_rng_below(rng, 2) == 0,
    };
}

static void check_trimmed(const struct lg_profile *p, struct lg_arena *arena,
                          const struct lg_graph_trim *trim, bool drop_negative)
{
    struct lg_graph g;
    struct lg_graph_options o = {.drop_negative = drop_negative,
                                 .with_edges = true};
    struct lg_graph_dropped dropped, expected = {0};
    int order[NODES];
    struct plain plain = trim_plain(p, &o, trim, order, &expected);
    assert_true(lg_graph_build_trimmed(p, &o, trim, arena, &g, &dropped));
    check_nodes(&g, &plain, order);
    check_calls(&g, &plain);
    assert_int_equal(dropped.nodes, expected.nodes);
    assert_int_equal(dropped.orig_count, expected.orig_count);
    assert_int_equal(dropped.edges, expected.edges);
    o.with_edges = false;
    assert_true(lg_graph_build_trimmed(p, &o, trim, arena, &g, &dropped));
    check_nodes(&g, &plain, order);
    check_marks(&g, &plain);
}

static void test_trimmed_graphs_are_those_of_pprof(void **state)
{
    (void)state;
    struct lg_rng rng = {71};
    for (size_t i = 0; i < 3000; i++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_graph_trim trim;
        lg_arena_init(&arena, 0);
        make_profile(&p, &arena, &rng, 1 + lg_rng_below(&rng, 40), i % 3 == 0);
        random_trim(&rng, &trim);
        check_trimmed(&p, &arena, &trim, i % 6 == 0);
        lg_arena_deinit(&arena);
    }
}

/* Enough frames for threads, where there are processors for them. */
static void test_parts_add_up(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_rng rng = {72};
    lg_arena_init(&arena, 0);
    make_profile(&p, &arena, &rng, 60000, true);
    check_trimmed(&p, &arena, &(struct lg_graph_trim){0}, false);
    check_trimmed(
        &p, &arena,
        &(struct lg_graph_trim){.node_count = 4, .edge_fraction = 0.001},
        false);
    lg_arena_deinit(&arena);
}

static bool is_c_or_e(void *context, struct lg_str name)
{
    (void)context;
    return name.data[0] == 'c' || name.data[0] == 'e';
}

/* peek: the calls of and by some nodes are as if all had been asked for. */
static void test_calls_around_some_nodes(void **state)
{
    (void)state;
    struct lg_rng rng = {73};
    for (size_t i = 0; i < 500; i++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_graph g;
        struct lg_graph_trim trim = {0};
        int order[NODES];
        lg_arena_init(&arena, 0);
        make_profile(&p, &arena, &rng, 1 + lg_rng_below(&rng, 30), true);
        struct plain plain = build_plain(&p, NULL, false);
        order_of(&plain, false, order);
        for (int a = 0; a < NODES; a++)
            for (int b = 0; b < NODES; b++)
                plain.calls[a][b].there =
                    plain.calls[a][b].there &&
                    ((plain.listed[a] && (a == 2 || a == 4)) ||
                     (plain.listed[b] && (b == 2 || b == 4)));
        struct lg_graph_options o = {.with_edges = true, .edges_of = is_c_or_e};
        assert_true(lg_graph_build_trimmed(&p, &o, &trim, &arena, &g, NULL));
        check_nodes(&g, &plain, order);
        check_calls(&g, &plain);
        lg_arena_deinit(&arena);
    }
}

/* list: what is known of some functions does not depend on the others. */
static void test_only_some_functions(void **state)
{
    (void)state;
    struct lg_rng rng = {74};
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_graph g;
    lg_arena_init(&arena, 0);
    make_profile(&p, &arena, &rng, 300, false);
    struct plain plain = build_plain(&p, NULL, false);
    struct lg_graph_options o = {.only_functions = is_c_or_e};
    assert_true(lg_graph_build(&p, &o, &arena, &g));
    assert_int_equal(g.order.count, 2);
    for (size_t i = 0; i < 2; i++) {
        int n = node_of(&g, g.order.items[i]);
        assert_int_equal(n, i == 0 ? 2 : 4);
        assert_int_equal(g.nodes.items[i].flat, plain.flat[n]);
        assert_int_equal(g.nodes.items[i].cum, plain.cum[n]);
    }
    lg_arena_deinit(&arena);
}

/* main calls a twice: by two ways a has two nodes in a tree. */
static void test_call_tree(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_graph g;
    struct lg_rng rng = {75};
    lg_arena_init(&arena, 0);
    make_profile(&p, &arena, &rng, 0, false);
    for (uint32_t i = 0; i < LOCATIONS; i++)
        p.locations.items[i].line_count = 1;
    for (uint32_t i = 0; i < NODES; i++)
        p.lines.items[p.locations.items[i].line_first].function = i;
    const uint32_t by_b[] = {0, 1, 2}, by_d[] = {0, 3, 2};
    assert_true(lg_profile_sample(&p, by_b, 3, &(int64_t){5}));
    assert_true(lg_profile_sample(&p, by_d, 3, &(int64_t){7}));
    struct lg_graph_options o = {.with_edges = true, .call_tree = true};
    assert_true(lg_graph_build(&p, &o, &arena, &g));
    assert_int_equal(g.order.count, 5); /* c, b, a, d, a */
    const char *const ways[] = {"c", "b", "a", "d", "a"};
    const int64_t cums[] = {12, 5, 5, 7, 7};
    for (size_t i = 0; i < 5; i++) {
        const struct lg_graph_node *n = &g.nodes.items[g.order.items[i]];
        assert_true(lg_str_eq(n->info.name, lg_str_of(ways[i])));
        assert_int_equal(n->cum, cums[i]);
        assert_int_equal(n->in.count, i == 0 ? 0 : 1);
    }
    /* b and d go: both a hang from c, by calls that leave somebody out. */
    struct lg_graph_trim trim = {.node_count = 3, .visual = true};
    struct lg_graph_dropped dropped;
    assert_true(lg_graph_build_trimmed(&p, &o, &trim, &arena, &g, &dropped));
    assert_int_equal(g.order.count, 3);
    assert_int_equal(g.edges.count, 2);
    lg_each(e, g.edges) {
        assert_true(e->residual);
        assert_true(lg_str_eq(g.nodes.items[e->src].info.name, LG_STR("c")));
    }
    lg_arena_deinit(&arena);
}

static struct lg_str without_vendor(void *context, struct lg_str file)
{
    (void)context;
    lg_str_after(file, LG_STR("vendor/"), &file);
    return file;
}

/* Two functions that differ in nothing that is kept are one node. */
static void test_identity_of_nodes(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_graph g;
    lg_arena_init(&arena, 0);
    assert_true(lg_profile_init(&p, &arena));
    lg_must_push(&arena, &p.types)->type = LG_STR("n");
    static const char *const files[] = {"x/../y.go", "vendor/y.go", "z.go"};
    for (uint32_t i = 0; i < 3; i++) {
        struct lg_profile_function *f = lg_must_push(&arena, &p.functions);
        *f = (struct lg_profile_function){
            .name = LG_STR("f"), .file = lg_str_of(files[i]), .start_line = i};
        lg_must_push(&arena, &p.lines)->function = i;
        struct lg_profile_location *l = lg_must_push(&arena, &p.locations);
        *l = (struct lg_profile_location){.line_first = i, .line_count = 1};
        assert_true(lg_profile_sample(&p, &i, 1, &(int64_t){1}));
    }
    struct lg_graph_options o = {.trim_file = without_vendor};
    assert_true(lg_graph_build(&p, &o, &arena, &g));
    assert_int_equal(g.order.count, 2); /* y.go, z.go */
    struct lg_aggregation keep = {.function = true, .inlines = true};
    o.aggregation = &keep;
    assert_true(lg_graph_build(&p, &o, &arena, &g));
    assert_int_equal(g.order.count, 1);
    keep = (struct lg_aggregation){.filename = true, .inlines = true};
    assert_true(lg_graph_build(&p, &o, &arena, &g));
    assert_int_equal(g.order.count, 3); /* without names by first line, too */
    lg_arena_deinit(&arena);
}

static bool build_all(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_graph g;
    struct lg_graph_options o = {.with_edges = true, .with_tags = true};
    struct lg_graph_trim trim = {.node_count = 5, .visual = true};
    if (lg_graph_build_trimmed(context, &o, &trim, arena, &g, NULL))
        return true;
    return lg_fail_nomem(err);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_rng rng = {76};
    lg_arena_init(&arena, 0);
    make_profile(&p, &arena, &rng, 50, false);
    assert_true(lg_alloc_fail_all(build_all, &p) > 5);
    lg_arena_deinit(&arena);
}

/* Expected: what graph.ShortenFunctionName of Go 1.27.4's cmd/pprof gives. */
static void test_short_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"root", "root"},
        {"github.com/a/b/v2/c.(*T).M", "c.(*T).M"},
        {"github.com/a/b/v2.(*T).M", "b.(*T).M"},
        {"github.com/a/b/v1.F", "v1.F"},
        {"gopkg.in/yaml.v3.(*D).p", "yaml.v3.(*D).p"},
        {"a/b.F[go.shape.*uint8/x.y]", "b.F[go.shape.*uint8/x.y]"},
        {"java.util.concurrent.ThreadPoolExecutor.runWorker",
         "ThreadPoolExecutor.runWorker"},
        {"com.a.B$C.<init>(int)", "B$C.<init>"},
        {"com.a.b.C.d$1", "C.d$1"},
        {"(anonymous namespace)::Bar::Foo", "Bar::Foo"},
        {"foo::bar::Baz::qux", "Baz::qux"},
        {"foo::Bar::Baz<std::map<int>>::x", "Bar::Baz<std::map<int>>"},
        {"foo::_Bar::~_Bar", "_Bar::~_Bar"},
        {"::foo::Bar::b", "::foo::Bar::b"},
        {"foo::bar", "foo::bar"},
        {"a/.b", "a/.b"},
        {"a/b.", "a/b."},
        {"", ""},
    };
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_str got =
            lg_shorten_function_name(lg_str_of(cases[i][0]), &arena);
        assert_string_equal(lg_str_cstr(&arena, got), cases[i][1]);
    }
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trimmed_graphs_are_those_of_pprof),
        cmocka_unit_test(test_parts_add_up),
        cmocka_unit_test(test_calls_around_some_nodes),
        cmocka_unit_test(test_only_some_functions),
        cmocka_unit_test(test_call_tree),
        cmocka_unit_test(test_identity_of_nodes),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_short_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
