/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notes of a core, of 64 bits:
 *
 *   NT_PRSTATUS  per thread: 12 current signal (u16), 32 tid, 112 registers
 *   NT_ARM_TLS   arm64, behind its thread's NT_PRSTATUS: the thread pointer
 *   NT_PRPSINFO  24 pid, 40 comm[16], 56 arguments[80]
 *   NT_AUXV      pairs of words
 *   NT_FILE      count, page size, count × (start, end, offset in pages),
 *                then the paths, each with a NUL
 *
 * amd64's registers (struct user_regs_struct), words: r15 0, r14 1, rbp 4,
 * rip 16, rsp 19, fs_base 21. arm64's (user_pt_regs): x0 0 … x30 30, sp 31,
 * pc 32.
 */
#include "decode/core_notes.h"

#include <elf.h>

#ifndef NT_ARM_TLS
#define NT_ARM_TLS 0x401
#endif
#define STATUS_SIGNAL_AT 12
#define STATUS_TID_AT 32
#define STATUS_REGISTERS_AT 112
#define INFO_PID_AT 24
#define INFO_COMM_AT 40
#define INFO_COMM_BYTES 16
#define INFO_ARGUMENTS_AT 56
#define INFO_ARGUMENTS_BYTES 80
#define FILE_HEADER_BYTES 16
#define FILE_ROW_BYTES 24

static uint64_t word(const struct lg_elf *elf, struct lg_str registers,
                     size_t index)
{
    return lg_elf_u64(elf, registers, index * 8);
}

static bool take_thread(const struct lg_elf *elf, struct lg_str d,
                        struct lg_arena *arena, struct lg_core_notes *notes)
{
    struct lg_str r = lg_str_skip(d, STATUS_REGISTERS_AT);
    struct lg_core_thread *t = lg_push(arena, &notes->threads);
    if (t == NULL)
        return false;
    t->tid = (int32_t)lg_elf_u32(elf, d, STATUS_TID_AT);
    t->signal = (int)(lg_elf_u32(elf, d, STATUS_SIGNAL_AT) & 0xffff);
    if (elf->machine == EM_X86_64) {
        t->g = word(elf, r, 1);
        t->bp = word(elf, r, 4);
        t->pc = word(elf, r, 16);
        t->sp = word(elf, r, 19);
        t->tls = word(elf, r, 21);
    } else {
        t->g = word(elf, r, 28);
        t->bp = word(elf, r, 29);
        t->link = word(elf, r, 30);
        t->sp = word(elf, r, 31);
        t->pc = word(elf, r, 32);
    }
    notes->cut = notes->cut || r.len < (size_t)27 * 8;
    return true;
}

static struct lg_str text_at(struct lg_str d, size_t at, size_t bytes)
{
    struct lg_str field = lg_str_first(lg_str_skip(d, at), bytes);
    return lg_str_cut_char(field, '\0').head;
}

static void take_info(const struct lg_elf *elf, struct lg_str d,
                      struct lg_core_notes *notes)
{
    notes->pid = (int32_t)lg_elf_u32(elf, d, INFO_PID_AT);
    notes->comm = text_at(d, INFO_COMM_AT, INFO_COMM_BYTES);
    notes->arguments = text_at(d, INFO_ARGUMENTS_AT, INFO_ARGUMENTS_BYTES);
}

/* The paths lie behind all rows: rows and paths are walked side by side. */
static bool take_files(const struct lg_elf *elf, struct lg_str d,
                       struct lg_arena *arena, struct lg_core_notes *notes)
{
    uint64_t count = lg_elf_u64(elf, d, 0);
    uint64_t page_bytes = lg_elf_u64(elf, d, 8);
    struct lg_str rows = lg_str_skip(d, FILE_HEADER_BYTES);
    if (count > rows.len / FILE_ROW_BYTES) {
        notes->cut = true;
        return true;
    }
    struct lg_str paths = lg_str_skip(rows, (size_t)count * FILE_ROW_BYTES);
    for (; count > 0; count--, rows = lg_str_skip(rows, FILE_ROW_BYTES)) {
        struct lg_cut cut = lg_str_cut_char(paths, '\0');
        struct lg_core_file file = {
            .start = lg_elf_u64(elf, rows, 0),
            .end = lg_elf_u64(elf, rows, 8),
            .path = cut.head,
        };
        paths = cut.tail;
        if (!cut.found || file.start >= file.end ||
            __builtin_mul_overflow(lg_elf_u64(elf, rows, 16), page_bytes,
                                   &file.offset)) {
            notes->cut = true;
            continue;
        }
        struct lg_core_file *slot = lg_push(arena, &notes->files);
        if (slot == NULL)
            return false;
        *slot = file;
    }
    return true;
}

static bool take_note(const struct lg_elf *elf, const struct lg_elf_note *note,
                      struct lg_arena *arena, struct lg_core_notes *notes)
{
    struct lg_str d = note->description;
    if (lg_str_eq(note->name, LG_STR("LINUX"))) {
        if (note->type == NT_ARM_TLS && notes->threads.count != 0)
            notes->threads.items[notes->threads.count - 1].tls =
                lg_elf_u64(elf, d, 0);
        return true;
    }
    if (!lg_str_eq(note->name, LG_STR("CORE")))
        return true;
    switch (note->type) {
    case NT_PRSTATUS:
        return take_thread(elf, d, arena, notes);
    case NT_FILE:
        return take_files(elf, d, arena, notes);
    case NT_PRPSINFO:
        take_info(elf, d, notes);
        return true;
    case NT_AUXV:
        notes->auxv = d;
        return true;
    default:
        return true;
    }
}

bool lg_core_notes_parse(const struct lg_elf *elf, struct lg_arena *arena,
                         struct lg_core_notes *ret, struct lg_error *err)
{
    struct lg_core_notes notes = {0};
    struct lg_elf_segment s;
    struct lg_elf_note note;
    for (uint32_t i = 0; lg_elf_segment(elf, i, &s); i++) {
        if (s.type != PT_NOTE)
            continue;
        struct lg_str rest = lg_elf_segment_bytes(elf, &s);
        notes.cut = notes.cut || rest.len < s.file_bytes;
        while (lg_elf_note_next(elf, &rest, s.align, &note)) {
            if (!take_note(elf, &note, arena, &notes))
                return lg_fail_nomem(err);
        }
        notes.cut = notes.cut || rest.len != 0;
    }
    if (notes.pid == 0 && notes.threads.count != 0)
        notes.pid = notes.threads.items[0].tid;
    *ret = notes;
    return true;
}
