/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/json_tree.h"

#include <limits.h>
#include <string.h>

/* record.json holds a command line, at most 2 MiB (ARG_MAX), each byte of
 * which may be escaped as \u00xx. */
#define MAX_BYTES ((size_t)16 << 20)
/* Ours are 4 deep. jansson recurses, up to 2048. */
#define MAX_DEPTH 16

void lg_json_tree_free_p(json_t **tree)
{
    json_decref(*tree);
}

/* Depth by brackets outside of strings; whether they match is jansson's. */
static bool is_shallow(struct lg_str s)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
        if (depth > MAX_DEPTH)
            return false;
    }
    return true;
}

static bool has_schema(const json_t *tree, const char *schema)
{
    const char *text = json_string_value(json_object_get(tree, "schema"));
    return text != NULL && strcmp(text, schema) == 0;
}

json_t *lg_json_tree_parse(struct lg_str bytes, const char *schema,
                           struct lg_error *err)
{
    json_error_t why;
    if (bytes.len > MAX_BYTES || !is_shallow(bytes)) {
        lg_fail(err, LG_LIMIT, "larger or deeper than any %s", schema);
        return NULL;
    }
    json_t *tree = json_loadb(bytes.data != NULL ? bytes.data : "", bytes.len,
                              JSON_ALLOW_NUL, &why);
    if (tree == NULL) {
        if (json_error_code(&why) == json_error_out_of_memory)
            lg_fail_nomem(err);
        else
            lg_fail_at(err, why.position > 0 ? (uint64_t)why.position : 0,
                       "not JSON: %s", why.text);
        return NULL;
    }
    if (!has_schema(tree, schema)) {
        lg_fail(err, LG_BAD_DATA, "not a document of schema %s", schema);
        json_decref(tree);
        return NULL;
    }
    return tree;
}

struct lg_str lg_json_str_of(const json_t *string, struct lg_arena *arena)
{
    if (!json_is_string(string))
        return (struct lg_str){0};
    return lg_str_dup(arena, lg_str_from(json_string_value(string),
                                         json_string_length(string)));
}

struct lg_str lg_json_get_str(const json_t *object, const char *key,
                              struct lg_arena *arena)
{
    return lg_json_str_of(json_object_get(object, key), arena);
}

struct lg_num lg_json_get_num(const json_t *object, const char *key)
{
    const json_t *n = json_object_get(object, key);
    if (!json_is_integer(n) || json_integer_value(n) < 0)
        return (struct lg_num){0};
    return lg_known((uint64_t)json_integer_value(n));
}

uint64_t lg_json_get_u64(const json_t *object, const char *key)
{
    return lg_json_get_num(object, key).value;
}

int64_t lg_json_get_i64(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

int lg_json_get_int(const json_t *object, const char *key, int otherwise)
{
    const json_t *n = json_object_get(object, key);
    json_int_t value = json_integer_value(n);
    return json_is_integer(n) && value >= INT_MIN && value <= INT_MAX
               ? (int)value
               : otherwise;
}

bool lg_json_get_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}
