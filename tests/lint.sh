#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Formatting, static analysis and shell scripts; what ./dev lint runs. A TAP
# line for each step on stdout, what was found on stderr.
#
#   lint.sh [STEP…]       format tidy shell go
# shellcheck disable=SC2317 # the steps are called through check
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- format shell go tidy
failed=0
list=$(mktemp)
trap 'rm -f "$list"' EXIT

# check STEP COMMAND…: runs it; silence and status 0 are success
check() {
    step=$1
    shift
    if found=$("$@" 2>&1) && [ -z "$found" ]; then
        echo "ok $step"
    else
        printf '%s\n' "$found" >&2
        echo "not ok $step"
        failed=1
    fi
}

# each PATTERN… -- COMMAND…: on the files that git knows; there must be some
each() {
    patterns=
    while [ "$1" != -- ]; do
        patterns="$patterns $1"
        shift
    done
    shift
    set -f
    # shellcheck disable=SC2086 # a list of patterns
    git ls-files -z $patterns >"$list"
    set +f
    [ -s "$list" ] || {
        echo "git names no files:$patterns"
        return 1
    }
    xargs -0 "$@" <"$list"
}

format_step() {
    each '*.c' '*.h' -- clang-format --dry-run -Werror --fallback-style=none
}

shell_step() {
    each dev .ci/run tests/vm/init '*.sh' '*.bats' '*.bash' -- shellcheck -x
}

go_step() {
    each '*.go' -- gofmt -l
}

# Clang's own flags: gcc's compile_commands.json holds some that it rejects.
tidy_step() {
    [ -e build-tidy/compile_commands.json ] ||
        CC=clang meson setup build-tidy >/dev/null || return 1
    # Says how many warnings it left out even with --quiet: on stderr.
    each 'src/*.c' -- -n 4 -P "$(nproc)" clang-tidy -p build-tidy --quiet \
        2>/dev/null
}

for step; do
    case $step in
    go)
        if ! command -v gofmt >/dev/null; then
            echo "ok gofmt # skip there is no gofmt"
            continue
        fi
        check gofmt go_step
        ;;
    format) check clang-format format_step ;;
    shell) check shellcheck shell_step ;;
    tidy) check clang-tidy tidy_step ;;
    *)
        echo "lint.sh: there is no step '$step'" >&2
        exit 2
        ;;
    esac
done
exit $failed
