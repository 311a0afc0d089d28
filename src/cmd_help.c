/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

#include <elf.h>
#include <link.h>
#include <string.h>

void lg_cmd_help(FILE *out)
{
    fputs("lastgasp explains why a Go process was killed for memory: cause, "
          "function, file, line.\n\n"
          "usage: lastgasp COMMAND [OPTIONS] [ARG...]\n\n",
          out);
    for (size_t i = 0; lg_commands[i] != NULL; i++)
        fprintf(out, "  %-9s %s\n", lg_commands[i]->name,
                lg_commands[i]->summary);
    fputs("  help      help on a command\n\n"
          "Start here: lastgasp run --memory-max 256M -- ./my-program\n\n"
          "exit codes: 0 ok, 1 failed, 2 usage, 3 nothing found, "
          "4 inconclusive (with\n"
          "--fail-inconclusive), 5 corrupt input, 6 not permitted; run: the "
          "program's own\n",
          out);
}

/* "-o, --output FILE" */
static int option_head(const struct lg_option *o, char *text, size_t capacity)
{
    char letter[8] = "    ";
    if (o->letter != '\0')
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    return snprintf(text, capacity, "  %s--%s%s%s", letter, o->name,
                    o->argument != NULL ? " " : "",
                    o->argument != NULL ? o->argument : "");
}

static void options_help(const struct lg_option *options, FILE *out)
{
    enum { HEAD = 80, WIDEST = 28 };
    char head[HEAD];
    int width = 0;
    for (const struct lg_option *o = options; o->name != NULL; o++) {
        int len = option_head(o, head, sizeof head);
        if (len > width && len <= WIDEST)
            width = len;
    }
    for (const struct lg_option *o = options; o->name != NULL; o++) {
        option_head(o, head, sizeof head);
        fprintf(out, "%-*s  %s\n", width, head, o->help);
    }
    fprintf(out, "%-*s  %s\n", width, "  -h, --help", "this text");
}

void lg_cmd_help_of(const struct lg_command *command, FILE *out)
{
    static const struct lg_option none[] = {{0}};
    fprintf(out, "usage: lastgasp %s %s\n\n%s\n\n", command->name,
            command->usage, command->summary);
    options_help(command->options != NULL ? command->options : none, out);
    if (command->details == NULL)
        return;
    struct lg_str details = lg_str_trim_right(lg_str_of(command->details));
    fprintf(out, "\n%.*s\n", LG_STR_ARG(details));
}

/* A note: three words, the name, the description; each part padded to four
 * bytes. Our own binary's, mapped by the loader: trusted. */
static bool print_build_id(const char *at, const char *end, FILE *out)
{
    while ((size_t)(end - at) > sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        const char *name = at + sizeof *note;
        const char *desc = name + ((note->n_namesz + 3U) & ~3U);
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp(name, "GNU", 4) == 0) {
            fputs(" (build ", out);
            for (uint32_t i = 0; i < note->n_descsz; i++)
                fprintf(out, "%02x", (unsigned char)desc[i]);
            fputs(")", out);
            return true;
        }
        at = desc + ((note->n_descsz + 3U) & ~3U);
    }
    return false;
}

static int build_id_of(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_NOTE)
            continue;
        const char *at = (const void *)(info->dlpi_addr + p->p_vaddr);
        if (print_build_id(at, at + p->p_memsz, context))
            break;
    }
    return 1; /* the first object is the program itself: stop */
}

void lg_cmd_version(FILE *out)
{
    fprintf(out, "lastgasp %s", LG_VERSION);
    dl_iterate_phdr(build_id_of, out);
    fputc('\n', out);
}
