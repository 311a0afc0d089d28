/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/memory_source.h"

#include "base/clock.h"
#include "decode/memstats_json.h"
#include "sources/capture_file.h"
#include "sources/memory_source_internal.h"
#include "sources/process_image.h"
#include "target/go_memstats.h"

#include <stdlib.h>
#include <string.h>

/* What a capture may need: profiles and the records of goroutines; beyond it
 * the capture says so. A million goroutines kept whole are some 200 MB. */
#define SCRATCH_LIMIT_BYTES ((size_t)512 << 20)
/* A process's mappings, build information and what is found out once. */
#define OPEN_LIMIT_BYTES ((size_t)256 << 20)
/* After the profile was switched on: 50 ms, 100 ms … 3 s. */
#define SITE_TRIES 7
#define FIRST_SITES_GAP_NS (50 * LG_NS_PER_MS)

static bool open_process(struct memory_source *m, struct lg_error *err)
{
    lg_arena_init(&m->arena, OPEN_LIMIT_BYTES);
    if (lg_process_image_open(m->host, m->pid, &m->arena, &m->image, err) &&
        lg_go_open(m->image, NULL, &m->arena, &m->go, err)) {
        return true;
    }
    lg_image_destroy(m->image);
    m->image = NULL;
    m->go = NULL;
    lg_arena_deinit(&m->arena);
    return false;
}

static void close_process(struct memory_source *m)
{
    if (m->image != NULL) {
        lg_image_destroy(m->image);
        lg_arena_deinit(&m->arena);
    }
    m->image = NULL;
    m->go = NULL;
}

/* The list of allocation sites may be found by what lies there only, and there
 * is nothing in it until the first sample. */
static void look_for_sites(struct memory_source *m)
{
    uint64_t now = lg_mono_ns(&lg_clock_system);
    struct lg_go *again;
    if (!m->is_switched || m->go->vars[LG_VAR_MBUCKETS] != 0 ||
        m->site_tries == SITE_TRIES || now < m->sites_at_ns) {
        return;
    }
    m->sites_at_ns = now + (FIRST_SITES_GAP_NS << m->site_tries++);
    if (lg_go_open(m->image, NULL, &m->arena, &again, NULL)) {
        m->go = again;
    }
}

/* The process is as it was opened; one that has become another program by an
 * exec is opened anew. */
static bool be_open(struct memory_source *m, struct lg_error *err)
{
    if (m->host == NULL || (m->go != NULL && lg_image_is_there(m->image))) {
        return true;
    }
    close_process(m);
    if (!open_process(m, err)) {
        return false;
    }
    if (m->wants_heap_profile) {
        (void)lg_memory_source_switch_heap_profile(&m->base, NULL);
    }
    return true;
}

static void forget_capture(struct memory_source *m)
{
    m->has_goroutines = m->has_memstats = false;
    m->goroutines_error = (struct lg_error){0};
    memset(m->profiles, 0, sizeof m->profiles);
    lg_arena_deinit(&m->scratch);
    lg_arena_init(&m->scratch, SCRATCH_LIMIT_BYTES);
}

bool lg_memory_store(struct lg_str bytes, enum lg_capture_part part,
                     int folder_fd, uint64_t limit_bytes,
                     struct lg_part_result *result)
{
    if (bytes.len > limit_bytes) {
        return lg_fail(&result->error, LG_LIMIT, "larger than %llu bytes",
                       (unsigned long long)limit_bytes);
    }
    if (!lg_capture_file_write(folder_fd, lg_capture_part_file(part), bytes,
                               &result->error)) {
        return false;
    }
    result->bytes = bytes.len;
    result->written = true;
    return true;
}

const struct lg_memstats *lg_memory_source_memstats(struct memory_source *m,
                                                    struct lg_error *err)
{
    if (!m->has_memstats) {
        m->has_memstats = lg_go_memstats_read(m->go, &m->memstats, err);
    }
    return m->has_memstats ? &m->memstats : NULL;
}

