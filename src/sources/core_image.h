/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the image of a process that is dead, or of one moment: an ELF core
 * of the kernel (GOTRACEBACK=crash, systemd-coredump) or of gcore. What the
 * kernel leaves out, since it lies in files, is read from those files: the
 * program and the libraries that the core names. A file that is not the one
 * that ran is not used: the first page, with the build id in it, is in the
 * core to compare. What is missing is said, not guessed.
 */
#ifndef LG_SOURCES_CORE_IMAGE_H
#define LG_SOURCES_CORE_IMAGE_H

#include "target/image.h"

/* exe_override: the program, when it is not where the core says (NULL: it is).
 * Borrows arena for the image's life; paths need not live longer than the
 * call. threads are there from the start. image->truncated and ->missing tell
 * what cannot be read. Memory is given as views.
 * ABSENT, DENIED (the file), BAD_DATA: no core, or exe_override is another
 * program. UNSUPPORTED: of another kind of machine. */
bool lg_core_image_open(const char *path, const char *exe_override,
                        struct lg_arena *arena, struct lg_image **ret,
                        struct lg_error *err);

/* The same from bytes that live longer than the image; opens no other file
 * than exe_override and, with_files, those that the core names. */
bool lg_core_image_of(struct lg_str core, const char *exe_override,
                      bool with_files, struct lg_arena *arena,
                      struct lg_image **ret, struct lg_error *err);

#endif
