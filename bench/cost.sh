#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `lastgasp run` costs the program that it watches: an allocation-heavy
# Go program's own throughput with and without it, in turns, so that the
# machine's moods meet both alike. Captures come out of its memory.
#
#   cost.sh [ROUNDS]      (20)
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-20}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd bench/cost && GOWORK=off CGO_ENABLED=0 go build -buildvcs=false \
    -o "$work/cost" .)

i=0
while [ $i -lt "$rounds" ]; do
    "$work/cost" >>"$work/without"
    build/lastgasp run --quiet --memory-max 512M --state "$work/state" -- \
        "$work/cost" >>"$work/with"
    i=$((i + 1))
done

python3 - "$work/without" "$work/with" <<'PY'
import random
import statistics
import sys


def rows(path):
    return [[float(field) for field in line.split()] for line in open(path)]


without, under = rows(sys.argv[1]), rows(sys.argv[2])
ratios = [b[0] / a[0] for a, b in zip(without, under)]
rng = random.Random(1)
means = sorted(statistics.median(rng.choices(ratios, k=len(ratios)))
               for _ in range(2000))
print("| without | under run | ratio (95 % interval) | "
      "recorder: peak RSS | CPU |")
print("|---|---|---|---|---|")
print("| %.2f M allocations/s | %.2f M/s | %.4f (%.4f to %.4f), %d pairs | "
      "%.1f MiB | %.2f %% of a core |" % (
          statistics.median(a[0] for a in without) / 1e6,
          statistics.median(b[0] for b in under) / 1e6,
          statistics.median(ratios), means[50], means[1949], len(ratios),
          max(b[1] for b in under) / 1024,
          statistics.median(b[2] for b in under) / 3000 * 100))
PY
