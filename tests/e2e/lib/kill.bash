# SPDX-License-Identifier: Apache-2.0
# What the tests that have programs killed share. load lib/kill from a bats
# file in tests/e2e.
#
#   LASTGASP      the program under test (build/lastgasp)
#   LG_TARGETS    where build.sh made the Go programs (build/targets)
#   LG_E2E_RUNS   how often each is killed in a row (1)
# shellcheck shell=bash

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
LASTGASP=${LASTGASP:-$root/build/lastgasp}
LG_TARGETS=${LG_TARGETS:-$root/build/targets}
newest_go=$(sed -n 's/^newest_go=//p' "$root/tests/targets/build.sh")

expect() {
    python3 "$root/tests/e2e/lib/expect.py" "$@"
}

# Memory cgroups are root's, unless the user has a delegated one.
need_cgroup() {
    [ "$(id -u)" = 0 ] || skip "needs a memory cgroup: not root"
    [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ] ||
        grep -qsw memory /sys/fs/cgroup/cgroup.controllers ||
        skip "this kernel has no memory cgroup"
}

# program NAME [-mended] VERSION: sets $program, read once from outside of the
# cgroup, so that its pages are not charged to it (a kill then takes a minute)
program() {
    local version=$3
    [ "$version" != oldest ] || version=$(expect get "$1" oldest_go)
    [ "$version" != newest ] || version=$newest_go
    program=$LG_TARGETS/$1$2-$version
    if [ ! -x "$program" ]; then
        echo "$program is missing: tests/targets/build.sh makes it"
        return 1
    fi
    cat "$program" >/dev/null
}

# The database that find-all reads, made once for each file of tests.
database() {
    local db=$BATS_FILE_TMPDIR/orders.db
    if [ ! -e "$db" ]; then
        "$program" -seed "$db.part" >&2 || return 1
        mv "$db.part" "$db"
    fi
    echo "$db"
}

# arguments NAME FIELD: sets the array $arguments, and $shm to the folder of
# shared memory that they name: it is the machine's memory until record has
# removed what a killed program leaves there.
arguments() {
    local text
    text=$(expect get "$1" "$2")
    arguments=()
    [ -z "$text" ] || mapfile -t arguments <<<"$text"
    if [[ $text == *@DB@* ]]; then
        local db
        db=$(database) || return 1
        arguments=("${arguments[@]//@DB@/$db}")
    fi
    if [[ $text == *@SHM@* ]]; then
        shm=/dev/shm/lastgasp-e2e-$BASHPID
        arguments=("${arguments[@]//@SHM@/$shm}")
    fi
}

# record LIMIT ARGUMENT…: runs $program under the recorder. Sets $status;
# report.json, report.html, said.txt (stderr) and out.txt are in $work. --for
# only keeps a program that is not killed from running for ever.
record() {
    local limit=$1
    shift
    work=$(mktemp -d "$BATS_TEST_TMPDIR/run-XXXXXX")
    status=0
    [ -z "${shm:-}" ] || mkdir -p "$shm"
    "$LASTGASP" run --memory-max "$limit" --for 5m --state "$work/state" \
        --report "$work/report.json" --report "$work/report.html" -- \
        "$program" "$@" >"$work/out.txt" 2>"$work/said.txt" </dev/null ||
        status=$?
    [ -z "${shm:-}" ] || rm -rf "$shm"
}

# A failed run is kept for us to look at.
keep_failed() {
    local kept=$root/build/e2e-failed/$BATS_TEST_NUMBER-${program##*/}
    rm -rf "$kept"
    mkdir -p "$kept"
    cp -a "$work/." "$kept/"
    tail -n 60 "$work/said.txt"
    echo "kept in $kept"
    return 1
}

# The verdict as text names the line that the report names, and the HTML
# stands alone.
check_texts() {
    local place
    place=$(python3 - "$work/report.json" <<'PY'
import json, os, sys
where = json.load(open(sys.argv[1]))["findings"][0].get("where") or {}
if where.get("file"):
    print("%s:%d" % (os.path.basename(where["file"]), where["line"]))
PY
    ) || return 1
    if [ -n "$place" ] && ! grep -qF "$place" "$work/said.txt"; then
        echo "the text does not name $place"
        return 1
    fi
    if [ ! -s "$work/report.html" ]; then
        echo "no HTML report"
        return 1
    fi
    if grep -qE '(src|href)="?(https?:)?//' "$work/report.html"; then
        echo "the HTML report needs another host"
        return 1
    fi
}

# one_kill NAME: $program with $arguments dies and is explained
one_kill() {
    record "$(expect get "$1" limit)" "${arguments[@]}"
    local asked
    asked=$(expect end "$1")
    if [ "$status" != "$asked" ]; then
        echo "status $status instead of $asked"
        keep_failed
        return 1
    fi
    expect explained "$1" "$work/report.json" || keep_failed || return 1
    check_texts || keep_failed || return 1
    rm -rf "$work"
}

# explains NAME VERSION [VARIANT]
explains() {
    need_cgroup
    program "$1" "" "$2" || return 1
    arguments "$1" args || return 1
    [ -z "${3:-}" ] || mapfile -t arguments < <(expect variant "$1" "$3")
    local i
    for ((i = 0; i < ${LG_E2E_RUNS:-1}; i++)); do
        one_kill "$1" || return 1
    done
}

one_healthy_run() {
    record "$1" "${arguments[@]}"
    if [ "$status" != 0 ]; then
        echo "status $status instead of 0"
        keep_failed
        return 1
    fi
    expect silent "$work/report.json" || keep_failed || return 1
    rm -rf "$work"
}

# is_silent_on NAME VERSION: the mended twin under the same load
is_silent_on() {
    need_cgroup
    local twin=-mended limit
    [ "$(expect get "$1" mended_same_binary)" != True ] || twin=
    program "$1" "$twin" "$2" || return 1
    arguments "$1" mended_args || return 1
    limit=$(expect get "$1" mended_limit)
    local i
    for ((i = 0; i < ${LG_E2E_RUNS:-1}; i++)); do
        one_healthy_run "${limit:-$(expect get "$1" limit)}" || return 1
    done
}
