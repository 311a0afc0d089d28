#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Captures out of a process's memory: snapshot, run and attach on a Go program
# that imports no pprof and is stripped.

# shellcheck disable=SC2030,SC2031 # each test has variables of its own
# shellcheck disable=SC2154 # stderr: bats sets it
bats_require_minimum_version 1.5.0
load lib/kill

setup_file() {
    command -v go >/dev/null || skip "needs Go"
    mkdir -p "$BATS_FILE_TMPDIR/src"
    cd "$BATS_FILE_TMPDIR/src" || return
    printf 'module example.com/quiet\n\ngo 1.18\n' >go.mod
    cat >main.go <<'GO'
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

var kept [][]byte

func hold(mib int) {
	for i := 0; i < mib*16; i++ {
		kept = append(kept, make([]byte, 65536))
	}
}

func parked(c chan int) { <-c }

// Holds memory and goroutines until its standard input ends, then says what
// became of the runtime's sampling rate.
func main() {
	goroutines := flag.Int("goroutines", 10, "that wait")
	mib := flag.Int("mib", 0, "to hold, line by line of standard input")
	again := flag.Bool("again", false, "become another program on a line")
	flag.Parse()
	c := make(chan int)
	for i := 0; i < *goroutines; i++ {
		go parked(c)
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		hold(*mib)
		if *again {
			syscall.Exec("/proc/self/exe", []string{"again", "-goroutines", "77"}, os.Environ())
		}
		fmt.Println("held")
	}
	fmt.Println("rate", runtime.MemProfileRate, len(kept))
}
GO
    GOWORK=off CGO_ENABLED=0 go build -buildvcs=false -ldflags '-s -w' \
        -o "$BATS_FILE_TMPDIR/quiet" . || return
}

setup() {
    quiet=$BATS_FILE_TMPDIR/quiet
    mkdir -p "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return
}

teardown() {
    if [ -n "${pid:-}" ]; then
        kill "$pid" 2>/dev/null || true
    fi
}

# start_quiet ARG…: runs it with a pipe as standard input; sets pid
start_quiet() {
    mkfifo in out
    "$quiet" "$@" <in >out 3>&- 4>&- &
    pid=$!
    exec {to}>in {from}<out
    local line
    read -r line <&"$from"
    [ "$line" = ready ]
}

# say WORD: a line to it; waits for its answer
say() {
    echo "$1" >&"$to"
    read -r answer <&"$from"
}

field() {
    python3 -c "import json, sys; d = json.load(open(sys.argv[1])); print($2)" "$1"
}

@test "snapshot: a folder of standard files" {
    start_quiet -goroutines 500
    run --separate-stderr "$LASTGASP" snapshot --out taken "$pid"
    [ "$status" = 0 ]
    [[ $output == *"501 goroutines"* ]]
    for file in goroutines.txt goroutine.pb.gz memstats.json timeline.csv \
        report.json record.json capture.json; do
        [ -s "taken/$file" ]
    done
    [ "$(field taken/report.json 'd["end"]["kind"]')" = running ]
    [ "$(grep -c '^goroutine ' taken/goroutines.txt)" = 501 ]
    [ "$(grep -c '^main.parked' taken/goroutines.txt)" = 500 ]
    [ "$(wc -l <taken/timeline.csv)" = 2 ]
    go tool pprof -top taken/goroutine.pb.gz 2>/dev/null | grep -q '501 total'
    # nothing of the way there is left
    [ "$(ls)" = "$(printf 'in\nout\ntaken')" ]
    "$LASTGASP" explain taken
}

@test "snapshot: a program without a heap profile is said to have none" {
    start_quiet
    run --separate-stderr "$LASTGASP" snapshot --out taken "$pid"
    [ "$status" = 0 ]
    [ ! -e taken/heap.pb.gz ]
    [[ $stderr == *"heap.pb.gz: the linker left the heap profile out"* ]]
}

@test "snapshot: whether it was stopped, and for how long" {
    start_quiet
    run --separate-stderr "$LASTGASP" snapshot --freeze never --out never "$pid"
    [ "$status" = 0 ]
    [ "$(field never/capture.json 'd["pause_ns"]')" = 0 ]
    run --separate-stderr "$LASTGASP" snapshot --freeze always --out always "$pid"
    [ "$status" = 0 ]
    [ "$(field always/capture.json 'd["pause_ns"] > 0')" = True ]
    # and it goes on
    say x
    [ "$answer" = held ]
}

@test "snapshot: a folder that is there is left alone unless it is empty" {
    start_quiet
    mkdir full empty
    echo mine >full/file
    run --separate-stderr "$LASTGASP" snapshot --out full "$pid"
    [ "$status" = 2 ]
    [ "$(ls full)" = file ]
    run --separate-stderr "$LASTGASP" snapshot --out empty "$pid"
    [ "$status" = 0 ]
    [ -s empty/report.json ]
}

