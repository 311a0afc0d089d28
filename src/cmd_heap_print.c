/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "cmd_heap.h"
#include "report/page.h"
#include "report/words.h"

#include <inttypes.h>
#include <unistd.h>

static int64_t bytes_of(const struct lg_heap_table *t,
                        const struct lg_heap_row *row)
{
    return t->request->by_alloc ? row->site->alloc_bytes
                                : row->site->inuse_bytes;
}

static int64_t objects_of(const struct lg_heap_table *t,
                          const struct lg_heap_row *row)
{
    return t->request->by_alloc ? row->alloc_objects : row->site->inuse_count;
}

/* Rows come with most bytes first. */
static size_t count_shown(const struct lg_heap_table *t)
{
    uint64_t top = t->request->top != 0 ? t->request->top : UINT64_MAX;
    size_t count = 0;
    while (count < t->rows.count && count < top &&
           bytes_of(t, &t->rows.items[count]) > 0)
        count++;
    return count;
}

static uint64_t positive(int64_t n)
{
    return n > 0 ? (uint64_t)n : 0;
}

static double share_of(const struct lg_heap_table *t,
                       const struct lg_heap_row *row)
{
    int64_t whole = t->request->by_alloc ? t->alloc_bytes : t->inuse_bytes;
    return whole > 0 ? (double)bytes_of(t, row) / (double)whole : 0;
}

/* --- text --- */

static struct lg_str view_of(const struct lg_page *page, struct lg_sb *sb)
{
    page->out->failed |= sb->failed;
    return lg_sb_view(sb);
}

static struct lg_str frame_words(const struct lg_page *page,
                                 const struct lg_subject *s,
                                 const struct lg_frame *f, const char *before)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_sb_cstr(&sb, before);
    if (f->function.len != 0)
        lg_words_function(s, f, &sb);
    else
        lg_sb_cstr(&sb, "(the runtime's own)");
    return view_of(page, &sb);
}

static struct lg_str place_words(const struct lg_page *page,
                                 const struct lg_subject *s,
                                 const struct lg_frame *f)
{
    struct lg_sb sb;
    lg_sb_init(&sb, page->scratch);
    lg_words_place(s, f, &sb);
    size_t place = sb.len;
    lg_sb_cstr(&sb, "  ");
    lg_words_module(s, f, &sb);
    if (sb.len == place + 2)
        sb.len = place;
    return view_of(page, &sb);
}

static void add_row(const struct lg_page *page, const struct lg_heap_table *t,
                    const struct lg_heap_row *row, struct lg_table *table)
{
    const struct lg_subject *s = &t->one->incident.subject;
    const struct lg_heap_site *site = row->site;
    struct lg_sb bytes, share, objects;
    lg_sb_init(&bytes, page->scratch);
    lg_sb_init(&share, page->scratch);
    lg_sb_init(&objects, page->scratch);
    lg_sb_bytes(&bytes, positive(bytes_of(t, row)));
    lg_sb_fmt(&share, "%.1f %%", share_of(t, row) * 100);
    lg_sb_count(&objects, positive(objects_of(t, row)));
    struct lg_table_row *line = lg_table_add(page, table);
    line->cells[0] = view_of(page, &bytes);
    line->cells[1] = view_of(page, &share);
    line->cells[2] = view_of(page, &objects);
    line->cells[3] = frame_words(page, s, &site->where, "");
    line->cells[4] = place_words(page, s, &site->where);
    if (site->leaf.function.len == 0 ||
        lg_frame_same(&site->leaf, &site->where))
        return;
    line = lg_table_add(page, table);
    line->cells[3] = frame_words(page, s, &site->leaf, "in ");
    line->cells[4] = place_words(page, s, &site->leaf);
}

/* "1 object", "1,234 objects" */
static void put_number(struct lg_sb *sb, int64_t n, const char *what)
{
    lg_sb_count(sb, positive(n));
    lg_sb_fmt(sb, " %s%s", what, n == 1 ? "" : "s");
}

static void head_words(const struct lg_heap_table *t, struct lg_sb *sb)
{
    const struct lg_one_capture *one = t->one;
    bool alloc = t->request->by_alloc;
    lg_sb_bytes(sb, positive(alloc ? t->alloc_bytes : t->inuse_bytes));
    lg_sb_cstr(sb, " in ");
    put_number(sb, alloc ? t->alloc_objects : t->inuse_objects, "object");
    lg_sb_cstr(sb, alloc ? " allocated since the start, at "
                         : " in use, allocated at ");
    put_number(sb, (int64_t)t->rows.count, "place");
    if (!one->has_heap_info)
        return;
    if (t->request->published)
        lg_sb_cstr(sb, ", as of the last collections");
    lg_sb_cstr(sb, "; one allocation in ");
    lg_sb_bytes(sb, one->heap_info.rate_bytes);
    lg_sb_cstr(sb, " was sampled");
    if (one->heap_info.truncated)
        lg_sb_cstr(sb, "; the list of places broke off");
}

