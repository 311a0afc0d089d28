/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: how often this program has called malloc, to prove that a hot path
 * does not. Defines malloc and its kin over glibc's own; under a sanitizer,
 * which brings its own, the count stays 0. Include in one file.
 */
#ifndef LG_TESTS_NO_ALLOC_H
#define LG_TESTS_NO_ALLOC_H

#include <stddef.h>

static size_t lg_allocation_count;

static inline size_t lg_allocations(void)
{
    return lg_allocation_count;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LG_HAS_ASAN 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(LG_HAS_ASAN) &&                 \
    defined(__GLIBC__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

void *malloc(size_t size)
{
    lg_allocation_count++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    lg_allocation_count++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    lg_allocation_count++;
    return __libc_realloc(old, size);
}
#endif

#endif