@test "snapshot: what it cannot read" {
    run --separate-stderr "$LASTGASP" snapshot --out taken 999999999
    [ "$status" = 3 ]
    run --separate-stderr "$LASTGASP" snapshot --out taken $$
    [ "$status" = 3 ]
    echo no core >file
    run --separate-stderr "$LASTGASP" snapshot --out taken ./file
    [ "$status" != 0 ]
    run --separate-stderr "$LASTGASP" snapshot --out taken http://127.0.0.1:1
    [ "$status" = 3 ]
    run --separate-stderr "$LASTGASP" snapshot 1
    [ "$status" = 2 ]
    [ "$(ls)" = file ]
}

@test "snapshot: a full disk leaves nothing behind" {
    [ "$(id -u)" = 0 ] || skip "needs root to mount a small disk"
    mkdir small
    mount -t tmpfs -o size=64k none small || skip "cannot mount"
    start_quiet -goroutines 2000
    run --separate-stderr "$LASTGASP" snapshot --out small/taken "$pid"
    left=$(ls -A small)
    umount small
    [ "$status" = 1 ]
    [[ $stderr == *"No space left"* ]]
    [ -z "$left" ]
}

@test "snapshot: of a core" {
    command -v gcore >/dev/null || skip "needs gcore"
    start_quiet -goroutines 50
    gcore -o core "$pid" >/dev/null 2>&1
    run --separate-stderr "$LASTGASP" snapshot --out taken "core.$pid"
    [ "$status" = 0 ]
    [ "$(grep -c '^main.parked' taken/goroutines.txt)" = 50 ]
}

@test "run: switches on the heap profile that the linker left out" {
    mkfifo in
    "$LASTGASP" run --state state --for 3s -- "$quiet" \
        <in >out.txt 2>said.txt 3>&- &
    exec {to}>in
    wait $! || true # ended by us
    grep -q 'heap profile was compiled out and is switched on' said.txt
    record=$(echo state/incidents/*/record.json)
    [ "$(field "$record" 'd["heap_profile_switched_on"]')" = True ]
    [ "$(field "$record" 'd["captures_from"]')" = "its memory" ]
}

# watched WORD…: attaches to $pid with these options until a capture is there
watched() {
    "$LASTGASP" attach --state state --for 3s "$@" "$pid" >/dev/null 2>said.txt
}

@test "attach: leaves the program as it is, unless it is told" {
    start_quiet -mib 16
    watched
    run ! grep -q 'switched on' said.txt
    watched --heap-profile always
    grep -q 'switched on' said.txt
    say x
    say x
    rm -rf state
    watched
    heap=$(ls state/incidents/*/heap.pb.gz)
    go tool pprof -top "$heap" 2>/dev/null | grep -q main.hold
    exec {to}>&-
    read -r answer <&"$from"
    [ "$answer" = "rate 524288 512" ]
}

@test "attach: GODEBUG=memprofilerate is the user's word" {
    export GODEBUG=memprofilerate=0
    start_quiet
    watched --heap-profile always
    run ! grep -q 'switched on' said.txt
}

@test "run: never leaves the heap profile off" {
    mkfifo in
    "$LASTGASP" run --state state --heap-profile never --quiet -- \
        "$quiet" <in >out.txt 3>&- &
    exec {to}>in
    exec {to}>&-
    wait $!
    grep -q '^rate 0 0$' out.txt
}

@test "attach: a program that becomes another one is read anew" {
    start_quiet -goroutines 5 -again
    "$LASTGASP" attach --state state --for 2s "$pid" >/dev/null 2>said.txt 3>&- &
    watcher=$!
    until ls state/incidents/*/captures/*/capture.json >/dev/null 2>&1; do
        kill -0 "$watcher"
    done
    say x # "ready" of the new one
    [ "$answer" = ready ]
    wait "$watcher"
    [ "$(grep -c '^main.parked' state/incidents/*/goroutines.txt)" = 77 ]
}

@test "attach: of very many goroutines a sample is written, and all are counted" {
    start_quiet -goroutines 130000
    watched
    captures=(state/incidents/*/captures/*)
    last=${captures[-1]}
    [ "$(field "$last/capture.json" 'd["goroutines"]')" = 130001 ]
    [ "$(field "$last/capture.json" 'd["sampled_one_in"]')" = 2 ]
    in_text=$(grep -c '^goroutine ' "$last/goroutines.txt")
    [ "$in_text" -gt 60000 ]
    [ "$in_text" -lt 70000 ]
    "$LASTGASP" explain --json state/incidents/* >report.json
    [ "$(field report.json 'd["captures"][-1]["complete"]')" = True ]
}

@test "source: only where it is told to look" {
    start_quiet
    watched --source http
    [ -z "$(ls state/incidents/*/captures/*/goroutines.txt 2>/dev/null)" ]
    run "$LASTGASP" attach --source elsewhere "$pid"
    [ "$status" = 2 ]
}
