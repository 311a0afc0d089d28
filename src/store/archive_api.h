/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: libarchive, loaded when an incident is packed or unpacked and not
 * before. It brings an XML library and a C++ runtime along, whose relocation
 * was more than half of what starting lastgasp cost.
 */
#ifndef LG_STORE_ARCHIVE_API_H
#define LG_STORE_ARCHIVE_API_H

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

/* libarchive's functions of these names. */
struct lg_archive_api {
    __typeof__(archive_errno) *error_code;
    __typeof__(archive_error_string) *error_string;
    __typeof__(archive_set_error) *set_error;
    __typeof__(archive_read_new) *read_new;
    __typeof__(archive_read_free) *read_free;
    __typeof__(archive_read_open) *read_open;
    __typeof__(archive_read_next_header) *read_next_header;
    __typeof__(archive_read_data) *read_data;
    __typeof__(archive_read_support_filter_zstd) *read_support_filter_zstd;
    __typeof__(archive_read_support_format_tar) *read_support_format_tar;
    __typeof__(archive_write_new) *write_new;
    __typeof__(archive_write_free) *write_free;
    __typeof__(archive_write_close) *write_close;
    __typeof__(archive_write_data) *write_data;
    __typeof__(archive_write_header) *write_header;
    __typeof__(archive_write_open_fd) *write_open_fd;
    __typeof__(archive_write_add_filter_gzip) *write_add_filter_gzip;
    __typeof__(archive_write_set_bytes_in_last_block)
        *write_set_bytes_in_last_block;
    __typeof__(archive_write_set_format_pax_restricted)
        *write_set_format_pax_restricted;
    __typeof__(archive_write_set_options) *write_set_options;
    __typeof__(archive_entry_new) *entry_new;
    __typeof__(archive_entry_free) *entry_free;
    __typeof__(archive_entry_clear) *entry_clear;
    __typeof__(archive_entry_filetype) *entry_filetype;
    __typeof__(archive_entry_hardlink) *entry_hardlink;
    __typeof__(archive_entry_symlink) *entry_symlink;
    __typeof__(archive_entry_pathname) *entry_pathname;
    __typeof__(archive_entry_pathname_utf8) *entry_pathname_utf8;
    __typeof__(archive_entry_set_pathname) *entry_set_pathname;
    __typeof__(archive_entry_set_filetype) *entry_set_filetype;
    __typeof__(archive_entry_set_perm) *entry_set_perm;
    __typeof__(archive_entry_set_mtime) *entry_set_mtime;
    __typeof__(archive_entry_set_size) *entry_set_size;
};

/* Empty until it is loaded. */
extern struct lg_archive_api lg_archive;

/* Loaded once, for good; from any thread. UNSUPPORTED: it is not installed. */
bool lg_archive_load(struct lg_error *err);

#endif
