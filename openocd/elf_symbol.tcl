# SPDX-License-Identifier: MIT
# Where the functions of a firmware are: symbols of an ELF file by name, which
# OpenOCD itself does not read. 32-bit little-endian files, as all boards have.
# Offsets are those of the System V ABI, "Object Files".

# The address of symbol `name` in the ELF file `path`. Thumb functions have bit 0
# set there, which is no part of the address.
proc mpheap_symbol_address {path name} {
    set file [open $path]
    try {
        set header [mpheap_symbol_bytes $file 0 52]
        if {[string byterange $header 0 3] ne "\x7fELF"} {
            error "mpheap: $path is no ELF file"
        }
        if {[mpheap_symbol_uint $header 4 1] != 1 || [mpheap_symbol_uint $header 5 1] != 1} {
            error "mpheap: symbols: only of 32-bit little-endian files ($path)"
        }
        set value [mpheap_symbol_find $file $header $name]
    } finally {
        close $file
    }
    if {$value eq ""} {
        error "mpheap: symbols: no $name in $path"
    }
    set is_arm [expr {[mpheap_symbol_uint $header 18 2] == 40}]
    return [expr {$is_arm ? $value & ~1 : $value}]
}

proc mpheap_symbol_bytes {file offset size} {
    seek $file $offset
    return [read $file $size]
}

# Some words come out of `unpack` with their sign extended.
proc mpheap_symbol_uint {bytes offset size} {
    set value [unpack $bytes -uintle [expr {$offset * 8}] [expr {$size * 8}]]
    return [expr {$value & ((1 << $size * 8) - 1)}]
}

# The value of a defined symbol in the first symbol table that has it, or "".
proc mpheap_symbol_find {file header name} {
    set offset [mpheap_symbol_uint $header 32 4]
    set size [mpheap_symbol_uint $header 46 2]
    set count [mpheap_symbol_uint $header 48 2]
    for {set i 0} {$i < $count} {incr i} {
        set section [mpheap_symbol_bytes $file [expr {$offset + $i * $size}] 40]
        if {[mpheap_symbol_uint $section 4 4] != 2} {
            continue ;# SHT_SYMTAB
        }
        set link [expr {$offset + [mpheap_symbol_uint $section 24 4] * $size}]
        set names [mpheap_symbol_section $file [mpheap_symbol_bytes $file $link 40]]
        set value [mpheap_symbol_scan [mpheap_symbol_section $file $section] $names $name]
        if {$value ne ""} {
            return $value
        }
    }
}

proc mpheap_symbol_section {file section} {
    return [mpheap_symbol_bytes $file [mpheap_symbol_uint $section 16 4] \
                [mpheap_symbol_uint $section 20 4]]
}

proc mpheap_symbol_scan {table names name} {
    set wanted "$name\0"
    set last [expr {[string bytelength $wanted] - 1}]
    set end [expr {[string bytelength $table] / 16 * 16}]
    for {set at 0} {$at < $end} {incr at 16} {
        set start [mpheap_symbol_uint $table $at 4]
        if {[string byterange $names $start [expr {$start + $last}]] eq $wanted &&
            [mpheap_symbol_uint $table [expr {$at + 14}] 2] != 0} {
            return [mpheap_symbol_uint $table [expr {$at + 4}] 4]
        }
    }
}
