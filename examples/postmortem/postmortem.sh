#!/bin/sh
# SPDX-License-Identifier: MIT
# What a dead board's memory tells: with its ELF file, with symbols only, with nothing. And what
# fills it, down to one object.
#
# The memory is that of the test firmware, taken now, under QEMU. It needs what `make demo` has
# installed, an ARM compiler and `make all`.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
variant=v1.27.0
PATH="$(cd "${MPHEAP_BUILD:-$top/build}" && pwd):$PATH"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Show a command, then what it says.
try()
{
    printf '\n$ %s\n' "$*"
    "$@" 2>&1
}

# The same, with lines as wide as a page.
try_narrow()
{
    printf '\n$ %s | cut -c1-76\n' "$*"
    "$@" | cut -c1-76
}

# Where the object of that name begins; the other words open the dump.
address_of()
{
    name=$1
    shift
    mpheap objects "$@" | grep -F " $name " | cut -d ' ' -f 1
}

# The same map, whatever it was read with, as the board printed it before it hung? The same objects
# as with the ELF file?
compare()
{
    mpheap map "$@" >found.map
    cmp found.map board.map
    mpheap objects --all "$@" "--reg=sp=$sp" >found.objects
    cmp found.objects all.objects
}

built=build/tests/fixture/$variant
env -u MAKEFLAGS make -s -C "$top" -f tests/fixture/fixture.mk "$built.elf" "$built-stripped.elf"
"$top/tests/fixture/run.py" "$variant" --dump "$folder" >"$folder/board.txt"
cd "$folder"
mv ram-*.bin ram.bin
mv flash-*.bin flash.bin
cp "$top/$built.elf" debug.elf
cp "$top/$built-stripped.elf" symbols.elf
sed -n '/^GC memory layout/,/^fixture:/p' board.txt | sed '$d' >board.map
sp=$(sed -n 's/^sp=//p' registers.txt)
ram=--image=ram.bin@0x20000000
flash=--image=flash.bin@0x08000000

echo 'The last words of the board:'
sed -n '2,7p' board.txt

echo
echo '1. RAM, the stack pointer, and the ELF file with debug information'
try mpheap info $ram "--reg=sp=$sp" --elf=debug.elf
try mpheap map $ram --elf=debug.elf

echo
echo '2. RAM, and an ELF file that has symbols only'
try mpheap info $ram "--reg=sp=$sp" --elf=symbols.elf

echo
echo '3. RAM and flash, and nothing else'
try mpheap info $ram $flash "--reg=sp=$sp"

echo
echo '4. RAM alone'
try mpheap info $ram

echo
echo '5. What fills it, and who holds the largest?'
try mpheap types --top=8 $ram --elf=debug.elf
try_narrow mpheap objects --sort=size --top=8 $ram --elf=debug.elf

echo
echo '6. One object, and an address somewhere in the heap'
object=$(address_of log_file $ram --elf=debug.elf)
inside=$(printf '0x%x' $(($(address_of 'kept[23]' $ram --elf=debug.elf) + 0x84)))
try mpheap show "$object" $ram --elf=debug.elf
try mpheap whatis "$inside" $ram --elf=debug.elf

echo
mpheap objects --all $ram --elf=debug.elf "--reg=sp=$sp" >all.objects
compare $ram --elf=debug.elf
compare $ram --elf=symbols.elf
compare $ram $flash
echo 'The maps of 1, 2 and 3 are the one that the board printed before it hung.'
echo 'The objects are the same in all three, too.'
