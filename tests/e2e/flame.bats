#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Flame graphs, opened in a real browser: see flame_graph.py.

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    LASTGASP=${LASTGASP:-$root/build/lastgasp}
}

flame() {
    python3 "$root/tests/e2e/flame_graph.py" "$LASTGASP" "$1"
}

@test "a flame graph: numbers are top's; zoom, search, sandwich, keys" {
    flame page
}

@test "the flame graph of a difference: growth, new, gone, colours" {
    flame difference
}

@test "a flame graph as a picture" {
    flame picture
}
