/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/cgroup_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ID "3f2a9c0d1e5b48a7963f2a9c0d1e5b48a7963f2a9c0d1e5b48a7963f2a9c0d1e"
#define UID "d8b1a3f2-5c6e-4f70-9a1b-2c3d4e5f6071"
#define UID_ "d8b1a3f2_5c6e_4f70_9a1b_2c3d4e5f6071"

static const struct {
    const char *path, *unit, *slice, *container, *runtime, *pod, *qos;
} cases[] = {
    {"/", "", "", "", "", "", ""},
    {"", "", "", "", "", "", ""},
    {"/system.slice/nginx.service", "nginx.service", "system.slice", "", "", "",
     ""},
    {"/user.slice/user-1000.slice/user@1000.service/app.slice/"
     "consumer.service",
     "consumer.service", "app.slice", "", "", "", ""},
    {"/user.slice/user-0.slice/session-3.scope", "session-3.scope",
     "user-0.slice", "", "", "", ""},
    {"/docker/" ID, "", "", ID, "docker", "", ""},
    {"/system.slice/docker-" ID ".scope", "", "system.slice", ID, "docker", "",
     ""},
    {"/system.slice/docker-" ID ".scope/system.slice/app.service",
     "app.service", "system.slice", ID, "docker", "", ""},
    {"/machine.slice/libpod-" ID ".scope/container", "", "machine.slice", ID,
     "podman", "", ""},
    {"/kubepods/burstable/pod" UID "/" ID, "", "", ID, "", UID, "Burstable"},
    {"/kubepods/besteffort/pod" UID "/" ID, "", "", ID, "", UID, "BestEffort"},
    {"/kubepods/pod" UID "/" ID, "", "", ID, "", UID, "Guaranteed"},
    {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
     ".slice/cri-containerd-" ID ".scope",
     "", "kubepods-burstable-pod" UID_ ".slice", ID, "containerd", UID,
     "Burstable"},
    {"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", "",
     "kubepods-pod" UID_ ".slice", ID, "cri-o", UID, "Guaranteed"},
    {"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
     ".slice/docker-" ID ".scope",
     "", "kubepods-besteffort-pod" UID_ ".slice", ID, "docker", UID,
     "BestEffort"},
    {"/system.slice/containerd.service/kubepods-burstable-pod" UID_
     ".slice:cri-containerd:" ID,
     "", "system.slice", ID, "containerd", UID, "Burstable"},
    /* A static pod's uid is a hash. */
    {"/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID, "", "", ID,
     "", "0123456789abcdef0123456789abcdef", "Burstable"},
    {"/ecs/0123456789abcdef0123456789abcdef/" ID, "", "", ID, "", "", ""},
    {"/lxc.payload.web/system.slice/app.service", "app.service", "system.slice",
     "", "lxc", "", ""},
    /* Helpers of an engine and look-alikes are no containers. */
    {"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope",
     "machine.slice", "", "", "", ""},
    {"/podman/podcast", "", "", "", "", "", ""},
    {"/docker/3f2a9c", "", "", "", "", "", ""},
    {"/burstable/pod" UID, "", "", "", "", UID, ""},
};

static void assert_str(struct lg_str s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    if (s.len > 0)
        assert_memory_equal(s.data, text, s.len);
}

static void paths_tell_who(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_identity id;
        lg_identity_parse(lg_str_of(cases[i].path), &arena, &id);
        assert_str(id.unit, cases[i].unit);
        assert_str(id.slice, cases[i].slice);
        assert_str(id.container_id, cases[i].container);
        assert_str(id.runtime, cases[i].runtime);
        assert_str(id.pod_uid, cases[i].pod);
        assert_str(id.qos, cases[i].qos);
    }
    lg_arena_deinit(&arena);
}

static void any_prefix_is_fine(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        for (size_t len = 0; len <= strlen(cases[i].path); len++) {
            struct lg_identity id;
            char *copy = test_malloc(len + 1);
            memcpy(copy, cases[i].path, len);
            lg_identity_parse(lg_str_from(copy, len), &arena, &id);
            assert_true(id.container_id.len == 0 || id.container_id.len == 64);
            test_free(copy);
        }
    }
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_tell_who),
        cmocka_unit_test(any_prefix_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
