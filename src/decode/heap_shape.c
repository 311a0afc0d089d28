/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/heap_shape.h"

#include <math.h>

static int64_t to_int64(double x)
{
    return x < 0x1p63 ? (int64_t)x : INT64_MAX;
}

bool lg_heap_shape_types(struct lg_profile *p)
{
    static const struct lg_value_type types[LG_HEAP_TYPES] = {
        [LG_ALLOC_OBJECTS] = {LG_STR("alloc_objects"), LG_STR("count")},
        [LG_ALLOC_SPACE] = {LG_STR("alloc_space"), LG_STR("bytes")},
        [LG_INUSE_OBJECTS] = {LG_STR("inuse_objects"), LG_STR("count")},
        [LG_INUSE_SPACE] = {LG_STR("inuse_space"), LG_STR("bytes")},
    };
    for (size_t i = 0; i < LG_HEAP_TYPES; i++) {
        struct lg_value_type *place = lg_push(p->arena, &p->types);
        if (place == NULL)
            return false;
        *place = types[i];
    }
    p->period_type = (struct lg_value_type){LG_STR("space"), LG_STR("bytes")};
    p->has_period_type = true;
    p->default_type = LG_STR("inuse_space");
    return true;
}

void lg_heap_shape_unsample(uint64_t count, double bytes, uint64_t rate_bytes,
                            int64_t *count_ret, int64_t *bytes_ret)
{
    double scale = 1, objects = (double)count;
    *count_ret = *bytes_ret = 0;
    if (count == 0 || bytes == 0)
        return;
    if (rate_bytes > 1)
        scale = 1 / (1 - exp(-(bytes / objects) / (double)rate_bytes));
    *count_ret = to_int64(objects * scale);
    *bytes_ret = to_int64(bytes * scale);
}
