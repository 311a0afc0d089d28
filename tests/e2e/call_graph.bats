#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Call graphs as pictures, opened in a real browser: see call_graph.py.

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    LASTGASP=${LASTGASP:-$root/build/lastgasp}
}

@test "a call graph of 80 functions without Graphviz: readable, numbers are top's" {
    python3 "$root/tests/e2e/call_graph.py" "$LASTGASP" own
}

@test "Graphviz's call graph moves, too" {
    command -v dot >/dev/null || skip "no Graphviz"
    python3 "$root/tests/e2e/call_graph.py" "$LASTGASP" graphviz
}
