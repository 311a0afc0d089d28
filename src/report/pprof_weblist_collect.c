/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_disasm.h"
#include "report/pprof_weblist.h"

#include <stdlib.h>

enum verdict { UNKNOWN, NO, YES };

struct collector {
    struct lg_weblist *web;
    const struct lg_profile *profile;
    unsigned char *verdicts;         /* by function */
    unsigned char *mapping_verdicts; /* by mapping */
    unsigned char *was_seen;         /* by location */
    bool has_address;
    uint64_t address; /* when the expression is one */
};

static int by_address(const void *a, const void *b)
{
    const struct lg_web_entry *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

/* Above all mappings: no code lies there. */
static uint64_t first_made_up(const struct lg_profile *p)
{
    uint64_t address = 1;
    lg_each(m, p->mappings)
        if (address < m->limit)
            address = m->limit;
    return address;
}

static uint32_t find_entry(const struct lg_weblist *w, uint64_t address)
{
    const struct lg_web_entry key = {.address = address};
    const struct lg_web_entry *found =
        bsearch(&key, w->entries.items, w->entries.count,
                sizeof *w->entries.items, by_address);
    return (uint32_t)(found - w->entries.items);
}

/* One entry for each address; entry_of[i]: that of location i. */
static bool make_entries(struct lg_weblist *w)
{
    const struct lg_profile *p = w->report->profile;
    size_t count = p->locations.count, kept = 0;
    uint64_t made_up = first_made_up(p);
    struct lg_web_entry *entries = lg_new(w->arena, struct lg_web_entry, count);
    uint64_t *addresses = lg_new(w->arena, uint64_t, count);
    w->entry_of = lg_new(w->arena, uint32_t, count);
    if (entries == NULL || addresses == NULL || w->entry_of == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint64_t address = p->locations.items[i].address;
        addresses[i] = address != 0 ? address : made_up++;
        entries[i].address = addresses[i];
    }
    qsort(entries, count, sizeof *entries, by_address);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || entries[kept - 1].address != entries[i].address)
            entries[kept++] = entries[i];
    w->entries.items = entries;
    w->entries.count = kept;
    for (size_t i = 0; i < count; i++)
        w->entry_of[i] = find_entry(w, addresses[i]);
    return true;
}

static bool matches(struct collector *c, uint32_t function)
{
    const struct lg_profile_function *f =
        &c->profile->functions.items[function];
    const struct lg_regex *re = c->web->report->symbol;
    if (c->verdicts[function] == UNKNOWN)
        c->verdicts[function] = lg_regex_match(re, f->name) ||
                                        lg_regex_match(re, f->system_name) ||
                                        lg_regex_match(re, f->file)
                                    ? YES
                                    : NO;
    return c->verdicts[function] == YES;
}

static bool mapping_matches(struct collector *c,
                            const struct lg_profile_location *loc)
{
    if (loc->mapping == 0)
        return false;
    unsigned char *verdict = &c->mapping_verdicts[loc->mapping - 1];
    if (*verdict == UNKNOWN)
        *verdict =
            lg_regex_match(c->web->report->symbol,
                           c->profile->mappings.items[loc->mapping - 1].file)
                ? YES
                : NO;
    return *verdict == YES;
}

static bool mark(struct collector *c, uint32_t location,
                 const struct lg_profile_line *line)
{
    struct lg_weblist *w = c->web;
    struct lg_web_entry *entry = &w->entries.items[w->entry_of[location]];
    const struct lg_profile_function *f;
    if (line->function == LG_NO_FUNCTION)
        return true;
    f = &c->profile->functions.items[line->function];
    if (!entry->is_interesting) {
        entry->is_interesting = true;
        entry->location = location;
    }
    return lg_map_put_str(&w->interest, f->name, NULL) != NULL &&
           lg_map_put_str(&w->interest, f->system_name, NULL) != NULL;
}

static bool remember_names(struct collector *c,
                           const struct lg_profile_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lines[i].function == LG_NO_FUNCTION)
            continue;
        uint64_t *slot = lg_map_put_str(
            &c->web->shown_names,
            c->profile->functions.items[lines[i].function].system_name, NULL);
        if (slot == NULL)
            return false;
        *slot = lines[i].function;
    }
    return true;
}

/* A location that a sample has, the first time. */
static bool judge(struct collector *c, uint32_t location)
{
    const struct lg_profile_location *loc =
        &c->profile->locations.items[location];
    const struct lg_profile_line *lines =
        loc->line_count != 0 ? &c->profile->lines.items[loc->line_first] : NULL;
    const struct lg_weblist *w = c->web;
    if (!remember_names(c, lines, loc->line_count))
        return false;
    bool is_address =
        c->has_address &&
        w->entries.items[w->entry_of[location]].address == c->address;
    if (w->report->symbol == NULL || is_address)
        return loc->line_count == 0 ||
               mark(c, location, &lines[loc->line_count - 1]);
    bool in_file = mapping_matches(c, loc);
    for (uint32_t i = 0; i < loc->line_count; i++) {
        bool is_wanted =
            (i == 0 && in_file) || (lines[i].function != LG_NO_FUNCTION &&
                                    matches(c, lines[i].function));
        if (is_wanted && !mark(c, location, &lines[i]))
            return false;
    }
    return true;
}

static int64_t value_of(const struct lg_pprof_report *r, size_t sample)
{
    int64_t value = lg_profile_value(r->profile, sample, (int)r->value_type);
    return r->has_mean
               ? lg_go_div(value, lg_profile_value(r->profile, sample, 0))
               : value;
}

/* Recursion counts as often as it is there, as in pprof. */
static bool take_sample(struct collector *c, size_t sample)
{
    struct lg_weblist *w = c->web;
    const struct lg_profile_stack *stack = &c->profile->samples.items[sample];
    int64_t value = value_of(w->report, sample);
    for (uint32_t i = stack->count; i-- != 0;) {
        uint32_t location = c->profile->stacks.items[stack->first + i];
        struct lg_web_entry *e = &w->entries.items[w->entry_of[location]];
        e->cum = lg_go_add(e->cum, value);
        if (i == 0)
            e->flat = lg_go_add(e->flat, value);
        if (c->was_seen[location])
            continue;
        c->was_seen[location] = true;
        if (!judge(c, location))
            return false;
    }
    return true;
}

bool lg_weblist_collect(struct lg_weblist *w)
{
    const struct lg_profile *p = w->report->profile;
    struct collector c = {.web = w, .profile = p};
    c.verdicts = lg_new(w->arena, unsigned char, p->functions.count);
    c.mapping_verdicts = lg_new(w->arena, unsigned char, p->mappings.count);
    c.was_seen = lg_new(w->arena, unsigned char, p->locations.count);
    if (c.verdicts == NULL || c.mapping_verdicts == NULL ||
        c.was_seen == NULL || !make_entries(w))
        return false;
    c.has_address = w->report->symbol != NULL &&
                    lg_disasm_address(w->report->symbol_text, &c.address);
    for (size_t i = 0; i < p->samples.count; i++)
        if (!take_sample(&c, i))
            return false;
    return true;
}
