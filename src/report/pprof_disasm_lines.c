/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "base/utf8.h"
#include "report/pprof_disasm.h"

#define SHORT_TEXT_BYTES 40 /* the source line fits behind it */

struct instruction {
    struct lg_str function, file;
    int64_t line;
    int64_t flat, flat_div, cum, cum_div;
};

static void take_sample(struct instruction *in, const struct lg_graph_node *n)
{
    in->flat = lg_go_add(in->flat, n->flat);
    in->flat_div = lg_go_add(in->flat_div, n->flat_div);
    in->cum = lg_go_add(in->cum, n->cum);
    in->cum_div = lg_go_add(in->cum_div, n->cum_div);
    if (in->file.len == 0 && n->info.file.len != 0)
        in->file = lg_path_base(n->info.file);
    if (in->line == 0)
        in->line = n->info.line;
    if (in->function.len == 0)
        in->function = n->info.name;
}

static void put_place(struct lg_sb *out, const struct instruction *in)
{
    lg_sb_char(out, ';');
    if (in->function.len != 0) {
        lg_sb_str(out, in->function);
        lg_sb_char(out, ' ');
    }
    lg_sb_str(out, in->file);
    if (in->file.len != 0 && in->line != 0)
        lg_sb_fmt(out, ":%lld", (long long)in->line);
    lg_sb_char(out, '\n');
}

static void put_instruction(const struct lg_pprof_report *r, struct lg_sb *out,
                            const struct instruction *in,
                            const struct lg_code_line *line, bool has_place)
{
    bool is_short = line->text.len < SHORT_TEXT_BYTES;
    if (has_place && !is_short) {
        lg_sb_repeat(out, ' ', 74);
        put_place(out, in);
    }
    lg_source_value(r, out, lg_go_div(in->flat, in->flat_div));
    lg_sb_char(out, ' ');
    lg_source_value(r, out, lg_go_div(in->cum, in->cum_div));
    lg_sb_fmt(out, " %10llx: ", (unsigned long long)line->address);
    if (has_place && is_short) {
        size_t width = lg_utf8_count(line->text.data, line->text.len);
        lg_sb_str(out, line->text);
        lg_sb_repeat(out, ' ', SHORT_TEXT_BYTES - width);
        put_place(out, in);
    } else {
        lg_sb_str(out, line->text);
        lg_sb_char(out, '\n');
    }
}

static bool same_place(const struct instruction *a, const struct instruction *b)
{
    return a->line == b->line && lg_str_eq(a->function, b->function) &&
           lg_str_eq(a->file, b->file);
}

void lg_disasm_put(const struct lg_pprof_report *r, struct lg_sb *out,
                   const struct lg_code_lines *lines,
                   const struct lg_code_samples *samples)
{
    struct instruction last = {0};
    for (size_t i = 0, s = 0; i < lines->count; i++) {
        const struct lg_code_line *line = &lines->items[i];
        uint64_t next =
            i + 1 < lines->count ? lines->items[i + 1].address : UINT64_MAX;
        struct instruction in = {.line = line->line};
        if (line->file.len != 0)
            in.file = lg_path_base(line->file);
        for (; s < samples->count; s++) {
            const struct lg_graph_node *n = samples->nodes[s];
            if (n->info.address - samples->offset >= next)
                break;
            take_sample(&in, n);
        }
        bool is_new = !same_place(&in, &last);
        last = in;
        put_instruction(r, out, &in, line,
                        is_new && (in.function.len != 0 || in.file.len != 0));
    }
}

/* Digits may be parted by single underscores; after a prefix one may lead. */
static bool take_digits(struct lg_str s, unsigned base, bool may_lead,
                        uint64_t *ret)
{
    uint64_t value = 0;
    bool was_digit = may_lead, any = false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned c = (unsigned char)s.data[i];
        if (c == '_') {
            if (!was_digit)
                return false;
            was_digit = false;
            continue;
        }
        unsigned digit = c - '0';
        if (digit > 9) {
            digit = (c | 0x20) - 'a' + 10;
            if (digit < 10)
                return false;
        }
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
        was_digit = any = true;
    }
    *ret = value;
    return any && was_digit;
}

bool lg_disasm_address(struct lg_str s, uint64_t *ret)
{
    if (s.len < 2 || s.data[0] != '0')
        return take_digits(s, 10, false, ret);
    switch (s.data[1] | 0x20) {
    case 'x':
        return take_digits(lg_str_skip(s, 2), 16, true, ret);
    case 'b':
        return take_digits(lg_str_skip(s, 2), 2, true, ret);
    case 'o':
        return take_digits(lg_str_skip(s, 2), 8, true, ret);
    default:
        return take_digits(lg_str_skip(s, 1), 8, true, ret);
    }
}
