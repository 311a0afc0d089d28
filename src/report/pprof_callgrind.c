/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "evidence/measure.h"
#include "report/pprof_picture.h"

#include <inttypes.h>
#include <stdio.h>

/* Callgrind takes equal names in one file for one function; those of different
 * functions get a number: "walk [2/3]". */
struct function_name {
    uint32_t index; /* from 0 */
    uint32_t count; /* in the entry of the first: how many there are */
    uint32_t first; /* node */
};

struct callgrind {
    struct lg_pprof_report report; /* a copy, whose unit is chosen */
    struct lg_arena *arena;
    const struct lg_graph *graph;
    struct lg_sb *out;
    struct function_name *names;             /* by node */
    bool *is_shown;                          /* by node */
    struct lg_map objects, files, functions; /* name → number, from 1 */
    const struct lg_node_info *previous;     /* the node written before */
    bool failed;
};

/* The first node of equal file and name. */
static uint32_t *first_of(struct callgrind *c, struct lg_map *firsts,
                          uint32_t node, bool *fresh)
{
    const struct lg_node_info *info = &c->graph->nodes.items[node].info;
    struct lg_sb key;
    lg_sb_init(&key, c->arena);
    lg_sb_fmt(&key, "%zu:", info->file.len);
    lg_sb_str(&key, info->file);
    lg_sb_str(&key, info->name);
    uint64_t *slot = lg_map_put_str(firsts, lg_sb_view(&key), fresh);
    if (slot == NULL || key.failed)
        return NULL;
    if (*fresh)
        *slot = node;
    c->names[node].first = (uint32_t)*slot;
    return &c->names[node].first;
}

static bool number_functions(struct callgrind *c)
{
    struct lg_map firsts, known; /* known: (first, function) → index + 1 */
    lg_map_init(&firsts, c->arena);
    lg_map_init(&known, c->arena);
    lg_each(node, c->graph->order) {
        bool fresh;
        uint32_t *first = first_of(c, &firsts, *node, &fresh);
        if (first == NULL)
            return false;
        uint32_t function = c->graph->nodes.items[*node].function;
        uint64_t key = (uint64_t)*first << 32 | function;
        uint64_t *index = lg_map_put_u64(&known, key, &fresh);
        if (index == NULL)
            return false;
        if (fresh)
            *index = c->names[*first].count++;
        c->names[*node].index = (uint32_t)*index;
        c->is_shown[*node] = true;
    }
    return true;
}

/* "(3) name" the first time, then "(3)". */
static void put_name(struct callgrind *c, const char *field,
                     struct lg_map *names, struct lg_str name)
{
    bool fresh;
    lg_sb_cstr(c->out, field);
    if (name.len > 0) {
        uint64_t *number = lg_map_put_str(names, name, &fresh);
        if (number == NULL) {
            c->failed = true;
            return;
        }
        if (fresh)
            *number = names->count;
        lg_sb_fmt(c->out, "(%" PRIu64 ")", *number);
        if (fresh) {
            lg_sb_char(c->out, ' ');
            lg_sb_str(c->out, name);
        }
    }
    lg_sb_char(c->out, '\n');
}

static struct lg_str callee_name(struct callgrind *c, uint32_t node)
{
    const struct function_name *name = &c->names[node];
    struct lg_str plain = c->graph->nodes.items[node].info.name;
    if (!c->is_shown[node])
        return LG_STR("");
    uint32_t count = c->names[name->first].count;
    if (count <= 1)
        return plain;
    struct lg_sb sb;
    lg_sb_init(&sb, c->arena);
    lg_sb_str(&sb, plain);
    lg_sb_fmt(&sb, " [%" PRIu32 "/%" PRIu32 "]", name->index + 1, count);
    c->failed |= sb.failed;
    return lg_sb_view(&sb);
}

/* "*" for the same address as before, a distance where that is shorter. */
static void put_address(struct callgrind *c, uint64_t address)
{
    char absolute[32], relative[32];
    (void)snprintf(absolute, sizeof absolute, "0x%" PRIx64, address);
    if (c->previous == NULL) {
        lg_sb_cstr(c->out, absolute);
        return;
    }
    if (c->previous->address == address) {
        lg_sb_char(c->out, '*');
        return;
    }
    (void)snprintf(relative, sizeof relative, "%+" PRId64,
                   (int64_t)(address - c->previous->address));
    lg_sb_cstr(c->out,
               strlen(relative) < strlen(absolute) ? relative : absolute);
}

