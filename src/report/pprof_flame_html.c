/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report `flame` as a page: one file, no server. The tree of every sample
 * type lies in it as JSON: parallel arrays, parents before children.
 */
#include "base/json.h"
#include "base/parallel.h"
#include "report/pprof_flame.h"

/* A frame of less is left out. On a wide screen that is a tenth of a pixel,
 * which a zoom brings out; of a large profile there would be too many. */
#define FINEST 0.00002
#define FINEST_OF_LARGE 0.0001
#define LARGE_SAMPLES ((size_t)50000)

enum column { FRAME, PARENT, AFTER, BEFORE, WIDTH, SELF, REST };

static int64_t cell(const struct lg_flame_node *node, enum column column)
{
    switch (column) {
    case FRAME:
        return node->frame == UINT32_MAX ? -1 : (int64_t)node->frame;
    case PARENT:
        return node->parent;
    case AFTER:
        return (int64_t)node->after;
    case BEFORE:
        return (int64_t)node->before;
    case WIDTH:
        return (int64_t)node->width;
    case SELF:
        return (int64_t)node->self_after;
    case REST:
    default:
        return (int64_t)node->hidden;
    }
}

static void put_column(struct lg_json *j, const char *name,
                       const struct lg_flame_tree *t, enum column column)
{
    lg_json_key(j, name);
    lg_json_array(j);
    lg_each(node, t->nodes)
        lg_json_i64(j, cell(node, column));
    lg_json_array_end(j);
}

static void put_tree(struct lg_json *j, const struct lg_value_type *type,
                     const struct lg_flame_tree *t, int64_t total)
{
    lg_json_object(j);
    lg_json_kstr(j, "type", type->type);
    lg_json_kstr(j, "unit", type->unit);
    lg_json_ki64(j, "total", total);
    lg_json_ku64(j, "hidden", t->hidden_count);
    put_column(j, "frame", t, FRAME);
    put_column(j, "parent", t, PARENT);
    put_column(j, "after", t, AFTER);
    if (t->is_difference)
        put_column(j, "before", t, BEFORE);
    put_column(j, "width", t, WIDTH);
    put_column(j, "self", t, SELF);
    put_column(j, "rest", t, REST);
    lg_json_object_end(j);
}

/* Names that a tree shows; the others are not worth their room. */
static void put_names(struct lg_json *j, const struct lg_frame_names *names,
                      const bool *used)
{
    lg_json_key(j, "names");
    lg_json_array(j);
    for (size_t i = 0; i < names->items.count; i++)
        lg_json_str(j, used[i] ? names->items.items[i].name : LG_STR(""));
    lg_json_array_end(j);
}

struct page;

/* Trees of every second sample type, made by a thread of its own. */
struct half {
    struct page *page;
    size_t first_type;
    struct lg_arena arena; /* of the trees */
    bool is_built;
};

struct page {
    struct lg_pprof_report *report;
    struct lg_frame_names names;
    struct lg_flame_tree *trees; /* by sample type */
    bool *used;                  /* by frame */
    struct half halves[2];
    double minimum;
    bool is_difference;
    struct lg_arena *arena;
};

static void *build_half(void *context)
{
    struct half *h = context;
    const struct lg_profile *p = h->page->report->profile;
    h->is_built = true;
    for (size_t i = h->first_type; i < p->types.count && h->is_built; i += 2)
        h->is_built = lg_flame_tree_build(p, &h->page->names, i,
                                          h->page->minimum, LG_FLAME_MAX_DEPTH,
                                          &h->arena, &h->page->trees[i]);
    return NULL;
}

static bool build_trees(struct page *page)
{
    size_t count = page->report->profile->types.count > 1 ? 2 : 1;
    page->halves[1].is_built = true; /* there may be nothing for it */
    lg_parallel(build_half, page->halves, sizeof page->halves[0], count);
    return page->halves[0].is_built && page->halves[1].is_built;
}

