#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The front door: help, options, exit codes, and the store's commands on
# incidents that are at hand. No program is run here.

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
LASTGASP=${LASTGASP:-$root/build/lastgasp}
consumer=$root/tests/golden/folder/consumer

setup() {
    bats_require_minimum_version 1.5.0
    cd "$BATS_TEST_TMPDIR" || return
    export LASTGASP_STATE=$BATS_TEST_TMPDIR/state
    export LC_ALL=C.UTF-8 TZ=UTC
    unset NO_COLOR
}

lastgasp() {
    "$LASTGASP" "$@"
}

# lg STATUS ARG…: runs it, apart: $output is stdout, $stderr the rest
lg() {
    local wanted=$1
    shift
    run --separate-stderr "-$wanted" lastgasp "$@"
}

# One sentence of ours, on one line, and nothing on stdout.
says() {
    [ -z "$output" ]
    [ "$(wc -l <<<"$stderr")" = 1 ]
    [[ $stderr == "lastgasp: "*"$1"* ]] || {
        echo "said: $stderr"
        return 1
    }
}

# valid_json: $output is one JSON document
valid_json() {
    python3 -c 'import json, sys; json.load(sys.stdin)' <<<"$output"
}

# field EXPRESSION: of the JSON in $output, as d
field() {
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' \
        "$1" <<<"$output"
}

commands() {
    lastgasp help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^help$'
}

# --- help and options ---

@test "without a command: the help, as an error" {
    lg 2
    [ -z "$output" ]
    [[ $stderr == *"usage: lastgasp COMMAND"* ]]
}

@test "help, --help and -h are the same, on stdout" {
    lg 0 help
    local first=$output
    [ -z "$stderr" ]
    lg 0 --help
    [ "$output" = "$first" ]
    lg 0 -h
    [ "$output" = "$first" ]
    local name
    for name in list show explain export import rm; do
        grep -q "^  $name  " <<<"$first"
    done
}

@test "each command: help NAME, NAME --help and NAME -h are the same" {
    local name
    for name in $(commands); do
        lg 0 help "$name"
        local first=$output
        [[ $first == "usage: lastgasp $name "* ]]
        [ "$name" != pprof ] || continue # has the -h of go tool pprof
        lg 0 "$name" --help
        [ "$output" = "$first" ]
        lg 0 "$name" -h
        [ "$output" = "$first" ]
        [ -z "$stderr" ]
    done
}

@test "help texts fit into 80 columns, but for one-line summaries" {
    local name
    for name in $(commands); do
        lg 0 help "$name"
        ! grep -nE '^.{100}' <<<"$output"
        ! grep -nE '[[:blank:]]$' <<<"$output"
    done
}

@test "--version" {
    lg 0 --version
    [[ $output =~ ^lastgasp\ [0-9]+\.[0-9]+\.[0-9]+(\ \(build\ [0-9a-f]+\))?$ ]]
}

@test "an unknown command names the nearest" {
    lg 2 lsit
    says 'did you mean "list"?'
    lg 2 exlpain last
    says 'did you mean "explain"?'
    lg 2 qqqqqqqqq
    says 'see lastgasp help'
    lg 2 help lsit
    says 'did you mean "list"?'
    lg 2 --jsno list
    says 'before the command'
}

@test "an unknown option names the nearest" {
    lg 2 list --sinec today
    says 'did you mean --since?'
    lg 2 list --zzz
    says 'see lastgasp help list'
    lg 2 list -z
    says 'no option -z'
}

@test "a hostile name is shown as escapes" {
    lg 2 $'\e[31mred\n\x9b'
    says '\x1b[31mred\n\x9b'
}

@test "options: values attached, apart, missing, unwanted" {
    lg 3 list --state="$PWD/a"
    says "$PWD/a"
    lg 3 list --state "$PWD/b"
    says "$PWD/b"
    lg 3 list -s "$PWD/c"
    says "$PWD/c"
    lg 2 list --state
    says '--state needs a value: DIR'
    lg 2 list --json=yes
    says '--json takes no value'
    lg 2 list -n 0
    says 'not a number'
    lg 2 list --state=
    says 'empty'
}

