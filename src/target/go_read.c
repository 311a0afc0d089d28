/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_find.h"

bool lg_go_read(struct lg_go *go, uint64_t object, enum lg_go_field field,
                uint64_t *ret)
{
    uint64_t value = 0;
    uint8_t width = go->layout->width[field];
    if (!lg_go_has(go->layout, field) || width == 0 ||
        !lg_image_read(go->image, object + (uint64_t)go->layout->offset[field],
                       &value, width))
        return false;
    *ret = value;
    return true;
}

bool lg_go_read_slice(struct lg_go *go, uint64_t address, uint64_t max_len,
                      struct lg_go_slice *ret)
{
    uint64_t w[3];
    if (!lg_image_read(go->image, address, w, sizeof w) || w[1] > w[2] ||
        w[1] > max_len || (w[0] == 0 && w[2] != 0) || w[0] % 8 != 0)
        return false;
    *ret = (struct lg_go_slice){w[0], w[1], w[2]};
    return true;
}
