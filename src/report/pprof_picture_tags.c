/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_picture.h"

#include "evidence/measure.h"

#define TAGS_MAX ((size_t)4) /* labels of a node; ranges of a label */

static int64_t mean(int64_t sum, int64_t count)
{
    return count == 0 ? sum : lg_go_div(sum, count);
}

/* Copies, since sorting is not for the graph's own list. */
static bool sorted_tags(const struct lg_picture *p,
                        const struct lg_graph_tags *tags, bool is_flat,
                        struct lg_graph_tag **ret)
{
    *ret = lg_new(p->arena, struct lg_graph_tag, tags->items.count);
    if (*ret == NULL)
        return false;
    for (size_t i = 0; i < tags->items.count; i++)
        (*ret)[i] = tags->items.items[i];
    lg_graph_sort_tags(*ret, tags->items.count, is_flat);
    return true;
}

/* How far `other` lies from tag, in the unit of tag. */
static double distance(const struct lg_graph_tag *other,
                       const struct lg_graph_tag *tag)
{
    struct lg_str unit;
    double at = lg_measure_scale(other->value, other->unit, tag->unit, &unit);
    double here = (double)tag->value;
    return at < here ? here - at : at - here;
}

/* Tags that become one box: the heaviest ones each begin a range, the others
 * go to the nearest. */
struct range {
    const struct lg_graph_tag *first, *min, *max;
    size_t count;
    int64_t flat, flat_div, cum, cum_div;
};

static void range_add(struct range *r, const struct lg_graph_tag *t)
{
    struct lg_str unit;
    if (r->count++ == 0)
        r->first = r->min = r->max = t;
    double low = lg_measure_scale(t->value, t->unit, r->min->unit, &unit);
    if (lg_go_int64(low) < r->min->value)
        r->min = t;
    double high = lg_measure_scale(t->value, t->unit, r->max->unit, &unit);
    if (lg_go_int64(high) > r->max->value)
        r->max = t;
    r->flat = lg_go_add(r->flat, t->flat);
    r->flat_div = lg_go_add(r->flat_div, t->flat_div);
    r->cum = lg_go_add(r->cum, t->cum);
    r->cum_div = lg_go_add(r->cum_div, t->cum_div);
}

static struct lg_graph_tag range_tag(const struct lg_picture *p,
                                     const struct range *r)
{
    struct lg_sb name;
    lg_sb_init(&name, p->arena);
    lg_measure_label(&name, r->min->value, r->min->unit, LG_STR("auto"));
    if (r->count > 1) {
        lg_sb_cstr(&name, "..");
        lg_measure_label(&name, r->max->value, r->max->unit, LG_STR("auto"));
    }
    return (struct lg_graph_tag){
        .name = lg_sb_view(&name),
        .flat = mean(r->flat, r->flat_div),
        .cum = mean(r->cum, r->cum_div),
    };
}

/* At most TAGS_MAX tags of *tags, which is sorted. */
static bool collapse(const struct lg_picture *p, struct lg_graph_tag **tags,
                     size_t *count, bool is_flat)
{
    struct range ranges[TAGS_MAX] = {0};
    if (*count <= TAGS_MAX)
        return true;
    for (size_t i = 0; i < *count; i++) {
        const struct lg_graph_tag *t = &(*tags)[i];
        size_t nearest = 0;
        if (i < TAGS_MAX) {
            nearest = i;
        } else {
            double least = distance(t, ranges[0].first);
            for (size_t k = 1; k < TAGS_MAX; k++) {
                double d = distance(t, ranges[k].first);
                if (d < least) {
                    least = d;
                    nearest = k;
                }
            }
        }
        range_add(&ranges[nearest], t);
    }
    struct lg_graph_tag *few = lg_new(p->arena, struct lg_graph_tag, TAGS_MAX);
    if (few == NULL)
        return false;
    for (size_t k = 0; k < TAGS_MAX; k++)
        few[k] = range_tag(p, &ranges[k]);
    lg_graph_sort_tags(few, TAGS_MAX, is_flat);
    *tags = few;
    *count = TAGS_MAX;
    return true;
}

static const struct lg_graph_tags *numeric_of(const struct lg_graph_node *n,
                                              struct lg_str label)
{
    lg_each(tags, n->numeric_tags) {
        if (lg_str_eq(tags->key, label))
            return tags;
    }
    return NULL;
}

/* The ranges below the label at `parent`, or below the node itself. */
static bool add_numeric(const struct lg_picture *p,
                        const struct lg_graph_node *n, struct lg_str label,
                        size_t parent, struct lg_picture_tags *ret)
{
    bool is_flat = n->out.count > 0;
    const struct lg_graph_tags *all = numeric_of(n, label);
    if (all == NULL || all->items.count == 0)
        return true;
    struct lg_graph_tag *tags;
    size_t count = all->items.count;
    if (!sorted_tags(p, all, is_flat, &tags) ||
        !collapse(p, &tags, &count, is_flat))
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t flat = mean(tags[i].flat, tags[i].flat_div);
        int64_t cum = mean(tags[i].cum, tags[i].cum_div);
        bool is_own = is_flat || flat == cum;
        int64_t weight = is_own ? flat : cum;
        if (weight == 0)
            continue;
        struct lg_picture_tag *slot = lg_push(p->arena, &ret->items);
        if (slot == NULL)
            return false;
        *slot = (struct lg_picture_tag){
            .index = i,
            .parent = parent,
            .name = tags[i].name,
            .weight = lg_picture_value(p, weight),
            .is_numeric = true,
            .is_dotted = !is_own,
        };
    }
    return true;
}

bool lg_picture_tags(const struct lg_picture *p, const struct lg_graph_node *n,
                     struct lg_picture_tags *ret)
{
    /* A leaf also stands for the callees that were left out. */
    bool is_flat = n->out.count > 0;
    struct lg_graph_tag *tags;
    *ret = (struct lg_picture_tags){0};
    if (!sorted_tags(p, &n->label_tags, is_flat, &tags))
        return false;
    size_t count = n->label_tags.items.count;
    for (size_t i = 0; i < count && i < TAGS_MAX; i++) {
        int64_t weight = is_flat ? mean(tags[i].flat, tags[i].flat_div)
                                 : mean(tags[i].cum, tags[i].cum_div);
        if (weight == 0)
            continue;
        struct lg_picture_tag *slot = lg_push(p->arena, &ret->items);
        if (slot == NULL)
            return false;
        *slot = (struct lg_picture_tag){
            .index = i,
            .name = tags[i].name,
            .weight = lg_picture_value(p, weight),
        };
        if (!add_numeric(p, n, tags[i].name, ret->items.count, ret))
            return false;
    }
    return add_numeric(p, n, LG_STR(""), 0, ret);
}
