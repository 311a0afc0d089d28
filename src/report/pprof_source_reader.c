/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_source_reader.h"

#define LINE_LIMIT_BYTES 65536 /* bufio.MaxScanTokenSize, newline included */

bool lg_source_reader_init(struct lg_source_reader *reader,
                           const struct lg_pprof_report *r,
                           struct lg_arena *arena, struct lg_error *err)
{
    *reader = (struct lg_source_reader){.machine = r->machine,
                                        .arena = arena,
                                        .search_path = r->source_path,
                                        .trim_path = r->trim_path};
    lg_map_init(&reader->files, arena);
    if (reader->search_path.len == 0 && r->machine != NULL)
        reader->search_path = r->machine->working_folder;
    if (reader->search_path.len == 0)
        return lg_fail(err, LG_USAGE,
                       "could not stat current dir: getwd: no such file or "
                       "directory");
    return true;
}

/* The next line of *rest without its end. false: none that the scanner would
 * give. */
static bool next_line(struct lg_str *rest, struct lg_str *ret)
{
    if (rest->len == 0)
        return false;
    struct lg_str window = lg_str_first(*rest, LINE_LIMIT_BYTES);
    ptrdiff_t end = lg_str_find_char(window, '\n');
    if (end < 0 && rest->len >= LINE_LIMIT_BYTES)
        return false;
    size_t len = end < 0 ? rest->len : (size_t)end;
    *ret = lg_str_first(*rest, len);
    if (len != 0 && ret->data[len - 1] == '\r')
        ret->len--;
    *rest = lg_str_skip(*rest, len + (end >= 0));
    return true;
}

static bool cut_lines(struct lg_source_file *file, struct lg_str text,
                      struct lg_arena *arena)
{
    struct lg_str line;
    size_t count = 0;
    for (struct lg_str rest = text; next_line(&rest, &line);)
        count++;
    file->lines = lg_new(arena, struct lg_str, count);
    if (file->lines == NULL)
        return false;
    for (struct lg_str rest = text; next_line(&rest, &line);)
        file->lines[file->count++] = line;
    return true;
}

static bool read_file(struct lg_source_reader *reader,
                      const struct lg_source_query *query,
                      struct lg_source_file *file)
{
    const struct lg_pprof_machine *machine = reader->machine;
    struct lg_str text = {0};
    if (machine == NULL || machine->read_source == NULL)
        file->is_missing = true;
    else
        file->is_missing = !machine->read_source(machine->context, query,
                                                 reader->arena, &text);
    if (!file->is_missing)
        return cut_lines(file, text, reader->arena);
    file->error = text;
    return true;
}

const struct lg_source_file *
lg_source_reader_known(struct lg_source_reader *reader, struct lg_str path)
{
    uint64_t *known = lg_map_find_str(&reader->files, path);
    return known == NULL ? NULL
                         : (const struct lg_source_file *)(uintptr_t)*known;
}

const struct lg_source_file *
lg_source_reader_file(struct lg_source_reader *reader,
                      const struct lg_source_query *hint)
{
    const struct lg_source_file *known =
        lg_source_reader_known(reader, hint->path);
    if (known != NULL)
        return known;
    struct lg_source_file *file =
        lg_new(reader->arena, struct lg_source_file, 1);
    struct lg_source_query query = *hint;
    query.search_path = reader->search_path;
    query.path = lg_pprof_trim_path(hint->path, reader->trim_path,
                                    reader->search_path, reader->arena);
    if (file == NULL || !read_file(reader, &query, file))
        return NULL;
    uint64_t *slot = lg_map_put_str(&reader->files, hint->path, NULL);
    if (slot == NULL)
        return NULL;
    *slot = (uint64_t)(uintptr_t)file;
    return file;
}

bool lg_source_file_line(const struct lg_source_file *file, int64_t line,
                         struct lg_str *ret)
{
    if (line < 1 || (uint64_t)line > file->count)
        return false;
    *ret = file->lines[line - 1];
    return true;
}
