# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Completion of the command mpheap in bash, with or without the package bash-completion.
#
# Reports, options and their values are those that the command itself tells:
# `mpheap --reports`, and the usage text of `mpheap REPORT --help`.

# One line an option of the help on stdin: its long name, and what its value looks like, if it has
# one. In the usage text they stand as [--halt] [--color=auto|always|never] [--openocd[=[HOST]:PORT]].
_mpheap_options()
{
    grep -oE '\[--[a-z-]+(\[?=[^] ]*)?' | sed -E 's/^\[//; s/\[?=\[?/ /'
}

# What the value of option $1 looks like; the options are on stdin.
_mpheap_value()
{
    local name value

    while read -r name value; do
        if [[ $name == "$1" ]]; then
            echo "$value"
            return
        fi
    done
}

# The argument that the report must have, such as FILE: the first word behind its name that is in
# no brackets, in the usage text of the help on stdin.
_mpheap_argument()
{
    awk 'NR > 1 && /^[^ ]/ { exit }
        { for (i = NR == 1 ? 4 : 1; i <= NF; i++) if ($i !~ /^\[|\]$/) { print $i; exit } }'
}

# Files and folders that begin with $1.
_mpheap_files()
{
    local IFS=$'\n'

    compopt -o filenames 2>/dev/null
    # shellcheck disable=SC2207  # IFS keeps names with spaces whole
    COMPREPLY=($(compgen -f -- "$1"))
}

# From the words a|b|c in $1, those that begin with $2.
_mpheap_words()
{
    local IFS=$'|\n'

    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W "$1" -- "$2"))
}

# Sets option to the one whose value the cursor is in, if any, and prefix to what is there of the
# value or word. Bash breaks lines at `=` too: --elf=x are three words, of which the last may be
# missing.
_mpheap_find_value()
{
    local before=${COMP_WORDS[COMP_CWORD - 1]}

    prefix=${COMP_WORDS[COMP_CWORD]} option=$before
    if [[ $prefix == "=" ]]; then
        prefix=""
    elif [[ $before == "=" ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $prefix == --*=* ]]; then # where `=` was taken out of COMP_WORDBREAKS
        option=${prefix%%=*} prefix=${prefix#*=}
    fi
    [[ $option == -o ]] && option=--output
}

_mpheap_report_line()
{
    local help options option prefix value

    help=$("${COMP_WORDS[0]}" "${COMP_WORDS[1]}" --help 2>/dev/null) || return
    options=$(_mpheap_options <<<"$help")
    _mpheap_find_value
    value=$(_mpheap_value "$option" <<<"$options")
    if [[ $value == FILE* ]]; then
        _mpheap_files "$prefix"
    elif [[ $value == *"|"* ]]; then
        _mpheap_words "$value" "$prefix"
    elif [[ $prefix == -* ]]; then
        _mpheap_words "$(cut -d' ' -f1 <<<"$options")" "$prefix"
    elif [[ -z $value && $(_mpheap_argument <<<"$help") == FILE* ]]; then
        _mpheap_files "$prefix"
    fi
}

_mpheap()
{
    local word=${COMP_WORDS[COMP_CWORD]}

    COMPREPLY=()
    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != help ]]; then
        _mpheap_report_line
    elif ((COMP_CWORD == 1)) && [[ $word == -* ]]; then
        _mpheap_words "--help|--version" "$word"
    elif ((COMP_CWORD <= 2)); then
        _mpheap_words "$("${COMP_WORDS[0]}" --reports 2>/dev/null)" "$word"
    fi
}

complete -F _mpheap mpheap
