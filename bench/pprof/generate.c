/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: writes the heap profiles that bench/pprof.sh measures with. A made
 * program (functions with call sites, each calling one other function) is
 * walked from its root for every sample; all is drawn from a seed, so a file is
 * the same wherever it is made.
 *
 *   generate SHAPE OUT [SEED]      SEED: another run of the same program
 *
 * Raw output when OUT doesn't end in ".gz". Format: google/pprof's
 * proto/profile.proto; what Go's heap profile has (4 values, a numeric label
 * "bytes"), inlined frames on every 8th location.
 */
#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shape {
    const char *name;
    uint32_t samples, depth_min, depth_max, functions, sites;
    uint32_t skew; /* a site is the least of so many draws: 1 is uniform */
};
static const struct shape shapes[] = {
    /* 44 MB gz, 56 MB raw: stacks that hardly repeat, so that gzip gets
     * nothing but the alphabet */
    {"big", 400000, 40, 40, 5000, 20, 1},
    {"small", 6600, 12, 40, 1500, 8, 6},
    {"part", 8200, 12, 40, 1500, 8, 3}, /* 1 MB raw, one of 200 to merge */
};

struct bytes {
    uint8_t *data;
    size_t count, capacity;
};

static void die(const char *what)
{
    fprintf(stderr, "generate: %s\n", what);
    exit(1);
}

static void reserve(struct bytes *b, size_t more)
{
    if (b->capacity - b->count >= more)
        return;
    b->capacity = 2 * b->capacity + more;
    b->data = realloc(b->data, b->capacity);
    if (!b->data)
        die("out of memory");
}

static void put_bytes(struct bytes *b, const void *data, size_t count)
{
    reserve(b, count);
    if (count)
        memcpy(b->data + b->count, data, count);
    b->count += count;
}

static void put_varint(struct bytes *b, uint64_t value)
{
    uint8_t out[10];
    size_t count = 0;

    for (; value >= 0x80; value >>= 7)
        out[count++] = (uint8_t)(value | 0x80);
    out[count++] = (uint8_t)value;
    put_bytes(b, out, count);
}

static void put_int(struct bytes *b, uint32_t field, uint64_t value)
{
    put_varint(b, field << 3);
    put_varint(b, value);
}

static void put_part(struct bytes *b, uint32_t field, const void *data,
                     size_t count)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, count);
    put_bytes(b, data, count);
}

/* Moves `part` into a field and empties it. */
static void put_message(struct bytes *b, uint32_t field, struct bytes *part)
{
    put_part(b, field, part->data, part->count);
    part->count = 0;
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled" */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * 0x2545f4914f6cdd1dULL) >> 11;
}

static uint32_t below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(draw(state) % limit);
}

struct writer {
    const struct shape *shape;
    uint32_t *callee; /* [function * sites + site] */
    uint32_t strings;
    struct bytes out, part, ids, values, names;
    uint64_t program, run; /* states: what is the same in all runs; this run */
};

static uint32_t string_of(struct writer *w, const char *text)
{
    put_part(&w->names, 6, text, strlen(text));
    return w->strings++;
}

static void write_types(struct writer *w)
{
    static const char *const types[] = {
        "alloc_objects", "count", "alloc_space", "bytes",
        "inuse_objects", "count", "inuse_space", "bytes"};

    string_of(w, "");
    for (size_t i = 0; i < 8; i += 2) {
        put_int(&w->part, 1, string_of(w, types[i]));
        put_int(&w->part, 2, string_of(w, types[i + 1]));
        put_message(&w->out, 1, &w->part);
    }
}
#define BYTES_STRING 4 /* of the first "bytes" in write_types */

static void write_functions(struct writer *w)
{
    char text[128];

    for (uint32_t i = 0; i < w->shape->functions; i++) {
        uint32_t package = i % 97, name, file;

        snprintf(text, sizeof(text),
                 "example.com/shop/internal/part%u.(*Worker%u).handle%u",
                 package, i % 31, i);
        name = string_of(w, text);
        snprintf(text, sizeof(text), "/src/shop/internal/part%u/worker%u.go",
                 package, i % 31);
        file = string_of(w, text);
        put_int(&w->part, 1, i + 1);
        put_int(&w->part, 2, name);
        put_int(&w->part, 3, name);
        put_int(&w->part, 4, file);
        put_int(&w->part, 5, 10 + i % 7 * 100);
        put_message(&w->out, 5, &w->part);
    }
}

static void put_line(struct writer *w, uint32_t function, uint32_t line)
{
    struct bytes inner = {0};

    put_int(&inner, 1, function + 1);
    put_int(&inner, 2, line);
    put_message(&w->part, 4, &inner);
    free(inner.data);
}

