/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_dwarf_type.h"

#include <dwarf.h>

/* Types of types: arrays of structs, typedefs of typedefs. */
#define MAX_DEPTH 8
/* runtime.m has 110; a damaged list has no end. */
#define MAX_MEMBERS 4096

bool lg_dwarf_attribute_u64(Dwarf_Die *die, unsigned name, uint64_t *ret)
{
    Dwarf_Attribute a;
    Dwarf_Word n;
    if (dwarf_attr(die, name, &a) == NULL || dwarf_formudata(&a, &n) != 0)
        return false;
    *ret = n;
    return true;
}

bool lg_dwarf_type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
    Dwarf_Attribute a;
    return dwarf_attr(die, DW_AT_type, &a) != NULL &&
           dwarf_formref_die(&a, ret) != NULL;
}

bool lg_dwarf_peel(Dwarf_Die *type)
{
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
        if (dwarf_tag(type) != DW_TAG_typedef)
            return true;
        if (!lg_dwarf_type_of(type, type))
            return false;
    }
    return false;
}

uint64_t lg_dwarf_size_of(Dwarf_Die *type)
{
    uint64_t n = 0;
    Dwarf_Die bare = *type;
    if (!lg_dwarf_peel(&bare))
        return 0;
    if (dwarf_tag(&bare) == DW_TAG_pointer_type ||
        dwarf_tag(&bare) == DW_TAG_subroutine_type)
        return 8;
    lg_dwarf_attribute_u64(&bare, DW_AT_byte_size, &n);
    return n;
}

/* When it is the one: *ret is its type and place. */
static bool is_member(Dwarf_Die *member, struct lg_str name,
                      struct lg_dwarf_place *ret)
{
    Dwarf_Attribute a;
    uint64_t at = 0;
    if (dwarf_tag(member) != DW_TAG_member ||
        dwarf_attr(member, DW_AT_name, &a) == NULL ||
        !lg_str_eq(lg_str_of(dwarf_formstring(&a)), name) ||
        !lg_dwarf_attribute_u64(member, DW_AT_data_member_location, &at) ||
        at > LG_DWARF_MAX_TYPE_BYTES || !lg_dwarf_type_of(member, &ret->type) ||
        !lg_dwarf_peel(&ret->type))
        return false;
    ret->at += at;
    return true;
}

static bool step(struct lg_dwarf_place *m, struct lg_str name)
{
    Dwarf_Die member;
    if (dwarf_tag(&m->type) != DW_TAG_structure_type ||
        dwarf_child(&m->type, &member) != 0)
        return false;
    for (int i = 0; i < MAX_MEMBERS; i++) {
        if (is_member(&member, name, m))
            return true;
        if (dwarf_siblingof(&member, &member) != 0)
            return false;
    }
    return false;
}

bool lg_dwarf_walk(struct lg_dwarf_place *m, struct lg_str path)
{
    uint64_t whole = lg_dwarf_size_of(&m->type);
    while (path.len > 0) {
        struct lg_cut cut = lg_str_cut_char(path, '.');
        if (!step(m, cut.head))
            return false;
        path = cut.tail;
    }
    uint64_t part = lg_dwarf_size_of(&m->type);
    return whole <= LG_DWARF_MAX_TYPE_BYTES && m->at <= whole &&
           part <= whole - m->at;
}

/* Of a struct: its only member with a size, when that is at 0. */
static bool only_member(Dwarf_Die *type)
{
    Dwarf_Die member, found;
    int count = 0;
    if (dwarf_child(type, &member) != 0)
        return false;
    for (int i = 0; i < MAX_MEMBERS; i++) {
        Dwarf_Die t;
        uint64_t at = 0;
        if (dwarf_tag(&member) == DW_TAG_member &&
            lg_dwarf_type_of(&member, &t) && lg_dwarf_size_of(&t) > 0) {
            lg_dwarf_attribute_u64(&member, DW_AT_data_member_location, &at);
            count += at == 0 ? 1 : 2;
            found = t;
        }
        if (dwarf_siblingof(&member, &member) != 0)
            break;
    }
    if (count == 1)
        *type = found;
    return count == 1;
}

uint8_t lg_dwarf_width_of(Dwarf_Die type)
{
    for (int depth = 0; depth < MAX_DEPTH && lg_dwarf_peel(&type); depth++) {
        int tag = dwarf_tag(&type);
        uint64_t n = lg_dwarf_size_of(&type);
        if (tag == DW_TAG_array_type || n > 8)
            return 0;
        if (tag != DW_TAG_structure_type)
            return n == 1 || n == 2 || n == 4 || n == 8 ? (uint8_t)n : 0;
        if (!only_member(&type))
            return 0;
    }
    return 0;
}

bool lg_dwarf_count_of(Dwarf_Die *array, uint64_t *ret)
{
    Dwarf_Die range;
    return dwarf_tag(array) == DW_TAG_array_type &&
           dwarf_child(array, &range) == 0 &&
           lg_dwarf_attribute_u64(&range, DW_AT_count, ret) && *ret > 0;
}
