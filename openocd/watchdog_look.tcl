# SPDX-License-Identifier: MIT
# What the watchdog looks at from time to time, and what it makes of it.

# Numbers of exceptions (ARMv7-M Architecture Reference Manual, B1.5.2).
set mpheap_dog_faults {3 hardfault 4 memmanage 5 busfault 6 usagefault}

proc mpheap_dog_schedule {} {
    set ::mpheap_dog(timer) [after $::mpheap_dog(every) mpheap_dog_tick]
}

proc mpheap_dog_tick {} {
    if {![info exists ::mpheap_dog]} {
        return
    }
    if {[catch {mpheap_dog_look} why]} {
        mpheap_dog_begin_outage $why
    }
    mpheap_dog_schedule
}

# Fails when the target does not answer. OpenOCD itself tries to get it back, and
# while it does, nothing is asked.
proc mpheap_dog_look {} {
    set target $::mpheap_dog(target)
    if {![$target was_examined]} {
        error "OpenOCD has lost it"
    }
    set exception [mpheap_dog_running_exception]
    if {$::mpheap_dog(outage) ne ""} {
        mpheap_dog_end_outage
    }
    switch [$target curstate] {
        running {mpheap_dog_look_running $exception}
        halted {mpheap_dog_look_halted}
    }
}

proc mpheap_dog_outage_s {} {
    return [expr {([ms] - $::mpheap_dog(since)) / 1000}]
}

proc mpheap_dog_begin_outage {why} {
    if {$::mpheap_dog(outage) eq ""} {
        set ::mpheap_dog(since) [ms]
        mpheap_dog_say "$::mpheap_dog(target) does not answer ($why); will go on when it does"
    }
    set ::mpheap_dog(outage) $why
}

# A board that had no power has lost its breakpoints, which OpenOCD does not know.
# The episode goes on until something moves.
proc mpheap_dog_end_outage {} {
    mpheap_dog_clear_points
    mpheap_dog_set_points
    if {$::mpheap_dog(stuck) > 0} {
        mpheap_progress_restart
    }
    mpheap_dog_say "$::mpheap_dog(target) answers again, after [mpheap_dog_outage_s] s"
    set ::mpheap_dog(outage) ""
}

# --- a board that runs ---

# The exception that is being handled: ICSR.VECTACTIVE, which a debugger may read
# while the core runs (ARMv6-M B3.2.4, ARMv7-M B3.2.4); 0 where there is no ICSR.
proc mpheap_dog_running_exception {} {
    if {![mpheap_dog_is_cortex]} {
        return 0
    }
    return [expr {[mpheap_progress_read $::mpheap_dog(target) 0xe000ed04 1] & 0x1ff}]
}

# A fault counts when two ticks in a row see it: some handlers repair and return.
proc mpheap_dog_look_running {exception} {
    set before $::mpheap_dog(fault)
    set ::mpheap_dog(fault) [mpheap_dog_fault_name $exception]
    if {$::mpheap_dog(fault) ne ""} {
        if {$::mpheap_dog(fault) eq $before} {
            mpheap_dog_event $before $before "the board is in its handler of a $before"
        }
        return
    }
    if {$::mpheap_dog(episode) ne "stuck"} {
        mpheap_dog_end_episode
    }
    if {$::mpheap_dog(stuck) > 0} {
        mpheap_dog_look_stuck
    }
}

proc mpheap_dog_fault_name {exception} {
    return [expr {[dict exists $::mpheap_dog_faults $exception] ?
                  [dict get $::mpheap_dog_faults $exception] : ""}]
}

proc mpheap_dog_look_stuck {} {
    if {![mpheap_progress_is_due $::mpheap_dog(stuck)]} {
        return
    }
    if {[mpheap_progress_sample $::mpheap_dog(target)]} {
        mpheap_dog_end_episode
    } elseif {[mpheap_progress_is_still $::mpheap_dog(stuck)]} {
        mpheap_dog_event stuck stuck \
            "no change for [mpheap_progress_still_s] s of [mpheap_progress_evidence]"
    }
}

# --- a board that is halted ---

proc mpheap_dog_look_halted {} {
    if {$::mpheap_dog(stuck) > 0} {
        mpheap_progress_restart
    }
    lassign [mpheap_dog_why_halted] reason episode words
    if {$reason ne ""} {
        mpheap_dog_event $reason $episode $words
    } elseif {$::mpheap_dog(episode) ne "stuck"} {
        mpheap_dog_end_episode
    }
}

# {reason episode words}, or nothing for a halt that somebody asked for. Whether it
# was a vector catch or a person that halted it in a fault handler does not matter.
proc mpheap_dog_why_halted {} {
    lassign [mpheap_dog_registers] pc exception
    set place [format 0x%08x $pc]
    if {$pc in {0xfffffffe 0xeffffffe}} { ;# ARMv7-M B1.5.15
        return [list lockup lockup "the core has locked up"]
    }
    set fault [mpheap_dog_fault_name $exception]
    foreach point $::mpheap_dog(points) {
        lassign $point address name
        if {$address == $pc} {
            set episode [expr {$fault eq "" ? "stop at $name" : $fault}]
            return [list $name $episode "the board has stopped at $name"]
        }
    }
    if {$fault ne ""} {
        return [list $fault $fault "the board is halted in its handler of a $fault ($place)"]
    }
    if {[mpheap_dog_is_bkpt $pc]} {
        return [list bkpt bkpt "the board has stopped at a BKPT of its own ($place)"]
    }
}

# {pc exception}; OpenOCD has both since the halt.
proc mpheap_dog_registers {} {
    set names [expr {[mpheap_dog_is_cortex] ? "pc xPSR" : "pc"}]
    set values [$::mpheap_dog(target) get_reg $names]
    set exception [expr {[dict exists $values xPSR] ? $values(xPSR) & 0x1ff : 0}]
    return [list [format 0x%x $values(pc)] $exception]
}

# Whether the firmware itself has a BKPT there: no breakpoint of OpenOCD's or GDB's,
# which OpenOCD lists, and no semihosting call (BKPT 0xab).
proc mpheap_dog_is_bkpt {pc} {
    if {![mpheap_dog_is_cortex] || $pc % 2 != 0 ||
        [catch {$::mpheap_dog(target) read_memory $pc 16 1} code]} {
        return 0
    }
    return [expr {($code & 0xff00) == 0xbe00 && $code != 0xbeab &&
                  $pc ni [mpheap_dog_known_points]}]
}
