#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The five incidents, killed for real by the kernel: the first finding is the
# right cause at the right line, and the mended twin under the same load is
# silent. With the oldest Go that each allows and with the newest.
#
#   LG_E2E_RUNS=10 bats tests/e2e/kills.bats     ten runs in a row

load lib/kill

@test "timing-wheel, oldest Go: killed and explained" {
    explains timing-wheel oldest
}

@test "timing-wheel, oldest Go: the mended twin is healthy" {
    is_silent_on timing-wheel oldest
}

@test "timing-wheel, newest Go: killed and explained" {
    explains timing-wheel newest
}

@test "timing-wheel, newest Go: the mended twin is healthy" {
    is_silent_on timing-wheel newest
}

@test "idle-pool, oldest Go: killed and explained" {
    explains idle-pool oldest
}

@test "idle-pool, oldest Go: the mended twin is healthy" {
    is_silent_on idle-pool oldest
}

@test "idle-pool, newest Go: killed and explained" {
    explains idle-pool newest
}

@test "idle-pool, newest Go: the mended twin is healthy" {
    is_silent_on idle-pool newest
}

@test "file-watcher, oldest Go: killed and explained" {
    explains file-watcher oldest
}

@test "file-watcher, oldest Go: the mended twin is healthy" {
    is_silent_on file-watcher oldest
}

@test "file-watcher, newest Go: killed and explained" {
    explains file-watcher newest
}

@test "file-watcher, newest Go: the mended twin is healthy" {
    is_silent_on file-watcher newest
}

@test "find-all, oldest Go: killed and explained" {
    explains find-all oldest
}

@test "find-all, oldest Go: the mended twin is healthy" {
    is_silent_on find-all oldest
}

@test "find-all, newest Go: killed and explained" {
    explains find-all newest
}

@test "find-all, newest Go: the mended twin is healthy" {
    is_silent_on find-all newest
}

@test "unclosed-channel, oldest Go: killed and explained" {
    explains unclosed-channel oldest
}

@test "unclosed-channel, oldest Go: the mended twin is healthy" {
    is_silent_on unclosed-channel oldest
}

@test "unclosed-channel, newest Go: killed and explained" {
    explains unclosed-channel newest
}

@test "unclosed-channel, newest Go: the mended twin is healthy" {
    is_silent_on unclosed-channel newest
}
