/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part is a PT_LOAD segment joined with the file that was mapped there:
 *
 *     start                                              end
 *     |--- in the core ---|--- cut off ---|-- in the file --|
 *          core_bytes        wanted_bytes     file, if not writable
 */
#include "sources/core_image.h"

#include "base/io.h"
#include "base/sb.h"
#include "decode/core_notes.h"
#include "target/image_binary.h"

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>

/* Programs with cgo map tens of libraries; a core may name anything. */
#define MAX_FILES 256
#define PAGE_BYTES ((uint64_t)4096)
#define NO_FILE UINT32_MAX
#define NO_LOAD UINT32_MAX

struct part {
    uint64_t start, end;
    uint64_t core_offset, core_bytes; /* what of it is in the core file */
    uint64_t wanted_bytes;            /* what should be */
    uint64_t file_offset;             /* of start, in file */
    uint32_t file;                    /* index in files; NO_FILE */
    bool can_read, can_write;
    bool is_gap; /* no segment: only in the list of files */
};

struct file {
    struct lg_str path;
    struct lg_mapped mapped;
    bool tried, refused; /* refused: there, but another one */
};

struct core_image {
    struct lg_image base; /* first: the two are one */
    struct lg_mapped mapped;
    struct lg_elf elf;
    struct lg_core_notes notes;
    struct part *parts; /* sorted; as many as segments */
    struct file files[MAX_FILES];
    uint32_t file_count, main_file; /* NO_FILE: not told */
    bool with_files;
};

static struct core_image *of(struct lg_image *image)
{
    return (struct core_image *)(void *)image;
}

static const struct part *find_part(const struct core_image *c,
                                    uint64_t address)
{
    const struct lg_image_segment *s = lg_image_segment_find(&c->base, address);
    return s != NULL ? &c->parts[s - c->base.segments.items] : NULL;
}

static struct lg_str in_core(const struct core_image *c, const struct part *p)
{
    return lg_str_from(c->elf.file.data + p->core_offset,
                       (size_t)p->core_bytes);
}

/* The file's first page lies in the core when the kernel could recognise it as
 * ELF (coredump_filter bit 4, which is usual): it must be the same. Code or
 * constants that reach out of the file speak against it too; what the dynamic
 * linker only reserved may. */
