/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/graph.h"

int64_t lg_node_flat_value(const struct lg_graph_node *n)
{
    return lg_go_div(n->flat, n->flat_div);
}

int64_t lg_node_cum_value(const struct lg_graph_node *n)
{
    return lg_go_div(n->cum, n->cum_div);
}

int64_t lg_edge_weight_value(const struct lg_graph_edge *e)
{
    return lg_go_div(e->weight, e->weight_div);
}
