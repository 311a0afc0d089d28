/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/capture_json.h"

#include "decode/json_tree.h"

#define MAX_PARTS 1000 /* a capture has about ten */
#define MAX_QUALITY 100

static void read_part(const json_t *o, struct lg_arena *arena,
                      struct lg_capture_doc_part *p)
{
    p->file = lg_json_get_str(o, "file", arena);
    p->error = lg_json_get_str(o, "error", arena);
    p->bytes = lg_json_get_u64(o, "bytes");
    p->duration_ns = lg_json_get_u64(o, "duration_ns");
    p->cut = lg_json_get_bool(o, "cut");
}

/* Only captures out of a process's memory have them. */
static void read_notes(const json_t *tree, struct lg_arena *arena,
                       struct lg_capture_doc *doc)
{
    const json_t *quality = json_object_get(tree, "quality");
    size_t count = json_array_size(quality);
    doc->goroutines = lg_json_get_num(tree, "goroutines");
    doc->sampled_one_in = lg_json_get_u64(tree, "sampled_one_in");
    if (doc->sampled_one_in == 0)
        doc->sampled_one_in = 1;
    for (size_t i = 0; i < count && i < MAX_QUALITY; i++) {
        struct lg_str *slot = lg_push(arena, &doc->quality);
        if (slot == NULL)
            return;
        *slot = lg_json_str_of(json_array_get(quality, i), arena);
    }
}

bool lg_capture_json_parse(struct lg_str bytes, struct lg_arena *arena,
                           struct lg_capture_doc *ret, struct lg_error *err)
{
    LG_JSON_TREE json_t *tree =
        lg_json_tree_parse(bytes, "lastgasp.capture/1", err);
    if (tree == NULL)
        return false;
    uint64_t id = lg_json_get_u64(tree, "id");
    struct lg_capture_doc doc = {
        .id = id <= UINT32_MAX ? (uint32_t)id : 0,
        .trigger = lg_json_get_str(tree, "trigger", arena),
        .source = lg_json_get_str(tree, "source", arena),
        .time_ns = lg_json_get_i64(tree, "time_ns"),
        .t_ns = lg_json_get_u64(tree, "t_ns"),
        .duration_ns = lg_json_get_u64(tree, "duration_ns"),
        .pause_ns = lg_json_get_u64(tree, "pause_ns"),
        .complete = lg_json_get_bool(tree, "complete"),
    };
    const json_t *parts = json_object_get(tree, "parts");
    size_t count = json_array_size(parts);
    for (size_t i = 0; i < count && i < MAX_PARTS; i++) {
        struct lg_capture_doc_part *part = lg_push(arena, &doc.parts);
        if (part == NULL)
            break;
        read_part(json_array_get(parts, i), arena, part);
    }
    read_notes(tree, arena, &doc);
    if (arena->failed)
        return lg_fail_nomem(err);
    *ret = doc;
    return true;
}
