/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fds.txt → groups of descriptors. Targets that differ only in their numbers
 * count together, so that ten thousand temporary files are one line; sockets
 * keep the end of a connection that says whose it is.
 *
 *     3\tTCP 127.0.0.1:8080 LISTEN
 *     4\t/var/tmp/part-0001 (deleted)
 *     #\tcount 30000           only when more were open than are listed
 */
#include "base/lines.h"
#include "base/map.h"
#include "decode/proc_files.h"

/* Longer targets are cut in their pattern; PATH_MAX is 4096. */
#define PATTERN_BYTES 512
/* Different patterns that are kept; the rest shares "(more)". */
#define MAX_GROUPS 4096
/* Ports from here on are taken by the kernel for outgoing connections
 * (ip_local_port_range). */
#define FIRST_EPHEMERAL_PORT 32768

struct pattern {
    char text[PATTERN_BYTES];
    size_t len;
};

static void put(struct pattern *p, struct lg_str s)
{
    for (size_t i = 0; i < s.len && p->len < sizeof p->text; i++)
        p->text[p->len++] = s.data[i];
}

static struct lg_str pattern_view(const struct pattern *p)
{
    return lg_str_from(p->text, p->len);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_letter(char c)
{
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of a number at s: decimal digits, or a run of at least eight
 * hexadecimal ones with a digit among them (ids). 0: none. */
static size_t number_at(struct lg_str s)
{
    size_t decimal = 0, hex = 0;
    bool has_digit = false;
    while (decimal < s.len && is_digit(s.data[decimal]))
        decimal++;
    while (hex < s.len && (is_digit(s.data[hex]) || is_hex_letter(s.data[hex])))
        has_digit |= is_digit(s.data[hex++]);
    return hex >= 8 && has_digit ? hex : decimal;
}

static void put_without_numbers(struct pattern *p, struct lg_str s)
{
    while (s.len > 0) {
        size_t n = number_at(s);
        if (n > 0) {
            put(p, LG_STR("N"));
            s = lg_str_skip(s, n);
        } else {
            put(p, lg_str_first(s, 1));
            s = lg_str_skip(s, 1);
        }
    }
}

static uint64_t port_of(struct lg_str port)
{
    uint64_t n = 0;
    (void)lg_str_u64(port, &n);
    return n;
}

/* Where the range of outgoing ports was widened, the lower of the two is the
 * service. */
static bool is_ephemeral(struct lg_str port, struct lg_str other)
{
    return port_of(port) >= FIRST_EPHEMERAL_PORT ||
           port_of(port) > port_of(other);
}

/* "TCP 10.0.0.1:40112 → 10.0.0.2:5432 ESTABLISHED": a client's own port and a
 * caller's whole address are accident, the service's end is what tells. */
static void put_connection(struct pattern *p, struct lg_cut ends)
{
    struct lg_cut local = lg_str_rcut_char(ends.head, ':');
    struct lg_cut state = lg_str_rcut_char(ends.tail, ' ');
    struct lg_cut remote = lg_str_rcut_char(state.head, ':');
    bool local_any = is_ephemeral(local.tail, remote.tail);
    bool remote_any = is_ephemeral(remote.tail, local.tail);
    put(p, local.head);
    put(p, LG_STR(":"));
    put(p, local_any ? LG_STR("N") : local.tail);
    put(p, LG_STR(" → "));
    put(p, remote_any && !local_any ? LG_STR("*") : remote.head);
    put(p, LG_STR(":"));
    put(p, remote_any ? LG_STR("N") : remote.tail);
    if (state.found) {
        put(p, LG_STR(" "));
        put(p, state.tail);
    }
}

static bool is_ip(struct lg_str target)
{
    return lg_str_starts(target, LG_STR("TCP ")) ||
           lg_str_starts(target, LG_STR("UDP "));
}

static bool is_socket(struct lg_str target)
{
    return is_ip(target) || lg_str_starts(target, LG_STR("unix")) ||
           lg_str_starts(target, LG_STR("socket"));
}

static struct lg_str kind_of(struct lg_str target)
{
    if (is_socket(target))
        return LG_STR("socket");
    if (lg_str_starts(target, LG_STR("pipe")))
        return LG_STR("pipe");
    if (lg_str_starts(target, LG_STR("/memfd:")))
        return LG_STR("memfd");
    if (!lg_str_starts(target, LG_STR("/")))
        return LG_STR("anon"); /* anon_inode:[eventpoll], mnt:[…] */
    if (lg_str_ends(target, LG_STR(" (deleted)")))
        return LG_STR("deleted");
    if (lg_str_starts(target, LG_STR("/dev/")) &&
        !lg_str_starts(target, LG_STR("/dev/shm/")))
        return LG_STR("dev");
    return LG_STR("file");
}

static void make_pattern(struct pattern *p, struct lg_str target)
{
    struct lg_cut ends = lg_str_cut(target, LG_STR(" → "));
    p->len = 0;
    if (is_ip(target) && ends.found)
        put_connection(p, ends);
    else if (is_ip(target))
        put(p, target); /* a listener: its port is its name */
    else
        put_without_numbers(p, target);
}

struct grouping {
    struct lg_arena *arena;
    struct lg_fds *fds;
    struct lg_map by_pattern; /* → index + 1 */
};

static bool add_group(struct grouping *g, struct lg_str target, uint64_t *slot)
{
    struct lg_fd_group *group = lg_push(g->arena, &g->fds->groups);
    if (group == NULL)
        return false;
    group->kind = kind_of(target);
    group->target = lg_str_dup(g->arena, target);
    group->pattern = group->target; /* until a different one joins */
    *slot = g->fds->groups.count;
    return group->target.data != NULL;
}

static bool add_target(struct grouping *g, struct lg_str target)
{
    struct pattern pattern;
    make_pattern(&pattern, target);
    struct lg_str key = pattern_view(&pattern);
    uint64_t *slot = lg_map_find_str(&g->by_pattern, key);
    if (slot == NULL) {
        if (g->fds->groups.count >= MAX_GROUPS)
            key = target = LG_STR("(more)");
        /* The map borrows its keys. */
        struct lg_str kept = lg_str_dup(g->arena, key);
        if (kept.data == NULL)
            return false;
        slot = lg_map_put_str(&g->by_pattern, kept, NULL);
        if (slot == NULL)
            return false;
        if (*slot == 0 && !add_group(g, target, slot))
            return false;
        key = kept;
    }
    struct lg_fd_group *group = &g->fds->groups.items[*slot - 1];
    group->count++;
    if (!lg_str_eq(group->target, target) &&
        lg_str_eq(group->pattern, group->target)) {
        group->pattern = lg_str_dup(g->arena, key);
        if (group->pattern.data == NULL)
            return false;
    }
    return true;
}

/* Largest first; first seen first among equals. Shell sort: nothing is
 * allocated, and there are few groups. */
static void sort_groups(struct lg_fd_group *items, size_t count)
{
    static const size_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4};
    for (size_t g = 0; g <= LG_COUNT(gaps); g++) {
        size_t gap = g < LG_COUNT(gaps) ? gaps[g] : 1;
        for (size_t i = gap; i < count; i++) {
            struct lg_fd_group moving = items[i];
            size_t at = i;
            for (; at >= gap && items[at - gap].count < moving.count; at -= gap)
                items[at] = items[at - gap];
            items[at] = moving;
        }
    }
}

static bool total_line(struct lg_str target, struct lg_fds *fds)
{
    struct lg_str number;
    uint64_t n;
    if (!lg_str_after(target, LG_STR("count "), &number) ||
        !lg_str_u64(number, &n))
        return false;
    fds->truncated = true;
    fds->count = n > fds->count ? n : fds->count;
    return true;
}

bool lg_fds_text_parse(struct lg_str text, struct lg_arena *arena,
                       struct lg_fds *ret, struct lg_error *err)
{
    struct lg_fds fds = {0};
    struct grouping g = {.arena = arena, .fds = &fds};
    struct lg_str line, all = text;
    uint64_t number, listed = 0, total = 0;

    lg_map_init(&g.by_pattern, arena);
    while (lg_lines_next(&text, &line)) {
        struct lg_cut cut = lg_str_cut_char(line, '\t');
        if (line.len == 0)
            continue;
        if (lg_str_eq(cut.head, LG_STR("#")) && total_line(cut.tail, &fds)) {
            total = fds.count;
            continue;
        }
        if (!cut.found || !lg_str_u64(cut.head, &number))
            return lg_fail_at(err, (uint64_t)(line.data - all.data),
                              "fds.txt: a line is not \"FD<tab>TARGET\"");
        if (!add_target(&g, cut.tail))
            return lg_fail_nomem(err);
        listed++;
    }
    fds.count = total > listed ? total : listed;
    sort_groups(fds.groups.items, fds.groups.count);
    *ret = fds;
    return true;
}