static int64_t scaled(const struct callgrind *c, int64_t value)
{
    struct lg_str unit;
    return lg_go_int64(lg_measure_scale(value, c->report.sample_unit,
                                        c->report.output_unit, &unit));
}

static void put_call(struct callgrind *c, const struct lg_graph_edge *e)
{
    const struct lg_node_info *callee = &c->graph->nodes.items[e->dest].info;
    put_name(c, "cfl=", &c->files, callee->file);
    put_name(c, "cfn=", &c->functions, callee_name(c, e->dest));
    lg_sb_cstr(c->out, "calls=0 ");
    put_address(c, callee->address);
    lg_sb_fmt(c->out, " %" PRId64 "\n* * %" PRId64 "\n", callee->line,
              scaled(c, e->weight));
}

static bool put_node(struct callgrind *c, const struct lg_graph_node *n)
{
    const struct lg_node_info *info = &n->info, *before = c->previous;
    if (before == NULL || !lg_str_eq(info->objfile, before->objfile) ||
        !lg_str_eq(info->file, before->file) ||
        !lg_str_eq(info->name, before->name)) {
        lg_sb_char(c->out, '\n');
        put_name(c, "ob=", &c->objects, info->objfile);
        put_name(c, "fl=", &c->files, info->file);
        put_name(c, "fn=", &c->functions, info->name);
    }
    put_address(c, info->address);
    lg_sb_fmt(c->out, " %" PRId64 " %" PRId64 "\n", info->line,
              scaled(c, lg_node_flat_value(n)));

    uint32_t *edges = lg_new(c->arena, uint32_t, n->out.count);
    if (edges == NULL)
        return false;
    for (size_t i = 0; i < n->out.count; i++)
        edges[i] = n->out.items[i];
    lg_graph_sort_edges(c->graph, edges, n->out.count);
    for (size_t i = 0; i < n->out.count; i++)
        put_call(c, &c->graph->edges.items[edges[i]]);
    c->previous = info;
    return true;
}

static bool callgrind_init(struct callgrind *c, const struct lg_pprof_report *r,
                           struct lg_graph *graph, struct lg_sb *out)
{
    struct lg_graph_dropped dropped;
    *c = (struct callgrind){
        .report = *r, .arena = out->arena, .graph = graph, .out = out};
    c->report.format = LG_PPROF_CALLGRIND;
    c->report.node_count = 0; /* the whole graph, for a viewer */
    c->report.node_fraction = c->report.edge_fraction = 0;
    if (!lg_pprof_graph(&c->report, c->arena, graph, &dropped))
        return false;
    lg_pprof_select_unit(&c->report, graph);
    lg_map_init(&c->objects, c->arena);
    lg_map_init(&c->files, c->arena);
    lg_map_init(&c->functions, c->arena);
    c->names = lg_new(c->arena, struct function_name, graph->nodes.count);
    c->is_shown = lg_new(c->arena, bool, graph->nodes.count);
    return c->names != NULL && c->is_shown != NULL && number_functions(c);
}

bool lg_pprof_callgrind(struct lg_pprof_report *r, struct lg_sb *out,
                        struct lg_error *err)
{
    struct lg_graph graph;
    struct callgrind c;
    if (!callgrind_init(&c, r, &graph, out))
        return lg_fail_nomem(err);
    lg_sb_cstr(out, "positions: instr line\nevents: ");
    lg_sb_str(out, c.report.sample_type);
    lg_sb_char(out, '(');
    lg_sb_str(out, c.report.output_unit);
    lg_sb_cstr(out, ")\n");
    lg_each(node, graph.order) {
        if (!put_node(&c, &graph.nodes.items[*node]))
            return lg_fail_nomem(err);
    }
    /* Texts on the way here may have been cut short. */
    return (!out->failed && !c.failed && !out->arena->failed) ||
           lg_fail_nomem(err);
}
