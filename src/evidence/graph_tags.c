/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags of nodes: what the labels of their samples add up to (graph.go
 * addSample). All text labels of a sample together are one tag; numbers (only
 * those of `bytes`, as the report keeps) are tags below it.
 */
#include "base/map.h"
#include "evidence/graph_internal.h"
#include "evidence/measure.h"

#include <stdlib.h>

struct number {
    struct lg_str text;
};

struct cell {                     /* a tag of a node */
    uint32_t node, label, number; /* 1 + index; 0: the label's own */
    int64_t value;
    int64_t flat, flat_div, cum, cum_div;
};

struct builder {
    const struct lg_graph_draft *draft;
    const bool *wanted;
    struct lg_arena *scratch, *arena;
    struct lg_map label_index, number_index, text_index, pair_index, cell_index;
    LG_VEC(struct lg_str) labels; /* joined; the first: none */
    LG_VEC(struct number) numbers;
    LG_VEC(struct cell) cells;
    const uint64_t *look; /* locations with a wanted node; NULL: a tree */
    uint32_t *stamps;     /* by draft node */
    /* of the sample at hand */
    uint32_t *hits;
    size_t hit_count, hit_capacity;
    LG_VEC(struct lg_str) pieces;
    LG_VEC(uint32_t) sample_numbers;
    LG_VEC(int64_t) sample_values;
    uint32_t sample_label;
    int64_t value, div;
};

static bool fresh_index(struct lg_map *map, uint64_t *place, bool fresh)
{
    if (place != NULL && fresh)
        *place = map->count - 1;
    return place != NULL;
}

static bool take_number(struct builder *b, int64_t value)
{
    bool fresh = false;
    uint64_t *place = lg_map_put_u64(&b->number_index, (uint64_t)value, &fresh);
    if (place == NULL)
        return false;
    if (fresh) {
        const struct lg_graph_options *o = b->draft->nodes->options;
        struct lg_sb sb;
        lg_sb_init(&sb, b->arena);
        lg_measure_label(&sb, value, o->bytes_unit, o->tag_unit);
        bool fresh_text = false;
        uint64_t *text =
            lg_map_put_str(&b->text_index, lg_sb_view(&sb), &fresh_text);
        if (!fresh_index(&b->text_index, text, fresh_text) || sb.failed)
            return false;
        if (fresh_text) {
            struct number *number = lg_push(b->scratch, &b->numbers);
            if (number == NULL)
                return false;
            number->text = lg_sb_view(&sb);
        }
        *place = *text;
    }
    uint32_t *number = lg_push(b->scratch, &b->sample_numbers);
    int64_t *sample_value = lg_push(b->scratch, &b->sample_values);
    if (number == NULL || sample_value == NULL)
        return false;
    *number = (uint32_t)*place + 1;
    *sample_value = value;
    return true;
}

static bool take_label(struct builder *b, const struct lg_profile_label *l)
{
    if (l->of->is_numeric)
        return !lg_str_eq(l->of->key, LG_STR("bytes")) ||
               take_number(b, l->of->num);
    if (lg_label_is_base(l->of))
        return true;
    struct lg_sb sb;
    lg_sb_init(&sb, b->scratch);
    lg_sb_str(&sb, l->of->key);
    lg_sb_char(&sb, ':');
    lg_sb_str(&sb, l->of->str);
    struct lg_str *piece = lg_push(b->scratch, &b->pieces);
    if (piece == NULL || sb.failed)
        return false;
    *piece = lg_sb_view(&sb);
    return true;
}

static int by_text(const void *a, const void *b)
{
    return lg_str_cmp(*(const struct lg_str *)a, *(const struct lg_str *)b);
}

/* joinLabels; between them stand a backslash and an n. */
static bool join_pieces(struct builder *b)
{
    b->sample_label = 0;
    if (b->pieces.count == 0)
        return true;
    qsort(b->pieces.items, b->pieces.count, sizeof *b->pieces.items, by_text);
    struct lg_sb sb;
    lg_sb_init(&sb, b->arena);
    lg_each(piece, b->pieces) {
        lg_sb_cstr(&sb, piece != b->pieces.items ? "\\n" : "");
        lg_sb_str(&sb, *piece);
    }
    bool fresh = false;
    uint64_t *place = lg_map_put_str(&b->label_index, lg_sb_view(&sb), &fresh);
    if (!fresh_index(&b->label_index, place, fresh) || sb.failed)
        return false;
    if (fresh) {
        struct lg_str *label = lg_push(b->scratch, &b->labels);
        if (label == NULL)
            return false;
        *label = lg_sb_view(&sb);
    }
    b->sample_label = (uint32_t)*place + 1;
    return true;
}

