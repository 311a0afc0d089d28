#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does the built-in table say what programs say of themselves? Builds one as it
# is, as a PIE, with cgo (C's own DWARF between that of Go) and for arm64; reads
# its layout out of its DWARF and compares it with the table's row. TAP.
#
#   check_layouts.sh COMPARE_LAYOUT [--all | VERSION…]
#
# Without a version: the go command on the PATH as it is, offline, and fewer
# kinds; 77 (skipped) when there is none. --all: the last release of each Go.
set -eu
compare=$1
shift
cd "$(dirname "$0")"
command -v go >/dev/null || exit 77
[ "${1-}" != --all ] || set -- 1.18.10 1.19.13 1.20.14 1.21.13 1.22.12 \
    1.23.12 1.24.9 1.25.4 1.26.11 1.27.4
given=$#
if [ $# = 0 ]; then
    GOPROXY=off
    export GOPROXY
    set -- "$(go env GOVERSION | sed 's/^go//')"
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
probe=../../tools/go-layouts/probe

# one NAME FOLDER VARIABLES [FLAG…]
one() {
    name=$1
    folder=$2
    variables=$3
    shift 3
    # shellcheck disable=SC2086 # a list
    if ! (cd "$folder" && env $variables go build -o "$dir/$name" "$@" main.go); then
        echo "not ok $name: cannot be built"
        failed=1
        return
    fi
    "$compare" "$dir/$name" || failed=1
    rm "$dir/$name"
}

for version; do
    chain=GOTOOLCHAIN=go$version
    one "$version" $probe "$chain CGO_ENABLED=0"
    one "$version-arm64" $probe "$chain CGO_ENABLED=0 GOARCH=arm64"
    one "$version-external" program_cgo "$chain CGO_ENABLED=1" \
        -ldflags=-linkmode=external
    [ "$given" != 0 ] || continue
    one "$version-cgo" program_cgo "$chain CGO_ENABLED=1"
    one "$version-pie" $probe "$chain CGO_ENABLED=0" -buildmode=pie
done
exit $failed
