/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report `json`: what top and tree print, for programs: numbers in the
 * sample type's own unit, nothing rounded. docs/formats/pprof-json.md.
 */
#include "base/json.h"
#include "report/pprof_report.h"

#define SCHEMA "lastgasp.pprof/1"

static void put_types(struct lg_json *j, const struct lg_pprof_report *r)
{
    lg_json_key(j, "sample_types");
    lg_json_array(j);
    lg_each(t, r->profile->types) {
        lg_json_object(j);
        lg_json_kstr(j, "type", t->type);
        lg_json_kstr(j, "unit", t->unit);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static void put_node(struct lg_json *j, const struct lg_graph_node *n)
{
    lg_json_object(j);
    lg_json_kstr(j, "function", n->info.name);
    if (n->info.file.len != 0)
        lg_json_kstr(j, "file", n->info.file);
    if (n->info.line != 0)
        lg_json_ki64(j, "line", n->info.line);
    if (n->info.address != 0)
        lg_json_ku64(j, "address", n->info.address);
    if (n->info.objfile.len != 0)
        lg_json_kstr(j, "object", n->info.objfile);
    lg_json_ki64(j, "flat", lg_node_flat_value(n));
    lg_json_ki64(j, "cum", lg_node_cum_value(n));
    lg_json_object_end(j);
}

/* Edges between nodes of the report, by their places in `nodes`. */
static void put_edges(struct lg_json *j, const struct lg_graph *g,
                      const uint32_t *place)
{
    lg_json_key(j, "calls");
    lg_json_array(j);
    for (size_t i = 0; i < g->order.count; i++) {
        const struct lg_graph_node *n = &g->nodes.items[g->order.items[i]];
        lg_each(edge, n->out) {
            const struct lg_graph_edge *e = &g->edges.items[*edge];
            if (e->removed || place[e->dest] == 0)
                continue;
            lg_json_object(j);
            lg_json_ku64(j, "from", i);
            lg_json_ku64(j, "to", place[e->dest] - 1);
            lg_json_ki64(j, "value", lg_edge_weight_value(e));
            if (e->residual)
                lg_json_kbool(j, "residual", true);
            if (e->is_inline)
                lg_json_kbool(j, "inline", true);
            lg_json_object_end(j);
        }
    }
    lg_json_array_end(j);
}

bool lg_pprof_json(struct lg_pprof_report *r, struct lg_sb *out,
                   struct lg_error *err)
{
    struct lg_graph g;
    struct lg_graph_dropped dropped;
    struct lg_json j;
    if (!lg_pprof_graph(r, out->arena, &g, &dropped))
        return lg_fail_nomem(err);
    uint32_t *place = lg_new(out->arena, uint32_t, g.nodes.count + 1);
    if (place == NULL)
        return lg_fail_nomem(err);
    for (size_t i = 0; i < g.order.count; i++)
        place[g.order.items[i]] = (uint32_t)i + 1;
    lg_json_init_sb(&j, out, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", SCHEMA);
    lg_json_kstr(&j, "title", r->title);
    lg_json_ktime(&j, "time", r->profile->time_ns);
    lg_json_ki64(&j, "duration_ns", r->profile->duration_ns);
    put_types(&j, r);
    lg_json_kstr(&j, "sample_type", r->sample_type);
    lg_json_kstr(&j, "unit", r->sample_unit);
    lg_json_ki64(&j, "total", r->total);
    lg_json_ku64(&j, "nodes_dropped", dropped.nodes);
    lg_json_key(&j, "nodes");
    lg_json_array(&j);
    for (size_t i = 0; i < g.order.count; i++)
        put_node(&j, &g.nodes.items[g.order.items[i]]);
    lg_json_array_end(&j);
    put_edges(&j, &g, place);
    lg_json_object_end(&j);
    return lg_json_finish(&j) || lg_fail_nomem(err);
}
