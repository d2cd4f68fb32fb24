# SPDX-License-Identifier: MIT
# Whether a board that runs gets anywhere, from reads alone. What has to change:
#
# - words that the user names; or else both
# - the allocation tables of the heap: Python that runs makes objects;
# - where the program counter is, on chips that let a debugger sample it.
#
# ::mpheap_progress:
#   ranges   list of {address words} to read
#   has_pc   whether samples of the program counter are there
#   what     all that, in words
#   memory, pc  as it was when something changed; "" before the first sample
#   since    when that was, in ms
#   samples  how many have been the same since
#   due      when the next one is due, in ms

set mpheap_progress_words_max 1024
set mpheap_progress_pc_bytes 128

# Choose what to look at. Fails if a word cannot be read, or no heap is found.
proc mpheap_progress_learn {target alive elf} {
    set ::mpheap_progress [dict create ranges {} has_pc 0 what ""]
    if {[llength $alive] > 0} {
        mpheap_progress_learn_words $alive
    } else {
        mpheap_progress_learn_tables $target $elf
        if {[mpheap_progress_pc $target] ne ""} {
            set ::mpheap_progress(has_pc) 1
            append ::mpheap_progress(what) " and the program counter"
        }
    }
    mpheap_progress_memory $target
    mpheap_progress_restart
}

proc mpheap_progress_learn_words {alive} {
    set places {}
    foreach address $alive {
        lappend ::mpheap_progress(ranges) [list $address 1]
        lappend places [format 0x%08x $address]
    }
    set ::mpheap_progress(what) "the word at [join $places ", "]"
}

proc mpheap_progress_learn_tables {target elf} {
    set words [list info --format=json --target=$target]
    if {$elf ne ""} {
        lappend words --elf=$elf
    }
    set info [lindex [mpheap_run_aside $words] 0]
    set total 0
    foreach {all address bytes} \
        [regexp -all -inline {"table_address": "(0x[0-9a-f]+)",\s+"table_bytes": (\d+)} $info] {
        mpheap_progress_add_table $address $bytes
        incr total $bytes
    }
    set ::mpheap_progress(what) "the heap's allocation tables ($total bytes)"
}

# The whole table, or sixteen pieces of a long one.
proc mpheap_progress_add_table {address bytes} {
    set first [expr {$address & ~3}]
    set words [expr {($address + $bytes - $first + 3) / 4}]
    if {$words <= $::mpheap_progress_words_max} {
        lappend ::mpheap_progress(ranges) [list $first $words]
        return
    }
    for {set i 0} {$i < 16} {incr i} {
        set piece [expr {$first + $i * $words / 16 * 4}]
        lappend ::mpheap_progress(ranges) [list $piece [expr {$::mpheap_progress_words_max / 16}]]
    }
}

proc mpheap_progress_evidence {} {
    return $::mpheap_progress(what)
}

# Forget what was seen: what comes next is where it begins.
proc mpheap_progress_restart {} {
    dict set ::mpheap_progress memory ""
    dict set ::mpheap_progress pc ""
    dict set ::mpheap_progress since [ms]
    dict set ::mpheap_progress samples 0
    dict set ::mpheap_progress due 0
}

# Eight times in the time that a board may stand still.
proc mpheap_progress_is_due {still_s} {
    if {[ms] < $::mpheap_progress(due)} {
        return 0
    }
    set period [expr {int($still_s * 125)}]
    dict set ::mpheap_progress due [expr {[ms] + ($period < 2000 ? $period : 2000)}]
    return 1
}

# Look once. Whether it is known to have moved since the time before.
proc mpheap_progress_sample {target} {
    set memory [mpheap_progress_memory $target]
    set pc [expr {$::mpheap_progress(has_pc) ? [mpheap_progress_pc $target] : ""}]
    set is_first [expr {$::mpheap_progress(memory) eq ""}]
    if {$memory eq $::mpheap_progress(memory) && ![mpheap_progress_pc_moved $pc]} {
        incr ::mpheap_progress(samples)
        return 0
    }
    dict set ::mpheap_progress memory $memory
    dict set ::mpheap_progress pc $pc
    dict set ::mpheap_progress since [ms]
    dict set ::mpheap_progress samples 0
    return [expr {!$is_first}]
}

# Whether nothing has moved for so long, in at least four looks.
proc mpheap_progress_is_still {still_s} {
    return [expr {$::mpheap_progress(samples) >= 4 &&
                  [ms] - $::mpheap_progress(since) >= $still_s * 1000}]
}

proc mpheap_progress_still_s {} {
    return [format %.1f [expr {([ms] - $::mpheap_progress(since)) / 1000.0}]]
}

# --- what is read ---

# Words of the target's memory, without a word in the log.
proc mpheap_progress_read {target address words} {
    if {[mpheap_try_quietly [list $target read_memory $address 32 $words] values]} {
        error "cannot read [format 0x%08x $address]"
    }
    return $values
}

proc mpheap_progress_memory {target} {
    set memory {}
    foreach range $::mpheap_progress(ranges) {
        lassign $range address words
        lappend memory [mpheap_progress_read $target $address $words]
    }
    return $memory
}

# Where the program counter is most of the time, interrupts left aside: the middle
# one of nine samples (DWT_PCSR: ARMv6-M and ARMv7-M, C1.8). "" where there are
# none: the register is zero on a chip without it, and all ones while it is halted.
proc mpheap_progress_pc {target} {
    set samples {}
    for {set i 0} {[mpheap_dog_is_cortex] && $i < 9} {incr i} {
        set sample [mpheap_progress_read $target 0xe000101c 1]
        if {$sample != 0 && $sample != 0xffffffff} {
            lappend samples [expr {$sample & ~1}]
        }
    }
    return [lindex [lsort -integer $samples] [expr {[llength $samples] / 2}]]
}

# A loop that waits stays within some bytes.
proc mpheap_progress_pc_moved {pc} {
    set before $::mpheap_progress(pc)
    if {$pc eq "" || $before eq ""} {
        return [expr {$pc ne $before}]
    }
    return [expr {abs($pc - $before) > $::mpheap_progress_pc_bytes}]
}