/* A location for every call site; what it calls is drawn here. */
static void write_locations(struct writer *w)
{
    const uint32_t sites = w->shape->sites, functions = w->shape->functions;

    w->callee = calloc((size_t)functions * sites, sizeof(*w->callee));
    if (!w->callee)
        die("out of memory");
    for (uint32_t i = 0; i < functions * sites; i++) {
        w->callee[i] = below(&w->program, functions);
        put_int(&w->part, 1, i + 1);
        put_int(&w->part, 2, 1);
        put_int(&w->part, 3, 0x401000 + (uint64_t)i * 37);
        if (i % 8 == 7)
            put_line(w, below(&w->program, functions), 12 + i % 50);
        put_line(w, i / sites, 12 + i / sites % 7 * 100 + i % sites);
        put_message(&w->out, 4, &w->part);
    }
}

static uint32_t draw_site(struct writer *w)
{
    uint32_t least = w->shape->sites;

    for (uint32_t i = 0; i < w->shape->skew; i++) {
        uint32_t site = below(&w->run, w->shape->sites);

        least = site < least ? site : least;
    }
    return least;
}

/* Root to leaf by the call sites; written leaf first. */
static void put_stack(struct writer *w)
{
    uint32_t stack[256], function = 0;
    uint32_t depth =
        w->shape->depth_min +
        below(&w->run, w->shape->depth_max - w->shape->depth_min + 1);

    for (uint32_t i = 0; i < depth; i++) {
        uint32_t at = function * w->shape->sites + draw_site(w);

        stack[i] = at + 1;
        function = w->callee[at];
    }
    while (depth-- > 0)
        put_varint(&w->ids, stack[depth]);
    put_message(&w->part, 1, &w->ids);
}

static void write_samples(struct writer *w)
{
    for (uint32_t i = 0; i < w->shape->samples; i++) {
        uint64_t size = 16ULL << below(&w->run, 12);
        uint64_t count = 1 + below(&w->run, 5000);
        uint64_t live = below(&w->run, 3) ? 0 : count / 3;

        put_stack(w);
        put_varint(&w->values, count);
        put_varint(&w->values, count * size);
        put_varint(&w->values, live);
        put_varint(&w->values, live * size);
        put_message(&w->part, 2, &w->values);
        put_int(&w->values, 1, BYTES_STRING);
        put_int(&w->values, 3, size);
        put_message(&w->part, 3, &w->values);
        put_message(&w->out, 2, &w->part);
    }
}

static void write_rest(struct writer *w)
{
    put_int(&w->part, 1, 1);
    put_int(&w->part, 2, 0x400000);
    put_int(&w->part, 3, 0x4000000);
    put_int(&w->part, 5, string_of(w, "/usr/bin/shop"));
    put_int(&w->part, 7, 1);
    put_int(&w->part, 8, 1);
    put_int(&w->part, 9, 1);
    put_message(&w->out, 3, &w->part);
    put_int(&w->part, 1, string_of(w, "space"));
    put_int(&w->part, 2, BYTES_STRING);
    put_message(&w->out, 11, &w->part);
    put_bytes(&w->out, w->names.data, w->names.count);
    put_int(&w->out, 9, 1790000000000000000ULL);
    put_int(&w->out, 12, 524288);
}

static void compress_out(struct bytes *out)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);
    struct bytes packed = {0};

    if (!c)
        die("out of memory");
    reserve(&packed, libdeflate_gzip_compress_bound(c, out->count));
    packed.count = libdeflate_gzip_compress(c, out->data, out->count,
                                            packed.data, packed.capacity);
    if (packed.count == 0)
        die("libdeflate failed");
    libdeflate_free_compressor(c);
    free(out->data);
    *out = packed;
}

int main(int argc, char **argv)
{
    struct writer w = {0};
    FILE *file;

    for (size_t i = 0; argc > 2 && i < sizeof(shapes) / sizeof(*shapes); i++)
        if (strcmp(argv[1], shapes[i].name) == 0)
            w.shape = &shapes[i];
    if (!w.shape)
        die("usage: generate big|small|part OUT [SEED]");
    w.program = 20261121;
    w.run =
        0x9e3779b97f4a7c15ULL + (argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
    write_types(&w);
    write_functions(&w);
    write_locations(&w);
    write_samples(&w);
    write_rest(&w);
    size_t length = strlen(argv[2]);
    if (length > 3 && strcmp(argv[2] + length - 3, ".gz") == 0)
        compress_out(&w.out);
    file = fopen(argv[2], "wb");
    if (!file || fwrite(w.out.data, 1, w.out.count, file) != w.out.count ||
        fclose(file))
        die("cannot write");
    return 0;
}
