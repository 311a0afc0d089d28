#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs lastgasp on programs in a guest with cgroup v2: Debian's own kernel, an
# initramfs of busybox and what is under test, QEMU without KVM.
#
#   boot.sh OUTDIR PROGRAM JOBS
#
# JOBS is a file with a line "NAME LIMIT ARGUMENT…" for each program, which is
# PROGRAM/NAME. Leaves OUTDIR/NAME/{report.json,said.txt,status} and
# OUTDIR/console.txt. The kernel is fetched through apt and kept in build/vm.
# Status 3: something that it needs is not to be had; said on stdout.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
lastgasp=${LASTGASP:-$root/build/lastgasp}
cache=$root/build/vm
mkdir -p "$1" "$cache"
out=$(cd "$1" && pwd)
programs=$(cd "$2" && pwd)
jobs=$3

missing() {
    echo "$*"
    exit 3
}

# Sets $kernel to the vmlinuz of Debian's newest cloud kernel, which has serial
# ports and cgroups built in and needs no module.
find_kernel() {
    kernel=$(find "$cache/kernel" -name 'vmlinuz-*' 2>/dev/null | head -n 1)
    [ -z "$kernel" ] || return 0
    command -v apt-get >/dev/null || missing "no kernel: not a Debian"
    package=$(kernel_package)
    if [ -z "$package" ]; then
        apt-get -q update >"$cache/apt.log" 2>&1 || true
        package=$(kernel_package)
    fi
    [ -n "$package" ] || missing "apt knows no linux-image-cloud-amd64"
    rm -rf "$cache/kernel.part" "$cache"/*.deb
    (cd "$cache" && apt-get -q download "$package" >apt.log 2>&1) ||
        missing "$package cannot be fetched: $(tail -n 1 "$cache/apt.log")"
    dpkg-deb -x "$cache"/*.deb "$cache/kernel.part"
    rm -rf "$cache/kernel.part/lib" "$cache"/*.deb
    mv "$cache/kernel.part" "$cache/kernel"
    kernel=$(find "$cache/kernel" -name 'vmlinuz-*' | head -n 1)
}

kernel_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# The program and the libraries that it is linked with, at their own paths.
add_program() {
    cp "$1" "$tree/bin/lastgasp"
    ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$tree${library%/*}"
        cp -L "$library" "$tree$library"
    done
}

make_initramfs() {
    tree=$(mktemp -d "$cache/tree-XXXXXX")
    trap 'rm -rf "$tree"' EXIT
    mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/tmp" \
        "$tree/run" "$tree/var/lib" "$tree/programs"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    cp "$here/init" "$tree/init"
    chmod +x "$tree/init"
    add_program "$lastgasp"
    cp "$jobs" "$tree/jobs"
    while read -r name _; do
        cp "$programs/$name" "$tree/programs/$name"
    done <"$jobs"
    (cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null) |
        gzip -1 >"$out/initramfs"
}

# The first serial line is the console, the second carries the results. A guest
# that hangs must not hang the tests.
boot() {
    timeout 900 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 \
        -m 1536 -nodefaults -no-user-config -display none -no-reboot \
        -kernel "$kernel" -initrd "$out/initramfs" \
        -append "console=ttyS0 quiet panic=-1 cgroup_no_v1=all" \
        -serial "file:$out/console.txt" -serial "file:$out/results" \
        </dev/null >"$out/qemu.txt" 2>&1
}

[ "$(uname -m)" = x86_64 ] || missing "the guest is x86-64; this is $(uname -m)"
command -v qemu-system-x86_64 >/dev/null || missing "no qemu-system-x86_64"
command -v busybox >/dev/null || missing "no busybox"
find_kernel
make_initramfs
if ! boot; then
    tail -n 30 "$out/qemu.txt" "$out/console.txt"
    exit 1
fi
rm -f "$out/initramfs"
# A serial line ends each line with CR LF.
tr -d '\r' <"$out/results" | base64 -d | tar -C "$out" -xz
