/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_plain.h"

/* Gives fresh ids only: the next one that counts. */
static bool is_next(const struct lg_pprof_ids *ids, uint64_t id)
{
    return !ids->has_table && id == (uint64_t)ids->count + 1;
}

bool lg_pprof_plain_function(struct lg_pprof *d, const uint8_t *at,
                             const uint8_t *end)
{
    struct lg_profile *p = d->profile;
    struct lg_wire_plain m = {at, end};
    uint64_t id = 0, name = 0, system_name = 0, file = 0, start_line = 0;
    lg_wire_take(&m, LG_PPROF_FUNCTION_ID, &id);
    lg_wire_take(&m, LG_PPROF_FUNCTION_NAME, &name);
    lg_wire_take(&m, LG_PPROF_FUNCTION_SYSTEM_NAME, &system_name);
    lg_wire_take(&m, LG_PPROF_FUNCTION_FILE, &file);
    lg_wire_take(&m, LG_PPROF_FUNCTION_START_LINE, &start_line);
    if (m.at != m.end || !is_next(&d->functions, id) ||
        name >= d->strings.count || system_name >= d->strings.count ||
        file >= d->strings.count || p->functions.count >= p->functions.capacity)
        return false;
    d->functions.count++;
    p->functions.items[p->functions.count++] = (struct lg_profile_function){
        .id = id,
        .name = d->strings.items[name],
        .system_name = d->strings.items[system_name],
        .file = d->strings.items[file],
        .start_line = (int64_t)start_line,
    };
    return true;
}

/* Puts a line where the next one goes, not counted yet. */
static bool put_line(struct lg_pprof *d, struct lg_wire_plain m, size_t index)
{
    struct lg_profile *p = d->profile;
    uint64_t function = 0, line = 0, column = 0;
    lg_wire_take(&m, LG_PPROF_LINE_FUNCTION, &function);
    lg_wire_take(&m, LG_PPROF_LINE_LINE, &line);
    lg_wire_take(&m, LG_PPROF_LINE_COLUMN, &column);
    if (m.at != m.end || d->functions.has_table ||
        function - 1 >= d->functions.count || index >= p->lines.capacity ||
        index + 1 >= UINT32_MAX)
        return false;
    p->lines.items[index] = (struct lg_profile_line){
        .function = (uint32_t)(function - 1),
        .line = (int64_t)line,
        .column = (int64_t)column,
    };
    return true;
}

bool lg_pprof_plain_location(struct lg_pprof *d, const uint8_t *at,
                             const uint8_t *end)
{
    struct lg_profile *p = d->profile;
    struct lg_wire_plain m = {at, end}, line;
    uint64_t id = 0, mapping = 0, address = 0, is_folded = 0;
    size_t lines = p->lines.count;
    lg_wire_take(&m, LG_PPROF_LOCATION_ID, &id);
    lg_wire_take(&m, LG_PPROF_LOCATION_MAPPING, &mapping);
    lg_wire_take(&m, LG_PPROF_LOCATION_ADDRESS, &address);
    while (lg_wire_take_bytes(&m, LG_PPROF_LOCATION_LINE, &line))
        if (!put_line(d, line, lines++))
            return false;
    /* Go's runtime writes it here. */
    lg_wire_take(&m, LG_PPROF_LOCATION_MAPPING, &mapping);
    lg_wire_take(&m, LG_PPROF_LOCATION_IS_FOLDED, &is_folded);
    if (m.at != m.end || !is_next(&d->locations, id) ||
        p->locations.count >= p->locations.capacity)
        return false;
    d->locations.count++;
    p->locations.items[p->locations.count++] = (struct lg_profile_location){
        .id = id,
        .address = address,
        .mapping = lg_pprof_mapping_of(d, mapping),
        .line_first = (uint32_t)p->lines.count,
        .line_count = (uint32_t)(lines - p->lines.count),
        .is_folded = is_folded != 0,
    };
    p->lines.count = lines;
    return true;
}
