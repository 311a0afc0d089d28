/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/memory_source_internal.h"

#include "base/io.h"
#include "sources/proc_fds.h"

#include <errno.h>
#include <sys/uio.h>

#define MAX_ENVIRON_BYTES ((size_t)4 << 20)

/* GODEBUG=memprofilerate=… says what its user wants. */
static bool is_told_otherwise(const struct memory_source *m)
{
    struct lg_arena scratch;
    struct lg_str text, value;
    bool told = false;
    LG_CLOSE
    int dir_fd = lg_proc_open(m->host, m->pid, NULL);
    lg_arena_init(&scratch, 2 * MAX_ENVIRON_BYTES);
    if (dir_fd < 0 || !lg_read_file(dir_fd, "environ", MAX_ENVIRON_BYTES,
                                    &scratch, &text, NULL)) {
        text = LG_STR("");
    }
    while (text.len > 0 && !told) {
        struct lg_cut cut = lg_str_cut_char(text, '\0');
        told = lg_str_after(cut.head, LG_STR("GODEBUG="), &value) &&
               lg_str_contains(value, LG_STR("memprofilerate"));
        text = cut.tail;
    }
    lg_arena_deinit(&scratch);
    return told;
}

/* Off because of the linker, in a runtime that has come up: allgs has its
 * first goroutine only after schedinit, which would set the rate once more. */
static bool is_left_out(const struct memory_source *m, uint64_t address)
{
    uint64_t rate = 1, first = 0, count = 0;
    uint8_t disabled = 0;
    struct lg_image *image = m->go->image;
    uint64_t flag = m->go->vars[LG_VAR_DISABLE_MEM_PROFILING];
    uint64_t allgs = m->go->vars[LG_VAR_ALLGS];
    return flag != 0 && allgs != 0 && address % sizeof rate == 0 &&
           lg_image_u64(image, address, &rate) && rate == 0 &&
           lg_image_read(image, flag, &disabled, 1) && disabled == 1 &&
           lg_image_u64(image, allgs, &first) && first != 0 &&
           lg_image_u64(image, allgs + sizeof first, &count) && count > 0;
}

static bool write_rate(struct memory_source *m, uint64_t address,
                       struct lg_error *err)
{
    uint64_t rate = LG_MEM_PROFILE_RATE_BYTES;
    struct iovec local = {&rate, sizeof rate};
    struct iovec remote = {(void *)(uintptr_t)address, sizeof rate};
    const struct lg_image_segment *at =
        lg_image_segment_find(m->go->image, address);
    if (at == NULL || !at->can_write || at->end - address < sizeof rate) {
        return lg_fail(err, LG_BAD_DATA, "MemProfileRate is not in its data");
    }
    if (!lg_image_is_there(m->go->image)) {
        return lg_fail(err, LG_ABSENT, "the process has ended");
    }
    if (process_vm_writev((pid_t)m->pid, &local, 1, &remote, 1, 0) !=
        (ssize_t)sizeof rate) {
        return lg_fail_os(err, errno, "writing MemProfileRate");
    }
    return true;
}

bool lg_memory_source_switch_heap_profile(struct lg_capture_source *source,
                                          struct lg_error *err)
{
    struct memory_source *m = (struct memory_source *)source;
    m->wants_heap_profile = true;
    if (m->host == NULL || m->go == NULL) {
        return lg_fail(err, LG_ABSENT, "not a process of ours to change");
    }
    uint64_t address = m->go->vars[LG_VAR_MEM_PROFILE_RATE];
    if (address == 0 || !is_left_out(m, address) || is_told_otherwise(m)) {
        return lg_fail(err, LG_ABSENT, "no heap profile was left out");
    }
    m->is_switched = write_rate(m, address, err);
    return m->is_switched;
}