@test "options may stand behind operands; -- ends them" {
    mkdir -- -odd
    cp "$consumer/kernel.log" -- -odd/
    lg 2 explain -odd
    lg 0 explain -- ./-odd
    lg 0 explain --json -- ./-odd
    valid_json
    lg 0 explain ./-odd --json
    valid_json
}

@test "every command names its man page, and every option is in it" {
    command -v scdoc >/dev/null || skip "scdoc is not installed"
    local name option
    scdoc <"$root/docs/man/lastgasp.1.scd" >page
    for name in $(commands); do
        scdoc <"$root/docs/man/lastgasp-$name.1.scd" >page
        grep -q "^.TH \"lastgasp-$name\" \"1\"" page
        grep -q "lastgasp-$name" "$root/docs/man/lastgasp.1.scd"
        while read -r option; do
            [ "$option" != --help ] || continue
            grep -q -- "\\*$option" "$root/docs/man/lastgasp-$name.1.scd" || {
                echo "lastgasp-$name.1.scd says nothing of $option"
                return 1
            }
        done < <(lastgasp help "$name" | grep -oE '^  (-., |    )--[a-z-]+' |
            grep -oE -- '--[a-z-]+')
    done
}

@test "a full disk behind stdout is told" {
    [ -e /dev/full ] || skip "no /dev/full"
    lastgasp import "$consumer"
    local command
    for command in help list 'list --json' 'explain last' 'show last' \
        'explain --json last' 'export -o - last'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr lastgasp_to_full $command
        [[ $stderr == *"No space left on device"* ]] ||
            [[ $stderr == *"cannot write"* ]]
    done
}
lastgasp_to_full() {
    "$LASTGASP" "$@" >/dev/full
}

# --- times ---

# An incident whose end is at a known time: 2026-11-02T14:03:08.4Z.
import_at_known_time() {
    mkdir -p known
    cp "$consumer/kernel.log" known/
    cat >known/record.json <<'EOF'
{"schema":"lastgasp.record/1","id":"ab23","state":"done","mode":"run",
 "subject":{"pid":4711,"exe":"/x/consumer","comm":"consumer","is_go":true},
 "started_ns":1793628180000000000,
 "end":{"kind":"exit","exit_code":3,"time_ns":1793628188400000000}}
EOF
    lastgasp import known
}

@test "times: every form, as --since and --until" {
    import_at_known_time
    local t
    for t in 2026-11-02 '2026-11-02 14:03' '2026-11-02 14:03:08' \
        '2026-11-02 14:03:08.4' 2026-11-02T14:03:08.399Z '2026-11-02 14:03 UTC' \
        @1793628188 @1793628188.4; do
        lg 0 list --since "$t"
        [ "${#lines[@]}" = 2 ]
    done
    for t in 2026-11-03 '2026-11-02 14:04' '2026-11-02 14:03:09' \
        '2026-11-02 14:03:08.401' @1793628188.5; do
        lg 3 list --since "$t"
        says 'no incident'
        lg 0 list --until "$t"
    done
    TZ=Europe/Berlin lg 0 list --since '2026-11-02 15:03' \
        --until '2026-11-02 15:03:09'
    [[ $output == *"2026-11-02 15:03:08"* ]]
    TZ=Europe/Berlin lg 3 list --since '2026-11-02 15:04'
}

@test "times: of today" {
    lastgasp import "$consumer"
    mkdir now
    cp "$consumer/kernel.log" now/
    lastgasp import now
    lg 0 list --since yesterday --until +1h
    lg 0 list --since -2h
    lg 0 list --since '1h30m ago'
    lg 3 list --since +1m
}

@test "times that are none" {
    local t
    for t in '' soon 2026-13-01 2026-02-30 2026-1 '2026-11-02 25:00' 14:60 \
        -1x @ @-1 1h '2026-11-02  x' 99999-01-01 1969-12-31 @99999999999; do
        lg 2 list --since "$t"
        says 'is not a time'
    done
}

# --- the store ---

@test "an empty store: nothing found, and what to do" {
    lg 3 list
    says 'there are no incidents'
    lg 3 explain
    says 'lastgasp run -- CMD'
    lg 3 show last
    says 'lastgasp run -- CMD'
    lg 3 list --json
    valid_json
    [ "$(field 'd["schema"], d["incidents"]')" = "('lastgasp.list/1', [])" ]
}

