/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/memstats_json.h"

#include "base/vec.h"
#include "decode/json_tree.h"

#include <stddef.h>
#include <string.h>

#define UNLIMITED "unlimited"

struct member {
    const char *key;
    size_t at;
};
#define MEMBER(name)                                                           \
    {                                                                          \
#name, offsetof(struct lg_memstats, name)                              \
    }

static const struct member members[] = {
    MEMBER(heap_alloc_bytes),
    MEMBER(heap_sys_bytes),
    MEMBER(heap_idle_bytes),
    MEMBER(heap_inuse_bytes),
    MEMBER(heap_released_bytes),
    MEMBER(heap_objects_count),
    MEMBER(stack_inuse_bytes),
    MEMBER(stack_sys_bytes),
    MEMBER(mspan_inuse_bytes),
    MEMBER(mspan_sys_bytes),
    MEMBER(mcache_inuse_bytes),
    MEMBER(mcache_sys_bytes),
    MEMBER(buck_hash_sys_bytes),
    MEMBER(gc_sys_bytes),
    MEMBER(other_sys_bytes),
    MEMBER(sys_bytes),
    MEMBER(total_alloc_bytes),
    MEMBER(mallocs_count),
    MEMBER(frees_count),
    MEMBER(next_gc_bytes),
    MEMBER(gc_count),
    MEMBER(forced_gc_count),
    MEMBER(last_gc_unix_ns),
    MEMBER(pause_total_ns),
    MEMBER(max_rss_bytes),
    MEMBER(heap_live_bytes),
    MEMBER(heap_marked_bytes),
    MEMBER(gogc_percent),
    MEMBER(memory_limit_bytes),
    MEMBER(timers_count),
    MEMBER(finalizers_count),
    MEMBER(threads_count),
    MEMBER(goroutines_count),
    MEMBER(gc_cpu_ppm),
    MEMBER(mem_profile_rate_bytes),
};
_Static_assert(LG_COUNT(members) * sizeof(struct lg_num) ==
                   sizeof(struct lg_memstats),
               "every member of struct lg_memstats has a row");

/* JSON readers have 63 bits: what is beyond them is no number of bytes. */
void lg_memstats_json_members(struct lg_json *j, const struct lg_memstats *m)
{
    for (size_t i = 0; i < LG_COUNT(members); i++) {
        struct lg_num n;
        memcpy(&n, (const char *)m + members[i].at, sizeof n);
        if (!n.known)
            continue;
        if (n.value == UINT64_MAX)
            lg_json_kcstr(j, members[i].key, UNLIMITED);
        else if (n.value <= INT64_MAX)
            lg_json_ku64(j, members[i].key, n.value);
    }
}

void lg_memstats_json_write(struct lg_sb *sb, const struct lg_memstats *m)
{
    struct lg_json j;
    lg_json_init_sb(&j, sb, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", LG_MEMSTATS_SCHEMA);
    lg_memstats_json_members(&j, m);
    lg_json_object_end(&j);
    if (!lg_json_finish(&j))
        sb->failed = true;
}

static struct lg_num number(const json_t *tree, const char *key)
{
    const char *text = json_string_value(json_object_get(tree, key));
    if (text != NULL && strcmp(text, UNLIMITED) == 0)
        return lg_known(UINT64_MAX);
    return lg_json_get_num(tree, key);
}

bool lg_memstats_json_parse(struct lg_str bytes, struct lg_memstats *ret,
                            struct lg_error *err)
{
    LG_JSON_TREE json_t *tree =
        lg_json_tree_parse(bytes, LG_MEMSTATS_SCHEMA, err);
    if (tree == NULL)
        return false;
    struct lg_memstats m = {0};
    for (size_t i = 0; i < LG_COUNT(members); i++) {
        struct lg_num n = number(tree, members[i].key);
        memcpy((char *)&m + members[i].at, &n, sizeof n);
    }
    *ret = m;
    return true;
}
