/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/line_editor.h"

#include "base/io.h"
#include "base/late_library.h"
#include "base/vec.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define LIBRARY "libedit.so.2"
#define HISTORY_LINES 1000

/* libedit's functions of the same names. */
struct edit_api {
    EditLine *(*el_init)(const char *, FILE *, FILE *, FILE *);
    void (*el_end)(EditLine *);
    const char *(*el_gets)(EditLine *, int *);
    int (*el_set)(EditLine *, int, ...);
    int (*el_wset)(EditLine *, int, ...);
    int (*el_get)(EditLine *, int, ...);
    const LineInfo *(*el_line)(EditLine *);
    int (*el_insertstr)(EditLine *, const char *);
    void (*el_deletestr)(EditLine *, int);
    History *(*history_init)(void);
    void (*history_end)(History *);
    int (*history)(History *, HistEvent *, int, ...);
};

struct lg_line_editor {
    lg_line_complete_fn *complete;
    void *context;
    char *line; /* of getline */
    size_t capacity;
    const struct edit_api *api; /* NULL: lines are read as they come */
    EditLine *edit;
    History *history;
    const char *prompt;
};

static const struct edit_api *load(void)
{
    static struct edit_api api;
    static const struct lg_late_function functions[] = {
        {"el_init", offsetof(struct edit_api, el_init)},
        {"el_end", offsetof(struct edit_api, el_end)},
        {"el_gets", offsetof(struct edit_api, el_gets)},
        {"el_set", offsetof(struct edit_api, el_set)},
        {"el_wset", offsetof(struct edit_api, el_wset)},
        {"el_get", offsetof(struct edit_api, el_get)},
        {"el_line", offsetof(struct edit_api, el_line)},
        {"el_insertstr", offsetof(struct edit_api, el_insertstr)},
        {"el_deletestr", offsetof(struct edit_api, el_deletestr)},
        {"history_init", offsetof(struct edit_api, history_init)},
        {"history_end", offsetof(struct edit_api, history_end)},
        {"history", offsetof(struct edit_api, history)},
    };
    return lg_late_library_load(LIBRARY, functions, LG_COUNT(functions), &api)
               ? &api
               : NULL;
}

static struct lg_line_editor *editor_of(const struct edit_api *api,
                                        EditLine *edit)
{
    void *data = NULL;
    api->el_get(edit, EL_CLIENTDATA, &data);
    return data;
}

/* libedit gives its callbacks nothing but the handle, and finding ours through
 * it needs the functions: there is one editor at a time. */
static const struct edit_api *loaded;

static char *prompt_of(EditLine *edit)
{
    static char empty[] = "";
    struct lg_line_editor *e = editor_of(loaded, edit);
    if (e == NULL || e->prompt == NULL)
        return empty;
    return (char *)(uintptr_t)e->prompt;
}

/* Tab: what stands before the cursor is replaced by its completion. */
static unsigned char on_tab(EditLine *edit, int key)
{
    struct lg_line_editor *e = editor_of(loaded, edit);
    const LineInfo *info = loaded->el_line(edit);
    (void)key;
    if (e == NULL || e->complete == NULL || info->cursor == info->buffer)
        return CC_ERROR;
    struct lg_str typed =
        lg_str_from(info->buffer, (size_t)(info->cursor - info->buffer));
    struct lg_str whole = e->complete(e->context, typed);
    if (lg_str_eq(whole, typed))
        return CC_ERROR;
    char *text = strndup(whole.data, whole.len);
    if (text == NULL)
        return CC_ERROR;
    loaded->el_deletestr(edit, (int)typed.len);
    int failed = loaded->el_insertstr(edit, text);
    free(text);
    return failed != 0 ? CC_ERROR : CC_REFRESH;
}

static bool can_edit(void)
{
    const char *term = getenv("TERM");
    return term != NULL && term[0] != '\0' && strcasecmp(term, "dumb") != 0 &&
           isatty(STDIN_FILENO) == 1;
}

static void start_editing(struct lg_line_editor *e)
{
    HistEvent event;
    loaded = load();
    if (loaded == NULL)
        return;
    setlocale(LC_CTYPE, ""); /* what is typed may be more than ASCII */
    e->edit = loaded->el_init("lastgasp", stdin, stderr, stderr);
    e->history = loaded->history_init();
    if (e->edit == NULL || e->history == NULL)
        return;
    e->api = loaded;
    loaded->history(e->history, &event, H_SETSIZE, HISTORY_LINES);
    loaded->el_set(e->edit, EL_CLIENTDATA, e);
    loaded->el_set(e->edit, EL_PROMPT, prompt_of);
    loaded->el_set(e->edit, EL_EDITOR, "emacs");
    loaded->el_set(e->edit, EL_SIGNAL, 1);
    loaded->el_set(e->edit, EL_HIST, loaded->history, e->history);
    /* el_set would copy both strings and forget the copies. */
    loaded->el_wset(e->edit, EL_ADDFN, L"lg-complete", L"complete", on_tab);
    loaded->el_set(e->edit, EL_BIND, "^I", "lg-complete", NULL);
}

struct lg_line_editor *lg_line_editor_create(lg_line_complete_fn *complete,
                                             void *context,
                                             struct lg_error *err)
{
    struct lg_line_editor *e = calloc(1, sizeof *e);
    if (e == NULL) {
        lg_fail_nomem(err);
        return NULL;
    }
    e->complete = complete;
    e->context = context;
    if (can_edit())
        start_editing(e);
    return e;
}

void lg_line_editor_destroy(struct lg_line_editor *e)
{
    if (e == NULL)
        return;
    if (e->history != NULL)
        loaded->history_end(e->history);
    if (e->edit != NULL)
        loaded->el_end(e->edit);
    free(e->line);
    free(e);
}

static bool without_end(const char *line, size_t len, struct lg_str *ret)
{
    if (len > 0 && line[len - 1] == '\n')
        len--;
    *ret = lg_str_from(line, len);
    return true;
}

static bool read_edited(struct lg_line_editor *e, struct lg_str *line_ret)
{
    HistEvent event;
    int len = 0;
    const char *line = e->api->el_gets(e->edit, &len);
    if (line == NULL || len <= 0) {
        fputc('\n', stderr); /* ^D leaves the prompt's line open */
        return false;
    }
    without_end(line, (size_t)len, line_ret);
    if (lg_str_trim(*line_ret).len > 0)
        e->api->history(e->history, &event, H_ENTER, line);
    return true;
}

bool lg_line_editor_read(struct lg_line_editor *e, const char *prompt,
                         struct lg_str *line_ret, struct lg_error *err)
{
    e->prompt = prompt;
    lg_error_clear(err);
    if (e->api != NULL)
        return read_edited(e, line_ret);
    /* Who reads our output may have gone; the commands still run. */
    (void)!lg_write_all(STDOUT_FILENO, prompt, strlen(prompt), NULL);
    errno = 0;
    ssize_t len = getline(&e->line, &e->capacity, stdin);
    if (len > 0)
        return without_end(e->line, (size_t)len, line_ret);
    if (ferror(stdin))
        lg_fail_os(err, errno, "standard input");
    return false;
}
