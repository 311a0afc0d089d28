#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes src/target/go_layouts_table.c: builds one small program with the first
# and the last release of each Go, for amd64 and arm64, and reads the layouts
# of the runtime's structs in its DWARF. Where the two differ, releases between
# them tell which one changed it.
#
#   tools/go-layouts/generate.sh [LAST…]    last releases: 1.26.11 1.27.4
#
# Needs a Go that fetches toolchains (1.21 or later). What was read is kept in
# $GO_LAYOUTS_DIR (build-layouts), by version: a second run reads only what
# it has not.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- 1.18.10 1.19.13 1.20.14 1.21.13 1.22.12 1.23.12 \
    1.24.13 1.25.14 1.26.11 1.27.4
fields=$PWD/src/target/go_fields.def
out=$PWD/src/target/go_layouts_table.c
dir=${GO_LAYOUTS_DIR:-build-layouts}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
tool=$dir/go-layouts
(cd tools/go-layouts && go build -o "$tool" .)

# name_of MINOR PATCH: go1.20, go1.20.3, go1.21.0
name_of() {
    if [ "$2" = 0 ] && [ "$1" -lt 21 ]; then
        echo "go1.$1"
    else
        echo "go1.$1.$2"
    fi
}

# probe MINOR PATCH: $dir/1.MINOR.PATCH-ARCH, both architectures; fails when
# that release is not to be had
probe() {
    for arch in amd64 arm64; do
        to=$dir/1.$1.$2-$arch
        if [ ! -s "$to.elf" ]; then
            GOTOOLCHAIN=$(name_of "$1" "$2") GOARCH=$arch GOOS=linux \
                CGO_ENABLED=0 go build -C tools/go-layouts/probe \
                -o "$to.elf" main.go || return 1
        fi
        "$tool" extract "$fields" "$to.elf" >"$to.new" || return 1
        mv "$to.new" "$to"
    done
}

same() {
    cmp -s "$dir/1.$1.$2-amd64" "$dir/1.$1.$3-amd64" &&
        cmp -s "$dir/1.$1.$2-arm64" "$dir/1.$1.$3-arm64"
}

# between FIRST LAST: the releases between them, the middle one first
between() {
    seq $(($1 + 1)) $(($2 - 1)) | awk -v m=$((($1 + $2) / 2)) \
        '{ print ($1 > m ? $1 - m : m - $1), $1 }' | sort -n | cut -d ' ' -f 2
}

# refine MINOR FIRST LAST: both have been read
refine() {
    if same "$1" "$2" "$3"; then
        return 0
    fi
    for middle in $(between "$2" "$3"); do
        if probe "$1" "$middle"; then
            # each call has its own shell, for its own variables
            (refine "$1" "$2" "$middle" && refine "$1" "$middle" "$3")
            return
        fi
    done
}

for last; do
    minor=${last#1.}
    patch=${minor#*.}
    minor=${minor%%.*}
    probe "$minor" 0
    probe "$minor" "$patch"
    refine "$minor" 0 "$patch"
done
# Also what an older run left, which the fields have changed since.
for elf in "$dir"/1.*.elf; do
    "$tool" extract "$fields" "$elf" >"${elf%.elf}"
done
"$tool" table "$fields" "$dir"/1.*-amd64 "$dir"/1.*-arm64 >"$out.new"
mv "$out.new" "$out"
