#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same kills on cgroup v2, whatever the host has: in a guest with Debian's
# kernel, booted once for all tests of this file.

setup_file() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    export root results=$BATS_FILE_TMPDIR/results
    newest=$(sed -n 's/^newest_go=//p' "$root/tests/targets/build.sh")
    export newest
    cat >"$BATS_FILE_TMPDIR/jobs" <<JOBS
unclosed-channel-$newest 256M
unclosed-channel-mended-$newest 256M -for 10s
file-watcher-$newest 256M
idle-pool-$newest 256M
JOBS
    # Not timing-wheel: its thousands of tickers are too much for a guest that
    # computes twenty times slower than the host.
    boot_status=0
    "$root/tests/vm/boot.sh" "$results" "${LG_TARGETS:-$root/build/targets}" \
        "$BATS_FILE_TMPDIR/jobs" >"$BATS_FILE_TMPDIR/boot.txt" 2>&1 ||
        boot_status=$?
    export boot_status
}

teardown_file() {
    [ -n "$results" ] || return 0
    rm -rf "$root/build/vm/last"
    mkdir -p "$root/build/vm"
    cp -a "$results" "$root/build/vm/last"
}

setup() {
    [ "$boot_status" != 3 ] || skip "$(tail -n 1 "$BATS_FILE_TMPDIR/boot.txt")"
    if [ "$boot_status" != 0 ]; then
        echo "the guest did not run (status $boot_status):"
        tail -n 30 "$BATS_FILE_TMPDIR/boot.txt"
        return 1
    fi
}

expect() {
    python3 "$root/tests/e2e/lib/expect.py" "$@"
}

# said JOB STATUS: how it ended, and what was said when it was not that
said() {
    local status
    status=$(cat "$results/$1/status")
    [ "$status" != "$2" ] || return 0
    echo "status $status instead of $2"
    tail -n 40 "$results/$1/said.txt"
    return 1
}

explains() {
    said "$1-$newest" 137 || return 1
    expect explained "$1" "$results/$1-$newest/report.json" || {
        tail -n 40 "$results/$1-$newest/said.txt"
        return 1
    }
}

@test "cgroup v2: the guest has no other memory controller" {
    grep -qx '0::/' "$results/cgroups.txt"
}

@test "cgroup v2: unclosed-channel is killed and explained" {
    explains unclosed-channel
}

@test "cgroup v2: the mended twin of unclosed-channel is healthy" {
    said "unclosed-channel-mended-$newest" 0
    expect silent "$results/unclosed-channel-mended-$newest/report.json"
}

@test "cgroup v2: file-watcher is killed and explained" {
    explains file-watcher
}

@test "cgroup v2: idle-pool is killed and explained" {
    explains idle-pool
}

@test "cgroup v2: the limit that the kernel names is the one that was set" {
    python3 - "$results/unclosed-channel-$newest/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
memcg = report["end"]["memcg"]
assert memcg["limit_bytes"] == 256 << 20, memcg
assert report["subject"]["limit_bytes"] == 256 << 20, report["subject"]
assert report["end"]["scope"] == "memcg", report["end"]
PY
}
