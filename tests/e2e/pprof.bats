#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lastgasp pprof from the outside: sources of every kind, a real server, the
# shell, a terminal, a full disk. What it prints of a profile is compared with
# go tool pprof in tests/conformance/pprof.
# shellcheck disable=SC2154 # stderr: bats sets it

bats_require_minimum_version 1.5.0
root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
LASTGASP=${LASTGASP:-$root/build/lastgasp}
consumer=$root/tests/golden/folder/consumer

setup_file() {
    command -v go >/dev/null || return 0
    mkdir -p "$BATS_FILE_TMPDIR/server"
    cd "$BATS_FILE_TMPDIR/server" || return
    printf 'module example.com/server\n\ngo 1.18\n' >go.mod
    cat >main.go <<'GO'
// Serves net/http/pprof on TCP, on TLS and on a Unix socket, says where, and
// ends with its standard input.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"runtime"
	"time"
)

var held [][]byte

func hold(n int) {
	for i := 0; i < n; i++ {
		held = append(held, make([]byte, 1<<20))
	}
}

func save(name, kind string, bytes []byte) {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
	if err := os.WriteFile(name, text, 0o600); err != nil {
		panic(err)
	}
}

func main() {
	runtime.MemProfileRate = 1 << 16
	hold(64)
	runtime.GC()
	http.Handle("/moved/", http.RedirectHandler("/debug/pprof/heap", 302))
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(time.Hour):
		}
	})
	meet := make(chan bool)
	http.HandleFunc("/meet", func(w http.ResponseWriter, r *http.Request) {
		select {
		case meet <- true:
		case <-meet:
		}
		pprof.Handler("heap").ServeHTTP(w, r)
	})
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	unix, err := net.Listen("unix", "server.sock")
	if err != nil {
		panic(err)
	}
	go http.Serve(plain, nil)
	go http.Serve(unix, nil)
	http.HandleFunc("/known", func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
			http.Error(w, "who are you?", 403)
			return
		}
		pprof.Handler("heap").ServeHTTP(w, r)
	})
	secure := httptest.NewUnstartedServer(http.DefaultServeMux)
	secure.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	secure.StartTLS()
	key, err := x509.MarshalPKCS8PrivateKey(secure.TLS.Certificates[0].PrivateKey)
	if err != nil {
		panic(err)
	}
	save("cert.pem", "CERTIFICATE", secure.Certificate().Raw)
	save("key.pem", "PRIVATE KEY", key)
	fmt.Println(plain.Addr(), secure.Listener.Addr())
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(held)
}
GO
    GOTOOLCHAIN=local CGO_ENABLED=0 go build -o server .
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR/home PPROF_TMPDIR=$BATS_TEST_TMPDIR/saved
    export LASTGASP_STATE=$BATS_TEST_TMPDIR/state LC_ALL=C.UTF-8 TZ=UTC
    unset PPROF_BINARY_PATH http_proxy https_proxy
    printf 'main;work;read 17\nmain;work;sort 3\nmain;idle 1\n' >folded.txt
}

teardown() {
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
}

# pprof STATUS ARG…: $output is stdout, $stderr the rest
pprof() {
    local wanted=$1
    shift
    run --separate-stderr "-$wanted" "$LASTGASP" pprof "$@"
}

start_server() {
    [ -x "$BATS_FILE_TMPDIR/server/server" ] || skip "needs Go"
    mkfifo hold ready
    "$BATS_FILE_TMPDIR/server/server" <hold >ready &
    server=$!
    exec 8>hold
    read -r plain tls <ready
}

stop_server() {
    exec 8>&-
    wait "$server"
    server=
}

@test "pprof: a server's heap, by TCP, redirect, TLS and Unix socket, saved" {
    start_server
    local url
    for url in "http://$plain/debug/pprof/heap" "$plain/debug/pprof/heap" \
        "http://$plain/moved/" "https+insecure://$tls/debug/pprof/heap" \
        "unix:$PWD/server.sock:/debug/pprof/heap?gc=1"; do
        pprof 0 -top "$url"
        [[ $output == *"main.hold"* ]]
        [[ $stderr == *"Fetching profile over HTTP from "* ]]
        [[ $stderr == *"Saved profile in $PPROF_TMPDIR/pprof.server."* ]]
    done
    # What was saved is the profile.
    local saved=("$PPROF_TMPDIR"/pprof.server.*.001.pb.gz)
    pprof 0 -top "${saved[0]}"
    [[ $output == *"main.hold"* ]]
    [ "$(find "$PPROF_TMPDIR" -type f | wc -l)" = 5 ]
    stop_server
}

