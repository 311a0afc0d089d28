/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/folded.h"

#include "base/lines.h"
#include "base/map.h"

struct folded {
    struct lg_profile *profile;
    struct lg_arena *arena, *scratch;
    struct lg_map frames;   /* name → index of function and location */
    LG_VEC(uint32_t) stack; /* of the current line, root first */
};

static bool add_frame(struct folded *d, struct lg_str name, uint32_t *index_ret)
{
    struct lg_profile *p = d->profile;
    bool fresh = false;
    uint64_t *at = lg_map_put_str(&d->frames, name, &fresh);
    if (at == NULL)
        return false;
    if (!fresh) {
        *index_ret = (uint32_t)*at;
        return true;
    }
    *at = p->locations.count;
    *index_ret = (uint32_t)*at;
    struct lg_profile_function *f = lg_push(d->arena, &p->functions);
    struct lg_profile_line *line = lg_push(d->arena, &p->lines);
    struct lg_profile_location *l = lg_push(d->arena, &p->locations);
    if (f == NULL || line == NULL || l == NULL)
        return false;
    struct lg_str copy = lg_str_dup(d->arena, name);
    uint64_t id = *at + 1;
    *f = (struct lg_profile_function){
        .id = id, .name = copy, .system_name = copy};
    *line = (struct lg_profile_line){.function = *index_ret};
    *l = (struct lg_profile_location){
        .id = id, .line_first = *index_ret, .line_count = 1};
    return copy.data != NULL || name.len == 0;
}

/* Only its own line's last blank counts: "operator new(unsigned long) 3". */
static bool split(struct lg_str line, struct lg_str *stack_ret,
                  int64_t *count_ret)
{
    struct lg_cut cut = lg_str_rcut_char(line, ' ');
    if (!cut.found || !lg_str_i64(cut.tail, count_ret))
        return false;
    *stack_ret = lg_str_trim_right(cut.head);
    return stack_ret->len > 0;
}

static bool add_stack(struct folded *d, struct lg_str text, int64_t count)
{
    d->stack.count = 0;
    for (bool more = true; more;) {
        struct lg_cut cut = lg_str_cut_char(text, ';');
        uint32_t *slot = lg_push(d->scratch, &d->stack);
        if (slot == NULL || !add_frame(d, cut.head, slot))
            return false;
        more = cut.found;
        text = cut.tail;
    }
    for (size_t i = 0, k = d->stack.count - 1; i < k; i++, k--) {
        uint32_t outer = d->stack.items[i];
        d->stack.items[i] = d->stack.items[k];
        d->stack.items[k] = outer;
    }
    return lg_profile_sample(d->profile, d->stack.items, d->stack.count,
                             &count);
}

static bool parse(struct folded *d, struct lg_str bytes, struct lg_error *err)
{
    struct lg_str rest = bytes, line, stack;
    while (lg_lines_next(&rest, &line)) {
        int64_t count = 0;
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (!split(line, &stack, &count)) {
            if (d->profile->samples.count == 0)
                return lg_fail(err, LG_UNSUPPORTED, "no collapsed stacks");
            return lg_fail_at(err, (uint64_t)(line.data - bytes.data),
                              "a collapsed stack is \"a;b;c 17\", this line "
                              "is not");
        }
        if (!add_stack(d, stack, count))
            return lg_fail_nomem(err);
    }
    return d->profile->samples.count > 0 ||
           lg_fail(err, LG_UNSUPPORTED, "no collapsed stacks");
}

bool lg_folded_parse(struct lg_str bytes, struct lg_arena *arena,
                     struct lg_profile *profile_ret, struct lg_error *err)
{
    struct lg_profile p;
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    struct folded d = {.profile = &p, .arena = arena, .scratch = &scratch};
    lg_map_init(&d.frames, &scratch);
    struct lg_value_type *type =
        lg_profile_init(&p, arena) ? lg_push(arena, &p.types) : NULL;
    bool ok = false;
    if (type != NULL) {
        *type = (struct lg_value_type){LG_STR("samples"), LG_STR("count")};
        ok = parse(&d, bytes, err);
    } else {
        lg_fail_nomem(err);
    }
    lg_arena_deinit(&scratch);
    if (ok)
        *profile_ret = p;
    return ok;
}
