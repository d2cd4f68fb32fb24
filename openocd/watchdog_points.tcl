# SPDX-License-Identifier: MIT
# Where the user wants the board to stop: hardware breakpoints of the watchdog.

proc mpheap_dog_find_points {} {
    foreach name $::mpheap_dog(symbol) {
        set address [mpheap_symbol_address $::mpheap_dog(elf) $name]
        lappend ::mpheap_dog(points) [list $address $name]
    }
    foreach address $::mpheap_dog(address) {
        if {[mpheap_dog_is_cortex]} {
            set address [expr {$address & ~1}]
        }
        lappend ::mpheap_dog(points) [list $address [format 0x%08x $address]]
    }
}

# Commands without a target's name go to the current one.
proc mpheap_dog_on_target {script} {
    set current [target current]
    targets $::mpheap_dog(target)
    set code [mpheap_try_quietly $script result]
    targets $current
    return -code $code $result
}

# Addresses at which OpenOCD has a breakpoint.
proc mpheap_dog_known_points {} {
    set addresses {}
    foreach {all address} [regexp -all -inline {\): (0x[0-9a-f]+)} [mpheap_dog_on_target bp]] {
        lappend addresses [expr {$address + 0}]
    }
    return $addresses
}

# One that the user has already set is as good, and stays theirs.
proc mpheap_dog_set_points {} {
    if {[llength $::mpheap_dog(points)] == 0} {
        return
    }
    set size [expr {[mpheap_dog_is_cortex] ? 2 : 4}]
    set known [mpheap_dog_known_points]
    foreach point $::mpheap_dog(points) {
        lassign $point address name
        if {$address in $known} {
            continue
        }
        if {[catch {mpheap_dog_on_target "bp $address $size hw"}]} {
            error "mpheap: watchdog: no breakpoint at $name: too many, or it is not in flash"
        }
        lappend known $address
        lappend ::mpheap_dog(ours) $address
    }
    mpheap_dog_guard_shutdown
}

proc mpheap_dog_clear_points {} {
    foreach address $::mpheap_dog(ours) {
        catch {mpheap_dog_on_target "rbp $address"}
    }
    set ::mpheap_dog(ours) {}
}

# A chip keeps its breakpoints when OpenOCD ends, and would stop there for nobody.
# OpenOCD calls `shutdown` for signals, too, and wants it to be replaced like this.
proc mpheap_dog_guard_shutdown {} {
    if {[info commands mpheap_dog_shutdown] ne ""} {
        return
    }
    rename shutdown mpheap_dog_shutdown
    proc shutdown {args} {
        catch {mpheap_dog_stop}
        mpheap_dog_shutdown {*}$args
    }
}