@test "pprof: several are fetched at the same time, and merged" {
    start_server
    # Neither is answered before the other has been asked for.
    pprof 0 -top "http://$plain/meet" "http://$plain/meet"
    [[ $output == *"main.hold"* ]]
    pprof 0 -top -base "http://$plain/meet" "http://$plain/meet"
    pprof 0 -top -seconds 1 "http://$plain/debug/pprof/heap"
    [[ $stderr == *"debug/pprof/heap?seconds=1"*"Please wait... (1s)"* ]]
    stop_server
}

@test "pprof: one of two servers is gone: the other's profile; both: 2" {
    start_server
    pprof 0 -top "http://$plain/debug/pprof/heap" "http://127.0.0.1:1/x"
    [[ $output == *"main.hold"* ]]
    [[ $stderr == *"http://127.0.0.1:1/x: "*"nothing listens there"* ]]
    [[ $stderr == *"Fetched 1 source profiles out of 2"* ]]
    pprof 2 -top "http://127.0.0.1:1/x"
    [ -z "$output" ]
    pprof 2 -top "http://$plain/debug/pprof/nosuch"
    [[ $stderr == *"404"* ]]
    pprof 2 -top "https://$tls/debug/pprof/heap" # nobody knows its certificate
    pprof 2 -top -base "http://127.0.0.1:1/x" "http://$plain/debug/pprof/heap"
    [[ $stderr == *"failed to fetch any base profiles"* ]]
    stop_server
}

@test "pprof: certificates: the server's is checked, ours is shown" {
    start_server
    pprof 0 -top -tls_ca cert.pem "https://$tls/debug/pprof/heap"
    [[ $output == *"main.hold"* ]]
    pprof 2 -top -tls_ca cert.pem "https://$tls/known"
    [[ $stderr == *"403"* ]]
    pprof 0 -top -tls_ca cert.pem -tls_cert cert.pem -tls_key key.pem \
        "https://$tls/known"
    [[ $output == *"main.hold"* ]]
    pprof 2 -top -tls_key key.pem "https://$tls/known"
    [[ $stderr == *"-tls_cert must also be specified"* ]]
    stop_server
}

@test "pprof: a server that says nothing is not waited for" {
    start_server
    pprof 2 -top -timeout 1 "http://$plain/slow"
    [[ $stderr == *"no answer within"* ]]
    stop_server
}

@test "pprof: a running process, by its id" {
    start_server
    pprof 0 -top -inuse_space "$server"
    [[ $output == *"main.hold"* ]]
    pprof 2 -top 2147483646
    stop_server
}

@test "pprof: incidents and folders" {
    local id
    id=$("$LASTGASP" import "$consumer")
    pprof 0 -top last
    [ -n "$output" ]
    local first=$output
    pprof 0 -top "$id"
    [ "$output" = "$first" ]
    pprof 0 -top "$consumer"
    [ "$output" = "$first" ]
    pprof 0 -diff_base "$id" -top last
    [[ $output == *"accounting for 0, "* ]]
    pprof 2 -top nosuch
    [[ $stderr == *"failed to fetch any source profiles"* ]]
    mkdir empty
    pprof 2 -top empty
}

@test "pprof: standard input, pipes and special files" {
    pprof 0 -top - <folded.txt
    local first=$output
    [[ $first == *"17 80.95%"*"read"* ]]
    pprof 0 -top /dev/stdin <folded.txt
    [ "$output" = "$first" ]
    pprof 0 -top <(cat folded.txt)
    [ "$output" = "$first" ]
    pprof 2 -top /dev/null
    pprof 2 -top - </dev/null
}

@test "pprof: perf.data, by its converter" {
    printf 'PERFILE2 and so on' >perf.data
    pprof 2 -top perf.data
    [[ $stderr == *"perf_to_profile"*"is not installed"* ]]
    cat >perf_to_profile <<'SH'
#!/bin/sh
[ "$1 $2 $3 $5" = "-i perf.data -o -f" ] && cat folded.txt >"$4"
SH
    chmod +x perf_to_profile
    PATH=$PWD:$PATH pprof 0 -top perf.data
    [[ $output == *"17 80.95%"*"read"* ]]
}