static bool build(struct page *page)
{
    const struct lg_profile *p = page->report->profile;
    if (!lg_frame_names_of(p, page->arena, &page->names))
        return false;
    page->trees = lg_new(page->arena, struct lg_flame_tree, p->types.count + 1);
    page->used = lg_new(page->arena, bool, page->names.items.count + 1);
    if (page->trees == NULL || page->used == NULL || !build_trees(page))
        return false;
    for (size_t i = 0; i < p->types.count; i++) {
        const struct lg_flame_tree *t = &page->trees[i];
        page->is_difference = page->is_difference || t->is_difference;
        lg_each(node, t->nodes)
            if (node->frame != UINT32_MAX)
                page->used[node->frame] = true;
    }
    return true;
}

static void begin_halves(struct page *page)
{
    for (size_t i = 0; i < 2; i++) {
        page->halves[i].page = page;
        page->halves[i].first_type = i;
        lg_arena_init(&page->halves[i].arena, 0);
    }
}

static void end_halves(struct page *page)
{
    lg_arena_deinit(&page->halves[0].arena);
    lg_arena_deinit(&page->halves[1].arena);
}

static bool put_data(struct page *page, struct lg_sb *sb)
{
    const struct lg_pprof_report *r = page->report;
    struct lg_json j;
    lg_json_init_sb(&j, sb, false);
    lg_json_object(&j);
    lg_json_kstr(&j, "title",
                 lg_flame_title(r, page->is_difference, page->arena));
    lg_json_kbool(&j, "difference", page->is_difference);
    lg_json_ku64(&j, "chosen", r->value_type);
    lg_json_kf64(&j, "minimum", page->minimum);
    put_names(&j, &page->names, page->used);
    lg_json_key(&j, "types");
    lg_json_array(&j);
    for (size_t i = 0; i < r->profile->types.count; i++) {
        struct lg_flame_tree *t = &page->trees[i];
        t->is_difference = page->is_difference; /* all columns, or none */
        put_tree(&j, &r->profile->types.items[i], t,
                 lg_pprof_total(r->profile, i, false));
    }
    lg_json_array_end(&j);
    lg_json_object_end(&j);
    return lg_json_finish(&j);
}

/* "</script>" in a name must not end the script. */
static void put_script_text(struct lg_sb *out, struct lg_str text)
{
    for (struct lg_cut cut = lg_str_cut_char(text, '<');;
         cut = lg_str_cut_char(cut.tail, '<')) {
        lg_sb_str(out, cut.head);
        if (!cut.found)
            return;
        lg_sb_cstr(out, "\\u003c");
    }
}

bool lg_pprof_flame_html(struct lg_pprof_report *r, struct lg_sb *out,
                         struct lg_error *err)
{
    bool is_large = r->profile->samples.count > LARGE_SAMPLES;
    struct page page = {.report = r, .arena = out->arena};
    struct lg_sb data;
    lg_sb_init(&data, out->arena);
    page.minimum = lg_flame_minimum(r, is_large ? FINEST_OF_LARGE : FINEST);
    begin_halves(&page);
    bool ok = build(&page) && put_data(&page, &data);
    end_halves(&page);
    if (!ok)
        return lg_fail_nomem(err);
    lg_sb_cstr(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta "
                    "charset=\"utf-8\">\n<meta name=\"viewport\" "
                    "content=\"width=device-width\">\n<title>");
    lg_flame_escape(out, lg_flame_title(r, page.is_difference, out->arena));
    lg_sb_cstr(out, "</title>\n<style>\n");
    lg_sb_cstr(out, lg_flame_page_css);
    lg_sb_cstr(out, "</style>\n");
    lg_sb_cstr(out, lg_flame_page_html);
    lg_sb_cstr(out, "<script type=\"application/json\" id=\"data\">");
    put_script_text(out, lg_sb_view(&data));
    lg_sb_cstr(out, "</script>\n<script>\n");
    lg_sb_cstr(out, lg_flame_page_js);
    lg_sb_cstr(out, "</script>\n</html>\n");
    return !out->failed || lg_fail_nomem(err);
}
