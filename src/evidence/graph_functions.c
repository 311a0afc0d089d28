/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "base/path.h"
#include "evidence/graph_internal.h"

/* Strings get numbers, pairs of numbers get numbers; what tells a function
 * apart from others is the value of the last of them: its index, 0: new. */
struct index {
    struct lg_map names, files, named_files, lines, placed;
    struct lg_str raw_file, file; /* the last that was cleaned */
    uint64_t file_number;
};

static uint64_t number_of(const struct lg_map *map, const uint64_t *place)
{
    return (uint64_t)((const char *)place -
                      (const char *)&map->entries[0].value) /
           sizeof map->entries[0];
}

static struct lg_str file_of(const struct lg_graph_nodes *g, struct lg_str file)
{
    const struct lg_graph_options *o = g->options;
    if (o->trim_file != NULL)
        file = o->trim_file(o->trim_context, file);
    return file.len != 0 ? lg_path_clean(file, g->arena) : LG_STR("");
}

/* Neighbours in the table are often of the same file. */
static bool take_file(const struct lg_graph_nodes *g, struct index *index,
                      struct lg_str raw)
{
    if (raw.data == index->raw_file.data && raw.len == index->raw_file.len &&
        index->files.count != 0)
        return true;
    index->file = file_of(g, raw);
    if (index->file.data == NULL)
        return false;
    uint64_t *place = lg_map_put_str(&index->files, index->file, NULL);
    if (place == NULL)
        return false;
    index->raw_file = raw;
    index->file_number = number_of(&index->files, place);
    return true;
}

/* Where the function's index belongs. NULL: out of memory. */
static uint64_t *place_of(struct index *index,
                          const struct lg_graph_function *f, bool with_file)
{
    struct lg_map *map = &index->names;
    uint64_t *place = lg_map_put_str(map, f->name, NULL);
    if (place != NULL && with_file) {
        uint64_t key = number_of(map, place) << 32 | index->file_number;
        map = &index->named_files;
        place = lg_map_put_u64(map, key, NULL);
    }
    if (place != NULL && f->has_objfile) {
        uint64_t *line =
            lg_map_put_u64(&index->lines, (uint64_t)f->start_line, NULL);
        if (line == NULL)
            return NULL;
        uint64_t key =
            number_of(map, place) << 32 | number_of(&index->lines, line);
        place = lg_map_put_u64(&index->placed, key, NULL);
    }
    return place;
}

/* LG_NO_NODE: out of memory. */
static uint32_t add_function(struct lg_graph_nodes *g, struct index *index,
                             struct lg_graph_function f)
{
    const struct lg_graph_options *o = g->options;
    uint64_t *place = place_of(index, &f, g->keep.filename);
    if (place == NULL)
        return LG_NO_NODE;
    if (*place == 0) {
        *place = LG_SINK_NODE + 1;
        if (o->only_functions == NULL ||
            o->only_functions(o->test_context, f.name)) {
            struct lg_graph_function *item = lg_push(g->scratch, &g->functions);
            if (item == NULL)
                return LG_NO_NODE;
            *item = f;
            *place = g->functions.count;
        }
    }
    return (uint32_t)(*place - 1);
}

static bool add_functions(struct lg_graph_nodes *g, struct index *index)
{
    const struct lg_profile *p = g->profile;
    for (size_t i = 0; i < p->functions.count; i++) {
        const struct lg_profile_function *of = &p->functions.items[i];
        struct lg_graph_function f = {
            .name = g->keep.function ? of->name : LG_STR(""),
        };
        if (g->keep.filename) {
            if (!take_file(g, index, of->file))
                return false;
            f.file = index->file;
        }
        f.has_objfile = g->options->objnames || f.name.len == 0;
        f.start_line = f.has_objfile ? of->start_line : 0;
        g->function_of[i] = add_function(g, index, f);
        if (g->function_of[i] == LG_NO_NODE)
            return false;
    }
    return true;
}

static bool add_objfiles(struct lg_graph_nodes *g)
{
    const struct lg_profile *p = g->profile;
    struct lg_map files;
    lg_map_init(&files, g->scratch);
    if (lg_push(g->scratch, &g->objfiles) == NULL)
        return false;
    g->objfile_of = lg_new(g->scratch, uint32_t, p->mappings.count);
    if (g->objfile_of == NULL)
        return false;
    for (size_t i = 0; i < p->mappings.count; i++) {
        struct lg_str file = p->mappings.items[i].file;
        if (file.len == 0)
            continue;
        uint64_t *number = lg_map_put_str(&files, file, NULL);
        if (number == NULL)
            return false;
        if (*number == 0) {
            struct lg_str *item = lg_push(g->scratch, &g->objfiles);
            if (item == NULL)
                return false;
            *item = file;
            *number = g->objfiles.count - 1;
        }
        g->objfile_of[i] = (uint32_t)*number;
    }
    return true;
}

bool lg_graph_functions_make(struct lg_graph_nodes *g)
{
    struct index index = {0};
    lg_map_init(&index.names, g->scratch);
    lg_map_init(&index.files, g->scratch);
    lg_map_init(&index.named_files, g->scratch);
    lg_map_init(&index.lines, g->scratch);
    lg_map_init(&index.placed, g->scratch);
    size_t count = g->profile->functions.count;
    /* One more, for lines without a function. */
    g->function_of = lg_new(g->scratch, uint32_t, count + 1);
    if (g->function_of == NULL || !lg_map_reserve(&index.names, count + 1) ||
        lg_push(g->scratch, &g->functions) == NULL ||
        (g->keep.filename && !take_file(g, &index, LG_STR(""))))
        return false;
    g->function_of[count] = add_function(
        g, &index,
        (struct lg_graph_function){
            .name = LG_STR(""), .file = LG_STR(""), .has_objfile = true});
    return g->function_of[count] != LG_NO_NODE && add_functions(g, &index) &&
           add_objfiles(g);
}
