/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_code.h"

#include <Zydis/Zydis.h>

/* Beyond it no function of the runtime reaches; a damaged table may. */
#define FUNC_BYTES_MAX ((uint64_t)64 << 10)

static bool is_data(const struct lg_go_module *m, uint64_t address)
{
    return (address >= m->noptrdata && address < m->enoptrdata) ||
           (address >= m->data && address < m->edata) ||
           (address >= m->bss && address < m->ebss) ||
           (address >= m->noptrbss && address < m->enoptrbss);
}

/* Programs that load plugins take addresses out of a table (GOT). */
static bool through_table(struct lg_go *go, uint64_t *address)
{
    uint64_t target;
    if (!lg_image_u64(go->image, *address, &target) ||
        !is_data(&go->modules.items[0], target))
        return false;
    *address = target;
    return true;
}

static enum lg_go_access access_of(const ZydisDecodedInstruction *i,
                                   const ZydisDecodedOperand *o)
{
    if (i->mnemonic == ZYDIS_MNEMONIC_LEA)
        return LG_ACCESS_ADDRESS;
    if (i->mnemonic == ZYDIS_MNEMONIC_CMP || i->mnemonic == ZYDIS_MNEMONIC_TEST)
        return LG_ACCESS_COMPARE;
    return (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0 ? LG_ACCESS_STORE
                                                               : LG_ACCESS_LOAD;
}

static bool has_zero(const ZydisDecodedInstruction *i,
                     const ZydisDecodedOperand *operands)
{
    for (int k = 0; k < i->operand_count_visible; k++) {
        if (operands[k].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
            return operands[k].imm.value.u == 0;
    }
    return false;
}

/* The operand of an instruction that names an address in the data. */
static bool operand_of(struct lg_go *go, const ZydisDecodedInstruction *i,
                       const ZydisDecodedOperand *operands, uint64_t pc,
                       struct lg_go_operand *ret)
{
    for (int k = 0; k < i->operand_count_visible; k++) {
        const ZydisDecodedOperand *o = &operands[k];
        ZyanU64 address;
        if (o->type != ZYDIS_OPERAND_TYPE_MEMORY ||
            o->mem.base != ZYDIS_REGISTER_RIP ||
            !ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(i, o, pc, &address)))
            continue;
        struct lg_go_operand r = {
            .address = address,
            .access = access_of(i, o),
            .bytes =
                (uint8_t)(i->mnemonic == ZYDIS_MNEMONIC_LEA ? 0 : o->size / 8),
            .is_zero = has_zero(i, operands),
        };
        if (!is_data(&go->modules.items[0], r.address)) {
            if (r.access != LG_ACCESS_LOAD || r.bytes != 8 ||
                !through_table(go, &r.address))
                return false;
            r.access = LG_ACCESS_ADDRESS;
            r.bytes = 0;
        }
        *ret = r;
        return true;
    }
    return false;
}

static size_t decode(struct lg_go *go, struct lg_str code, uint64_t pc,
                     struct lg_go_operand *ret)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    size_t count = 0;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
                                       ZYDIS_STACK_WIDTH_64)))
        return 0;
    while (code.len != 0 && count < LG_GO_OPERANDS_MAX) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data, code.len,
                                                 &instruction, operands))) {
            pc++; /* data between instructions */
            code = lg_str_skip(code, 1);
            continue;
        }
        if (operand_of(go, &instruction, operands, pc, &ret[count]))
            count++;
        pc += instruction.length;
        code = lg_str_skip(code, instruction.length);
    }
    return count;
}

size_t lg_go_code_operands(struct lg_go_finder *f,
                           const struct lg_go_func *func,
                           struct lg_go_operand ret[LG_GO_OPERANDS_MAX])
{
    struct lg_go *go = f->go;
    if (go->image->machine != LG_AMD64 || func->end <= func->entry ||
        func->end - func->entry > FUNC_BYTES_MAX)
        return 0;
    struct lg_str code =
        lg_str_first(lg_elf_at_address(&f->elf, func->entry - go->image->bias),
                     (size_t)(func->end - func->entry));
    return decode(go, code, func->entry, ret);
}
