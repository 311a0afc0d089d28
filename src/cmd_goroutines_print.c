/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "cmd_goroutines.h"
#include "decode/goroutine_text_write.h"
#include "report/clean.h"
#include "report/words.h"

#include <stdio.h>
#include <unistd.h>

#define TOP_GROUPS 20
/* Frames that are shown of a group; the user's line is always among them. */
#define SHOWN_FRAMES 6
#define FUNCTION_COLUMNS 54
#define FLUSH_BYTES ((size_t)256 << 10)

struct printer {
    const struct lg_goroutines_view *v;
    const struct lg_subject *subject;
    struct lg_arena *arena;
    struct lg_sb out;
    bool failed;
};

static void flush(struct printer *p)
{
    struct lg_str text = lg_sb_view(&p->out);
    p->failed |=
        p->out.failed || fwrite(text.data, 1, text.len, stdout) != text.len;
    p->out.len = 0;
}

static void pad(struct printer *p, size_t width, size_t columns)
{
    lg_sb_repeat(&p->out, ' ', width < columns ? columns - width : 1);
}

/* "  main.f        file.go:12" */
static void print_frame(struct printer *p, const char *lead,
                        const struct lg_frame *frame)
{
    size_t lead_columns = lg_clean_width(lg_str_of(lead));
    struct lg_sb function, place;
    lg_sb_init(&function, p->arena);
    lg_sb_init(&place, p->arena);
    lg_words_function(p->subject, frame, &function);
    lg_words_place(p->subject, frame, &place);
    lg_sb_cstr(&p->out, lead);
    lg_clean(lg_sb_view(&function), &p->out);
    pad(p, lead_columns + lg_clean_width(lg_sb_view(&function)),
        FUNCTION_COLUMNS);
    lg_clean(lg_sb_view(&place), &p->out);
    lg_sb_char(&p->out, '\n');
}

static void print_gap(struct printer *p, uint64_t count)
{
    lg_sb_cstr(&p->out, "      … ");
    lg_sb_count(&p->out, count);
    lg_sb_cstr(&p->out, count == 1 ? " frame\n" : " frames\n");
}

/* The leaf and what follows, and the user's line wherever it is. */
static void print_frames(struct printer *p, const struct lg_goroutine *item)
{
    const struct lg_frame *frames =
        lg_goroutine_frames(&p->v->goroutines, item);
    uint32_t user = lg_goroutines_user_frame(p->v, item);
    uint32_t n =
        item->frame_count < SHOWN_FRAMES ? item->frame_count : SHOWN_FRAMES;
    uint64_t left = item->frame_count - n;
    if (item->elided_frames != UINT64_MAX)
        left += item->elided_frames;
    for (uint32_t i = 0; i < n; i++)
        print_frame(p, i == user ? "    → " : "      ", &frames[i]);
    if (user >= n && user < item->frame_count) {
        if (user > n)
            print_gap(p, user - n);
        print_frame(p, "    → ", &frames[user]);
        left -= user - n + 1;
    }
    if (left != 0)
        print_gap(p, left);
    if (item->stack_unavailable)
        lg_sb_cstr(&p->out, "      (it runs: its stack was not read)\n");
}

static void print_waits_on(struct printer *p, const struct lg_goroutine *item)
{
    if (item->waits_on.len == 0)
        return;
    lg_sb_cstr(&p->out, "      waits on ");
    lg_sb_str(&p->out, item->waits_on);
    if (item->waits_on_address != 0)
        lg_sb_fmt(&p->out, " 0x%llx",
                  (unsigned long long)item->waits_on_address);
    if (item->waits_on_state.len != 0) {
        lg_sb_cstr(&p->out, ": ");
        lg_sb_str(&p->out, item->waits_on_state);
    }
    lg_sb_char(&p->out, '\n');
}

static void print_ids(struct printer *p, const struct lg_goroutine_group *g)
{
    if (g->id_min == 0)
        return;
    lg_sb_fmt(&p->out, ", id %llu", (unsigned long long)g->id_min);
    if (g->id_max != g->id_min)
        lg_sb_fmt(&p->out, " … %llu", (unsigned long long)g->id_max);
}