static struct cell *cell_of(struct builder *b, uint32_t node, uint32_t number,
                            int64_t value)
{
    bool fresh = false;
    uint64_t pair = (uint64_t)b->sample_label << 32 | number;
    uint64_t *place = lg_map_put_u64(&b->pair_index, pair, &fresh);
    if (!fresh_index(&b->pair_index, place, fresh))
        return NULL;
    uint64_t key = (uint64_t)node << 32 | *place;
    place = lg_map_put_u64(&b->cell_index, key, &fresh);
    if (!fresh_index(&b->cell_index, place, fresh))
        return NULL;
    if (!fresh)
        return &b->cells.items[*place];
    struct cell *c = lg_push(b->scratch, &b->cells);
    if (c != NULL)
        *c = (struct cell){.node = node,
                           .label = b->sample_label,
                           .number = number,
                           .value = value};
    return c;
}

static bool add_to(struct builder *b, struct cell *c, bool flat)
{
    if (c == NULL)
        return false;
    int64_t *sum = flat ? &c->flat : &c->cum;
    int64_t *div = flat ? &c->flat_div : &c->cum_div;
    *sum = lg_go_add(*sum, b->value);
    *div = lg_go_add(*div, b->div);
    return true;
}

static bool add_node(struct builder *b, uint32_t node, bool flat)
{
    if (b->sample_label != 0 && !add_to(b, cell_of(b, node, 0, 0), flat))
        return false;
    for (size_t i = 0; i < b->sample_numbers.count; i++) {
        struct cell *c = cell_of(b, node, b->sample_numbers.items[i],
                                 b->sample_values.items[i]);
        if (!add_to(b, c, flat))
            return false;
    }
    return true;
}

static bool add_once(struct builder *b, uint32_t node, uint32_t stamp)
{
    if (!b->wanted[node] || b->stamps[node] == stamp)
        return true;
    b->stamps[node] = stamp;
    return add_node(b, node, false);
}

static bool add_path(struct builder *b, uint32_t sample)
{
    const struct lg_graph_draft *d = b->draft;
    uint32_t leaf = d->leaf_of[sample];
    for (uint32_t n = leaf; n != LG_NO_NODE; n = d->parent[n]) {
        if (!add_once(b, n, sample + 1))
            return false;
    }
    return leaf == LG_NO_NODE || !b->wanted[leaf] || add_node(b, leaf, true);
}

static bool add_stack(struct builder *b, uint32_t sample)
{
    const struct lg_graph_nodes *g = b->draft->nodes;
    const struct lg_profile *p = g->profile;
    uint32_t one, count;
    for (size_t k = 0; k < b->hit_count; k++) {
        const uint32_t *list = lg_graph_nodes_at(g, b->hits[k], &one, &count);
        for (uint32_t i = count; i > 0; i--) {
            if (!add_once(b, list[i - 1], sample + 1))
                return false;
        }
    }
    uint32_t innermost = p->stacks.items[p->samples.items[sample].first];
    uint32_t leaf = lg_graph_nodes_at(g, innermost, &one, &count)[0];
    return !b->wanted[leaf] || add_node(b, leaf, true);
}

/* The sample's locations with a wanted node, root first. */
static bool find_hits(struct builder *b, uint32_t sample)
{
    const struct lg_profile *p = b->draft->nodes->profile;
    struct lg_profile_stack s = p->samples.items[sample];
    b->hit_count = 0;
    if (s.count > b->hit_capacity) {
        b->hit_capacity = 2 * (size_t)s.count;
        b->hits = lg_new(b->scratch, uint32_t, b->hit_capacity);
        if (b->hits == NULL)
            return false;
    }
    for (uint32_t k = s.count; k > 0; k--) { /* without a branch */
        uint32_t location = p->stacks.items[s.first + k - 1];
        b->hits[b->hit_count] = location;
        b->hit_count += lg_graph_bit(b->look, location);
    }
    return true;
}

