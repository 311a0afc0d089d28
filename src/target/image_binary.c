/* SPDX-License-Identifier: Apache-2.0 */
#include "target/image_binary.h"

#include "decode/elf.h"

#include <elf.h>
#include <stddef.h>

/* Of every machine that we read; segments begin at multiples of it. */
#define PAGE_MASK (UINT64_C(4096) - 1)

/* Pairs of words (type, value) up to AT_NULL, 64 bits little-endian. */
struct lg_auxv lg_auxv_parse(struct lg_str bytes)
{
    struct lg_auxv auxv = {0};
    for (; bytes.len >= sizeof(Elf64_auxv_t);
         bytes = lg_str_skip(bytes, sizeof(Elf64_auxv_t))) {
        Elf64_auxv_t pair;
        memcpy(&pair, bytes.data, sizeof pair);
        if (pair.a_type == AT_NULL)
            break;
        if (pair.a_type == AT_ENTRY)
            auxv.entry = pair.a_un.a_val;
        else if (pair.a_type == AT_PHDR)
            auxv.headers = pair.a_un.a_val;
    }
    return auxv;
}

static bool machine_of(const struct lg_elf *elf, enum lg_machine *ret,
                       struct lg_error *err)
{
    if (!elf->is_64)
        return lg_fail(err, LG_UNSUPPORTED,
                       "a 32-bit program: only 64-bit ones are read");
    if (elf->is_big_endian ||
        (elf->machine != EM_X86_64 && elf->machine != EM_AARCH64))
        return lg_fail(err, LG_UNSUPPORTED,
                       "a program for another processor (ELF machine %u): "
                       "amd64 and arm64 are read",
                       elf->machine);
    *ret = elf->machine == EM_X86_64 ? LG_AMD64 : LG_ARM64;
    return true;
}

bool lg_image_machine_of(struct lg_str elf_file, enum lg_machine *ret,
                         struct lg_error *err)
{
    struct lg_elf elf;
    return lg_elf_parse(elf_file, &elf, err) && machine_of(&elf, ret, err);
}

static bool first_load(const struct lg_elf *elf, struct lg_elf_segment *ret)
{
    for (uint32_t i = 0; lg_elf_segment(elf, i, ret); i++) {
        if (ret->type == PT_LOAD && ret->memory_bytes != 0)
            return true;
    }
    return false;
}

/* Where the file itself says that its program headers are loaded. */
static bool headers_address(const struct lg_elf *elf, uint64_t *ret)
{
    struct lg_elf_segment s;
    for (uint32_t i = 0; lg_elf_segment(elf, i, &s); i++) {
        if (s.type == PT_PHDR) {
            *ret = s.address;
            return true;
        }
        if (s.type == PT_LOAD && elf->segments_at >= s.offset &&
            elf->segments_at - s.offset < s.file_bytes) {
            *ret = s.address + (elf->segments_at - s.offset);
            return true;
        }
    }
    return false;
}

/* A bias is believed when it is whole pages and puts the first segment where
 * something is mapped. */
static bool is_plausible(const struct lg_image *image, const struct lg_elf *elf,
                         uint64_t bias)
{
    struct lg_elf_segment s;
    return (bias & PAGE_MASK) == 0 && first_load(elf, &s) &&
           lg_image_segment_find(image, s.address + bias) != NULL;
}

static bool bias_of_mapping(const struct lg_image *image,
                            const struct lg_elf *elf, uint64_t *ret)
{
    struct lg_elf_segment s;
    if (!first_load(elf, &s))
        return false;
    lg_each(mapped, image->segments) {
        if (lg_str_eq(mapped->path, image->binary_path) &&
            mapped->file_offset == (s.offset & ~PAGE_MASK)) {
            *ret = mapped->start - (s.address & ~PAGE_MASK);
            return true;
        }
    }
    return false;
}

static uint64_t bias_of(const struct lg_image *image, const struct lg_elf *elf,
                        struct lg_auxv auxv)
{
    uint64_t at, bias;
    uint64_t entry = lg_elf_u64(elf, elf->file, offsetof(Elf64_Ehdr, e_entry));
    if (elf->type != ET_DYN)
        return 0;
    if (auxv.entry != 0 && is_plausible(image, elf, auxv.entry - entry))
        return auxv.entry - entry;
    if (auxv.headers != 0 && headers_address(elf, &at) &&
        is_plausible(image, elf, auxv.headers - at))
        return auxv.headers - at;
    return bias_of_mapping(image, elf, &bias) ? bias : 0;
}

bool lg_image_take_binary(struct lg_image *image, struct lg_str elf_file,
                          struct lg_auxv auxv, struct lg_error *err)
{
    struct lg_elf elf;
    if (!lg_elf_parse(elf_file, &elf, err) ||
        !machine_of(&elf, &image->machine, err))
        return false;
    image->binary = elf_file;
    image->bias = bias_of(image, &elf, auxv);
    return true;
}
