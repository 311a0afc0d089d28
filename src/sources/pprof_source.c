/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_source.h"

#include "base/path.h"
#include "base/sb.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* No source file is larger; who names /proc/kcore as one gets nothing. */
#define SOURCE_LIMIT_BYTES ((size_t)64 << 20)
/* A profile of a whole program from elsewhere misses thousands of files. */
#define SAID_MAX 20
#define TRIED_NAMED_MAX 3

void lg_source_env_read(struct lg_source_env *ret)
{
    *ret = (struct lg_source_env){.goroot = getenv("GOROOT"),
                                  .gopath = getenv("GOPATH"),
                                  .gomodcache = getenv("GOMODCACHE"),
                                  .home = getenv("HOME"),
                                  .path = getenv("PATH")};
}

void lg_source_finder_init(struct lg_source_finder *f,
                           const struct lg_source_env *env,
                           lg_source_say_fn *say, void *say_context,
                           struct lg_arena *arena)
{
    *f = (struct lg_source_finder){
        .arena = arena, .env = *env, .say = say, .say_context = say_context};
    lg_map_init(&f->builds, arena);
}

static int read_open_file(int fd, struct lg_arena *arena,
                          struct lg_str *text_ret)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return errno;
    *text_ret = LG_STR("");
    if (S_ISDIR(st.st_mode))
        return 0;
    if (!S_ISREG(st.st_mode)) /* a terminal or a pipe would never end */
        return ENXIO;
    struct lg_error err;
    lg_error_clear(&err);
    if (lg_read_all(fd, SOURCE_LIMIT_BYTES, arena, text_ret, &err))
        return 0;
    return err.kind == LG_LIMIT ? EFBIG : err.kind == LG_NOMEM ? ENOMEM : 0;
}

int lg_source_file_read(struct lg_str path, struct lg_arena *arena,
                        struct lg_str *text_ret)
{
    char *name = lg_str_cstr(arena, path);
    if (name == NULL)
        return ENOMEM;
    if (strlen(name) != path.len)
        return EINVAL;
    /* O_NONBLOCK: a pipe without a writer would hold us here. */
    LG_CLOSE
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? errno : read_open_file(fd, arena, text_ret);
}

/* Below each folder of the list, and below all folders above it. */
static bool find_upward(const struct lg_source_query *query,
                        struct lg_arena *arena, struct lg_str *text_ret)
{
    struct lg_cut cut = {.tail = query->search_path};
    do {
        cut = lg_str_cut_char(cut.tail, ':');
        struct lg_str folder = cut.head;
        for (;;) {
            struct lg_str name = lg_path_join(folder, query->path, arena);
            if (lg_source_file_read(name, arena, text_ret) == 0)
                return true;
            struct lg_str above = lg_path_dir(folder, arena);
            if (above.len == 0 || lg_str_eq(above, folder))
                break;
            folder = above;
        }
    } while (cut.found);
    return false;
}

/* Go's words for an errno are those of libc with a small letter. */
static void put_open_error(struct lg_sb *sb, struct lg_str path, int number)
{
    const char *why = strerror(number);
    lg_sb_cstr(sb, "open ");
    lg_sb_str(sb, path);
    lg_sb_cstr(sb, ": ");
    lg_sb_char(sb, (char)tolower((unsigned char)why[0]));
    lg_sb_cstr(sb, why + 1);
}

static bool find_as_pprof(const struct lg_source_query *query,
                          struct lg_arena *arena, struct lg_str *text_ret)
{
    struct lg_sb why;
    lg_sb_init(&why, arena);
    if (lg_path_is_absolute(query->path)) {
        int number = lg_source_file_read(query->path, arena, text_ret);
        if (number == 0)
            return true;
        put_open_error(&why, query->path, number);
    } else {
        if (find_upward(query, arena, text_ret))
            return true;
        lg_sb_cstr(&why, "could not find file ");
        lg_sb_str(&why, query->path);
        lg_sb_cstr(&why, " on path ");
        lg_sb_str(&why, query->search_path);
    }
    *text_ret = lg_sb_view(&why);
    return false;
}

static void say(struct lg_source_finder *f, struct lg_sb *sb)
{
    const char *text = lg_sb_cstr_of(sb);
    if (f->said_count++ < SAID_MAX && text != NULL)
        f->say(f->say_context, text);
    else if (f->said_count == SAID_MAX + 1)
        f->say(f->say_context, "where further sources come from, or were "
                               "looked for, is not said");
}

static void say_found(struct lg_source_finder *f,
                      const struct lg_source_query *query, struct lg_str path,
                      struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_str(&sb, query->path);
    lg_sb_cstr(&sb, " is not here; shown is ");
    lg_sb_str(&sb, path);
    say(f, &sb);
}

static void say_missing(struct lg_source_finder *f,
                        const struct lg_source_query *query,
                        const struct lg_source_paths *tried,
                        struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, "no source ");
    lg_sb_str(&sb, query->path);
    for (size_t i = 0; i < tried->count && i < TRIED_NAMED_MAX; i++) {
        lg_sb_cstr(&sb, i == 0 ? "; not as " : ", ");
        lg_sb_str(&sb, tried->items[i]);
    }
    if (tried->count > TRIED_NAMED_MAX)
        lg_sb_fmt(&sb, ", and %zu more", tried->count - TRIED_NAMED_MAX);
    if (f->said_count == 0)
        lg_sb_cstr(&sb, " (-source_path=FOLDERS says where to look, "
                        "-trim_path=PREFIXES what to cut off)");
    say(f, &sb);
}

bool lg_source_find(struct lg_source_finder *f,
                    const struct lg_source_query *query, struct lg_arena *arena,
                    struct lg_str *text_ret)
{
    if (find_as_pprof(query, arena, text_ret))
        return true;
    /* <autogenerated>, _cgo_gotypes.go: nobody has written that. */
    if (query->path.len == 0 || query->path.data[0] == '<' ||
        lg_str_starts(lg_path_base(query->path), LG_STR("_cgo_")))
        return false;
    struct lg_source_paths tried = {0};
    struct lg_str path, text;
    if (lg_source_search(f, query, arena, &tried, &path, &text)) {
        *text_ret = text;
        if (f->say != NULL)
            say_found(f, query, path, arena);
        return true;
    }
    if (f->say != NULL)
        say_missing(f, query, &tried, arena);
    return false;
}
