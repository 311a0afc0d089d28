/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

#include "report/clean.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const struct lg_command *const lg_commands[] = {
    &lg_cmd_run,      &lg_cmd_attach,   &lg_cmd_list,       &lg_cmd_show,
    &lg_cmd_explain,  &lg_cmd_export,   &lg_cmd_import,     &lg_cmd_rm,
    &lg_cmd_oom,      &lg_cmd_ps,       &lg_cmd_goroutines, &lg_cmd_heap,
    &lg_cmd_memstats, &lg_cmd_snapshot, &lg_cmd_pprof,      NULL,
};

const struct lg_command *lg_cmd_find(const char *name)
{
    for (size_t i = 0; lg_commands[i] != NULL; i++) {
        if (strcmp(lg_commands[i]->name, name) == 0)
            return lg_commands[i];
    }
    return NULL;
}

void lg_cmd_say(const char *fmt, ...)
{
    /* Names of the outside world stand in it: what is not text is shown as an
     * escape, which takes up to six times its room. All in one write, so that
     * two processes on one terminal keep their lines. */
    char said[LG_ERROR_TEXT_BYTES + 200], room[8 * sizeof said];
    struct lg_arena arena;
    struct lg_sb line;
    va_list args;
    va_start(args, fmt);
    vsnprintf(said, sizeof said, fmt, args);
    va_end(args);
    lg_arena_init_fixed(&arena, room, sizeof room);
    lg_sb_init(&line, &arena);
    lg_clean(lg_str_of(said), &line);
    fprintf(stderr, "lastgasp: %.*s\n", LG_STR_ARG(lg_sb_view(&line)));
}

static int exit_of(enum lg_error_kind kind)
{
    switch (kind) {
    case LG_ABSENT:
        return LG_EXIT_NOTHING;
    case LG_BAD_DATA:
        return LG_EXIT_CORRUPT;
    case LG_DENIED:
        return LG_EXIT_DENIED;
    case LG_USAGE:
        return LG_EXIT_USAGE;
    default:
        return LG_EXIT_FAILED;
    }
}

int lg_cmd_fail(const struct lg_error *err)
{
    lg_cmd_say("%s", err->text[0] != '\0' ? err->text
                                          : lg_error_kind_name(err->kind));
    return exit_of(err->kind);
}

bool lg_cmd_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    if (no_color != NULL && no_color[0] != '\0')
        return false;
    const char *term = getenv("TERM");
    return term != NULL && strcmp(term, "dumb") != 0 && isatty(fd) == 1;
}

int lg_cmd_columns(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col > 0 ? size.ws_col : 80;
}

static const char *command_name(const void *context, size_t i)
{
    (void)context;
    return lg_commands[i] != NULL ? lg_commands[i]->name : NULL;
}

static int unknown_command(const char *name)
{
    const char *nearest = lg_cmd_nearest(name, command_name, NULL);
    if (nearest != NULL)
        lg_cmd_say("there is no command \"%s\"; did you mean \"%s\"?", name,
                   nearest);
    else
        lg_cmd_say("there is no command \"%s\"; see lastgasp help", name);
    return LG_EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        lg_cmd_help(stdout);
        return LG_EXIT_OK;
    }
    const struct lg_command *command = lg_cmd_find(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    lg_cmd_help_of(command, stdout);
    return LG_EXIT_OK;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        lg_cmd_help(stderr);
        return LG_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
        strcmp(name, "-h") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0 ||
        strcmp(name, "-V") == 0) {
        lg_cmd_version(stdout);
        return LG_EXIT_OK;
    }
    if (name[0] == '-') {
        lg_cmd_say("there is no option %s before the command; see lastgasp "
                   "help",
                   name);
        return LG_EXIT_USAGE;
    }
    const struct lg_command *command = lg_cmd_find(name);
    if (command == NULL)
        return unknown_command(name);
    return command->run(command, argc - 1, argv + 1);
}

int lg_cmd_main(int argc, char **argv)
{
    int status = dispatch(argc, argv);
    /* A full disk behind stdout shows only here. A reader that has gone
     * (EPIPE) has had what it wanted. */
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        if (errno == EPIPE)
            return status;
        lg_cmd_say("cannot write to standard output: %s", strerror(errno));
        if (status == LG_EXIT_OK)
            status = LG_EXIT_FAILED;
    }
    return status;
}
