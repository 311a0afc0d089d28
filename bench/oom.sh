#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lastgasp oom beside wc -l, on 1 GB of kernel log in the page cache: without
# OOM but with many lines that look like it, and with reports throughout.
# Use: bench/oom.sh [BYTES]; LASTGASP names the program.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
lastgasp=${LASTGASP:-$root/build/lastgasp}
bytes=${1:-1000000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
golden=$root/tests/golden/oom

"$root/bench/gen_kernel_log.py" "$bytes" none > "$work/none.log"
"$root/bench/gen_kernel_log.py" $((bytes / 20)) throughout \
    "$golden/memcg-v1-6.18.log" "$golden/nested-v1-6.18.log" \
    "$golden/memcg-v2-6.1.log" "$golden/host-6.1.log" \
    "$golden/group-nested-v2-6.1.log" > "$work/part.log"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    cat "$work/part.log"
done > "$work/full.log"
cat "$work/none.log" "$work/full.log" > /dev/null

# In turns, so that a busy machine is busy for both; the best of each counts.
hyperfine --style none --ignore-failure --runs "${RUNS:-7}" --warmup 1 \
    --export-json "$work/times.json" \
    "wc -l $work/none.log" \
    "$lastgasp oom $work/none.log" \
    "wc -l $work/full.log" \
    "$lastgasp oom $work/full.log" \
    "$lastgasp oom --json $work/full.log" > /dev/null 2>&1

memory=$(LC_ALL=C python3 - "$lastgasp" "$work/full.log" <<'PY'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "oom", sys.argv[2]], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PY
)
python3 - "$work" "$memory" <<'PY'
import json, os, sys

work, memory = sys.argv[1:]
results = json.load(open(work + "/times.json"))["results"]
rows = [("no OOM, look-alikes", "wc -l", "none.log", 0),
        ("", "lastgasp oom", "none.log", 0),
        ("OOM throughout", "wc -l", "full.log", 2),
        ("", "lastgasp oom", "full.log", 2),
        ("", "lastgasp oom --json", "full.log", 2)]
print("| log | program | best s | MB/s | CPU s (median) | of wc -l |")
print("|---|---|---|---|---|---|")
for (log, program, name, base), r in zip(rows, results):
    size = os.path.getsize(work + "/" + name) / 1e6
    ratio = r["min"] / results[base]["min"]
    cpu = r["user"] + r["system"]
    print(f"| {log} | {program} | {r['min']:.2f} | {size / r['min']:.0f} "
          f"| {cpu:.2f} | {ratio:.1f} × |")
print(f"\nPeak memory of `lastgasp oom` on the log full of reports: "
      f"{memory} MiB.")
PY
