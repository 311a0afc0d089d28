#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What pprof makes of several of the profiles beside this script.
#     merge.sh PPROF      a built cmd/pprof of Go 1.27.4
set -eu
pprof=$1
cd "$(dirname "$0")"
out() {
    file=merged/$1.pb.gz
    shift
    # No local binaries: what was read is what is merged.
    PPROF_BINARY_PATH=/nonexistent "$pprof" -symbolize=none -proto \
        -output="$file" "$@" >/dev/null 2>&1
}
for name in heap allocs goroutine threadcreate; do
    out "sum-$name" 1.18.10/$name.pb.gz 1.20.14/$name.pb.gz \
        1.23.12/$name.pb.gz 1.26.8/$name.pb.gz 1.27.4/$name.pb.gz
done
out twice-heap 1.27.4/heap.pb.gz 1.27.4/heap.pb.gz
out base-heap -base 1.27.4/heap.pb.gz 1.26.8/heap.pb.gz
out diff-heap -diff_base 1.23.12/heap.pb.gz 1.27.4/heap.pb.gz
out diff-self -diff_base 1.27.4/goroutine.pb.gz 1.27.4/goroutine.pb.gz
out base-self -base 1.27.4/goroutine.pb.gz 1.27.4/goroutine.pb.gz
out normal-heap -normalize -diff_base 1.26.8/heap.pb.gz 1.27.4/heap.pb.gz