static bool add_sample(struct builder *b, uint32_t sample,
                       const struct lg_profile_label *labels, size_t count)
{
    const struct lg_profile *p = b->draft->nodes->profile;
    const struct lg_graph_options *o = b->draft->nodes->options;
    b->value = lg_profile_value(p, sample, (int)o->value_type);
    b->div = o->has_mean ? lg_profile_value(p, sample, 0) : 0;
    if (b->value == 0 && b->div == 0)
        return true;
    if (b->look != NULL && !find_hits(b, sample))
        return false;
    if (b->look != NULL && b->hit_count == 0)
        return true;
    b->pieces.count = b->sample_numbers.count = b->sample_values.count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!take_label(b, &labels[i]))
            return false;
    }
    if (!join_pieces(b))
        return false;
    if (b->sample_label == 0 && b->sample_numbers.count == 0)
        return true;
    return b->look != NULL ? add_stack(b, sample) : add_path(b, sample);
}

static bool add_samples(struct builder *b)
{
    const struct lg_profile *p = b->draft->nodes->profile;
    size_t first = 0;
    while (first < p->labels.count) {
        const struct lg_profile_label *labels = &p->labels.items[first];
        size_t count = 1;
        while (first + count < p->labels.count &&
               labels[count].sample == labels[0].sample)
            count++;
        if (!add_sample(b, labels[0].sample, labels, count))
            return false;
        first += count;
    }
    return true;
}

/* The tags of numbers that stand below a label. */
static struct lg_graph_tags *numbers_of(struct builder *b,
                                        struct lg_graph_node_tags *tags,
                                        struct lg_map *places,
                                        const struct cell *c)
{
    bool fresh = false;
    uint64_t *place =
        lg_map_put_u64(places, (uint64_t)c->node << 32 | c->label, &fresh);
    if (place == NULL)
        return NULL;
    if (!fresh)
        return &tags->numbers.items[*place];
    *place = tags->numbers.count;
    struct lg_graph_tags *numbers = lg_push(b->arena, &tags->numbers);
    if (numbers != NULL && c->label != 0)
        numbers->key = b->labels.items[c->label - 1];
    return numbers;
}

static bool give_tag(struct builder *b, struct lg_graph_node_tags *tags,
                     struct lg_map *places, const struct cell *c)
{
    struct lg_graph_tags *of =
        c->number == 0 ? &tags->labels : numbers_of(b, tags, places, c);
    struct lg_graph_tag *tag =
        of != NULL ? lg_push(b->arena, &of->items) : NULL;
    if (tag == NULL)
        return false;
    *tag = (struct lg_graph_tag){
        .name = c->number != 0 ? b->numbers.items[c->number - 1].text
                               : b->labels.items[c->label - 1],
        .unit =
            c->number != 0 ? b->draft->nodes->options->bytes_unit : LG_STR(""),
        .value = c->value,
        .flat = c->flat,
        .flat_div = c->flat_div,
        .cum = c->cum,
        .cum_div = c->cum_div,
    };
    return true;
}

static bool give_tags(struct builder *b, struct lg_graph_node_tags *tags)
{
    struct lg_map places;
    lg_map_init(&places, b->scratch);
    lg_each(c, b->cells) {
        if (!give_tag(b, &tags[c->node], &places, c))
            return false;
    }
    return true;
}

bool lg_graph_tags_make(const struct lg_graph_draft *draft, const bool *wanted,
                        struct lg_graph_node_tags **tags_ret)
{
    struct lg_arena *scratch = draft->nodes->scratch;
    struct builder b = {
        .draft = draft,
        .wanted = wanted,
        .scratch = scratch,
        .arena = draft->nodes->arena,
        .stamps = lg_new_table(scratch, uint32_t, draft->count),
    };
    struct lg_graph_node_tags *tags =
        lg_new(scratch, struct lg_graph_node_tags, draft->count);
    if (b.stamps == NULL || tags == NULL)
        return false;
    if (draft->leaf_of == NULL) {
        b.look = lg_graph_locations_with(draft->nodes, wanted);
        if (b.look == NULL)
            return false;
    }
    lg_map_init(&b.label_index, scratch);
    lg_map_init(&b.number_index, scratch);
    lg_map_init(&b.text_index, scratch);
    lg_map_init(&b.pair_index, scratch);
    lg_map_init(&b.cell_index, scratch);
    if (!add_samples(&b) || !give_tags(&b, tags))
        return false;
    *tags_ret = tags;
    return true;
}
