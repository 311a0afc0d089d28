#!/bin/sh
# Makes the dumps and profiles again: real programs (src/), built by several
# versions of Go, and what `go tool pprof -raw` says of the same files. Run it
# by hand and look at what changed; the tests read only the results.
# Usage: regenerate.sh [GO-VERSION…]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pprof_dir=$here/../pprof
# Always the same name: mappings tell it.
work=/tmp/lastgasp-golden
mkdir "$work"
trap 'rm -rf "$work"' EXIT
export GOFLAGS=-trimpath
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c 0

build() { # version
    experiment=
    [ "$1" = 1.26.8 ] && experiment=goroutineleakprofile
    (cd "$here/src" && GOEXPERIMENT=$experiment GOTOOLCHAIN=go$1 \
        go build -o "$work/" . ./recurse ./die)
}

leaks() { # version out
    [ -e "$work/leak.debug0" ] || return 0
    mv "$work/leak.debug0" "$pprof_dir/$1/leak.pb.gz"
    mv "$work/leak.debug1" "$2/leak-counts.txt"
    mv "$work/leak.debug2" "$2/leak.txt"
}

recursion() { # out
    for mode in direct mutual closure interface inlined generic; do
        for depth in 20 300; do
            "$work/recurse" "$mode" "$depth" >"$1/recurse-$mode-$depth.txt"
        done
    done
}

deaths() { # out
    for mode in panic rethrow nil overflow memory threads deadlock maps quit \
        exit; do
        "$work/die" "$mode" 2>"$1/die-$mode.txt" && exit 1
    done
    GOTRACEBACK=crash "$work/die" quit 2>"$1/die-crash.txt" && exit 1
    return 0
}

profiles() { # version out
    for name in goroutine heap allocs threadcreate; do
        gz=$pprof_dir/$1/$name.pb.gz
        mv "$2/$name.debug0" "$gz"
        go tool pprof -symbolize=none -raw "$gz" >"$pprof_dir/$1/$name.raw"
    done
    mv "$2/heap.debug1" "$pprof_dir/$1/heap.txt"
    # The same profile in pprof's own order of fields: samples come first.
    go tool pprof -symbolize=none -proto "-output=$pprof_dir/$1/heap.proto.pb.gz" \
        "$pprof_dir/$1/heap.pb.gz" >/dev/null 2>&1
}

[ $# -gt 0 ] || set -- 1.18.10 1.20.14 1.23.12 1.26.8 1.27.4
for version; do
    out=$here/$version
    rm -rf "$out" "${pprof_dir:?}/$version"
    mkdir -p "$out" "$pprof_dir/$version"
    build "$version"
    GODEBUG=tracebackancestors=3,tracebacklabels=1 "$work/shop" "$work"
    mv "$work/goroutine.debug2" "$out/ancestors.txt"
    "$work/shop" "$work"
    mv "$work/goroutine.debug2" "$out/goroutines.txt"
    mv "$work/goroutine.debug1" "$out/goroutine-counts.txt"
    profiles "$version" "$work"
    leaks "$version" "$out"
    recursion "$out"
    deaths "$out"
done
