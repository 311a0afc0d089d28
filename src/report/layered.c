/* SPDX-License-Identifier: Apache-2.0 */
#include "report/layered_internal.h"

bool lg_layered_place(struct lg_layered *in, struct lg_arena *arena)
{
    struct lg_rows r = {.in = in, .arena = arena};
    in->width = in->height = 0;
    if (in->node_count == 0)
        return true;
    return lg_layered_rank(&r) && lg_layered_cells(&r) &&
           lg_layered_order(&r) && lg_layered_columns(&r) &&
           lg_layered_route(&r);
}
