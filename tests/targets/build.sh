#!/bin/sh
# Builds the Go programs of tests/targets.
#
#   build.sh OUTDIR [TOOLCHAIN…]
#
# TOOLCHAIN is a full version ("1.27.4" or "go1.27.4"), or "oldest": the oldest
# that the target's modules allow (oldest_go in its expect.json). Without any:
# "oldest" and 1.27.4. A toolchain that is older than the target's oldest is
# left out for it. ONLY="name name…" in the environment chooses targets.
#
# Makes OUTDIR/NAME-VERSION, and OUTDIR/NAME-mended-VERSION for a target with a
# healthy twin. Those that can go without net/http/pprof (tag nopprof) are made
# that way as well, stripped: NAME-bare-VERSION and NAME-bare-mended-VERSION;
# those of outside/ are all stripped, and position-independent where expect.json
# says "build": "pie". What is newer than its sources is left alone. The go
# command fetches toolchains and modules; one build runs at a time.
set -eu

newest_go=1.27.4

die() {
    echo "build.sh: $*" >&2
    exit 1
}

[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command -v go >/dev/null || die "the go command is not there; install Go 1.21 or newer"
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- oldest "$newest_go"

oldest_of() {
    sed -n 's/.*"oldest_go": *"\([0-9.]*\)".*/\1/p' "$1/expect.json"
}

# older A B: version A comes before version B
older() {
    [ "$1" != "$2" ] &&
        [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# compile MODULE PACKAGE VERSION OUTPUT [FLAG…]
compile() {
    module=$1 package=$2 version=$3 output=$4
    shift 4
    if [ -x "$output" ] &&
        [ -z "$(find "$module" -newer "$output" \
            \( -name '*.go' -o -name 'go.*' \) -print | head -n 1)" ]; then
        return 0
    fi
    # GOFLAGS: the user's may be unknown to an old toolchain. No VCS stamp:
    # otherwise each commit would make all of them out of date. No cgo: the
    # programs run in a guest that has no C library. goindex=0: a Go 1.19 that
    # was fetched as a toolchain finds nothing in its index of itself.
    (cd "$module" && GODEBUG=goindex=0 GOFLAGS='' GOTOOLCHAIN=go$version GOWORK=off CGO_ENABLED=0 \
        go build -buildvcs=false "$@" -o "$output.part" "$package")
    # go leaves an up-to-date file's time alone, and we compare times
    touch "$output.part"
    mv -f "$output.part" "$output"
    echo "built ${output##*/}"
}

# both NAME DIR MODULE PACKAGE VERSION TAGS [FLAG…]: the program and its twin
both() {
    program=$1 dir=$2 module=$3 package=$4 version=$5 tags=$6
    shift 6
    compile "$module" "$package" "$version" "$out/$program-$version" \
        ${tags:+-tags "$tags"} "$@"
    if grep -rqs '^//go:build mended' "$dir" --include='*.go'; then
        compile "$module" "$package" "$version" \
            "$out/$program-mended-$version" -tags "${tags:+$tags,}mended" "$@"
    fi
}

# target NAME DIR MODULE PACKAGE TOOLCHAIN…
target() {
    name=$1 dir=$2 module=$3 package=$4
    shift 4
    oldest=$(oldest_of "$dir")
    mode=exe
    ! grep -q '"build": *"pie"' "$dir/expect.json" || mode=pie
    [ -n "$oldest" ] || die "$dir/expect.json: oldest_go is missing"
    done_versions=
    for toolchain; do
        version=${toolchain#go}
        [ "$toolchain" != oldest ] || version=$oldest
        case " $done_versions " in *" $version "*) continue ;; esac
        done_versions="$done_versions $version"
        if older "$version" "$oldest"; then
            continue
        fi
        if [ "$(dirname "$dir")" = "$here/outside" ]; then
            both "$name" "$dir" "$module" "$package" "$version" "" \
                -ldflags='-s -w' -buildmode=$mode
            continue
        fi
        both "$name" "$dir" "$module" "$package" "$version" ""
        if [ -e "$dir/debug.go" ]; then
            both "$name-bare" "$dir" "$module" "$package" "$version" nopprof \
                -ldflags='-s -w' -buildmode=$mode
        fi
    done
}

wanted() {
    [ -z "${ONLY:-}" ] && return 0
    case " $ONLY " in *" $1 "*) return 0 ;; esac
    return 1
}

for expect in "$here"/*/expect.json "$here"/small/*/expect.json \
    "$here"/outside/*/expect.json; do
    [ -e "$expect" ] || continue
    dir=${expect%/expect.json}
    name=${dir##*/}
    wanted "$name" || continue
    case $dir in
    "$here"/small/* | "$here"/outside/*)
        target "$name" "$dir" "$(dirname "$dir")" "./$name" "$@"
        ;;
    *) target "$name" "$dir" "$dir" . "$@" ;;
    esac
done
