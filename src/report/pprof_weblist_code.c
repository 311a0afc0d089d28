/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "report/pprof_weblist.h"

#include <stdlib.h>

/* Shown before and behind a sample. */
#define NEIGHBOURHOOD_BYTES UINT64_C(500)
#define RANGES_MAX 25 /* the heaviest; each is a run of a tool */
#define FRAMES_MAX 64
/* Instructions without a line have that of the one before, if it is near. */
#define SAME_LINE_BYTES 32

struct object {
    bool was_asked, is_there;
    uint64_t offset; /* profile address - file address */
};

struct range {
    uint64_t begin, end;
    uint32_t mapping;
    int64_t score;
    size_t order;
};

struct frames {
    struct lg_code_line items[FRAMES_MAX];
    size_t count;
};

struct coder {
    struct lg_weblist *web;
    const struct lg_profile *profile;
    struct object *objects; /* by mapping */
    bool *is_covered;       /* by entry: an instruction that is shown has it */
    struct {
        struct range *items;
        size_t count, capacity;
    } ranges;
    struct frames last; /* of the instruction at last_address */
    uint64_t last_address;
};

/* The mapping of an entry whose code can be asked for; 0: none. */
static uint32_t mapping_with_object(struct coder *c,
                                    const struct lg_web_entry *e)
{
    const struct lg_pprof_machine *machine = c->web->report->machine;
    uint32_t mapping = c->profile->locations.items[e->location].mapping;
    if (mapping == 0 || machine == NULL || machine->object_offset == NULL)
        return 0;
    struct object *o = &c->objects[mapping - 1];
    if (!o->was_asked) {
        o->was_asked = true;
        o->is_there = machine->object_offset(
            machine->context, &c->profile->mappings.items[mapping - 1],
            &o->offset, NULL);
    }
    return o->is_there ? mapping : 0;
}

static bool add_range(struct coder *c, uint64_t begin, uint64_t end,
                      uint32_t mapping, int64_t score)
{
    const struct lg_profile_mapping *m =
        &c->profile->mappings.items[mapping - 1];
    struct range *r = lg_push(c->web->arena, &c->ranges);
    if (r == NULL)
        return false;
    /* Below the mapping's start the difference wraps around, as in pprof. */
    begin = m->start - begin >= NEIGHBOURHOOD_BYTES
                ? begin - NEIGHBOURHOOD_BYTES
                : m->start;
    end = m->limit - end >= NEIGHBOURHOOD_BYTES ? end + NEIGHBOURHOOD_BYTES
                                                : m->limit;
    *r = (struct range){begin, end, mapping, score, c->ranges.count};
    return true;
}

/* Addresses whose neighbourhoods touch share a range. */
static bool split(struct coder *c)
{
    const struct lg_weblist *w = c->web;
    uint32_t current = 0; /* mapping of the range that is being made */
    uint64_t begin = 0, end = 0;
    int64_t score = 0;
    lg_each(e, w->entries) {
        uint32_t mapping = e->is_interesting ? mapping_with_object(c, e) : 0;
        if (mapping == 0)
            continue;
        if (current != 0 && e->address - end <= 2 * NEIGHBOURHOOD_BYTES &&
            e->address < c->profile->mappings.items[current - 1].limit) {
            end = e->address;
            score = lg_go_add(score, e->flat);
            continue;
        }
        if (current != 0 && !add_range(c, begin, end, current, score))
            return false;
        current = mapping;
        begin = end = e->address;
        score = e->flat;
    }
    return current == 0 || add_range(c, begin, end, current, score);
}

