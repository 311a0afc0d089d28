#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The other causes, with programs of the standard library alone
# (tests/targets/small), with the newest Go.

load lib/kill

@test "exit-kill9: its end is explained" {
    explains exit-kill9 newest
}

@test "exit-panic: its exit is explained" {
    explains exit-panic newest
}

@test "exit-sigterm: its end is explained" {
    explains exit-sigterm newest
}

@test "exit-stack: its exit is explained" {
    explains exit-stack newest
}

@test "exit-status: its exit is explained" {
    explains exit-status newest
}

@test "fd-leak: killed and explained" {
    explains fd-leak newest
}

@test "fd-leak: the mended twin is healthy" {
    is_silent_on fd-leak newest
}

@test "gc-headroom: killed and explained" {
    explains gc-headroom newest
}

@test "gc-headroom: the mended twin is healthy" {
    is_silent_on gc-headroom newest
}

@test "goroutine-burst: killed and explained" {
    explains goroutine-burst newest
}

@test "goroutine-burst: the mended twin is healthy" {
    is_silent_on goroutine-burst newest
}

@test "heap-leak: killed and explained" {
    explains heap-leak newest
}

@test "heap-leak: the mended twin is healthy" {
    is_silent_on heap-leak newest
}

@test "limit-too-low: killed and explained" {
    explains limit-too-low newest
}

@test "limit-too-low: with enough memory it is healthy" {
    is_silent_on limit-too-low newest
}

@test "neighbour: killed and explained" {
    explains neighbour newest
}

@test "neighbour: the mended twin is healthy" {
    is_silent_on neighbour newest
}

@test "off-heap: killed and explained" {
    explains off-heap newest
}

@test "off-heap: the mended twin is healthy" {
    is_silent_on off-heap newest
}

@test "shmem: killed and explained" {
    explains shmem newest
}

@test "shmem -memfd: killed and explained" {
    explains shmem newest 0
}

@test "shmem: the mended twin is healthy" {
    is_silent_on shmem newest
}
