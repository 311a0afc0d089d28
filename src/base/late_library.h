/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a shared library that is loaded by those who need it, and not by
 * every start of lastgasp: a struct of pointers that gets the functions.
 */
#ifndef LG_BASE_LATE_LIBRARY_H
#define LG_BASE_LATE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct lg_late_function {
    const char *name;
    size_t at; /* offset of its pointer in the struct */
};

/* All functions, or false: no such library, or one of them is not in it. It
 * stays loaded. */
bool lg_late_library_load(const char *library,
                          const struct lg_late_function *functions,
                          size_t count, void *api);

#endif
