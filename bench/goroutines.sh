#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reading goroutines out of a process's memory, beside the floor (floor.c: the
# same bytes, bare process_vm_readv), the program's own profile over HTTP, and
# delve. Needs 4 GB of memory and 2 GB in TMPDIR.
#
#   goroutines.sh [COUNT]     (1000000)
#
# ROUNDS (9); LASTGASP names the program; DLV delve's, else it is fetched;
# ONLY chooses tables: many full binary delve.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -o "$work/floor" bench/floor.c
# symbols and no cgo, so that the floor can be told where allgs lies
(cd bench/goroutines && GOWORK=off GOFLAGS='' CGO_ENABLED=0 \
    go build -buildvcs=false -o "$work/goroutines" .)
if [ -z "${DLV:-}" ]; then
    DLV=$work/dlv
    GOBIN=$work GOFLAGS='' go install \
        github.com/go-delve/delve/cmd/dlv@latest 2>"$work/dlv.log" || DLV=
fi
export DLV
python3 bench/goroutines/measure.py "$work" \
    "${LASTGASP:-build/lastgasp}" "${1:-1000000}"
