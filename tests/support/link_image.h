/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a small ELF file that says where its debug information is: a GNU
 * build id, the name and checksum of another file.
 */
#ifndef LG_TESTS_LINK_IMAGE_H
#define LG_TESTS_LINK_IMAGE_H

#include "base/str.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

#define LG_LINK_NAMES "\0.note.gnu.build-id\0.gnu_debuglink\0.shstrtab"
#define LG_LINK_IMAGE_BYTES 1024
#define LG_LINK_AT 512
#define LG_LINK_NOTE_AT 600
#define LG_LINK_NAMES_AT 700

/* A file with both sections; id_bytes 0, link NULL: without. */
static inline struct lg_str
lg_link_image(unsigned char bytes[LG_LINK_IMAGE_BYTES], size_t id_bytes,
              const char *link, uint32_t crc)
{
    memset(bytes, 0, LG_LINK_IMAGE_BYTES);
    Elf64_Ehdr head = {.e_type = ET_EXEC,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_shoff = sizeof head,
                       .e_ehsize = sizeof head,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = 4,
                       .e_shstrndx = 3};
    memcpy(head.e_ident, "\177ELF\2\1\1", 7);
    size_t link_bytes =
        link == NULL ? 0 : ((strlen(link) + 4) & ~(size_t)3) + 4;
    Elf64_Shdr s[4] = {{0},
                       {.sh_name = id_bytes != 0,
                        .sh_type = SHT_NOTE,
                        .sh_offset = LG_LINK_NOTE_AT,
                        .sh_size = 16 + id_bytes,
                        .sh_addralign = 4},
                       {.sh_name = link != NULL ? 20 : 0,
                        .sh_type = SHT_PROGBITS,
                        .sh_offset = LG_LINK_AT,
                        .sh_size = link_bytes},
                       {.sh_name = 35,
                        .sh_type = SHT_STRTAB,
                        .sh_offset = LG_LINK_NAMES_AT,
                        .sh_size = sizeof LG_LINK_NAMES}};
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, s, sizeof s);
    memcpy(bytes + LG_LINK_NAMES_AT, LG_LINK_NAMES, sizeof LG_LINK_NAMES);
    Elf64_Nhdr note = {4, (Elf64_Word)id_bytes, NT_GNU_BUILD_ID};
    memcpy(bytes + LG_LINK_NOTE_AT, &note, sizeof note);
    memcpy(bytes + LG_LINK_NOTE_AT + 12, "GNU", 4);
    for (size_t i = 0; i < id_bytes; i++)
        bytes[LG_LINK_NOTE_AT + 16 + i] = (unsigned char)(0xa0 + i);
    if (link != NULL) {
        memcpy(bytes + LG_LINK_AT, link, strlen(link));
        memcpy(bytes + LG_LINK_AT + link_bytes - 4, &crc, sizeof crc);
    }
    return lg_str_from(bytes, LG_LINK_IMAGE_BYTES);
}

#endif
