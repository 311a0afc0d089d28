/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "evidence/measure.h"
#include "report/pprof_source_reader.h"

#define NUMBER_WIDTH 10

size_t lg_source_width(struct lg_str s)
{
    size_t width = 0;
    for (; s.len != 0; width++) {
        size_t len = lg_utf8_len(s.data, s.len);
        s = lg_str_skip(s, len != 0 ? len : 1);
    }
    return width;
}

void lg_source_value(const struct lg_pprof_report *r, struct lg_sb *sb,
                     int64_t value)
{
    if (value == 0)
        lg_sb_cstr(sb, "         .");
    else
        lg_pprof_right_value(r, sb, value, NUMBER_WIDTH);
}

void lg_source_sums(const struct lg_pprof_report *r, struct lg_sb *sb,
                    int64_t flat, int64_t cum)
{
    lg_pprof_right_value(r, sb, flat, NUMBER_WIDTH);
    lg_sb_char(sb, ' ');
    lg_pprof_right_value(r, sb, cum, NUMBER_WIDTH);
    lg_sb_cstr(sb, " (flat, cum) ");
    lg_measure_percentage(sb, cum, r->total);
    lg_sb_cstr(sb, " of Total\n");
}

int64_t lg_source_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
