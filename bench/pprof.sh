#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `lastgasp pprof` beside cmd/pprof of the newest Go and beside the floor
# (pprof/inflate.c: libdeflate on the same files and nothing else). Needs 5 GB
# of memory and 300 MB in TMPDIR. ROUNDS (9) of ours and the floor, in turns;
# PEER_ROUNDS (1; 0: none) of the peer, which takes minutes.
#
# On a machine that others use as well CPU says more than the clock.
#
# LASTGASP names the program; PEER a cmd/pprof, else it is built; ONLY chooses
# tables: big small merge.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in generate inflate; do
    ${CC:-cc} -O2 -o "$work/$program" bench/pprof/$program.c -ldeflate
done
${CC:-cc} -O2 -o "$work/floor" bench/floor.c
if [ -z "${PEER:-}" ]; then
    PEER=$work/pprof
    export GOTOOLCHAIN="${PEER_GO:-go1.27.4}"
    (cd "$(go env GOROOT)/src/cmd" && GOFLAGS='' GOWORK=off \
        go build -mod=vendor -o "$PEER" ./pprof)
fi
python3 bench/pprof/measure.py "$work" "${LASTGASP:-build/lastgasp}" "$PEER"
