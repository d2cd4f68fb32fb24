#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/commands.md from the help texts: docs/commands.sh build/mpheap >docs/commands.md
set -eu

mpheap=${1:-build/mpheap}

# The help text of all reports, or of one ($1), as a block.
help_block()
{
    echo '```'
    "$mpheap" "$@" --help | sed 's/ *$//'
    echo '```'
}

cat <<'END'
# Commands

Made from the help texts by `docs/commands.sh`; `man mpheap` says more. The words are the same in a
shell, after `mpheap` in GDB, and after `mpheap` on OpenOCD's console, where the options of the
target can be left out.

## mpheap

END
help_block
for report in $("$mpheap" --reports); do
    printf '\n## mpheap %s\n\n' "$report"
    help_block "$report"
done