static void put_rest(const struct lg_page *page, const struct lg_heap_table *t,
                     size_t shown)
{
    struct lg_sb sb;
    int64_t bytes = 0;
    for (size_t i = shown; i < t->rows.count; i++)
        bytes += bytes_of(t, &t->rows.items[i]);
    if (bytes <= 0)
        return;
    lg_sb_init(&sb, page->scratch);
    lg_sb_fmt(&sb, "and %zu more with ", t->rows.count - shown);
    lg_sb_bytes(&sb, positive(bytes));
    lg_sb_cstr(&sb, ": --top 0 shows all");
    lg_page_put(page, LG_INK_DIM, view_of(page, &sb));
    lg_page_end(page);
}

bool lg_heap_print_text(const struct lg_heap_table *t, struct lg_arena *arena)
{
    struct lg_sb out, head;
    struct lg_page page = {.out = &out,
                           .scratch = arena,
                           .color = lg_cmd_color(STDOUT_FILENO),
                           .columns = lg_cmd_columns(STDOUT_FILENO)};
    struct lg_table table = {.columns = 5, .right_mask = 7};
    size_t shown = count_shown(t);
    lg_sb_init(&out, arena);
    lg_sb_init(&head, arena);
    lg_one_capture_title(t->source, t->one, &head);
    lg_page_put(&page, LG_INK_BOLD, view_of(&page, &head));
    lg_page_end(&page);
    lg_sb_init(&head, arena);
    head_words(t, &head);
    lg_page_wrap(&page, LG_INK_PLAIN, view_of(&page, &head), 0, 0);
    lg_page_end(&page);
    for (size_t i = 0; i < shown; i++)
        add_row(&page, t, &t->rows.items[i], &table);
    lg_table_put(&page, &table, 0);
    put_rest(&page, t, shown);
    if (out.failed || arena->failed)
        return false;
    fwrite(out.data, 1, out.len, stdout);
    return true;
}

/* --- JSON --- */

static void put_frame(struct lg_json *j, const char *key,
                      const struct lg_frame *f)
{
    lg_json_key(j, key);
    if (f->function.len == 0) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_json_kstr(j, "function", f->function);
    lg_json_kstr(j, "file", f->file);
    lg_json_ku64(j, "line", f->line);
    lg_json_object_end(j);
}

static void put_site(struct lg_json *j, const struct lg_heap_table *t,
                     const struct lg_heap_row *row)
{
    const struct lg_heap_site *site = row->site;
    lg_json_object(j);
    put_frame(j, "where", &site->where);
    put_frame(j, "leaf", &site->leaf);
    lg_json_kbool(j, "is_user_code", site->has_user);
    lg_json_ki64(j, "inuse_bytes", site->inuse_bytes);
    lg_json_ki64(j, "inuse_objects", site->inuse_count);
    lg_json_ki64(j, "alloc_bytes", site->alloc_bytes);
    lg_json_ki64(j, "alloc_objects", row->alloc_objects);
    lg_json_kf64(j, "share", share_of(t, row));
    lg_json_object_end(j);
}

static void put_info(struct lg_json *j, const struct lg_heap_table *t)
{
    const struct lg_go_heap_profile_info *info = &t->one->heap_info;
    const struct lg_subject *s = &t->one->incident.subject;
    if (s->pid != 0)
        lg_json_ki64(j, "pid", s->pid);
    if (s->build.go_version.len != 0)
        lg_json_kstr(j, "go_version", s->build.go_version);
    lg_json_ktime(j, "time", t->one->capture->wall_ns);
    if (!t->one->has_heap_info)
        return;
    lg_json_kcstr(j, "as_of", t->request->published ? "published" : "now");
    lg_json_kbool(j, "disabled", info->disabled);
    lg_json_kbool(j, "compiled_out", info->compiled_out);
    lg_json_ku64(j, "rate_bytes", info->rate_bytes);
    lg_json_ku64(j, "buckets", info->bucket_count);
    lg_json_ku64(j, "torn", info->torn_count);
    lg_json_kbool(j, "truncated", info->truncated);
}

bool lg_heap_print_json(const struct lg_heap_table *t)
{
    int fd = STDOUT_FILENO;
    struct lg_json j;
    lg_json_init_fd(&j, &fd, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", "lastgasp.heap/1");
    put_info(&j, t);
    lg_json_ki64(&j, "inuse_bytes", t->inuse_bytes);
    lg_json_ki64(&j, "inuse_objects", t->inuse_objects);
    lg_json_ki64(&j, "alloc_bytes", t->alloc_bytes);
    lg_json_ki64(&j, "alloc_objects", t->alloc_objects);
    lg_json_key(&j, "sites");
    lg_json_array(&j);
    lg_each(row, t->rows)
        put_site(&j, t, row);
    lg_json_array_end(&j);
    lg_json_object_end(&j);
    return lg_json_finish(&j);
}
