#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the JSON beside each log anew from what the parser says now. Read the
# difference (git diff) before you commit it: the parser may be wrong.
# Use: tests/golden/oom/bless.sh [BUILD_DIR]
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
build=${1:-$root/build}
ninja -C "$build" tests/unit/decode/test_oom_golden
LG_BLESS=1 LG_TESTS="$root/tests" "$build/tests/unit/decode/test_oom_golden"
