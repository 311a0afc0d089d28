/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a small JSON document as jansson's tree, under bounds, and its
 * members in the house's words: what is absent or of another type is unknown,
 * never an error. Strings are copied, so that the tree can go.
 */
#ifndef LG_DECODE_JSON_TREE_H
#define LG_DECODE_JSON_TREE_H

#include "base/error.h"
#include "evidence/fact.h"

#include <jansson.h>

void lg_json_tree_free_p(json_t **tree);
#define LG_JSON_TREE __attribute__((cleanup(lg_json_tree_free_p)))

/* The document must be an object with this schema. BAD_DATA otherwise. */
json_t *lg_json_tree_parse(struct lg_str bytes, const char *schema,
                           struct lg_error *err);

/* Empty when it is not a string; arena->failed tells when memory is out. */
struct lg_str lg_json_get_str(const json_t *object, const char *key,
                              struct lg_arena *arena);
struct lg_str lg_json_str_of(const json_t *string, struct lg_arena *arena);
struct lg_num lg_json_get_num(const json_t *object, const char *key);
uint64_t lg_json_get_u64(const json_t *object, const char *key); /* 0 */
int64_t lg_json_get_i64(const json_t *object, const char *key);  /* 0 */
int lg_json_get_int(const json_t *object, const char *key, int otherwise);
bool lg_json_get_bool(const json_t *object, const char *key); /* false */

#endif
