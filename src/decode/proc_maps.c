/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/proc_maps.h"

#include "base/lines.h"

static bool take_range(struct lg_str word, struct lg_map_line *m)
{
    struct lg_cut cut = lg_str_cut_char(word, '-');
    return cut.found && lg_str_hex(cut.head, &m->start) &&
           lg_str_hex(cut.tail, &m->end) && m->start < m->end;
}

static bool take_permissions(struct lg_str word, struct lg_map_line *m)
{
    if (word.len != 4)
        return false;
    m->can_read = word.data[0] == 'r';
    m->can_write = word.data[1] == 'w';
    m->can_exec = word.data[2] == 'x';
    m->is_shared = word.data[3] == 's';
    return true;
}

static bool parse_line(struct lg_str line, struct lg_map_line *ret)
{
    struct lg_map_line m = {0};
    struct lg_str word, deleted = LG_STR(" (deleted)");
    if (!lg_str_word(&line, &word) || !take_range(word, &m) ||
        !lg_str_word(&line, &word) || !take_permissions(word, &m) ||
        !lg_str_word(&line, &word) || !lg_str_hex(word, &m.offset) ||
        !lg_str_word(&line, &m.device) || !lg_str_word(&line, &word) ||
        !lg_str_u64(word, &m.inode))
        return false;
    m.name = lg_str_trim_left(line);
    m.is_deleted = lg_str_ends(m.name, deleted);
    if (m.is_deleted)
        m.name.len -= deleted.len;
    *ret = m;
    return true;
}

bool lg_proc_maps_next(struct lg_str *text, struct lg_map_line *ret)
{
    struct lg_str line;
    while (lg_lines_next(text, &line)) {
        if (parse_line(line, ret))
            return true;
    }
    return false;
}