@test "import, list, show, explain, export, rm: one incident's way" {
    output=$(<"$consumer/record.json")
    local pid name limit
    pid=$(field 'd["subject"]["pid"]')
    name=$(field 'd["subject"]["exe"].rsplit("/")[-1]')
    limit=$(field 'd["subject"]["limit_bytes"]')
    lg 0 import "$consumer"
    local id=$output
    [[ $id =~ ^[a-z2-9]{4,}$ ]]
    [ -z "$stderr" ]

    lg 0 list
    [[ ${lines[0]} == "ID "*"PROGRAM"*"CAUSE"*"MEMORY / LIMIT" ]]
    [[ ${lines[1]} == "$id  "*"  $name "*"oom-kill  "*" MiB / "*" MiB" ]]
    lg 0 list --json
    valid_json
    [ "$(field 'd["incidents"][0]["id"]')" = "$id" ]
    [ "$(field 'd["incidents"][0]["limit_bytes"]')" = "$limit" ]

    lg 0 explain
    local text=$output
    [[ $text == "$name (pid $pid, go1."*") was killed by the kernel: its cgroup reached "* ]]
    [[ $text == *"lastgasp show $id"* ]]
    [[ $text != *$'\e'* ]]
    lg 0 explain last
    [ "$output" = "$text" ]
    lg 0 explain "${id:0:3}"
    [ "$output" = "$text" ]
    lg 0 show "$id"
    [[ $output == "${text%%$'\n'*}"* ]]
    [[ $output == *captures* ]]
    lg 0 show --path "$id"
    [ -e "$output/record.json" ]
    lg 0 show --json "$id"
    valid_json
    [ "$(field 'd["schema"]')" = lastgasp.report/1 ]

    lg 0 export "$id"
    [ "$output" = "lastgasp-$id.tar.gz" ]
    [ "$(tar tzf "$output" | sed -n 1p)" = "$id/" ]
    tar tzf "$output" | grep -qx "$id/report.json"
    lg 0 rm "$id"
    [ "$output" = "$id" ]
    lg 3 explain "$id"
    says "no incident \"$id\""
    lg 0 import "lastgasp-$id.tar.gz"
    [ "$output" = "$id" ]
    lg 0 explain
    [ "$output" = "$text" ]
}

@test "the index says what the reports say, also when it was made again" {
    lastgasp import "$consumer"
    import_at_known_time
    lg 0 list --json
    local before=$output
    rm "$LASTGASP_STATE"/index.db*
    lg 0 list --json
    [ "$output" = "$before" ]
    [ -z "$stderr" ]
}

@test "a damaged index is set aside, told once, and made again" {
    lastgasp import "$consumer"
    lg 0 list
    local before=$output
    rm -f "$LASTGASP_STATE"/index.db-*
    head -c 3000 /dev/urandom >"$LASTGASP_STATE/index.db"
    lg 0 list
    [ "$output" = "$before" ]
    [[ $stderr == "lastgasp: "*"set aside as $LASTGASP_STATE/index.db.corrupt-"*"from 1 incident folder" ]]
    lg 0 list
    [ -z "$stderr" ]
}

@test "a folder, a file, and files of one case are explained where they lie" {
    lg 0 explain "$consumer"
    local text=$output
    lg 0 explain "$consumer/"
    lg 0 explain "$consumer/kernel.log"
    [[ $output == *"killed by the kernel"* ]]
    lg 0 explain "$consumer/kernel.log" \
        "$consumer/captures/0002-usage-50/goroutines.txt"
    [[ $output == *"killed by the kernel"* ]]
    [[ $output == *"1 capture"* ]]
    [ ! -e "$LASTGASP_STATE" ] # none of them asked the store
    run ! ls -d "${TMPDIR:-/tmp}"/lastgasp-??????
    lg 0 explain "$consumer" "$consumer"
    [[ $output == *"${text%%$'\n'*}"*"${text%%$'\n'*}"* ]]
}

@test "what is missing is said, and can fail the command" {
    mkdir loose
    cp "$consumer/kernel.log" loose/
    lg 0 explain loose
    [[ $output == *"inconclusive"* ]]
    [[ $output == *"heap profile"* ]]
    lg 4 explain --fail-inconclusive loose
    lg 4 show --fail-inconclusive loose
}

