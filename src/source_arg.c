/* SPDX-License-Identifier: Apache-2.0 */
#include "source_arg.h"

#include "decode/elf.h"
#include "incident_of.h"
#include "sources/core_image.h"
#include "sources/debug_file_open.h"
#include "sources/folder.h"
#include "sources/process_image.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an ELF file begins with; more is not needed to tell a core. */
#define HEAD_BYTES 64

static bool open_go(const struct lg_source_options *options,
                    struct lg_arena *arena, struct lg_source_arg *ret,
                    struct lg_error *err)
{
    struct lg_go_open_options go_options = {0};
    if (options != NULL && options->debug_file != NULL) {
        if (!lg_mapped_open(&ret->debug, AT_FDCWD, options->debug_file, err))
            return false;
    } else {
        lg_debug_file_open(ret->image->binary, ret->image->binary_path,
                           &ret->debug);
    }
    go_options.debug_file = ret->debug.bytes;
    return lg_go_open(ret->image, &go_options, arena, &ret->go, err);
}

static bool open_process(int64_t pid, const struct lg_source_options *options,
                         struct lg_arena *arena, struct lg_source_arg *ret,
                         struct lg_error *err)
{
    ret->kind = LG_SOURCE_PROCESS;
    ret->pid = pid;
    if (!lg_host_init(&ret->host, NULL, err))
        return false;
    ret->has_host = true;
    if (!lg_process_image_open(&ret->host, pid, arena, &ret->image, err))
        return false;
    ret->pid = ret->image->pid;
    if (open_go(options, arena, ret, err))
        return true;
    return lg_context(err, "process %lld", (long long)pid);
}

/* ET_CORE, ET_EXEC …; −1: no ELF file. */
static int elf_type(const char *path)
{
    unsigned char head[HEAD_BYTES] = {0};
    LG_CLOSE
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || read(fd, head, sizeof head) < EI_NIDENT + 2 ||
        memcmp(head, ELFMAG, SELFMAG) != 0)
        return -1;
    return head[EI_NIDENT] | head[EI_NIDENT + 1] << 8;
}

static bool open_core(const char *path, const struct lg_source_options *options,
                      struct lg_arena *arena, struct lg_source_arg *ret,
                      struct lg_error *err)
{
    const char *exe = options != NULL ? options->exe : NULL;
    ret->kind = LG_SOURCE_CORE;
    ret->path = path;
    if (!lg_core_image_open(path, exe, arena, &ret->image, err))
        return false;
    ret->pid = ret->image->pid;
    return open_go(options, arena, ret, err) || lg_context(err, "%s", path);
}

static bool open_path(const char *operand,
                      const struct lg_source_options *options,
                      struct lg_arena *arena, struct lg_source_arg *ret,
                      struct lg_error *err)
{
    struct lg_incident_of of;
    const char *state_dir = options != NULL ? options->state_dir : NULL;
    if (!lg_incident_of(state_dir, operand, arena, &of, err))
        return false;
    ret->path = of.path;
    ret->kind = of.stored ? LG_SOURCE_INCIDENT : LG_SOURCE_FILES;
    int type = of.stored ? -1 : elf_type(of.path);
    if (type == ET_CORE)
        return open_core(of.path, options, arena, ret, err);
    if (type >= 0)
        return lg_fail(err, LG_USAGE,
                       "%s is a program; name a process, a core file or "
                       "files of evidence",
                       operand);
    return lg_folder_read(of.path, arena, &ret->incident, err);
}

/* All digits: a process, unless there is none and an incident is called so. */
static bool open_number(uint64_t pid, const char *operand,
                        const struct lg_source_options *options,
                        struct lg_arena *arena, struct lg_source_arg *ret,
                        struct lg_error *err)
{
    struct lg_error other = {0};
    if (pid <= INT32_MAX &&
        open_process((int64_t)pid, options, arena, ret, err))
        return true;
    if (pid <= INT32_MAX &&
        (err == NULL || err->kind != LG_ABSENT || ret->image != NULL))
        return false;
    lg_source_close(ret);
    if (open_path(operand, options, arena, ret, &other))
        return true;
    if (pid > INT32_MAX)
        return lg_fail(err, LG_ABSENT, "there is no process %s", operand);
    return false;
}

bool lg_source_open(const char *operand,
                    const struct lg_source_options *options,
                    struct lg_arena *arena, struct lg_source_arg *ret,
                    struct lg_error *err)
{
    struct lg_error own = {0};
    uint64_t pid;
    if (err == NULL)
        err = &own;
    *ret = (struct lg_source_arg){0};
    bool ok = lg_str_u64(lg_str_of(operand), &pid)
                  ? open_number(pid, operand, options, arena, ret, err)
                  : open_path(operand, options, arena, ret, err);
    if (!ok)
        lg_source_close(ret);
    return ok;
}

void lg_source_close(struct lg_source_arg *source)
{
    lg_image_destroy(source->image);
    lg_mapped_deinit(&source->debug);
    if (source->has_host)
        lg_host_deinit(&source->host);
    *source = (struct lg_source_arg){0};
}

int lg_source_of_args(const struct lg_args *args,
                      const struct lg_source_options *options,
                      struct lg_arena *arena, struct lg_source_arg *ret)
{
    struct lg_error err = {0};
    if (args->operand_count != 1) {
        lg_cmd_say("%s takes one PID, core, file or incident",
                   args->command->name);
        return LG_EXIT_USAGE;
    }
    return lg_source_open(args->operands[0], options, arena, ret, &err)
               ? -1
               : lg_cmd_fail(&err);
}

bool lg_source_freeze(const char *text, enum lg_freeze *ret)
{
    static const char *const names[] = {
        [LG_FREEZE_AUTO] = "auto",
        [LG_FREEZE_NEVER] = "never",
        [LG_FREEZE_ALWAYS] = "always",
    };
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = (enum lg_freeze)i;
            return true;
        }
    }
    lg_cmd_say("--freeze takes auto, never or always, not \"%s\"", text);
    return false;
}
