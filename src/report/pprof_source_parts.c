/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/measure.h"
#include "report/pprof_source_reader.h"

#define NUMBER_WIDTH 10

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