@test "reports: by their endings, several, and no other" {
    lg 0 explain "$consumer" --report a.json --report=b.html -r c.HTM
    [ -n "$output" ]
    output=$(<a.json)
    valid_json
    grep -qi '^<!doctype html>' b.html
    cmp b.html c.HTM
    lg 2 explain "$consumer" --report d.txt
    says '.json or .html'
    lg 2 explain "$consumer" --report json
    [ ! -e d.txt ]
    lg 1 explain "$consumer" --report no/such/folder/x.json
    [[ $stderr == *"no/such/folder/x.json"* ]]
    lg 2 explain "$consumer" "$consumer" --report a.json
    says 'one at a time'
}

@test "nothing there, nothing in it, not what it claims" {
    lg 3 explain ./nothing
    says './nothing'
    lg 3 explain nothing
    says '"nothing"'
    mkdir empty
    run --separate-stderr lastgasp explain ./empty
    [ "$status" = 3 ] || [ "$status" = 5 ]
    says empty
    lg 3 import ./nothing
    says './nothing'
    lg 5 import ./empty
    says 'nothing in it'
    mkdir junk
    head -c 10000 /dev/zero >junk/zeros
    lg 5 import junk
    says 'junk'
    printf 'not an archive\n' >x.tar.gz
    lg 5 import x.tar.gz
    says 'x.tar.gz'
    lg 3 list
    [ -z "$(ls -A "$LASTGASP_STATE/incidents")" ]
}

@test "an archive that is cut or leads out of its folder is refused" {
    local id
    id=$(lastgasp import "$consumer")
    lastgasp export "$id" -o whole.tgz
    head -c 20000 whole.tgz >cut.tgz
    lg 5 import cut.tgz
    says 'cut'
    mkdir evil
    touch evil/x
    tar czf evil.tgz --transform 's,evil/x,../../../x,' -P evil/x
    lg 5 import evil.tgz
    says 'leads out of the folder'
    ln -s /etc/passwd evil/link
    tar czf link.tgz evil
    lg 5 import link.tgz
    says 'neither a file nor a folder'
    lg 5 import evil
    says 'is a link'
    [ "$(ls "$LASTGASP_STATE/incidents")" = "$id" ]
}

@test "export: to a pipe, a folder, a file that is there" {
    local id
    id=$(lastgasp import "$consumer")
    lastgasp export -o - | tar tzf - | grep -qx "$id/record.json"
    mkdir d
    lg 0 export -o d last
    [ -s "d/$id.tar.gz" ]
    echo old >x.tgz
    lg 0 export -o x.tgz "$id"
    cmp x.tgz "d/$id.tar.gz"
    lg 1 export -o no/such/x.tgz
    says 'no/such/x.tgz'
    lg 2 export -o x.tgz "$id" "$id"
    lastgasp export -o - | lastgasp import - --state other
    lg 0 show --state other "$id"
}

@test "rm: several, all, by time, and what is not there" {
    local a b c
    a=$(lastgasp import "$consumer")
    b=$(lastgasp import "$consumer")
    c=$(import_at_known_time)
    lg 2 rm
    says 'needs'
    lg 2 rm --all "$a"
    lg 3 rm zz99
    says 'zz99'
    run -3 --separate-stderr lastgasp rm "$a" zz99 "$b"
    [ "$output" = "$a"$'\n'"$b" ]
    lg 3 rm --until 2026-11-02
    lg 0 rm --until 2026-11-03
    [ "$output" = "$c" ]
    lg 3 rm --all
    a=$(lastgasp import "$consumer")
    lg 0 rm --all
    [ "$output" = "$a" ]
    [ -z "$(ls -A "$LASTGASP_STATE/incidents")" ]
}

@test "list: filters by cause, newest first, at most so many" {
    lastgasp import "$consumer"
    import_at_known_time
    lg 0 list -n 1
    [ "${#lines[@]}" = 2 ]
    lg 0 list
    [ "${#lines[@]}" = 3 ]
    lg 2 list --cause goroutine-leek
    says 'did you mean "goroutine-leak"?'
    lg 2 list --cause x
    lg 3 list --cause thread-leak
    says 'no incident'
    lg 2 list last
    says 'lastgasp show last'
}