static void print_group(struct printer *p, const struct lg_goroutine_group *g)
{
    const struct lg_goroutine *item = &p->v->goroutines.items.items[g->example];
    lg_sb_char(&p->out, '\n');
    lg_sb_count(&p->out, g->count);
    lg_sb_cstr(&p->out, " × ");
    lg_clean(item->state.len != 0 ? item->state : LG_STR("state not told"),
             &p->out);
    if (g->longest_wait_ns != 0) {
        lg_sb_cstr(&p->out, g->count > 1 ? ", the longest for " : ", for ");
        lg_sb_duration(&p->out, g->longest_wait_ns);
    }
    if (g->leaked_count != 0)
        lg_sb_cstr(&p->out, ", leaked");
    if (item->locked_to_thread)
        lg_sb_cstr(&p->out, ", locked to thread");
    print_ids(p, g);
    lg_sb_char(&p->out, '\n');
    print_frames(p, item);
    if (item->created_by.function.len != 0)
        print_frame(p, "      created by ", &item->created_by);
    print_waits_on(p, item);
}

static void print_head(struct printer *p)
{
    const struct lg_goroutines_view *v = p->v;
    struct lg_sb title;
    lg_sb_init(&title, p->arena);
    lg_one_capture_title(v->source, &v->one, &title);
    lg_clean(lg_sb_view(&title), &p->out);
    lg_sb_cstr(&p->out, ": ");
    lg_sb_count(&p->out, v->goroutines.total);
    lg_sb_cstr(&p->out,
               v->goroutines.total == 1 ? " goroutine at " : " goroutines at ");
    lg_sb_count(&p->out, v->groups.items.count);
    lg_sb_cstr(&p->out, v->groups.items.count == 1 ? " place" : " places");
    if (v->has_read) {
        lg_sb_cstr(&p->out, ", stacks ");
        lg_sb_bytes(&p->out, v->read.stack_bytes);
        lg_sb_cstr(&p->out, "; read in ");
        lg_sb_duration(&p->out, v->read.duration_ns);
        if (v->read.pause_ns != 0) {
            lg_sb_cstr(&p->out, ", stopped for ");
            lg_sb_duration(&p->out, v->read.pause_ns);
        }
    }
    lg_sb_char(&p->out, '\n');
}

bool lg_goroutines_print_groups(const struct lg_goroutines_view *v,
                                struct lg_arena *arena)
{
    struct printer p = {
        .v = v, .subject = &v->one.incident.subject, .arena = arena};
    size_t n = v->groups.items.count;
    uint64_t left = 0;
    if (!v->request->all && n > TOP_GROUPS)
        n = TOP_GROUPS;
    lg_sb_init(&p.out, arena);
    print_head(&p);
    for (size_t i = 0; i < n; i++)
        print_group(&p, &v->groups.items.items[i]);
    for (size_t i = n; i < v->groups.items.count; i++)
        left += v->groups.items.items[i].count;
    if (left != 0) {
        lg_sb_cstr(&p.out, "\n… and ");
        lg_sb_count(&p.out, left);
        lg_sb_cstr(&p.out, " at ");
        lg_sb_count(&p.out, v->groups.items.count - n);
        lg_sb_cstr(&p.out, " more places; --all prints them\n");
    }
    flush(&p);
    return !p.failed;
}

bool lg_goroutines_print_full(const struct lg_goroutines_view *v,
                              struct lg_arena *arena)
{
    struct printer p = {.v = v, .arena = arena};
    struct lg_goroutine_text_writer w;
    lg_sb_init(&p.out, arena);
    lg_goroutine_text_begin(&w, &v->goroutines, &p.out);
    lg_each(item, v->goroutines.items) {
        if (item != v->goroutines.items.items)
            lg_sb_char(&p.out, '\n');
        lg_goroutine_text_add(&w, item);
        if (p.out.len >= FLUSH_BYTES) {
            flush(&p);
            lg_goroutine_text_begin(&w, &v->goroutines, &p.out);
        }
    }
    flush(&p);
    return !p.failed;
}