@test "pprof: -output, > of the shell, and a disk that is full" {
    pprof 0 -top folded.txt
    local first=$output
    pprof 0 -top -output out folded.txt
    [ -z "$output" ]
    [ "$(cat out)" = "$first" ]
    pprof 2 -top -output /nosuch/out folded.txt
    [ -e /dev/full ] || skip "no /dev/full"
    pprof 2 -top -output /dev/full folded.txt
    [[ $stderr == *"No space left on device"* ]]
    run -2 --separate-stderr top_to_full
    [[ $stderr == *"No space left on device"* ]]
}
top_to_full() {
    "$LASTGASP" pprof -top folded.txt >/dev/full
}

@test "pprof: who reads our output may go" {
    local statuses
    "$LASTGASP" pprof -top folded.txt | true
    statuses=("${PIPESTATUS[@]}")
    [ "${statuses[0]}" = 0 ] || [ "${statuses[0]}" = 141 ]
}

@test "pprof: bad input is status 2 and a sentence with its place" {
    head -c 100 /dev/zero >zeros
    head -c 300 /dev/urandom >noise
    : >nothing
    printf '\x1f\x8b' >magic
    local file
    for file in zeros noise nothing magic; do
        pprof 2 -top $file
        [ -z "$output" ]
        [ "$(wc -l <<<"$stderr")" = 2 ]
        [[ $stderr == "lastgasp: $file: "* ]]
    done
}

@test "pprof: the shell" {
    run --separate-stderr -0 "$LASTGASP" pprof folded.txt \
        <<<$'top2 -cum\nfocus=sort\ntop\n:\ntop 1 >out\nnosuch\no'
    [[ $output == "(pprof) Showing nodes accounting for"*"(pprof) " ]]
    [[ $output == *"Active filters:"*"focus=sort"* ]]
    [[ $stderr == *"Entering interactive mode"* ]]
    [[ $stderr == *'unrecognized command: "nosuch"'* ]]
    [[ $stderr == *"  nodecount                 = -1 "* ]]
    [[ $(cat out) == *"read" ]]
    run --separate-stderr -2 closed_stdin
    [[ $stderr == *"standard input"* ]]
}
closed_stdin() {
    "$LASTGASP" pprof folded.txt <&-
}

@test "pprof: in front of a terminal lines are edited and completed" {
    python3 - "$LASTGASP" <<'PY'
import os, pty, select, sys

pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], [sys.argv[1], "pprof", "folded.txt"])
seen = b""


def wait_for(text, after=0):
    """Until the terminal shows text; the position behind it."""
    global seen
    while text not in seen[after:]:
        ready, _, _ = select.select([fd], [], [], 60)
        assert ready, (text, seen)
        try:
            more = os.read(fd, 65536)
        except OSError:
            more = b""
        assert more, (text, seen)
        seen += more
    return seen.index(text, after) + len(text)


at = wait_for(b"(pprof) ")
os.write(fd, b"trac\t\r")
at = wait_for(b"17   read", at)
at = wait_for(b"(pprof) ", at)
os.write(fd, b"topp\x7f 1 rea\t\r")       # backspace, then a function
at = wait_for(b"focus=read", at)
at = wait_for(b"(pprof) ", at)
os.write(fd, b"\x1b[A\r")                  # the line before
at = wait_for(b"focus=read", at)
at = wait_for(b"(pprof) ", at)
# Pressed again as long as it lives: between two lines the terminal is in its
# own mode, where an end of file is nobody's and lost.
done = 0
while not done:
    os.write(fd, b"\x04")
    select.select([], [], [], 0.1)
    done, status = os.waitpid(pid, os.WNOHANG)
assert os.WEXITSTATUS(status) == 0, status
PY
}

@test "pprof: a browser gets the page" {
    cat >browser <<'SH'
#!/bin/sh
cp "$2" page
echo "$1" >flag
SH
    chmod +x browser
    BROWSER="./browser --flag" pprof 0 -svg -output picture.svg folded.txt
    grep -q '<svg' picture.svg
    BROWSER="./browser --flag" pprof 0 -web folded.txt
    [ "$(cat flag)" = --flag ]
    grep -q '<svg' page
    run -2 --separate-stderr env PATH="$PWD" "$LASTGASP" pprof -kcachegrind \
        folded.txt
    [[ $stderr == *"no program to view it is installed"* ]]
}

@test "pprof: interrupted, it ends" {
    mkfifo never
    "$LASTGASP" pprof -top never 2>/dev/null &
    local child=$!
    exec 7>never # it has opened the other end
    kill -TERM $child
    local ended=0
    wait $child || ended=$?
    exec 7>&-
    [ "$ended" = 143 ]
}
