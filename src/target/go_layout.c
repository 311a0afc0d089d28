/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_layout.h"

/* Above it a number in a version is no version. */
#define MAX_NUMBER 999
/* Two releases of one minor are nearer to each other than to any other's. */
#define MINOR_WEIGHT 1000u

static bool take_number(struct lg_str *s, uint16_t *ret)
{
    uint64_t n;
    if (!lg_str_take_u64(s, &n) || n > MAX_NUMBER)
        return false;
    *ret = (uint16_t)n;
    return true;
}

struct lg_go_version lg_go_version_parse(struct lg_str text)
{
    struct lg_go_version v = {0};
    struct lg_str rest;
    bool is_devel = lg_str_after(text, LG_STR("devel "), &text);
    if (!lg_str_after(text, LG_STR("go1."), &rest) ||
        !take_number(&rest, &v.minor))
        return (struct lg_go_version){0};
    v.known = true;
    struct lg_str patch;
    if (lg_str_after(rest, LG_STR("."), &patch) &&
        take_number(&patch, &v.patch))
        rest = patch;
    v.is_exact = !is_devel && rest.len == 0;
    return v;
}

static uint32_t weight_of(uint16_t minor, uint16_t patch)
{
    return minor * MINOR_WEIGHT + patch;
}

/* How far a row is from a version; 0 when it is its own. */
static uint32_t distance_of(const struct lg_go_layout *l, uint32_t version)
{
    uint32_t first = weight_of(l->minor, l->patch_first);
    uint32_t last = weight_of(l->minor, l->patch_last);
    if (version < first)
        return first - version;
    return version > last ? version - last : 0;
}

const struct lg_go_layout *lg_go_layout_find(struct lg_go_version version,
                                             enum lg_machine machine,
                                             bool *is_exact_ret)
{
    /* Of what does not name itself, the newest is the likeliest. */
    uint32_t wanted =
        version.known ? weight_of(version.minor, version.patch) : UINT32_MAX;
    const struct lg_go_layout *best = NULL;
    uint32_t best_distance = UINT32_MAX;
    for (size_t i = 0; i < lg_go_layout_count; i++) {
        const struct lg_go_layout *l = &lg_go_layouts[i];
        uint32_t distance = distance_of(l, wanted);
        if (l->machine == machine && distance < best_distance) {
            best = l;
            best_distance = distance;
        }
    }
    *is_exact_ret = version.known && version.is_exact && best_distance == 0;
    return best;
}
