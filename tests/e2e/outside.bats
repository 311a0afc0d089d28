#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs that nobody can ask: without net/http/pprof, stripped, some of them
# position-independent. The five incidents, and a service for each other cause
# (tests/targets/outside), with their healthy twins; what is known of them is
# read from outside. With the oldest Go that each allows and with the newest,
# of which the twins are.

load lib/kill

@test "timing-wheel-bare, oldest Go: killed and explained" {
    explains timing-wheel-bare oldest
}

@test "timing-wheel-bare, newest Go: killed and explained" {
    explains timing-wheel-bare newest
}

@test "timing-wheel-bare, newest Go: the mended twin is healthy" {
    is_silent_on timing-wheel-bare newest
}

@test "idle-pool-bare, oldest Go: killed and explained" {
    explains idle-pool-bare oldest
}

@test "idle-pool-bare, newest Go: killed and explained" {
    explains idle-pool-bare newest
}

@test "idle-pool-bare, newest Go: the mended twin is healthy" {
    is_silent_on idle-pool-bare newest
}

@test "file-watcher-bare, oldest Go: killed and explained" {
    explains file-watcher-bare oldest
}

@test "file-watcher-bare, newest Go: killed and explained" {
    explains file-watcher-bare newest
}

@test "file-watcher-bare, newest Go: the mended twin is healthy" {
    is_silent_on file-watcher-bare newest
}

@test "find-all-bare, oldest Go: killed and explained" {
    explains find-all-bare oldest
}

@test "find-all-bare, newest Go: killed and explained" {
    explains find-all-bare newest
}

@test "find-all-bare, newest Go: the mended twin is healthy" {
    is_silent_on find-all-bare newest
}

@test "unclosed-channel-bare, oldest Go: killed and explained" {
    explains unclosed-channel-bare oldest
}

@test "unclosed-channel-bare, newest Go: killed and explained" {
    explains unclosed-channel-bare newest
}

@test "unclosed-channel-bare, newest Go: the mended twin is healthy" {
    is_silent_on unclosed-channel-bare newest
}

@test "checkouts, oldest Go: killed and explained" {
    explains checkouts oldest
}

@test "checkouts, newest Go: killed and explained" {
    explains checkouts newest
}

@test "checkouts, newest Go: the mended twin is healthy" {
    is_silent_on checkouts newest
}

@test "deadlines, oldest Go: killed and explained" {
    explains deadlines oldest
}

@test "deadlines, newest Go: killed and explained" {
    explains deadlines newest
}

@test "deadlines, newest Go: the mended twin is healthy" {
    is_silent_on deadlines newest
}

@test "device, oldest Go: killed and explained" {
    explains device oldest
}

@test "device, newest Go: killed and explained" {
    explains device newest
}

@test "device, newest Go: the mended twin is healthy" {
    is_silent_on device newest
}

@test "documents, oldest Go: killed and explained" {
    explains documents oldest
}

@test "documents, newest Go: killed and explained" {
    explains documents newest
}

@test "documents, newest Go: the mended twin is healthy" {
    is_silent_on documents newest
}

@test "ledger, oldest Go: killed and explained" {
    explains ledger oldest
}

@test "ledger, newest Go: killed and explained" {
    explains ledger newest
}

@test "ledger, newest Go: the mended twin is healthy" {
    is_silent_on ledger newest
}

@test "lookup, oldest Go: killed and explained" {
    explains lookup oldest
}

@test "lookup, newest Go: killed and explained" {
    explains lookup newest
}

@test "lookup, newest Go: the mended twin is healthy" {
    is_silent_on lookup newest
}

@test "outbox, oldest Go: killed and explained" {
    explains outbox oldest
}

@test "outbox, newest Go: killed and explained" {
    explains outbox newest
}

@test "outbox, newest Go: the mended twin is healthy" {
    is_silent_on outbox newest
}

@test "prober, oldest Go: killed and explained" {
    explains prober oldest
}

@test "prober, newest Go: killed and explained" {
    explains prober newest
}

@test "prober, newest Go: the mended twin is healthy" {
    is_silent_on prober newest
}

@test "quotes, oldest Go: killed and explained" {
    explains quotes oldest
}

@test "quotes, newest Go: killed and explained" {
    explains quotes newest
}

@test "quotes, newest Go: the mended twin is healthy" {
    is_silent_on quotes newest
}

@test "relays, oldest Go: killed and explained" {
    explains relays oldest
}

@test "relays, newest Go: killed and explained" {
    explains relays newest
}

@test "relays, newest Go: the mended twin is healthy" {
    is_silent_on relays newest
}

@test "reminders, oldest Go: killed and explained" {
    explains reminders oldest
}

@test "reminders, newest Go: killed and explained" {
    explains reminders newest
}

@test "reminders, newest Go: the mended twin is healthy" {
    is_silent_on reminders newest
}

@test "renderers, oldest Go: killed and explained" {
    explains renderers oldest
}

@test "renderers, newest Go: killed and explained" {
    explains renderers newest
}

@test "renderers, newest Go: the mended twin is healthy" {
    is_silent_on renderers newest
}

@test "segments, oldest Go: killed and explained" {
    explains segments oldest
}

@test "segments, newest Go: killed and explained" {
    explains segments newest
}

@test "segments, newest Go: the mended twin is healthy" {
    is_silent_on segments newest
}

@test "sidecar, oldest Go: killed and explained" {
    explains sidecar oldest
}

@test "sidecar, newest Go: killed and explained" {
    explains sidecar newest
}

@test "sidecar, newest Go: the mended twin is healthy" {
    is_silent_on sidecar newest
}

@test "visits, oldest Go: killed and explained" {
    explains visits oldest
}

@test "visits, newest Go: killed and explained" {
    explains visits newest
}

@test "visits, newest Go: the mended twin is healthy" {
    is_silent_on visits newest
}