static bool take_memstats(struct memory_source *m, enum lg_capture_part part,
                          int folder_fd, uint64_t limit_bytes,
                          struct lg_part_result *result)
{
    struct lg_sb sb;
    const struct lg_memstats *stats =
        lg_memory_source_memstats(m, &result->error);
    if (stats == NULL) {
        return false;
    }
    lg_sb_init(&sb, &m->scratch);
    lg_memstats_json_write(&sb, stats);
    return (!sb.failed || lg_fail_nomem(&result->error)) &&
           lg_memory_store(lg_sb_view(&sb), part, folder_fd, limit_bytes,
                           result);
}

static bool take_goroutine_profile(struct memory_source *m,
                                   enum lg_capture_part part, int folder_fd,
                                   uint64_t limit_bytes,
                                   struct lg_part_result *result)
{
    struct lg_profile profile;
    const struct lg_go_goroutines *g =
        lg_memory_source_goroutines(m, &result->error);
    if (g == NULL) {
        return false;
    }
    if (!lg_go_goroutines_profile(g, &m->scratch, &profile)) {
        return lg_fail_nomem(&result->error);
    }
    result->cut = g->truncated;
    return lg_memory_store_profile(m, &profile, part, folder_fd, limit_bytes,
                                   result);
}

static bool take_text(struct memory_source *m, enum lg_capture_part part,
                      int folder_fd, uint64_t limit_bytes,
                      struct lg_part_result *result)
{
    return lg_memory_source_text(m, folder_fd, limit_bytes, result);
}

static lg_memory_take_fn *const takes[LG_TAKE_COUNT] = {
    [LG_TAKE_HEAP] = lg_memory_take_heap,
    [LG_TAKE_HEAP_GC] = lg_memory_take_heap,
    [LG_TAKE_GOROUTINE] = take_goroutine_profile,
    [LG_TAKE_GOROUTINES_TEXT] = take_text,
    [LG_TAKE_MUTEX] = lg_memory_take_contention,
    [LG_TAKE_BLOCK] = lg_memory_take_contention,
    [LG_TAKE_MEMSTATS_JSON] = take_memstats,
};

static bool take(struct lg_capture_source *source, enum lg_capture_part part,
                 int folder_fd, uint64_t timeout_ns, uint64_t limit_bytes,
                 struct lg_part_result *result)
{
    struct memory_source *m = (struct memory_source *)source;
    uint64_t start_ns = lg_mono_ns(&lg_clock_system);
    *result = (struct lg_part_result){.asked = true};
    if (part >= LG_TAKE_COUNT || takes[part] == NULL) {
        return lg_fail(&result->error, LG_UNSUPPORTED, "no such part");
    }
    if (m->open_error.kind != LG_OK) {
        result->error = m->open_error;
        return false;
    }
    bool ok = takes[part](m, part, folder_fd, limit_bytes, result);
    result->duration_ns = lg_mono_ns(&lg_clock_system) - start_ns;
    return ok && !result->cut;
}

/* LG_FREEZE_ALWAYS: all of it belongs to one moment. */
static void read_still(struct memory_source *m)
{
    struct lg_error err = {0};
    if (!lg_image_pause(m->go->image, &err)) {
        lg_capture_note(&m->notes, "it was not stopped: %s", err.text);
        return;
    }
    (void)lg_memory_source_memstats(m, NULL);
    (void)lg_memory_source_goroutines(m, NULL);
    for (int kind = 0; kind < LG_MEMORY_PROFILE_COUNT; kind++) {
        (void)lg_memory_profile_of(m, (enum lg_memory_profile_kind)kind);
    }
    lg_image_resume(m->go->image);
}

static void begin(struct lg_capture_source *source,
                  const struct lg_capture_plan *plan)
{
    struct memory_source *m = (struct memory_source *)source;
    forget_capture(m);
    m->plan = *plan;
    m->notes = (struct lg_capture_notes){0};
    m->open_error = (struct lg_error){0};
    m->in_capture = true;
    if (be_open(m, &m->open_error)) {
        m->pause_before_ns = m->go->image->pause_ns;
        (void)lg_image_refresh(m->go->image, NULL);
        look_for_sites(m);
        if (m->freeze == LG_FREEZE_ALWAYS) {
            read_still(m);
        }
    }
}

