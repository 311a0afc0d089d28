/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_api.h"

#include "base/late_library.h"
#include "base/vec.h"

#include <pthread.h>
#include <stddef.h>

/* The name of its interface since libarchive 3.0. */
#define LIBRARY "libarchive.so.13"

struct lg_archive_api lg_archive;
static bool is_loaded;

static const struct lg_late_function functions[] = {
    {"archive_errno", offsetof(struct lg_archive_api, error_code)},
    {"archive_error_string", offsetof(struct lg_archive_api, error_string)},
    {"archive_set_error", offsetof(struct lg_archive_api, set_error)},
    {"archive_read_new", offsetof(struct lg_archive_api, read_new)},
    {"archive_read_free", offsetof(struct lg_archive_api, read_free)},
    {"archive_read_open", offsetof(struct lg_archive_api, read_open)},
    {"archive_read_next_header",
     offsetof(struct lg_archive_api, read_next_header)},
    {"archive_read_data", offsetof(struct lg_archive_api, read_data)},
    {"archive_read_support_filter_zstd",
     offsetof(struct lg_archive_api, read_support_filter_zstd)},
    {"archive_read_support_format_tar",
     offsetof(struct lg_archive_api, read_support_format_tar)},
    {"archive_write_new", offsetof(struct lg_archive_api, write_new)},
    {"archive_write_free", offsetof(struct lg_archive_api, write_free)},
    {"archive_write_close", offsetof(struct lg_archive_api, write_close)},
    {"archive_write_data", offsetof(struct lg_archive_api, write_data)},
    {"archive_write_header", offsetof(struct lg_archive_api, write_header)},
    {"archive_write_open_fd", offsetof(struct lg_archive_api, write_open_fd)},
    {"archive_write_add_filter_gzip",
     offsetof(struct lg_archive_api, write_add_filter_gzip)},
    {"archive_write_set_bytes_in_last_block",
     offsetof(struct lg_archive_api, write_set_bytes_in_last_block)},
    {"archive_write_set_format_pax_restricted",
     offsetof(struct lg_archive_api, write_set_format_pax_restricted)},
    {"archive_write_set_options",
     offsetof(struct lg_archive_api, write_set_options)},
    {"archive_entry_new", offsetof(struct lg_archive_api, entry_new)},
    {"archive_entry_free", offsetof(struct lg_archive_api, entry_free)},
    {"archive_entry_clear", offsetof(struct lg_archive_api, entry_clear)},
    {"archive_entry_filetype", offsetof(struct lg_archive_api, entry_filetype)},
    {"archive_entry_hardlink", offsetof(struct lg_archive_api, entry_hardlink)},
    {"archive_entry_symlink", offsetof(struct lg_archive_api, entry_symlink)},
    {"archive_entry_pathname", offsetof(struct lg_archive_api, entry_pathname)},
    {"archive_entry_pathname_utf8",
     offsetof(struct lg_archive_api, entry_pathname_utf8)},
    {"archive_entry_set_pathname",
     offsetof(struct lg_archive_api, entry_set_pathname)},
    {"archive_entry_set_filetype",
     offsetof(struct lg_archive_api, entry_set_filetype)},
    {"archive_entry_set_perm", offsetof(struct lg_archive_api, entry_set_perm)},
    {"archive_entry_set_mtime",
     offsetof(struct lg_archive_api, entry_set_mtime)},
    {"archive_entry_set_size", offsetof(struct lg_archive_api, entry_set_size)},
};

static void load(void)
{
    is_loaded = lg_late_library_load(LIBRARY, functions, LG_COUNT(functions),
                                     &lg_archive);
}

bool lg_archive_load(struct lg_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return is_loaded ||
           lg_fail(err, LG_UNSUPPORTED,
                   "archives need " LIBRARY ", which cannot be loaded; "
                   "Debian's package libarchive13 has it");
}
