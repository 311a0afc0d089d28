# SPDX-License-Identifier: Apache-2.0
# Completion for bash. What can be completed is asked of the program itself:
# commands and options from its help, ids from its list.
# shellcheck shell=bash

_lastgasp_commands() {
    "$1" help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

# pprof's own have one dash; its help goes to stderr, as go tool pprof's.
_lastgasp_options() {
    if [ "$2" = pprof ]; then
        "$1" pprof -h 2>&1 >/dev/null | sed -n 's/^ *\(-[a-z_]*\).*/\1/p'
        return
    fi
    "$1" help "$2" 2>/dev/null |
        grep -oE '^  (-., |    )--[a-z-]+' | grep -oE -- '--[a-z-]+'
}

_lastgasp_ids() {
    "$1" list 2>/dev/null | sed -n '2,$s/ .*//p'
}

_lastgasp() {
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
    local command=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local words='' i
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W \
            "$(_lastgasp_commands "$program")" -- "$word")
        return
    fi
    # Behind -- stands another program's command line.
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [ "${COMP_WORDS[i]}" = -- ]; then
            mapfile -t COMPREPLY < <(compgen -c -f -- "$word")
            return
        fi
    done
    case $before in
    --state | -s)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    --report | -r | --output | --out | -o)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    esac
    if [[ $word == -* ]]; then
        words=$(_lastgasp_options "$program" "$command")
    else
        case $command in
        help) words=$(_lastgasp_commands "$program") ;;
        show | explain | export | rm | goroutines | heap | memstats | pprof)
            words="last $(_lastgasp_ids "$program")"
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    case $command in
    show | explain | import | oom | goroutines | heap | memstats | pprof)
        [[ $word == -* ]] ||
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
        ;;
    esac
}

complete -o filenames -F _lastgasp lastgasp
