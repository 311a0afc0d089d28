/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include "base/io.h"
#include "cmd.h"
#include "diagnose/diagnose.h"
#include "source_line.h"
#include "sources/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>

bool lg_explain_folder(const char *folder, struct lg_arena *arena,
                       struct lg_incident *incident_ret,
                       struct lg_verdict *verdict_ret, struct lg_error *err)
{
    return lg_folder_read(folder, arena, incident_ret, err) &&
           lg_diagnose(incident_ret, arena, verdict_ret, err);
}

static void as_json(const struct lg_report *r, struct lg_sb *out)
{
    struct lg_json j;
    lg_json_init_sb(&j, out, true);
    lg_report_json(r, &j);
    if (!lg_json_finish(&j))
        out->failed = true;
}

static const struct form {
    const char *ending;
    void (*write)(const struct lg_report *r, struct lg_sb *out);
} forms[] = {
    {".json", as_json},
    {".html", lg_report_html},
    {".htm", lg_report_html},
};

static const struct form *form_of(const char *path, struct lg_error *err)
{
    struct lg_str s = lg_str_of(path);
    for (size_t i = 0; i < LG_COUNT(forms); i++) {
        struct lg_str ending = lg_str_of(forms[i].ending);
        if (s.len > ending.len &&
            strcasecmp(path + s.len - ending.len, ending.data) == 0)
            return &forms[i];
    }
    lg_fail(err, LG_USAGE,
            "%s: a report's name ends in .json or .html, which says what it "
            "shall be",
            path);
    return NULL;
}

bool lg_explain_check_path(const char *path, struct lg_error *err)
{
    return form_of(path, err) != NULL;
}

/* With the source line of the verdict's place, when its file is at hand. */
static struct lg_report with_source(const struct lg_report *r,
                                    struct lg_arena *arena)
{
    struct lg_report with = *r;
    if (r->where_source.len == 0 && r->verdict->findings.count > 0) {
        const struct lg_frame *where = &r->verdict->findings.items[0].where;
        with.where_source = lg_source_line(where->file, where->line,
                                           r->incident->end.wall_ns, arena);
    }
    return with;
}

static bool write_as(const struct form *form, int dir_fd, const char *path,
                     const struct lg_report *r, unsigned mode,
                     struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_sb sb;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    struct lg_report with = with_source(r, &arena);
    form->write(&with, &sb);
    bool ok = sb.failed
                  ? lg_fail_nomem(err)
                  : lg_write_file(dir_fd, path, lg_sb_view(&sb), mode, err);
    lg_arena_deinit(&arena);
    /* A missing folder is not a missing incident. */
    if (!ok && err != NULL && err->kind == LG_ABSENT)
        err->kind = LG_OS;
    return ok;
}

bool lg_explain_write(const char *path, const struct lg_report *r,
                      struct lg_error *err)
{
    const struct form *form = form_of(path, err);
    return form != NULL && write_as(form, AT_FDCWD, path, r, 0644, err);
}

bool lg_explain_keep(const char *folder, const struct lg_report *r,
                     struct lg_error *err)
{
    LG_CLOSE
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s", folder);
    return write_as(&forms[0], fd, "report.json", r, 0600, err);
}

bool lg_explain_print(int fd, const struct lg_report *r, bool details,
                      struct lg_error *err)
{
    struct lg_text_options options = {lg_cmd_color(fd), lg_cmd_columns(fd)};
    struct lg_arena arena;
    struct lg_sb sb;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    struct lg_report with = with_source(r, &arena);
    lg_report_text(&with, &options, &sb);
    if (details)
        lg_report_text_details(&with, &options, &sb);
    struct lg_str text = lg_sb_view(&sb);
    bool ok = sb.failed ? lg_fail_nomem(err)
                        : lg_write_all(fd, text.data, text.len, err);
    lg_arena_deinit(&arena);
    return ok;
}