static void end(struct lg_capture_source *source,
                struct lg_capture_notes *notes_ret)
{
    struct memory_source *m = (struct memory_source *)source;
    if (m->open_error.kind == LG_OK) {
        m->notes.pause_ns = m->go->image->pause_ns - m->pause_before_ns;
        if (!lg_image_is_there(m->go->image)) {
            lg_capture_note(&m->notes, "the process ended while it was read");
        }
        if (m->go->layout_how == LG_HOW_GUESS) {
            lg_capture_note(&m->notes,
                            "this Go is not known: read with the layouts of %s",
                            m->go->layout->name);
        }
    }
    *notes_ret = m->notes;
    m->in_capture = false;
    forget_capture(m);
}

static bool facts(struct lg_capture_source *source,
                  struct lg_capture_facts *ret, struct lg_error *err)
{
    struct memory_source *m = (struct memory_source *)source;
    if (m->in_capture && m->open_error.kind != LG_OK) {
        return lg_fail(err, m->open_error.kind, "%s", m->open_error.text);
    }
    if (!m->in_capture && !be_open(m, err)) {
        return false;
    }
    const struct lg_memstats *stats = lg_memory_source_memstats(m, err);
    if (stats == NULL) {
        return false;
    }
    lg_capture_facts_of(stats, ret);
    if (m->has_goroutines) {
        ret->goroutines = lg_known(m->goroutines.total);
    }
    m->has_memstats = m->in_capture; /* else it is read anew next time */
    return true;
}

static void destroy(struct lg_capture_source *source)
{
    struct memory_source *m = (struct memory_source *)source;
    if (m == NULL) {
        return;
    }
    lg_arena_deinit(&m->scratch);
    if (m->host != NULL) {
        close_process(m);
    }
    free(m);
}

static const struct lg_capture_source_ops memory_ops = {
    .name = "process memory",
    .parts = LG_TAKE_BIT(LG_TAKE_HEAP) | LG_TAKE_BIT(LG_TAKE_HEAP_GC) |
             LG_TAKE_BIT(LG_TAKE_GOROUTINE) |
             LG_TAKE_BIT(LG_TAKE_GOROUTINES_TEXT) | LG_TAKE_BIT(LG_TAKE_MUTEX) |
             LG_TAKE_BIT(LG_TAKE_BLOCK) | LG_TAKE_BIT(LG_TAKE_MEMSTATS_JSON),
    .begin = begin,
    .take = take,
    .end = end,
    .facts = facts,
    .destroy = destroy,
};

static struct memory_source *create(enum lg_freeze freeze, struct lg_error *err)
{
    struct memory_source *m = calloc(1, sizeof *m);
    if (m == NULL) {
        lg_fail_nomem(err);
        return NULL;
    }
    m->base.ops = &memory_ops;
    m->freeze = freeze;
    lg_arena_init(&m->scratch, SCRATCH_LIMIT_BYTES);
    return m;
}

bool lg_memory_source_create(const struct lg_host *host, int64_t pid,
                             enum lg_freeze freeze,
                             struct lg_capture_source **ret,
                             struct lg_error *err)
{
    struct memory_source *m = create(freeze, err);
    if (m == NULL) {
        return false;
    }
    m->host = host;
    m->pid = pid;
    if (!open_process(m, err)) {
        destroy(&m->base);
        return false;
    }
    *ret = &m->base;
    return true;
}

bool lg_memory_source_over(struct lg_go *go, enum lg_freeze freeze,
                           struct lg_capture_source **ret, struct lg_error *err)
{
    struct memory_source *m = create(freeze, err);
    if (m == NULL) {
        return false;
    }
    m->go = go;
    *ret = &m->base;
    return true;
}
