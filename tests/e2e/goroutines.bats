#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lastgasp goroutines: of a process, a core, a dump, a profile; and what it says
# to what it cannot read.

# shellcheck disable=SC2154 # stderr, stderr_lines: bats sets them
bats_require_minimum_version 1.5.0

setup_file() {
    command -v go >/dev/null || skip "needs Go"
    mkdir -p "$BATS_FILE_TMPDIR/src"
    cd "$BATS_FILE_TMPDIR/src" || return
    printf 'module example.com/parked\n\ngo 1.18\n' >go.mod
    cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
)

func down(n int, c chan int) {
	if n > 0 {
		down(n-1, c)
		return
	}
	<-c
}

var spun, counted int

func spin() {
	for {
		spun++
	}
}

func lock(mu *sync.Mutex) {
	mu.Lock()
	counted++
	mu.Unlock()
}

func dump(name string, debug int) {
	f, _ := os.Create(name)
	pprof.Lookup("goroutine").WriteTo(f, debug)
	f.Close()
}

// Parks goroutines, writes its own dump, and waits for the end of its input.
func main() {
	c, mu := make(chan int, 3), new(sync.Mutex)
	mu.Lock()
	for i := 0; i < 30; i++ {
		go down(5, c)
	}
	go lock(mu)
	var b [1]byte
	for parked := 0; parked < 31; {
		runtime.Gosched()
		text := make([]byte, 1<<20)
		text = text[:runtime.Stack(text, true)]
		parked = 0
		for i := 0; i+7 < len(text); i++ {
			if s := string(text[i : i+6]); s == "[chan " || s == "[sync." || s == "[semac" {
				parked++
			}
		}
	}
	dump(os.Args[1]+"/own.txt", 2)
	dump(os.Args[1]+"/own.pb.gz", 0)
	if len(os.Args) > 2 {
		go spin()
	}
	fmt.Println("ready")
	syscall.Read(0, b[:])
}
GO
    GOWORK=off CGO_ENABLED=0 go build -buildvcs=false -ldflags '-s -w' \
        -o "$BATS_FILE_TMPDIR/parked" . || return
}

setup() {
    lastgasp=${LASTGASP:-$BATS_TEST_DIRNAME/../../build/lastgasp}
    cd "$BATS_TEST_TMPDIR" || return
    export LASTGASP_STATE=$BATS_TEST_TMPDIR/state
}

# Its descriptors go with the test, which ends it.
start() {
    local line
    mkfifo in out
    "$BATS_FILE_TMPDIR/parked" "$BATS_TEST_TMPDIR" "$@" <in >out 3>&- &
    pid=$!
    exec 8>in 9<out
    read -r line <&9
    [ "$line" = ready ]
}

teardown() {
    exec 8>&- 9<&-
    [ -z "${pid:-}" ] || wait "$pid" || true
}

# line_of PATTERN: in the program
line_of() {
    grep -n -- "$1" "$BATS_FILE_TMPDIR/src/main.go" | cut -d: -f1
}

@test "places: how many, whose line, made by whom, what they wait on" {
    start
    run --separate-stderr "$lastgasp" goroutines "$pid"
    [ "$status" -eq 0 ]
    [[ $output == *"32 goroutines at 3 places"* ]]
    [[ $output == *"30 × chan receive"* ]]
    [[ $output == *"→ main.down"*"main.go:$(line_of '<-c$')"$'\n'* ]]
    [[ $output == *"created by main.main"*"main.go:$(line_of 'go down')"* ]]
    [[ $output == *"waits on chan 0x"*": cap 3, len 0, open"* ]]
    [[ $output == *"1 × sync.Mutex.Lock"* ]]
    [[ $output == *"waits on mutex 0x"*": locked, 1 waiting"* ]]
}

