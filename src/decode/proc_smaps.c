/* SPDX-License-Identifier: Apache-2.0 */
/* smaps_rollup, and smaps folded into groups by what backs a mapping. */
#include "base/lines.h"
#include "base/map.h"
#include "decode/proc_files.h"

#include <stddef.h>

#define KIB UINT64_C(1024)
/* Distinct backings; what comes after shares "(more)". A process that maps
 * 4,096 different files is told well enough by the first. */
#define MAX_GROUPS 4096

struct row {
    const char *name;
    size_t offset; /* of a struct lg_num in struct lg_smaps */
};

#define ROW(name_, field)                                                      \
    {                                                                          \
        .name = (name_), .offset = offsetof(struct lg_smaps, field)            \
    }

static const struct row rows[] = {
    ROW("Rss", rss),
    ROW("Pss", pss),
    ROW("Pss_Anon", pss_anon),
    ROW("Pss_File", pss_file),
    ROW("Pss_Shmem", pss_shmem),
    ROW("Shared_Clean", shared_clean),
    ROW("Shared_Dirty", shared_dirty),
    ROW("Private_Clean", private_clean),
    ROW("Private_Dirty", private_dirty),
    ROW("Anonymous", anonymous),
    ROW("AnonHugePages", anon_huge),
    ROW("Swap", swap),
    ROW("Locked", locked),
};

static bool kib_line(struct lg_str line, struct lg_str *key_ret,
                     uint64_t *bytes_ret)
{
    struct lg_cut cut = lg_str_cut_char(line, ':');
    struct lg_str word;
    uint64_t n;
    if (!cut.found || !lg_str_word(&cut.tail, &word) || !lg_str_u64(word, &n) ||
        n > UINT64_MAX / KIB)
        return false;
    *key_ret = cut.head;
    *bytes_ret = n * KIB;
    return true;
}

/* Adds, so that the mappings of a whole smaps sum up. */
static void add_value(struct lg_smaps *s, struct lg_str key, uint64_t bytes)
{
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        if (!lg_str_eq(key, lg_str_of(rows[i].name)))
            continue;
        void *at = (char *)s + rows[i].offset;
        struct lg_num *n = at;
        *n = lg_known(n->value + bytes);
        return;
    }
}

void lg_proc_smaps_rollup_parse(struct lg_str text, struct lg_smaps *ret)
{
    struct lg_smaps s = {0};
    struct lg_str line, key;
    uint64_t bytes;
    while (lg_lines_next(&text, &line)) {
        if (kib_line(line, &key, &bytes))
            add_value(&s, key, bytes);
    }
    *ret = s;
}

/* "55d0c000-55d0d000 r--p 00000000 08:01 123   /path": addresses in hex, then
 * permissions; a value line has a colon at the end of its first word. */
static bool mapping_line(struct lg_str line, uint64_t *size_ret,
                         struct lg_str *name_ret)
{
    struct lg_str word, rest = line;
    uint64_t begin, end;
    if (!lg_str_word(&rest, &word))
        return false;
    struct lg_cut range = lg_str_cut_char(word, '-');
    if (!range.found || !lg_str_hex(range.head, &begin) ||
        !lg_str_hex(range.tail, &end) || end < begin)
        return false;
    for (int field = 0; field < 4; field++) {
        if (!lg_str_word(&rest, &word))
            return false;
    }
    *size_ret = end - begin;
    *name_ret = lg_str_trim_left(rest);
    return true;
}

/* "" → "anon", "[anon: Go: heap]" → "anon: Go: heap"; threads' stacks of old
 * kernels "[stack:123]" → "[stack]". */
static struct lg_str group_name(struct lg_str name)
{
    if (name.len == 0)
        return LG_STR("anon");
    if (lg_str_starts(name, LG_STR("[anon")) &&
        lg_str_ends(name, LG_STR("]")) && name.len > 2)
        return lg_str_first(lg_str_skip(name, 1), name.len - 2);
    if (lg_str_starts(name, LG_STR("[stack:")))
        return LG_STR("[stack]");
    return name;
}

/* Pages of tmpfs: memfd, shm_open, SysV, and anonymous shared memory. */
static bool is_shmem(struct lg_str name)
{
    return lg_str_starts(name, LG_STR("/memfd:")) ||
           lg_str_starts(name, LG_STR("/dev/shm/")) ||
           lg_str_starts(name, LG_STR("/dev/zero")) ||
           lg_str_starts(name, LG_STR("/SYSV")) ||
           lg_str_starts(name, LG_STR("anon_shmem"));
}

struct fold {
    struct lg_process *p;
    struct lg_arena *arena;
    struct lg_map by_name;
    size_t current; /* index + 1 of the group that values go to */
    bool shmem;
};

static bool enter_mapping(struct fold *f, uint64_t size, struct lg_str name)
{
    struct lg_str group = group_name(name);
    bool fresh = false;
    if (f->p->maps.count >= MAX_GROUPS &&
        lg_map_find_str(&f->by_name, group) == NULL)
        group = LG_STR("(more)");
    uint64_t *at = lg_map_put_str(&f->by_name, group, &fresh);
    if (at == NULL)
        return false;
    if (fresh) {
        struct lg_map_group *g = lg_push(f->arena, &f->p->maps);
        if (g == NULL)
            return false;
        g->name = lg_str_dup(f->arena, group);
        if (g->name.data == NULL)
            return false;
        *at = f->p->maps.count;
    }
    f->current = *at;
    f->shmem = is_shmem(name);
    struct lg_map_group *g = &f->p->maps.items[f->current - 1];
    g->mappings_count++;
    g->size_bytes += size;
    return true;
}

static void add_to_group(struct fold *f, struct lg_str key, uint64_t bytes)
{
    if (f->current == 0)
        return;
    struct lg_map_group *g = &f->p->maps.items[f->current - 1];
    if (lg_str_eq(key, LG_STR("Rss"))) {
        g->rss_bytes += bytes;
        g->shmem_bytes += f->shmem ? bytes : 0;
    } else if (lg_str_eq(key, LG_STR("Anonymous"))) {
        g->anon_bytes += bytes;
        /* Private copies of a shared file's pages are anonymous. */
        if (f->shmem)
            g->shmem_bytes -= bytes < g->shmem_bytes ? bytes : g->shmem_bytes;
    }
}

bool lg_proc_smaps_parse(struct lg_str text, struct lg_arena *arena,
                         struct lg_process *p, struct lg_error *err)
{
    struct fold f = {.p = p, .arena = arena};
    struct lg_smaps sum = {0};
    struct lg_str line, key;
    uint64_t bytes;

    lg_map_init(&f.by_name, arena);
    while (lg_lines_next(&text, &line)) {
        if (mapping_line(line, &bytes, &key)) {
            if (!enter_mapping(&f, bytes, key))
                return lg_fail_nomem(err);
        } else if (kib_line(line, &key, &bytes)) {
            add_value(&sum, key, bytes);
            add_to_group(&f, key, bytes);
        }
    }
    if (!p->smaps.rss.known)
        p->smaps = sum;
    return true;
}