static bool is_same_file(const struct core_image *c, uint32_t index,
                         struct lg_str bytes)
{
    for (size_t i = 0; i < c->base.segments.count; i++) {
        const struct part *p = &c->parts[i];
        uint64_t most = (bytes.len + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        if (p->file != index)
            continue;
        if (p->can_read && !p->can_write &&
            (p->file_offset > most ||
             p->end - p->start > most - p->file_offset))
            return false;
        struct lg_str first = lg_str_first(in_core(c, p), PAGE_BYTES);
        if (p->can_write || p->file_offset != 0 || first.len == 0)
            continue;
        if (!lg_str_eq(lg_str_first(first, bytes.len),
                       lg_str_first(bytes, first.len)))
            return false;
    }
    return true;
}

static struct lg_str file_bytes(struct core_image *c, uint32_t index)
{
    struct file *f = &c->files[index];
    char path[4096];
    if (f->tried || !c->with_files || f->path.len == 0 ||
        f->path.data[0] != '/' || f->path.len >= sizeof path)
        return f->mapped.bytes;
    f->tried = true;
    memcpy(path, f->path.data, f->path.len);
    path[f->path.len] = '\0';
    if (lg_mapped_open(&f->mapped, AT_FDCWD, path, NULL) &&
        !is_same_file(c, index, f->mapped.bytes)) {
        lg_mapped_deinit(&f->mapped);
        f->refused = true;
    }
    return f->mapped.bytes;
}

/* What of a part, from offset `at` on, is in the file that was mapped there.
 * Never of what could be written: it may have been. */
static struct lg_str rest_in_file(struct core_image *c, const struct part *p,
                                  uint64_t at)
{
    if (p->can_write || p->file == NO_FILE ||
        (at < p->wanted_bytes && p->wanted_bytes > PAGE_BYTES))
        return (struct lg_str){0};
    struct lg_str bytes = file_bytes(c, p->file);
    if (p->file_offset >= bytes.len || at >= bytes.len - p->file_offset)
        return (struct lg_str){0};
    bytes = lg_str_skip(bytes, (size_t)(p->file_offset + at));
    return lg_str_first(bytes, (size_t)(p->end - p->start - at));
}

/* Where no file is named, the program's own may still have it. */
static struct lg_str rest_in_binary(const struct core_image *c,
                                    const struct part *p, uint64_t at)
{
    struct lg_elf elf;
    if (p->can_write || p->file != NO_FILE || at < p->wanted_bytes ||
        c->base.binary.len == 0 || !lg_elf_parse(c->base.binary, &elf, NULL))
        return (struct lg_str){0};
    struct lg_str bytes = lg_elf_at_address(&elf, p->start + at - c->base.bias);
    return lg_str_first(bytes, (size_t)(p->end - p->start - at));
}

/* All bytes that lie in one place from this address on. */
static struct lg_str bytes_at(struct core_image *c, uint64_t address)
{
    const struct part *p = find_part(c, address);
    if (p == NULL)
        return (struct lg_str){0};
    uint64_t at = address - p->start;
    if (at < p->core_bytes)
        return lg_str_skip(in_core(c, p), (size_t)at);
    struct lg_str rest = rest_in_file(c, p, at);
    return rest.len != 0 ? rest : rest_in_binary(c, p, at);
}

static size_t read_core(struct lg_image *image, uint64_t address, void *into,
                        size_t bytes)
{
    size_t done = 0;
    while (done < bytes) {
        struct lg_str there = bytes_at(of(image), address + done);
        there = lg_str_first(there, bytes - done);
        if (there.len == 0)
            break;
        memcpy((char *)into + done, there.data, there.len);
        done += there.len;
    }
    return done;
}

static const uint8_t *view_core(struct lg_image *image, uint64_t address,
                                size_t bytes)
{
    struct lg_str there = bytes_at(of(image), address);
    return there.len >= bytes ? (const uint8_t *)there.data : NULL;
}

static void destroy_core(struct lg_image *image)
{
    struct core_image *c = of(image);
    for (uint32_t i = 0; i < c->file_count; i++)
        lg_mapped_deinit(&c->files[i].mapped);
    lg_mapped_deinit(&c->mapped);
    free(c);
}

static const struct lg_image_ops core_ops = {
    .name = "core file",
    .read = read_core,
    .view = view_core,
    .destroy = destroy_core,
};

static uint32_t file_index(struct core_image *c, struct lg_str path)
{
    for (uint32_t i = 0; i < c->file_count; i++) {
        if (lg_str_eq(c->files[i].path, path))
            return i;
    }
    if (c->file_count == MAX_FILES)
        return NO_FILE;
    c->files[c->file_count] = (struct file){
        .path = path,
        .mapped = {.bytes = LG_STR("")},
    };
    return c->file_count++;
}

static int by_start(const void *a, const void *b)
{
    const struct lg_image_segment *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* file_offset holds the index of the program header until it is known. */
static bool list_segments(struct core_image *c)
{
    struct lg_image *image = &c->base;
    struct lg_elf_segment s;
    uint64_t end;
    for (uint32_t i = 0; lg_elf_segment(&c->elf, i, &s); i++) {
        if (s.type != PT_LOAD || s.memory_bytes == 0 ||
            __builtin_add_overflow(s.address, s.memory_bytes, &end))
            continue;
        struct lg_image_segment *slot = lg_push(image->arena, &image->segments);
        if (slot == NULL)
            return false;
        *slot = (struct lg_image_segment){
            .start = s.address,
            .end = end,
            .can_read = (s.flags & PF_R) != 0,
            .can_write = (s.flags & PF_W) != 0,
            .can_exec = (s.flags & PF_X) != 0,
            .file_offset = i,
        };
    }
    if (image->segments.count != 0)
        qsort(image->segments.items, image->segments.count,
              sizeof *image->segments.items, by_start);
    return true;
}

static int files_by_start(const void *a, const void *b)
{
    const struct lg_core_file *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* The core's rows are in order of addresses; hostile ones are put so. */
static const struct lg_core_file *file_at(const struct lg_core_notes *notes,
                                          uint64_t address)
{
    size_t low = 0, high = notes->files.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (notes->files.items[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || notes->files.items[low - 1].end <= address)
        return NULL;
    return &notes->files.items[low - 1];
}

/* What overlaps the one before it is not of a kernel: the first one counts. */
static void drop_overlaps(struct lg_image *image)
{
    size_t kept = 0;
    for (size_t i = 0; i < image->segments.count; i++) {
        struct lg_image_segment *s = &image->segments.items[i];
        if (kept == 0 || s->start >= image->segments.items[kept - 1].end)
            image->segments.items[kept++] = *s;
    }
    image->segments.count = kept;
}

static bool add_gap(struct lg_image *image, uint64_t start, uint64_t end)
{
    struct lg_image_segment *slot = lg_push(image->arena, &image->segments);
    if (slot == NULL)
        return false;
    *slot = (struct lg_image_segment){
        .start = start, .end = end, .can_read = true, .file_offset = NO_LOAD};
    return true;
}

/* Mapped files, or pieces of them, that are no segments. Both lists are in
 * order of addresses. */
static bool add_gaps(struct core_image *c)
{
    struct lg_image *image = &c->base;
    size_t count = image->segments.count, i = 0;
    uint64_t done = 0; /* everything below is listed */
    lg_each(f, c->notes.files) {
        uint64_t at = f->start > done ? f->start : done;
        while (i < count && image->segments.items[i].end <= at)
            i++;
        while (at < f->end) {
            uint64_t end = f->end, next = f->end;
            if (i < count && image->segments.items[i].start < end) {
                end = image->segments.items[i].start;
                next = image->segments.items[i++].end;
            }
            if (at < end && !add_gap(image, at, end))
                return false;
            at = next;
        }
        done = at > done ? at : done;
    }
    if (image->segments.count != count)
        qsort(image->segments.items, image->segments.count,
              sizeof *image->segments.items, by_start);
    return true;
}

static void make_part(struct core_image *c, size_t index)
{
    struct lg_image_segment *s = &c->base.segments.items[index];
    struct part *p = &c->parts[index];
    struct lg_elf_segment load = {0};
    (void)lg_elf_segment(&c->elf, (uint32_t)s->file_offset, &load);
    const struct lg_core_file *file = file_at(&c->notes, s->start);
    uint64_t wanted = load.file_bytes < load.memory_bytes ? load.file_bytes
                                                          : load.memory_bytes;
    uint64_t there = lg_elf_segment_bytes(&c->elf, &load).len;
    *p = (struct part){
        .start = s->start,
        .end = s->end,
        .core_offset = load.offset,
        .core_bytes = there < wanted ? there : wanted,
        .wanted_bytes = wanted,
        .file = NO_FILE,
        .can_read = s->can_read,
        .can_write = s->can_write,
    };
    if (p->core_bytes == 0)
        p->core_offset = 0;
    p->is_gap = s->file_offset == NO_LOAD;
    s->file_offset = 0;
    if (file != NULL) {
        p->file = file_index(c, file->path);
        p->file_offset = file->offset + (s->start - file->start);
        s->path = file->path;
        s->file_offset = p->file_offset;
    }
}

static bool make_parts(struct core_image *c)
{
    struct lg_image *image = &c->base;
    if (!list_segments(c))
        return false;
    drop_overlaps(image);
    if (c->notes.files.count != 0)
        qsort(c->notes.files.items, c->notes.files.count,
              sizeof *c->notes.files.items, files_by_start);
    if (!add_gaps(c))
        return false;
    c->parts = lg_new(image->arena, struct part, image->segments.count);
    if (c->parts == NULL)
        return false;
    for (size_t i = 0; i < image->segments.count; i++)
        make_part(c, i);
    return true;
}

static bool take_threads(struct core_image *c)
{
    lg_each(from, c->notes.threads) {
        struct lg_image_thread *t = lg_push(c->base.arena, &c->base.threads);
        if (t == NULL)
            return false;
        *t = (struct lg_image_thread){
            .tid = from->tid,
            .known = true,
            .pc = from->pc,
            .sp = from->sp,
            .bp = from->bp,
            .link = from->link,
            .g = from->g,
            .tls = from->tls,
        };
    }
    return true;
}

/* The file that the entry point lies in; the kernel tells both. */
static uint32_t find_main(const struct core_image *c, struct lg_auxv auxv)
{
    const struct part *p = find_part(c, auxv.entry);
    if (p == NULL || p->file == NO_FILE)
        p = find_part(c, auxv.headers);
    if (p != NULL && p->file != NO_FILE)
        return p->file;
    return c->file_count != 0 ? 0 : NO_FILE;
}

static bool open_override(struct core_image *c, const char *path,
                          struct lg_error *err)
{
    if (c->main_file == NO_FILE) /* the core names no files at all */
        c->main_file = file_index(c, LG_STR(""));
    struct file *f = &c->files[c->main_file];
    f->tried = true;
    if (!lg_mapped_open(&f->mapped, AT_FDCWD, path, err))
        return false;
    if (is_same_file(c, c->main_file, f->mapped.bytes))
        return true;
    return lg_fail(err, LG_BAD_DATA,
                   "%s is not the program of this core (which ran %.*s): its "
                   "first page is another one",
                   path, LG_STR_ARG(f->path));
}

/* Without the file, what the core has of its first page still tells how far
 * it was moved. */
static void take_first_page(struct core_image *c, struct lg_auxv auxv)
{
    for (size_t i = 0; i < c->base.segments.count; i++) {
        const struct part *p = &c->parts[i];
        if (p->file == c->main_file && p->file != NO_FILE &&
            p->file_offset == 0 && p->core_bytes != 0) {
            (void)lg_image_take_binary(&c->base, in_core(c, p), auxv, NULL);
            c->base.binary = (struct lg_str){0};
            return;
        }
    }
}

static bool take_binary(struct core_image *c, const char *exe_override,
                        struct lg_error *err)
{
    struct lg_auxv auxv = lg_auxv_parse(c->notes.auxv);
    c->main_file = find_main(c, auxv);
    if (exe_override != NULL && !open_override(c, exe_override, err))
        return false;
    struct lg_str bytes = {0};
    if (c->main_file != NO_FILE) {
        bytes = file_bytes(c, c->main_file);
        c->base.binary_path = c->files[c->main_file].path;
    }
    if (bytes.len == 0) {
        take_first_page(c, auxv);
        return true;
    }
    return lg_image_take_binary(&c->base, bytes, auxv, err) ||
           lg_context(err, "%.*s", LG_STR_ARG(c->base.binary_path));
}

/* What gcore does not tell is in the file: which of its segments it is. */
static void take_flags(struct core_image *c, size_t index)
{
    struct lg_image_segment *s = &c->base.segments.items[index];
    const struct part *p = &c->parts[index];
    struct lg_elf elf;
    struct lg_elf_segment load;
    if (!p->is_gap || p->file == NO_FILE ||
        !lg_elf_parse(file_bytes(c, p->file), &elf, NULL))
        return;
    for (uint32_t i = 0; lg_elf_segment(&elf, i, &load); i++) {
        if (load.type == PT_LOAD &&
            s->file_offset >= (load.offset & ~(PAGE_BYTES - 1)) &&
            s->file_offset < load.offset + load.file_bytes)
            s->can_exec = (load.flags & PF_X) != 0;
    }
}

static bool is_header_cut(const struct core_image *c)
{
    uint64_t count =
        lg_elf_u32(&c->elf, c->elf.file, offsetof(Elf64_Ehdr, e_phnum)) &
        0xffff;
    return count != PN_XNUM && count > c->elf.segment_count;
}

static void tell_program(const struct core_image *c, struct lg_sb *sb)
{
    const char *why = "is not there";
    if (c->base.binary.len != 0)
        return;
    if (c->main_file == NO_FILE) {
        lg_sb_cstr(sb, sb->len != 0 ? "; " : "");
        lg_sb_cstr(sb, "the core does not tell its program");
        return;
    }
    if (c->files[c->main_file].refused)
        why = "is not the one that ran";
    lg_sb_fmt(sb, "%sthe program %.*s %s: its code and constants are missing",
              sb->len != 0 ? "; " : "", LG_STR_ARG(c->base.binary_path), why);
}

static bool tell_missing(struct core_image *c)
{
    uint64_t wanted = 0, there = 0;
    struct lg_sb sb;
    bool header_cut = is_header_cut(c);
    lg_sb_init(&sb, c->base.arena);
    for (size_t i = 0; i < c->base.segments.count; i++) {
        const struct part *p = &c->parts[i];
        wanted += p->wanted_bytes;
        there += p->core_bytes;
        c->base.segments.items[i].present =
            p->core_bytes != 0 || (!p->can_write && p->file != NO_FILE);
    }
    c->base.truncated = header_cut || c->notes.cut || there < wanted;
    if (there < wanted) {
        lg_sb_cstr(&sb, "the core is cut: ");
        lg_sb_bytes(&sb, wanted - there);
        lg_sb_cstr(&sb, " of ");
        lg_sb_bytes(&sb, wanted);
        lg_sb_cstr(&sb, " of memory are missing");
    }
    if (header_cut || c->notes.cut)
        lg_sb_fmt(&sb, "%s%s", sb.len != 0 ? "; " : "",
                  header_cut ? "its table of segments is cut"
                             : "its notes are damaged");
    tell_program(c, &sb);
    c->base.missing = lg_sb_view(&sb);
    return !sb.failed;
}

static bool check_kind(struct core_image *c, struct lg_error *err)
{
    if (c->elf.type != ET_CORE)
        return lg_fail(err, LG_BAD_DATA, "an ELF file, but not a core");
    return lg_image_machine_of(c->elf.file, &c->base.machine, err);
}

static bool fill(struct core_image *c, struct lg_str core,
                 const char *exe_override, struct lg_error *err)
{
    if (!lg_elf_parse(core, &c->elf, err) || !check_kind(c, err) ||
        !lg_core_notes_parse(&c->elf, c->base.arena, &c->notes, err))
        return false;
    c->base.pid = c->notes.pid;
    if (c->notes.threads.count != 0)
        c->base.signal = c->notes.threads.items[0].signal;
    if (!make_parts(c) || !take_threads(c))
        return lg_fail_nomem(err);
    if (!take_binary(c, exe_override, err))
        return false;
    for (size_t i = 0; i < c->base.segments.count; i++)
        take_flags(c, i);
    return tell_missing(c) || lg_fail_nomem(err);
}

static struct core_image *create(bool with_files, struct lg_arena *arena)
{
    struct core_image *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->base = (struct lg_image){.ops = &core_ops, .arena = arena};
    c->mapped.bytes = LG_STR("");
    c->with_files = with_files;
    c->main_file = NO_FILE;
    return c;
}

bool lg_core_image_of(struct lg_str core, const char *exe_override,
                      bool with_files, struct lg_arena *arena,
                      struct lg_image **ret, struct lg_error *err)
{
    struct core_image *c = create(with_files, arena);
    if (c == NULL)
        return lg_fail_nomem(err);
    if (!fill(c, core, exe_override, err)) {
        destroy_core(&c->base);
        return false;
    }
    *ret = &c->base;
    return true;
}

bool lg_core_image_open(const char *path, const char *exe_override,
                        struct lg_arena *arena, struct lg_image **ret,
                        struct lg_error *err)
{
    struct core_image *c = create(true, arena);
    if (c == NULL)
        return lg_fail_nomem(err);
    if (!lg_mapped_open(&c->mapped, AT_FDCWD, path, err)) {
        destroy_core(&c->base);
        return false;
    }
    if (!fill(c, c->mapped.bytes, exe_override, err)) {
        destroy_core(&c->base);
        return lg_context(err, "%s", path);
    }
    *ret = &c->base;
    return true;
}
