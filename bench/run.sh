#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the measurements: each bench/<name>.sh, or those that are named. Tables
# for bench/RESULTS.md go to stdout.
set -eu
cd "$(dirname "$0")/.."
[ -x build/lastgasp ] || {
    echo "bench: build/lastgasp is missing: ./dev build" >&2
    exit 1
}
if [ $# -eq 0 ]; then
    for script in bench/*.sh; do
        name=${script#bench/}
        [ "$name" = run.sh ] || set -- "$@" "${name%.sh}"
    done
fi
echo "$(uname -sr), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' \
    /proc/cpuinfo | head -n 1), $(date +%F)"
for name; do
    [ -f "bench/$name.sh" ] || {
        echo "bench: there is no bench/$name.sh" >&2
        exit 2
    }
    printf '\n## %s\n\n' "$name"
    sh "bench/$name.sh"
done
