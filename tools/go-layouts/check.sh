#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does the built-in table say what programs say of themselves? Builds one with
# each Go, as it is, as a PIE, with cgo, and for arm64, reads its layout out of
# its DWARF with src/target/go_dwarf.c and compares it with the table's row. TAP.
#
#   tools/go-layouts/check.sh TEST_GO_DWARF [VERSION…]
#
# TEST_GO_DWARF: the unit test's program (build/tests/unit/target/…).
set -eu
test=$(realpath "$1")
shift
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- 1.18.10 1.19.13 1.20.14 1.21.13 1.22.12 1.23.12 \
    1.24.9 1.25.4 1.26.11 1.27.4
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# one NAME FOLDER VARIABLE=VALUE… -- FLAG…
one() {
    name=$1
    folder=$2
    shift 2
    variables=
    while [ "$1" != -- ]; do
        variables="$variables $1"
        shift
    done
    shift
    # shellcheck disable=SC2086 # a list
    if ! env $variables go build -C "$folder" -o "$dir/$name" "$@" . ||
        ! "$test" "$dir/$name"; then
        echo "not ok $name"
        failed=1
    fi
    rm -f "$dir/$name"
}

for version; do
    chain=GOTOOLCHAIN=go$version
    one "$version-default" probe "$chain" CGO_ENABLED=0 --
    one "$version-pie" probe "$chain" CGO_ENABLED=0 -- -buildmode=pie
    one "$version-cgo" probe-cgo "$chain" CGO_ENABLED=1 --
    one "$version-external" probe-cgo "$chain" CGO_ENABLED=1 -- \
        -ldflags=-linkmode=external
    one "$version-arm64" probe "$chain" CGO_ENABLED=0 GOARCH=arm64 --
done
exit $failed
