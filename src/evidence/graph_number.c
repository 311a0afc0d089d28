/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/graph.h"

int64_t lg_go_div(int64_t a, int64_t b)
{
    if (b == 0)
        return a;
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

int64_t lg_go_int64(double x)
{
    return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN;
}

int64_t lg_go_abs(int64_t n)
{
    return n < 0 ? (int64_t)(0 - (uint64_t)n) : n;
}

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
