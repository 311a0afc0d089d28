#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Source and machine code of a Go program that was built with -trimpath, so
# that its profile names no file of this machine.
# shellcheck disable=SC2154 # stderr: bats sets it

bats_require_minimum_version 1.5.0
root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
LASTGASP=${LASTGASP:-$root/build/lastgasp}

setup_file() {
    command -v go >/dev/null || return 0
    mkdir -p "$BATS_FILE_TMPDIR/app/grow"
    cd "$BATS_FILE_TMPDIR/app" || return
    printf 'module example.com/App\n\ngo 1.18\n' >go.mod
    cat >grow/grow.go <<'GO'
package grow

type T struct{ held [][]byte }

func page() []byte { return make([]byte, 1<<16) }

//go:noinline
func (t *T) Grow(n int) {
	for i := 0; i < n; i++ {
		t.held = append(t.held, page())
	}
}
GO
    cat >main.go <<'GO'
// Holds 100 pages and writes its heap profile where it is told.
package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/pprof"

	"example.com/App/grow"
)

func main() {
	runtime.MemProfileRate = 1
	var t grow.T
	t.Grow(100)
	b := bytes.NewBuffer(nil)
	b.Grow(1 << 20)
	runtime.GC()
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.Lookup("heap").WriteTo(f, 0); err != nil {
		panic(err)
	}
	runtime.KeepAlive(t)
	runtime.KeepAlive(b)
}
GO
    go build -trimpath -o "$BATS_FILE_TMPDIR/app.bin" . &&
        "$BATS_FILE_TMPDIR/app.bin" "$BATS_FILE_TMPDIR/heap.pb.gz"
}

setup() {
    command -v go >/dev/null || skip "no Go"
    cd "$BATS_FILE_TMPDIR/app/grow" || return
    profile=$BATS_FILE_TMPDIR/heap.pb.gz
}

@test "list finds the module's own files from a folder of it, and says where" {
    run --separate-stderr "$LASTGASP" pprof -list='main\.main|T..Grow' "$profile"
    [ "$status" -eq 0 ]
    [[ $output == *"main.main in example.com/App/main.go"* ]]
    [[ $output == *" 16:"*"t.Grow(100)"* ]]
    [[ $output == *" 10:"*"t.held = append(t.held, page())"* ]]
    [[ $output != *" Error: "* ]]
    [[ $stderr == *"example.com/App/main.go is not here; shown is "*/app/main.go* ]]
}

@test "list finds the standard library of the Go that made the binary" {
    run --separate-stderr "$LASTGASP" pprof -list='Buffer..Grow' "$profile"
    [ "$status" -eq 0 ]
    [[ $output == *"func (b *Buffer) Grow(n int) {"* ]]
    [[ $stderr == *"bytes/buffer.go is not here; shown is "*/src/bytes/buffer.go* ]]
}

@test "elsewhere the error is pprof's, and stderr says where it was looked for" {
    cd "$BATS_TEST_TMPDIR"
    run --separate-stderr "$LASTGASP" pprof -list='main\.main' "$profile"
    [ "$status" -eq 0 ]
    [[ $output == *" Error: could not find file example.com/App/main.go on path "* ]]
    [[ $stderr == *"no source example.com/App/main.go; not as "*"-source_path="* ]]
    run --separate-stderr "$LASTGASP" pprof -list='main\.main' \
        -source_path="$BATS_FILE_TMPDIR/app" "$profile"
    [[ $output == *"t.Grow(100)"* ]]
}

@test "disasm shows the code, with samples where calls return" {
    run --separate-stderr "$LASTGASP" pprof -disasm='T..Grow' "$profile"
    [ "$status" -eq 0 ]
    [[ $output == *"ROUTINE ======================== example.com/App/grow.(*T).Grow"* ]]
    [[ $output == *MB*" CALL runtime."*";"*"grow.go:5"* ]]
}

@test "disasm of a binary that is gone says so on stdout, as pprof does" {
    mv "$BATS_FILE_TMPDIR/app.bin" "$BATS_FILE_TMPDIR/away"
    run --separate-stderr "$LASTGASP" pprof -disasm='T..Grow' "$profile"
    mv "$BATS_FILE_TMPDIR/away" "$BATS_FILE_TMPDIR/app.bin"
    [ "$status" -eq 2 ]
    [ "$output" = "open $BATS_FILE_TMPDIR/app.bin: no such file or directory" ]
    [[ $stderr == *"no matches found for regexp T..Grow"* ]]
}

@test "weblist: lines as in list, code behind a click, inlined calls in it" {
    "$LASTGASP" pprof -output="$BATS_TEST_TMPDIR/page.html" -weblist=Grow \
        "$profile"
    "$LASTGASP" pprof -list=Grow "$profile" >"$BATS_TEST_TMPDIR/list.txt"
    python3 "$root/tests/e2e/source_page.py" "$BATS_TEST_TMPDIR/page.html" \
        "$BATS_TEST_TMPDIR/list.txt"
}
