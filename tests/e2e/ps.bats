#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ps on this machine, with a Go program in a small cgroup, and on copies of
# other machines.

bats_require_minimum_version 1.5.0
load lib/kill

setup() {
    # shellcheck disable=SC2154 # of lib/kill
    golden=$root/tests/golden/host
}

runs_ps() {
    run --separate-stderr "$LASTGASP" ps "$@"
}

teardown() {
    [ -z "${child:-}" ] || kill "$child"
    [ -z "${cgroup:-}" ] || rmdir "$cgroup"
}

# field PATH: of the JSON on stdin, a Python expression on d
field() {
    python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

# A Go program that waits for its standard input to end, stripped.
build_waiter() {
    command -v go >/dev/null || skip "needs Go"
    mkdir -p "$BATS_TEST_TMPDIR/waiter"
    cd "$BATS_TEST_TMPDIR/waiter" || return
    printf 'module example.com/waiter\n\ngo 1.18\n' >go.mod
    cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
GO
    GOTOOLCHAIN=local go build -ldflags '-s -w' -o waiter .
    mkfifo hold ready
}

# start [COMMAND…]: runs it before the waiter replaces it
start() {
    sh -c "$1 exec ./waiter <hold >ready" &
    child=$!
    exec 8>hold
    read -r line <ready
    [ "$line" = ready ]
}

@test "ps: a stripped Go program is listed with version and module" {
    build_waiter
    start ""
    runs_ps --json
    [ "$status" = 0 ]
    row="[p for p in d['processes'] if p['pid'] == $child][0]"
    [ "$(field "${row}['path']" <<<"$output")" = example.com/waiter ]
    [ "$(field "${row}['stripped']" <<<"$output")" = True ]
    version=$(GOTOOLCHAIN=local go env GOVERSION)
    [ "$(field "${row}['go_version']" <<<"$output")" = "$version" ]
    [ "$(field "d['schema']" <<<"$output")" = lastgasp.ps/1 ]
    rss=$(awk '/^VmRSS/ { print $2 * 1024 }' /proc/$child/status)
    [ "$(field "${row}['rss_bytes']" <<<"$output")" = "$rss" ]
    exec 8>&-
}

@test "ps: the process nearest to its limit comes first" {
    need_cgroup
    [ -d /sys/fs/cgroup/memory ] || skip "cgroup v1 only"
    build_waiter
    own=/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
    cgroup=$own/lastgasp-ps-$$
    mkdir "$cgroup"
    echo 4M >"$cgroup/memory.limit_in_bytes"
    start "echo \$\$ >$cgroup/cgroup.procs;"
    # nearer to its limit than any machine that runs tests
    usage=$(cat "$cgroup/memory.usage_in_bytes")
    limit=$((usage / 4096 * 4096 + 65536))
    echo $limit >"$cgroup/memory.limit_in_bytes"
    runs_ps --json --over 0
    [ "$status" = 0 ]
    row="[p for p in d['processes'] if p['pid'] == $child][0]"
    [ "$(field "${row}['limit_bytes']" <<<"$output")" = "$limit" ]
    [ "$(field "${row}['order']['scope']" <<<"$output")" = memcg ]
    [ "$(field "${row}['order']['place_in_scope']" <<<"$output")" = 1 ]
    exec 8>&-
    wait "$child"
    child=
}

@test "ps: a copy of a Kubernetes node is put in the kernel's order" {
    runs_ps --json --root "$golden/v2-k8s/root"
    [ "$status" = 0 ]
    pids=$(field "[p['pid'] for p in d['processes']]" <<<"$output")
    [ "$pids" = "[4242, 4300, 900]" ]
    why=$(field "d['processes'][0]['order']['why']" <<<"$output")
    [[ "$why" == "1st in container 3f2a9c0d1e5b: 69.1 MiB of 256.0 MiB left"* ]]
    [ "$(field "d['processes'][0]['qos']" <<<"$output")" = Burstable ]
}

@test "ps: the first process of a container may be killed, init may not" {
    runs_ps --root "$golden/v1-docker/root"
    [ "$status" = 0 ]
    [[ "$output" == *"1st in container"* ]]
    [[ "$output" != *never* ]]
}

@test "ps: hostile names do not reach the terminal" {
    cp -r "$golden/v2-systemd/root" "$BATS_TEST_TMPDIR/root"
    printf 'Name:\tx\033[31m\nPid:\t7100\nVmSize:\t1 kB\nVmRSS:\t1 kB\n' \
        >"$BATS_TEST_TMPDIR/root/proc/7100/status"
    runs_ps --root "$BATS_TEST_TMPDIR/root"
    [ "$status" = 0 ]
    [[ "$output" != *$'\033'* ]]
    [[ "$output" == *'x?[31m'* ]]
}

@test "ps: nothing found is status 3, nonsense is 2" {
    mkdir -p "$BATS_TEST_TMPDIR/root/proc"
    runs_ps --root "$BATS_TEST_TMPDIR/root"
    [ "$status" = 3 ]
    # shellcheck disable=SC2154 # of run
    [ "$stderr" = "lastgasp: no Go process is running" ]
    runs_ps --over 2h
    [ "$status" = 2 ]
    runs_ps consumer
    [ "$status" = 2 ]
}