@test "--full is the program's own dump but for arguments" {
    start
    "$lastgasp" goroutines --full "$pid" >ours.txt
    python3 - <<'PY'
import re
def blocks(name):
    text = open(name, encoding="utf-8").read()
    text = re.sub(r"\([^()]*\)$", "(...)", text, flags=re.M)
    text = re.sub(r" \+0x[0-9a-f]+$", "", text, flags=re.M)
    return {b.split(" [")[0]: b.strip() for b in text.split("\n\n")}
own, ours = blocks("own.txt"), blocks("ours.txt")
assert own.keys() == ours.keys(), own.keys() ^ ours.keys()
for key in own:
    if key != "goroutine 1":
        assert own[key] == ours[key], (own[key], ours[key])
assert len(own) == 32
PY
}

@test "a goroutine that runs has its stack, unless it may not be stopped" {
    start spin
    run --separate-stderr "$lastgasp" goroutines "$pid"
    [ "$status" -eq 0 ]
    [[ $output == *"1 × running"*"→ main.spin"* ]]
    [[ $output == *"stopped for "* ]]
    run --separate-stderr "$lastgasp" goroutines --freeze never "$pid"
    [ "$status" -eq 0 ]
    [[ $output == *"1 × running"*"its stack was not read"* ]]
    [[ $output != *"stopped for"* ]]
    [[ $stderr == *"1 goroutines were running: without stack"* ]]
    run --separate-stderr "$lastgasp" goroutines --freeze always "$pid"
    [[ $output == *"→ main.spin"* ]]
}

@test "JSON, of places and of each" {
    start
    "$lastgasp" goroutines --json "$pid" >places.json
    "$lastgasp" goroutines --json --full "$pid" >each.json
    python3 - "$pid" "$(line_of 'go down')" <<'PY'
import json, sys
places, each = json.load(open("places.json")), json.load(open("each.json"))
assert places["schema"] == each["schema"] == "lastgasp.goroutines/1"
assert places["pid"] == int(sys.argv[1]) and places["total"] == 32
first = places["groups"][0]
assert first["count"] == 30 and first["state"] == "chan receive"
assert first["frames"][first["user_frame"]]["function"] == "main.down"
assert first["created_by"]["line"] == int(sys.argv[2])
assert first["waits_on"]["state"] == "cap 3, len 0, open"
assert len(each["goroutines"]) == 32
assert each["goroutines"][0]["id"] == 1
assert all(g["stack_bytes"] >= 2048 for g in each["goroutines"])
PY
}

@test "a dump, a profile and what we wrote tell the same places" {
    start
    "$lastgasp" goroutines --full "$pid" >ours.txt
    for file in own.txt own.pb.gz ours.txt; do
        run --separate-stderr "$lastgasp" goroutines "./$file"
        [ "$status" -eq 0 ]
        [[ $output == *"30 × chan receive"*"→ main.down"* ]]
    done
}

@test "--census reads no stacks; --frames as many as asked for" {
    start
    run --separate-stderr "$lastgasp" goroutines --census "$pid"
    [[ $output == *"30 × chan receive"*"runtime.gopark"* ]]
    [[ $output != *"main.down"* ]]
    run --separate-stderr "$lastgasp" goroutines --frames 4 --full "$pid"
    [[ $output == *"...additional frames elided..."* ]]
}

@test "what cannot be read is said in one sentence" {
    run --separate-stderr "$lastgasp" goroutines 4194304000
    [ "$status" -eq 3 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    run --separate-stderr "$lastgasp" goroutines $$
    [ "$status" -ne 0 ] # a shell is not Go
    [ "${#stderr_lines[@]}" -eq 1 ]
    run --separate-stderr "$lastgasp" goroutines "$BATS_FILE_TMPDIR/parked"
    [ "$status" -eq 2 ]
    [[ $stderr == *"is a program"* ]]
    run --separate-stderr "$lastgasp" goroutines ./nothing
    [ "$status" -eq 3 ]
    run --separate-stderr "$lastgasp" goroutines
    [ "$status" -eq 2 ]
    run --separate-stderr "$lastgasp" goroutines --freeze sometimes 1
    [ "$status" -eq 2 ]
    echo nonsense >nonsense.txt
    run --separate-stderr "$lastgasp" goroutines ./nonsense.txt
    [ "$status" -ne 0 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}