static int heaviest_first(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* "main.Map[go.shape.int]" of a binary is "main.Map[...]" in most profiles. */
static struct lg_str as_in_profile(struct lg_weblist *w, struct lg_str name)
{
    ptrdiff_t from = lg_str_find_char(name, '[');
    ptrdiff_t to = lg_str_rfind_char(name, ']');
    if (from < 0 || to < from || lg_map_find_str(&w->interest, name) != NULL)
        return name;
    struct lg_sb sb;
    lg_sb_init(&sb, w->arena);
    lg_sb_str(&sb, lg_str_first(name, (size_t)from));
    lg_sb_cstr(&sb, "[...]");
    lg_sb_str(&sb, lg_str_skip(name, (size_t)to + 1));
    return lg_sb_view(&sb);
}

static struct lg_web_file *file_named(struct lg_weblist *w, struct lg_str file)
{
    struct lg_str name = file;
    bool is_fresh;
    (void)lg_str_after(name, LG_STR("/proc/self/cwd/"), &name);
    (void)lg_str_after(name, LG_STR("./"), &name);
    name = lg_path_clean(name, w->arena);
    uint64_t *slot = lg_map_put_str(&w->file_by_name, name, &is_fresh);
    if (slot == NULL || name.data == NULL)
        return NULL;
    if (is_fresh) {
        struct lg_web_file *f = lg_push(w->arena, &w->files);
        if (f == NULL)
            return NULL;
        f->name = name;
        lg_map_init(&f->by_line, w->arena);
        *slot = w->files.count - 1;
    }
    return &w->files.items[*slot];
}

static struct lg_web_line *line_of(struct lg_weblist *w, struct lg_web_file *f,
                                   const struct lg_code_line *frame)
{
    bool is_fresh;
    uint64_t *slot =
        lg_map_put_u64(&f->by_line, (uint64_t)frame->line, &is_fresh);
    if (slot == NULL)
        return NULL;
    if (is_fresh) {
        struct lg_web_line *line = lg_push(w->arena, &f->lines);
        if (line == NULL)
            return NULL;
        line->line = frame->line;
        line->function = frame->function;
        *slot = f->lines.count - 1;
    }
    return &f->lines.items[*slot];
}

static bool use_below(struct lg_weblist *w, size_t inst,
                      const struct frames *frames, size_t index)
{
    struct lg_web_call *calls = lg_new(w->arena, struct lg_web_call, index);
    struct lg_web_file *file = file_named(w, frames->items[index].file);
    struct lg_web_line *line =
        file != NULL ? line_of(w, file, &frames->items[index]) : NULL;
    struct lg_web_use *use =
        line != NULL ? lg_push(w->arena, &line->uses) : NULL;
    if (calls == NULL || use == NULL)
        return false;
    for (size_t i = 0; i < index; i++) {
        const struct lg_code_line *callee = &frames->items[index - 1 - i];
        calls[i] = (struct lg_web_call){callee->file, callee->line};
    }
    *use = (struct lg_web_use){inst, calls, index};
    return true;
}

/* Puts the instruction below the line of each frame that is of interest. */
static bool use_frames(struct lg_weblist *w, size_t inst,
                       const struct frames *frames, bool *is_used_ret)
{
    *is_used_ret = false;
    for (size_t i = 0; i < frames->count; i++) {
        if (lg_map_find_str(&w->interest, frames->items[i].function) == NULL)
            continue;
        if (!use_below(w, inst, frames, i))
            return false;
        *is_used_ret = true;
    }
    return true;
}

static size_t first_entry_from(const struct lg_weblist *w, uint64_t address)
{
    size_t low = 0, high = w->entries.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->entries.items[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Samples at an address within an instruction (return addresses) are its. */
static void take_weights(struct coder *c, struct lg_web_inst *inst)
{
    const struct lg_weblist *w = c->web;
    for (size_t i = first_entry_from(w, inst->address);
         i < w->entries.count &&
         w->entries.items[i].address - inst->address < inst->length;
         i++) {
        inst->flat = lg_go_add(inst->flat, w->entries.items[i].flat);
        inst->cum = lg_go_add(inst->cum, w->entries.items[i].cum);
        c->is_covered[i] = true;
    }
}

static void ask_frames(struct coder *c, struct lg_str file,
                       const struct lg_code_line *line, struct frames *ret)
{
    const struct lg_pprof_machine *machine = c->web->report->machine;
    ret->count = machine->frames == NULL
                     ? 0
                     : machine->frames(machine->context, file, line->address,
                                       ret->items, FRAMES_MAX);
    if (ret->count == 0 && line->file.len != 0) {
        ret->items[0] = *line;
        ret->count = 1;
    }
    for (size_t i = 0; i < ret->count; i++)
        ret->items[i].function = as_in_profile(c->web, ret->items[i].function);
}

static bool take_instruction(struct coder *c, const struct range *r,
                             const struct lg_code_line *line, uint64_t length)
{
    struct lg_weblist *w = c->web;
    const struct lg_profile_mapping *m =
        &c->profile->mappings.items[r->mapping - 1];
    struct lg_web_inst inst = {.address = line->address +
                                          c->objects[r->mapping - 1].offset,
                               .length = length,
                               .object_address = line->address,
                               .text = line->text};
    struct frames frames;
    ask_frames(c, m->file, line, &frames);
    if (frames.count != 0)
        inst.place =
            (struct lg_web_call){frames.items[0].file, frames.items[0].line};
    if (frames.count != 0 && frames.items[0].line != 0) {
        c->last = frames;
        c->last_address = inst.address;
    } else if (c->last.count != 0 &&
               inst.address - c->last_address <= SAME_LINE_BYTES) {
        frames = c->last;
    }
    bool is_used;
    if (!use_frames(w, w->insts.count, &frames, &is_used))
        return false;
    if (!is_used)
        return true;
    struct lg_web_inst *slot = lg_push(w->arena, &w->insts);
    if (slot == NULL)
        return false;
    take_weights(c, &inst);
    *slot = inst;
    return true;
}

/* Without a disassembler, or when it fails, lines come from the profile. */
static bool take_range(struct coder *c, const struct range *r)
{
    const struct lg_pprof_machine *machine = c->web->report->machine;
    struct lg_str file = c->profile->mappings.items[r->mapping - 1].file;
    uint64_t offset = c->objects[r->mapping - 1].offset;
    struct lg_code_lines lines;
    c->last.count = 0;
    if (machine->disassemble == NULL ||
        !machine->disassemble(machine->context, file, r->begin - offset,
                              r->end - offset, c->web->report->intel_syntax,
                              c->web->arena, &lines, NULL))
        return true;
    for (size_t i = 0; i < lines.count; i++) {
        uint64_t length = i + 1 < lines.count ? lines.items[i + 1].address -
                                                    lines.items[i].address
                                              : 1;
        if (!take_instruction(c, r, &lines.items[i], length))
            return false;
    }
    return true;
}

/* An address whose code is not known: a line of the profile stands for it. */
static bool take_from_profile(struct coder *c, const struct lg_web_entry *e)
{
    struct lg_weblist *w = c->web;
    const struct lg_profile_location *loc =
        &c->profile->locations.items[e->location];
    struct frames frames = {.count = 0};
    for (uint32_t i = 0; i < loc->line_count && frames.count < FRAMES_MAX;
         i++) {
        const struct lg_profile_line *line =
            &c->profile->lines.items[loc->line_first + i];
        if (line->function == LG_NO_FUNCTION)
            continue;
        const struct lg_profile_function *f =
            &c->profile->functions.items[line->function];
        frames.items[frames.count++] = (struct lg_code_line){
            .function = f->name, .file = f->file, .line = line->line};
    }
    bool is_used;
    if (!use_frames(w, w->insts.count, &frames, &is_used))
        return false;
    struct lg_web_inst *slot = is_used ? lg_push(w->arena, &w->insts) : NULL;
    if (slot != NULL)
        *slot = (struct lg_web_inst){.address = e->address,
                                     .length = 1,
                                     .object_address = e->address,
                                     .flat = e->flat,
                                     .cum = e->cum};
    return slot != NULL || !is_used;
}

bool lg_weblist_code(struct lg_weblist *w)
{
    struct coder c = {.web = w, .profile = w->report->profile};
    c.objects = lg_new(w->arena, struct object, c.profile->mappings.count);
    c.is_covered = lg_new(w->arena, bool, w->entries.count);
    if (c.objects == NULL || c.is_covered == NULL || !split(&c))
        return false;
    if (c.ranges.count != 0)
        qsort(c.ranges.items, c.ranges.count, sizeof *c.ranges.items,
              heaviest_first);
    for (size_t i = 0; i < c.ranges.count && i < RANGES_MAX; i++)
        if (!take_range(&c, &c.ranges.items[i]))
            return false;
    for (size_t i = 0; i < w->entries.count; i++)
        if (w->entries.items[i].is_interesting && !c.is_covered[i] &&
            !take_from_profile(&c, &w->entries.items[i]))
            return false;
    return true;
}
