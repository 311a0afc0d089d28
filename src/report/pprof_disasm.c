/* SPDX-License-Identifier: Apache-2.0 */
/* The report `disasm`: machine code with the samples of each instruction.
 * Source: google/pprof internal/report/report.go PrintAssembly (Go 1.27.4). */

#include "report/pprof_disasm.h"

#include <stdlib.h>

#define FEW_ROUTINES 2 /* each is a run of a tool */

struct routine { /* a symbol of a binary that has samples */
    struct lg_code_symbol symbol;
    struct lg_str file;
    uint64_t offset;                    /* profile address - file address */
    const struct lg_graph_node **nodes; /* in order of address */
    size_t node_count;
};

struct disassembly {
    struct lg_pprof_report *report;
    struct lg_sb *out;
    struct lg_arena *arena;
    struct lg_graph graph;
    const struct lg_graph_node **nodes; /* in order of address */
    size_t node_count;
    bool has_address;
    uint64_t address; /* when the expression is one */
    bool was_symbol;  /* any that matches, with samples or not */
    LG_VEC(struct routine) routines;
};

/* pprof breaks ties between nodes by what Go prints of all their fields. */
static struct lg_str all_fields(const struct lg_node_info *i,
                                struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_char(&sb, '{');
    lg_sb_str(&sb, i->name);
    lg_sb_char(&sb, ' ');
    lg_sb_str(&sb, i->orig_name);
    lg_sb_fmt(&sb, " %llu ", (unsigned long long)i->address);
    lg_sb_str(&sb, i->file);
    lg_sb_fmt(&sb, " %lld %lld %lld ", (long long)i->start_line,
              (long long)i->line, (long long)i->column);
    lg_sb_str(&sb, i->objfile);
    lg_sb_char(&sb, '}');
    return lg_sb_view(&sb);
}

static int compare_addresses(const void *a, const void *b)
{
    const struct lg_graph_node *x = *(const struct lg_graph_node *const *)a;
    const struct lg_graph_node *y = *(const struct lg_graph_node *const *)b;
    if (x->info.address != y->info.address)
        return x->info.address < y->info.address ? -1 : 1;
    return (x > y) - (x < y);
}

static int compare_nodes(const void *a, const void *b)
{
    const struct lg_graph_node *x = *(const struct lg_graph_node *const *)a;
    const struct lg_graph_node *y = *(const struct lg_graph_node *const *)b;
    if (x->info.address != y->info.address)
        return compare_addresses(a, b);
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    int order = lg_str_cmp(all_fields(&x->info, &scratch),
                           all_fields(&y->info, &scratch));
    lg_arena_deinit(&scratch);
    return order != 0 ? order : compare_addresses(a, b);
}

static bool sort_nodes(struct disassembly *d)
{
    const struct lg_graph *g = &d->graph;
    d->nodes = lg_new(d->arena, const struct lg_graph_node *, g->order.count);
    if (d->nodes == NULL)
        return false;
    for (size_t i = 0; i < g->order.count; i++)
        d->nodes[d->node_count++] = &g->nodes.items[g->order.items[i]];
    qsort(d->nodes, d->node_count, sizeof *d->nodes, compare_addresses);
    return true;
}

/* Binaries of nodes that match, so that the others need not be opened. */
static bool find_files(struct disassembly *d, struct lg_map *files)
{
    struct lg_sb name;
    lg_sb_init(&name, d->arena);
    for (size_t i = 0; i < d->node_count; i++) {
        const struct lg_node_info *info = &d->nodes[i]->info;
        if (info->objfile.len == 0 ||
            lg_map_find_str(files, info->objfile) != NULL)
            continue;
        name.len = 0;
        lg_node_name(&name, info);
        if (lg_regex_match(d->report->symbol, lg_sb_view(&name)) &&
            lg_map_put_str(files, info->objfile, NULL) == NULL)
            return false;
    }
    return !name.failed;
}

