/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs in a cgroup, by its path. Forms seen in the field:
 *
 *   /system.slice/nginx.service
 *   /user.slice/user-1000.slice/user@1000.service/app.slice/x.service
 *   /docker/<id>                      /system.slice/docker-<id>.scope
 *   /machine.slice/libpod-<id>.scope/container
 *   /kubepods/burstable/pod<uid>/<id>
 *   /kubepods.slice/kubepods-burstable.slice/
 *     kubepods-burstable-pod<u_i_d>.slice/cri-containerd-<id>.scope
 *   /system.slice/containerd.service/kubepods-…-pod<u_i_d>.slice:
 *     cri-containerd:<id>
 *   /ecs/<task>/<id>                  /lxc.payload.<name>
 */
#include "decode/cgroup_files.h"

#define CONTAINER_ID_LEN 64
#define POD_UID_LEN 36    /* with dashes, or underscores from systemd */
#define STATIC_POD_LEN 32 /* a static pod's is a hash */

static bool is_hex(struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
    }
    return s.len > 0;
}

static const struct {
    const char *prefix, *runtime;
} runtimes[] = {
    {"docker", "docker"},      {"cri-containerd", "containerd"},
    {"crio", "cri-o"},         {"libpod", "podman"},
    {"nerdctl", "containerd"}, {"containerd", "containerd"},
};

/* "cri-containerd-" → "containerd"; an unknown word is its own name. */
static struct lg_str runtime_of(struct lg_str word)
{
    while (lg_str_ends(word, LG_STR("-")) || lg_str_ends(word, LG_STR(":")))
        word = lg_str_first(word, word.len - 1);
    struct lg_cut colon = lg_str_rcut_char(word, ':');
    if (colon.found)
        word = colon.tail;
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
        if (lg_str_eq(word, lg_str_of(runtimes[i].prefix)))
            return lg_str_of(runtimes[i].runtime);
    }
    return word;
}

/* "<word>-<id>.scope", "…:<word>:<id>", "<id>" */
static bool take_container(struct lg_str part, struct lg_str before,
                           struct lg_identity *id)
{
    if (lg_str_ends(part, LG_STR(".scope")))
        part = lg_str_first(part, part.len - 6);
    if (part.len < CONTAINER_ID_LEN)
        return false;
    size_t at = part.len - CONTAINER_ID_LEN;
    struct lg_str hex = lg_str_skip(part, at);
    char separator = at > 0 ? part.data[at - 1] : '-';
    if (!is_hex(hex) || (separator != '-' && separator != ':'))
        return false;
    struct lg_str word = lg_str_first(part, at);
    /* conmon is podman's and cri-o's helper, not the container. */
    if (lg_str_contains(word, LG_STR("conmon")))
        return false;
    id->container_id = hex;
    if (word.len > 0)
        id->runtime = runtime_of(word);
    else if (lg_str_eq(before, LG_STR("docker")))
        id->runtime = LG_STR("docker");
    return true;
}

static bool is_uid(struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool is_dash = s.data[i] == '-' || s.data[i] == '_';
        bool dash_here = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash != dash_here ||
            (!is_dash && !is_hex(lg_str_first(lg_str_skip(s, i), 1))))
            return false;
    }
    return true;
}

static struct lg_str with_dashes(struct lg_str s, struct lg_arena *arena)
{
    char *at = lg_arena_alloc(arena, s.len, 1);
    if (at == NULL)
        return (struct lg_str){0};
    for (size_t i = 0; i < s.len; i++)
        at[i] = s.data[i] == '_' ? '-' : s.data[i];
    return lg_str_from(at, s.len);
}

/* "pod<uid>" at the begin or behind a dash. */
static bool take_pod(struct lg_str part, struct lg_arena *arena,
                     struct lg_identity *id)
{
    struct lg_str rest;
    if (!lg_str_after(part, LG_STR("pod"), &rest)) {
        struct lg_cut cut = lg_str_rcut(part, LG_STR("-pod"));
        if (!cut.found)
            return false;
        rest = cut.tail;
    }
    struct lg_str uid = lg_str_first(rest, POD_UID_LEN);
    if (uid.len == POD_UID_LEN && is_uid(uid)) {
        id->pod_uid = with_dashes(uid, arena);
        return true;
    }
    uid = lg_str_first(rest, STATIC_POD_LEN);
    if (uid.len != STATIC_POD_LEN || !is_hex(uid))
        return false;
    id->pod_uid = uid;
    return true;
}

static void take_qos(struct lg_str part, struct lg_identity *id)
{
    bool kube = lg_str_starts(part, LG_STR("kubepods"));
    if (lg_str_eq(part, LG_STR("burstable")) ||
        (kube && lg_str_contains(part, LG_STR("-burstable"))))
        id->qos = LG_STR("Burstable");
    else if (lg_str_eq(part, LG_STR("besteffort")) ||
             (kube && lg_str_contains(part, LG_STR("-besteffort"))))
        id->qos = LG_STR("BestEffort");
    else if (kube && id->qos.len == 0)
        id->qos = LG_STR("Guaranteed");
}

static void take_part(struct lg_str part, struct lg_str before,
                      struct lg_arena *arena, struct lg_identity *id)
{
    struct lg_str lxc;
    if (id->qos.len != 0 || lg_str_starts(part, LG_STR("kubepods")))
        take_qos(part, id);
    (void)take_pod(part, arena, id);
    if (take_container(part, before, id)) {
        /* The engine's own unit is not who it is about; a systemd inside the
         * container names one further down. */
        id->unit = (struct lg_str){0};
        return;
    }
    if (lg_str_ends(part, LG_STR(".slice")))
        id->slice = part;
    else if (lg_str_ends(part, LG_STR(".service")) ||
             lg_str_ends(part, LG_STR(".scope")))
        id->unit = part;
    else if (lg_str_after(part, LG_STR("lxc.payload."), &lxc) && lxc.len > 0)
        id->runtime = LG_STR("lxc");
}

void lg_identity_parse(struct lg_str cgroup_path, struct lg_arena *arena,
                       struct lg_identity *ret)
{
    struct lg_identity id = {0};
    struct lg_str rest = cgroup_path, before = {0};
    while (rest.len > 0) {
        struct lg_cut cut = lg_str_cut_char(rest, '/');
        if (cut.head.len > 0)
            take_part(cut.head, before, arena, &id);
        before = cut.head;
        rest = cut.tail;
    }
    if (id.pod_uid.len == 0)
        id.qos = (struct lg_str){0};
    *ret = id;
}
