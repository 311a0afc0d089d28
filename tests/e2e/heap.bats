#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# heap and memstats on a program that holds 64 MiB and knows its own numbers.

bats_require_minimum_version 1.5.0
load lib/kill

teardown() {
    [ -z "${child:-}" ] || kill "$child"
}

# field EXPRESSION: of the JSON on stdin, a Python expression on d
field() {
    python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

runs() {
    run --separate-stderr "$LASTGASP" "$@"
}

# build IMPORT [FLAG…]: a program that prints its MemStats, and then waits for
# its standard input to end, doing nothing more.
build() {
    command -v go >/dev/null || skip "needs Go"
    mkdir -p "$BATS_TEST_TMPDIR/holder"
    cd "$BATS_TEST_TMPDIR/holder" || return
    printf 'module example.com/holder\n\ngo 1.18\n' >go.mod
    cat >main.go <<GO
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	$1
)

var held [][]byte

func hold(n int) {
	for i := 0; i < n; i++ {
		held = append(held, make([]byte, 1<<20))
	}
}

func main() {
	hold(64)
	debug.SetGCPercent(-1)
	runtime.GC()
	runtime.GC()
	in := make([]byte, 1)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println(m.NumGC, m.HeapInuse>>20, m.HeapAlloc>>20, m.StackSys>>20)
	os.Stdin.Read(in)
	runtime.KeepAlive(held)
}
GO
    GOTOOLCHAIN=local CGO_ENABLED=0 go build -ldflags "${2-}" -o holder .
    mkfifo hold ready
}

start() {
    ./holder <hold >ready &
    child=$!
    exec 8>hold
    read -r cycles inuse allocated stacks <ready
}

stop() {
    exec 8>&-
    wait "$child"
    child=
}

@test "heap: the line that holds it is named, also when all symbols are gone" {
    build '_ "net/http/pprof"' '-s -w'
    start
    runs heap --sites --json "$child"
    [ "$status" = 0 ]
    [ "$(field "d['schema']" <<<"$output")" = lastgasp.heap/1 ]
    site="d['sites'][0]"
    [ "$(field "${site}['where']['function']" <<<"$output")" = main.hold ]
    [ "$(field "${site}['where']['line']" <<<"$output")" = 15 ]
    [ "$(field "${site}['is_user_code']" <<<"$output")" = True ]
    # Objects of 1 MiB are sampled with a probability of 86 %.
    [ "$(field "44 < ${site}['inuse_bytes'] >> 20 < 84" <<<"$output")" = True ]
    [ "$(field "${site}['share'] > 0.9" <<<"$output")" = True ]
    runs heap "$child"
    [ "$status" = 0 ]
    [[ "$output" == "holder (pid $child, go"*main.hold*main.go:15* ]]
    stop
}

@test "heap: go tool pprof reads what it writes" {
    build '_ "net/http/pprof"'
    start
    runs heap --published --out heap.pb.gz "$child"
    [ "$status" = 0 ]
    stop
    run --separate-stderr go tool pprof -top heap.pb.gz
    [ "$status" = 0 ]
    [[ "$output" == *"Type: inuse_space"*main.hold* ]]
    runs heap --json heap.pb.gz
    [ "$status" = 0 ]
    [ "$(field "d['sites'][0]['where']['function']" <<<"$output")" = main.hold ]
}

@test "heap: says when there is no profile, and what would bring it" {
    build ''
    start
    runs heap "$child"
    [ "$status" = 3 ]
    [ -z "$output" ]
    # shellcheck disable=SC2154 # of run
    [[ "$stderr" == *"the linker left it out"*net/http/pprof* ]]
    runs heap --json "$child"
    [ "$status" = 3 ]
    [ "$(field "d['compiled_out'], d['sites']" <<<"$output")" = "True []" ]
    stop
}

@test "memstats: what the program itself says, and what is resident" {
    build ''
    start
    runs memstats --json "$child"
    [ "$status" = 0 ]
    [ "$(field "d['schema']" <<<"$output")" = lastgasp.memstats/1 ]
    [ "$(field "d['gc_count']" <<<"$output")" = "$cycles" ]
    [ "$(field "d['heap_inuse_bytes'] >> 20" <<<"$output")" = "$inuse" ]
    [ "$(field "d['heap_alloc_bytes'] >> 20" <<<"$output")" = "$allocated" ]
    [ "$(field "d['stack_sys_bytes'] >> 20" <<<"$output")" = "$stacks" ]
    [ "$(field "d['gogc_percent']" <<<"$output")" = unlimited ]
    [ "$(field "d['goroutines_count']" <<<"$output")" = 1 ]
    [ "$(field "64 <= d['heap_marked_bytes'] >> 20 < 66" <<<"$output")" = True ]
    sum="sum(p['bytes'] for p in d['memory']['parts'])"
    total="d['memory'].get('usage_bytes', d['memory']['rss_bytes'])"
    [ "$(field "$sum + d['memory']['unexplained_bytes'] == $total" \
        <<<"$output")" = True ]
    runs memstats "$child"
    [ "$status" = 0 ]
    [[ "$output" == *"GOGC off, no GOMEMLIMIT"*"1 goroutine, "* ]]
    [[ "$output" == *"the linker left it out"* ]]
    stop
}

@test "heap, memstats: nonsense is 2, nobody is 3, another language is no Go" {
    for command in heap memstats; do
        runs "$command"
        [ "$status" = 2 ]
        runs "$command" 1 2
        [ "$status" = 2 ]
        runs "$command" 4194300
        [ "$status" = 3 ]
        runs "$command" $$
        [ "$status" != 0 ]
        [[ "$stderr" == lastgasp:* ]]
    done
    runs heap --top many 1
    [ "$status" = 2 ]
}
