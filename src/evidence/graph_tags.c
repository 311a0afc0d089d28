/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/graph_internal.h"

bool lg_graph_tags_make(const struct lg_graph_draft *draft, const bool *wanted,
                        struct lg_graph_node_tags **tags_ret)
{
    *tags_ret =
        lg_new(draft->nodes->scratch, struct lg_graph_node_tags, draft->count);
    return *tags_ret != NULL;
}
