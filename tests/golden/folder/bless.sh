#!/bin/sh
# Makes the golden incident again: a real kill under 48 MiB, of which the first
# capture and one in the middle are kept. Needs root (a cgroup) and Go. Look at
# what changed; tests/unit/sources/test_folder.c compares what its files say in
# two ways, and no numbers by heart.
# Usage: bless.sh [LASTGASP]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lastgasp=${1:-$here/../../../build/lastgasp}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ONLY=timing-wheel "$here/../../targets/build.sh" "$work/bin" 1.26.8
# The name of the service, which the kernel's report says too.
mv "$work/bin/timing-wheel-1.26.8" "$work/consumer"

# Status 137, and stderr apart from stdout, so that it is kept.
"$lastgasp" run --memory-max 48M --state "$work/state" -- \
    "$work/consumer" -rate 300 >"$work/out" 2>"$work/err" || true

incident=$(echo "$work"/state/incidents/*)
[ -s "$incident/kernel.log" ] || { cat "$work/err" >&2; exit 1; }

middle=
for capture in "$incident"/captures/*-usage-*; do
    [ -s "$capture/goroutines.txt" ] || continue
    middle=$capture
    case $capture in *-usage-[5-9]?) break ;; esac
done
[ -n "$middle" ] || { echo "no capture with a dump" >&2; exit 1; }

rm -rf "$here/consumer"
mkdir -p "$here/consumer/captures"
cd "$incident"
cp record.json timeline.csv kernel.log stderr.txt "$here/consumer/"
cp -R captures/0001-start "$here/consumer/captures/"
cp -R "$middle" "$here/consumer/captures/0002-usage-50"
sed -i 's/"id": *[0-9]*/"id": 2/; s/"trigger": *"[^"]*"/"trigger": "usage-50"/' \
    "$here/consumer/captures/0002-usage-50/capture.json"
du -sh "$here/consumer"
