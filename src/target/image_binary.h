/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: which ELF file an image runs, and how far it was moved. The same
 * for a live process and a core: the kernel told the program its entry point
 * and where its program headers lie (auxiliary vector); else the mapping of
 * its first segment tells.
 */
#ifndef LG_TARGET_IMAGE_BINARY_H
#define LG_TARGET_IMAGE_BINARY_H

#include "target/image.h"

/* Out of the auxiliary vector; 0: not there. Source: <elf.h>, AT_…. */
struct lg_auxv {
    uint64_t entry, headers; /* AT_ENTRY, AT_PHDR: run-time addresses */
};
struct lg_auxv lg_auxv_parse(struct lg_str bytes);

/* AMD64 and ARM64, 64 bits, little endian; else UNSUPPORTED. */
bool lg_image_machine_of(struct lg_str elf_file, enum lg_machine *ret,
                         struct lg_error *err);
/* Sets machine, binary and bias; segments and binary_path are there already.
 * BAD_DATA: not an ELF file. Borrows elf_file for the image's life. */
bool lg_image_take_binary(struct lg_image *image, struct lg_str elf_file,
                          struct lg_auxv auxv, struct lg_error *err);

#endif