@test "list: what was recorded cannot steer the terminal" {
    mkdir evil
    cp "$consumer/kernel.log" evil/
    printf '{"schema":"lastgasp.record/1","state":"done","subject":{"exe":"/x/\\u001b[31mred\\n\\u202e"}}' \
        >evil/record.json
    lastgasp import evil
    lg 0 list
    [ "${#lines[@]}" = 2 ]
    [[ $output == *'\x1b[31mred\n'* ]]
    [[ $output != *$'\e'* ]]
}

@test "a state folder that cannot be used: why, and the way out" {
    touch file
    lg 1 list --state file
    says 'pass --state DIR or set LASTGASP_STATE'
    lg 1 list --state /proc/nowhere
    says 'pass --state DIR'
    if [ "$(id -u)" = 0 ]; then
        command -v setpriv >/dev/null || skip "setpriv is not installed"
        mkdir -m 0700 closed
        chmod 0755 "$BATS_TEST_TMPDIR"
        cp "$LASTGASP" ./program
        run -6 --separate-stderr setpriv --reuid 65534 --regid 65534 \
            --clear-groups ./program list --state "$PWD/closed/state"
    else
        mkdir -m 0500 closed
        lg 6 list --state closed/state
    fi
    says 'pass --state DIR'
}

# Runs in a mount namespace: its own small disk, which goes with it.
on_a_full_disk() {
    mount -t tmpfs -o size=1600k tmpfs disk
    export LASTGASP_STATE=$PWD/disk
    id=$("$LASTGASP" import "$consumer")
    head -c 4000000 /dev/zero >disk/filler 2>/dev/null || true
    "$LASTGASP" list | grep -q "^$id "
    "$LASTGASP" explain "$id" | grep -q 'killed by the kernel'
    "$LASTGASP" export -o out.tgz "$id"
    status=0
    "$LASTGASP" import "$consumer" 2>error || status=$?
    [ $status = 1 ]
    grep -q 'No space left on device' error
    grep -q 'rm makes room' error
    [ "$("$LASTGASP" rm last)" = "$id" ]
    rm disk/filler
    [ "$("$LASTGASP" import out.tgz)" = "$id" ]
}

@test "a full disk: what is there can be read, sent away and removed" {
    unshare -m true 2>/dev/null || skip "needs a mount namespace: not root"
    mkdir disk
    unshare -m bash -c 'mount -t tmpfs tmpfs disk' || skip "cannot mount"
    export LASTGASP consumer
    export -f on_a_full_disk
    unshare -m bash -ec on_a_full_disk
}

@test "colour only for terminals that want it" {
    command -v script >/dev/null || skip "script is not installed"
    TERM=xterm script -qec "'$LASTGASP' explain '$consumer'" /dev/null >screen
    grep -q $'\e\\[' screen
    TERM=xterm NO_COLOR=1 script -qec "'$LASTGASP' explain '$consumer'" \
        /dev/null >screen
    run ! grep -q $'\e\\[' screen
    TERM=dumb script -qec "'$LASTGASP' explain '$consumer'" /dev/null >screen
    run ! grep -q $'\e\\[' screen
}

@test "an archive is not thrown at a terminal" {
    command -v script >/dev/null || skip "script is not installed"
    lastgasp import "$consumer"
    run -2 script -qec "'$LASTGASP' export -o -" /dev/null
    [[ $output == *"not for a terminal"* ]]
}

# complete WORD…: what the completion offers for the last one
complete_words() {
    # shellcheck source=/dev/null
    source "$root/docs/completion/lastgasp.bash"
    COMP_WORDS=("$LASTGASP" "$@")
    COMP_CWORD=$#
    _lastgasp
    echo "${COMPREPLY[*]}"
}

@test "completion: commands, options, ids and files" {
    local id
    id=$(lastgasp import "$consumer")
    [ "$(complete_words exp)" = "explain export" ]
    [ "$(complete_words list --si)" = --since ]
    [ "$(complete_words rm "${id:0:2}")" = "$id" ]
    [ "$(complete_words show la)" = last ]
    [ "$(complete_words explain st)" = state ]
    [ "$(complete_words help sh)" = show ]
    [ "$(complete_words pprof -diff)" = -diff_base ]
}
