/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/memory_source_internal.h"

#include "base/io.h"
#include "decode/goroutine_text_write.h"
#include "sources/capture_file.h"

/* The runtime itself prints the 50 innermost and 50 outermost frames; the
 * reader keeps enough for that of any stack, however deep. */
#define MAX_FRAMES UINT32_MAX
#define PIECE_BYTES ((size_t)256 << 10)

/* One in so many, a power of two: a sample of one in eight is within that of
 * one in four, so what is followed from capture to capture stays in sight. */
static uint64_t choose_sample(struct memory_source *m)
{
    uint64_t one_in = 1, most = m->plan.text_goroutines_max;
    const struct lg_memstats *stats = lg_memory_source_memstats(m, NULL);
    if (most == 0 || stats == NULL || !stats->goroutines_count.known) {
        return 1;
    }
    while (stats->goroutines_count.value / one_in > most) {
        one_in *= 2;
    }
    return one_in;
}

static void note_quality(struct memory_source *m)
{
    const struct lg_go_goroutines *g = &m->goroutines;
    m->notes.goroutine_count = g->total;
    m->notes.text_count = g->items.count;
    if (g->torn_count > 0) {
        lg_capture_note(&m->notes,
                        "%llu goroutines ran on while they were read",
                        (unsigned long long)g->torn_count);
    }
    if (g->unreadable_count > 0) {
        lg_capture_note(&m->notes, "%llu goroutines could not be read",
                        (unsigned long long)g->unreadable_count);
    }
    if (g->running_count > 0) {
        lg_capture_note(&m->notes,
                        "%llu running goroutines are without a stack, for "
                        "the program was not stopped",
                        (unsigned long long)g->running_count);
    }
}

const struct lg_go_goroutines *
lg_memory_source_goroutines(struct memory_source *m, struct lg_error *err)
{
    if (!m->has_goroutines && m->goroutines_error.kind == LG_OK) {
        m->notes.sampled_one_in = choose_sample(m);
        struct lg_go_goroutines_options options = {
            .freeze = m->freeze,
            .max_frames = MAX_FRAMES,
            .with_waits = false,
            .with_labels = true,
            .keep_max = UINT64_MAX,
            .keep_one_in = m->notes.sampled_one_in,
        };
        m->has_goroutines = lg_go_goroutines_read(
            m->go, &options, &m->scratch, &m->goroutines, &m->goroutines_error);
        note_quality(m);
    }
    if (!m->has_goroutines && err != NULL) {
        *err = m->goroutines_error;
    }
    return m->has_goroutines ? &m->goroutines : NULL;
}

/* Text on its way into the file, a piece at a time: that of a hundred thousand
 * goroutines is larger than we want to be. */
struct writer {
    struct lg_arena arena;
    struct lg_sb sb;
    int fd;
    uint64_t bytes, limit_bytes;
    struct lg_error *err;
};

static bool flush(struct writer *w)
{
    struct lg_str text = lg_sb_view(&w->sb);
    if (w->sb.failed) {
        return lg_fail_nomem(w->err);
    }
    if (!lg_write_all(w->fd, text.data, text.len, w->err)) {
        return false;
    }
    w->bytes += text.len;
    w->sb.len = 0;
    return true;
}

static bool write_items(struct writer *w, const struct lg_goroutines *g,
                        bool *cut_ret)
{
    lg_each(item, g->items) {
        if (w->bytes + w->sb.len > 0) {
            lg_sb_char(&w->sb, '\n');
        }
        lg_goroutine_text_write_one(g, item, &w->sb);
        if (w->sb.len < PIECE_BYTES && !w->sb.failed) {
            continue;
        }
        if (w->bytes + w->sb.len > w->limit_bytes) {
            *cut_ret = true;
            return true;
        }
        if (!flush(w)) {
            return false;
        }
    }
    return flush(w);
}

bool lg_memory_source_text(struct memory_source *m, int folder_fd,
                           uint64_t limit_bytes, struct lg_part_result *result)
{
    const char *name = lg_capture_part_file(LG_TAKE_GOROUTINES_TEXT);
    struct lg_goroutines evidence = {0};
    const struct lg_go_goroutines *g =
        lg_memory_source_goroutines(m, &result->error);
    if (g == NULL) {
        return false;
    }
    if (!lg_go_goroutines_evidence(g, &m->scratch, &evidence)) {
        return lg_fail_nomem(&result->error);
    }
    LG_CLOSE
    int fd = lg_capture_file_open(folder_fd, name, &result->error);
    if (fd < 0) {
        return false;
    }
    struct writer w = {
        .fd = fd, .limit_bytes = limit_bytes, .err = &result->error};
    lg_arena_init(&w.arena, 0);
    lg_sb_init(&w.sb, &w.arena);
    bool ok = write_items(&w, &evidence, &result->cut);
    lg_arena_deinit(&w.arena);
    result->bytes = w.bytes;
    result->cut = result->cut || g->truncated;
    if (!ok) {
        lg_capture_file_drop(folder_fd, name);
        return lg_context(&result->error, "%s", name);
    }
    result->written = lg_capture_file_publish(folder_fd, name, &result->error);
    return result->written;
}
