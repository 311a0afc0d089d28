/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/goroutine_text_write.h"

#define MINUTE_NS UINT64_C(60000000000)

static void write_u64(struct lg_sb *out, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    lg_sb_str(out, lg_str_from(digits + at, sizeof digits - at));
}

static void write_header(const struct lg_goroutine *item, struct lg_sb *out)
{
    lg_sb_cstr(out, "goroutine ");
    write_u64(out, item->id);
    lg_sb_cstr(out, " [");
    lg_sb_str(out, item->state);
    if (item->leaked)
        lg_sb_cstr(out, " (leaked)");
    if (item->wait_ns >= MINUTE_NS) {
        lg_sb_cstr(out, ", ");
        write_u64(out, item->wait_ns / MINUTE_NS);
        lg_sb_cstr(out, " minutes");
    }
    if (item->locked_to_thread)
        lg_sb_cstr(out, ", locked to thread");
    lg_sb_char(out, ']');
    if (item->labels.len != 0) {
        lg_sb_cstr(out, " {");
        lg_sb_str(out, item->labels);
        lg_sb_char(out, '}');
    }
    lg_sb_cstr(out, ":\n");
}

static void write_place(const struct lg_frame *frame, struct lg_sb *out)
{
    lg_sb_cstr(out, "\n\t");
    lg_sb_str(out, frame->file.len != 0 ? frame->file : LG_STR("?"));
    lg_sb_char(out, ':');
    write_u64(out, frame->line);
    lg_sb_char(out, '\n');
}

static void write_elided(uint64_t elided, struct lg_sb *out)
{
    if (elided == UINT64_MAX) {
        lg_sb_cstr(out, "...additional frames elided...\n");
        return;
    }
    lg_sb_cstr(out, "...");
    write_u64(out, elided);
    lg_sb_cstr(out, " frames elided...\n");
}

static void write_frames(const struct lg_goroutines *g,
                         const struct lg_goroutine *item, struct lg_sb *out)
{
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    for (uint32_t i = 0; i < item->frame_count; i++) {
        if (item->elided_frames != 0 && item->elided_at == i)
            write_elided(item->elided_frames, out);
        lg_sb_str(out, frames[i].function);
        lg_sb_cstr(out, "(...)");
        write_place(&frames[i], out);
    }
    if (item->elided_frames != 0 && item->elided_at >= item->frame_count)
        write_elided(item->elided_frames, out);
}

static void write_created_by(const struct lg_goroutine *item, struct lg_sb *out)
{
    if (item->created_by.function.len == 0)
        return;
    lg_sb_cstr(out, "created by ");
    lg_sb_str(out, item->created_by.function);
    if (item->creator_id != 0) {
        lg_sb_cstr(out, " in goroutine ");
        write_u64(out, item->creator_id);
    }
    write_place(&item->created_by, out);
}

static void write_unavailable(struct lg_sb *out)
{
    lg_sb_cstr(out, "\tgoroutine running on other thread; stack unavailable\n");
}

void lg_goroutine_text_write_one(const struct lg_goroutines *g,
                                 const struct lg_goroutine *item,
                                 struct lg_sb *out)
{
    write_header(item, out);
    if (item->stack_unavailable)
        write_unavailable(out);
    else
        write_frames(g, item, out);
    write_created_by(item, out);
}

void lg_goroutine_text_begin(struct lg_goroutine_text_writer *w,
                             const struct lg_goroutines *g, struct lg_sb *out)
{
    *w = (struct lg_goroutine_text_writer){.g = g, .out = out};
}

/* The frames that stand at frame_first, from where they stand already. */
static void write_seen(struct lg_goroutine_text_writer *w,
                       const struct lg_goroutine *item)
{
    __typeof__(w->seen[0]) *seen =
        &w->seen[item->frame_first % LG_GOROUTINE_TEXT_SEEN];
    if (seen->len != 0 && seen->frame_first == item->frame_first &&
        seen->frame_count == item->frame_count &&
        seen->elided_frames == item->elided_frames &&
        seen->elided_at == item->elided_at) {
        lg_sb_str(w->out, lg_str_from(w->out->data + seen->at, seen->len));
        return;
    }
    seen->frame_first = item->frame_first;
    seen->frame_count = item->frame_count;
    seen->elided_frames = item->elided_frames;
    seen->elided_at = item->elided_at;
    seen->at = w->out->len;
    write_frames(w->g, item, w->out);
    seen->len = w->out->failed ? 0 : w->out->len - seen->at;
}

void lg_goroutine_text_add(struct lg_goroutine_text_writer *w,
                           const struct lg_goroutine *item)
{
    write_header(item, w->out);
    if (item->stack_unavailable)
        write_unavailable(w->out);
    else
        write_seen(w, item);
    write_created_by(item, w->out);
}

void lg_goroutine_text_write(const struct lg_goroutines *g, struct lg_sb *out)
{
    struct lg_goroutine_text_writer w;
    lg_goroutine_text_begin(&w, g, out);
    lg_each(item, g->items) {
        if (item != g->items.items)
            lg_sb_char(out, '\n');
        lg_goroutine_text_add(&w, item);
    }
}