/* First node that is not below the address. */
static size_t first_from(const struct disassembly *d, uint64_t address)
{
    size_t low = 0, high = d->node_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->nodes[middle]->info.address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool add_routine(struct disassembly *d,
                        const struct lg_profile_mapping *m, uint64_t offset,
                        const struct lg_code_symbol *symbol)
{
    /* A range that wraps around holds nothing that has samples. */
    size_t from = first_from(d, symbol->start + offset);
    size_t to = first_from(d, symbol->end + offset);
    if (from >= to)
        return true;
    struct routine *r = lg_push(d->arena, &d->routines);
    if (r == NULL)
        return false;
    *r = (struct routine){*symbol, m->file, offset, d->nodes + from, to - from};
    return true;
}

static bool take_mapping(struct disassembly *d,
                         const struct lg_profile_mapping *m,
                         struct lg_error *err)
{
    const struct lg_pprof_machine *machine = d->report->machine;
    struct lg_code_symbols symbols;
    struct lg_error why;
    uint64_t offset;
    lg_error_clear(&why);
    if (!machine->object_offset(machine->context, m, &offset, &why)) {
        if (d->report->early != NULL)
            lg_sb_fmt(d->report->early, "%s\n", why.text);
        return why.kind != LG_NOMEM || lg_fail_nomem(err);
    }
    if (!machine->symbols(machine->context, m->file, d->report->symbol,
                          d->has_address ? d->address : 0, d->arena, &symbols,
                          &why))
        return why.kind != LG_NOMEM || lg_fail_nomem(err);
    d->was_symbol |= symbols.count != 0;
    for (size_t i = 0; i < symbols.count; i++)
        if (!add_routine(d, m, offset, &symbols.items[i]))
            return lg_fail_nomem(err);
    return true;
}

static int compare_routines(const void *a, const void *b)
{
    const struct routine *x = a, *y = b;
    int by_name = lg_str_cmp(x->symbol.name, y->symbol.name);
    if (by_name != 0)
        return by_name;
    if (x->symbol.start != y->symbol.start)
        return x->symbol.start < y->symbol.start ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool find_routines(struct disassembly *d, struct lg_error *err)
{
    const struct lg_profile *p = d->report->profile;
    struct lg_map files;
    lg_map_init(&files, d->arena);
    if (!find_files(d, &files))
        return lg_fail_nomem(err);
    for (size_t i = 0; i < p->mappings.count; i++) {
        const struct lg_profile_mapping *m = &p->mappings.items[i];
        bool has_address =
            d->has_address && m->start <= d->address && d->address <= m->limit;
        if ((has_address || lg_map_find_str(&files, m->file) != NULL) &&
            !take_mapping(d, m, err))
            return false;
    }
    if (d->routines.count != 0)
        qsort(d->routines.items, d->routines.count, sizeof *d->routines.items,
              compare_routines);
    return true;
}

static bool fail_without(const struct disassembly *d, struct lg_error *err)
{
    if (!d->has_address)
        return lg_fail(err, LG_USAGE, "no matches found for regexp %.*s",
                       LG_STR_ARG(d->report->symbol_text));
    if (!d->was_symbol)
        return lg_fail(err, LG_USAGE, "no matches found for address 0x%llx",
                       (unsigned long long)d->address);
    return lg_fail(err, LG_USAGE,
                   "address 0x%llx found in binary, but the corresponding "
                   "symbols do not have samples in the profile",
                   (unsigned long long)d->address);
}

static bool put_routine(struct disassembly *d, const struct routine *r,
                        struct lg_error *err)
{
    const struct lg_pprof_machine *machine = d->report->machine;
    struct lg_code_lines lines;
    if (!machine->disassemble(machine->context, r->file, r->symbol.start,
                              r->symbol.end, d->report->intel_syntax, d->arena,
                              &lines, err))
        return false;
    qsort(r->nodes, r->node_count, sizeof *r->nodes, compare_nodes);
    int64_t flat = 0, cum = 0;
    for (size_t i = 0; i < r->node_count; i++) {
        flat = lg_go_add(flat, r->nodes[i]->flat);
        cum = lg_go_add(cum, r->nodes[i]->cum);
    }
    lg_sb_cstr(d->out, "ROUTINE ======================== ");
    lg_sb_str(d->out, r->symbol.name);
    lg_sb_char(d->out, '\n');
    lg_source_sums(d->report, d->out, flat, cum);
    struct lg_code_samples samples = {r->nodes, r->node_count, r->offset};
    lg_disasm_put(d->report, d->out, &lines, &samples);
    return true;
}

/* Those of each binary that has more than a few, together. */
static bool announce(const struct disassembly *d)
{
    const struct lg_pprof_machine *machine = d->report->machine;
    size_t count = d->routines.count;
    struct lg_code_symbol *symbols =
        lg_new(d->arena, struct lg_code_symbol, count);
    struct lg_map files;
    lg_map_init(&files, d->arena);
    for (size_t i = 0; symbols != NULL && i < count; i++) {
        struct lg_str file = d->routines.items[i].file;
        bool is_fresh;
        if (lg_map_put_str(&files, file, &is_fresh) == NULL)
            return false;
        size_t picked = 0;
        for (size_t j = i; is_fresh && j < count; j++)
            if (lg_str_eq(d->routines.items[j].file, file))
                symbols[picked++] = d->routines.items[j].symbol;
        if (picked > FEW_ROUTINES)
            machine->expect(machine->context, file, symbols, picked);
    }
    return symbols != NULL;
}

bool lg_pprof_disasm(struct lg_pprof_report *r, struct lg_sb *out,
                     struct lg_error *err)
{
    struct disassembly d = {.report = r, .out = out, .arena = out->arena};
    if (r->machine == NULL || r->symbol == NULL)
        return lg_fail(err, LG_USAGE, "there is nothing to disassemble");
    d.has_address = lg_disasm_address(r->symbol_text, &d.address);
    if (!lg_pprof_whole_graph(r, false, d.arena, &d.graph) || !sort_nodes(&d))
        return lg_fail_nomem(err);
    lg_sb_cstr(out, "Total: ");
    lg_pprof_value(r, out, r->total);
    lg_sb_char(out, '\n');
    if (!find_routines(&d, err))
        return false;
    if (d.routines.count == 0)
        return fail_without(&d, err);
    if (r->machine->expect != NULL && !r->intel_syntax && !announce(&d))
        return lg_fail_nomem(err);
    for (size_t i = 0; i < d.routines.count; i++)
        if (!put_routine(&d, &d.routines.items[i], err))
            return false;
    return !out->failed || lg_fail_nomem(err);
}
