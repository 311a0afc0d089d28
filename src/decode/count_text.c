/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/count_text.h"

bool lg_count_line_next(struct lg_str *rest, struct lg_str *line_ret)
{
    struct lg_cut cut = lg_str_cut_char(*rest, '\n');
    if (!cut.found)
        return false;
    cut.head.len -= lg_str_ends(cut.head, LG_STR("\r"));
    *line_ret = cut.head;
    *rest = cut.tail;
    return true;
}

static bool next_column(struct lg_str *rest, struct lg_str *column_ret)
{
    while (rest->len != 0 && rest->data[0] == '\t')
        *rest = lg_str_skip(*rest, 1);
    struct lg_cut cut = lg_str_cut_char(*rest, '\t');
    *column_ret = cut.head;
    *rest = cut.tail;
    return cut.head.len != 0;
}

/* "main.(*T).run+0x23": the offset is hexadecimal and always there. */
static bool without_offset(struct lg_str column, struct lg_str *function_ret)
{
    struct lg_cut cut = lg_str_rcut(column, LG_STR("+0x"));
    *function_ret = cut.head;
    return cut.found && cut.head.len != 0;
}

bool lg_count_line_frame(struct lg_str line, struct lg_frame *frame_ret)
{
    struct lg_str pc, function, place;
    struct lg_frame frame = {0};
    uint64_t number;
    if (!lg_str_after(line, LG_STR("#\t"), &line) || !next_column(&line, &pc) ||
        !lg_str_starts(pc, LG_STR("0x")))
        return false;
    if (!next_column(&line, &function)) { /* a pc without symbol */
        *frame_ret = frame;
        return true;
    }
    struct lg_cut cut;
    if (!without_offset(function, &frame.function) ||
        !next_column(&line, &place) ||
        !(cut = lg_str_rcut_char(place, ':')).found ||
        !lg_str_u64(cut.tail, &number))
        return false;
    frame.file = cut.head;
    frame.line = number <= UINT32_MAX ? (uint32_t)number : 0;
    *frame_ret = frame;
    return true;
}
