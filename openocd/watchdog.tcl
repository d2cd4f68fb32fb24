# SPDX-License-Identifier: MIT
# `mpheap watchdog`: looks at a board from time to time, and writes a core when it
# faults, stops at a place that was named, or does not move any more.
#
# OpenOCD's event loop calls mpheap_dog_tick; no handler of a target's events is
# set, so those of the user stay what they are. What a tick reads is said in
# docs/watchdog.md. Nothing is ever written but hardware breakpoints at the places
# the user named, and the board is never reset.
#
# ::mpheap_dog, which exists while a watchdog runs:
#   options (see mpheap_dog_options), and
#   points   list of {address name}: stops there are of interest
#   ours     addresses of breakpoints that we set
#   episode  what the latest core was written for, as long as that goes on; or ""
#   tries    cores of this episode that could not be written
#   fault    the fault handler that the latest tick saw, or ""
#   outage   why the target does not answer, or ""; since: when it began, in ms
#   files    list of {path mtime size}: cores that we wrote, oldest first
#   written  how many there were
#   timer    of the next tick

foreach file {elf_symbol watchdog_cores watchdog_look watchdog_points watchdog_progress} {
    source [file join $mpheap_folder $file.tcl]
}

proc mpheap_watchdog {words} {
    set rest [lassign $words verb]
    switch -- $verb {
        start {return [mpheap_dog_start $rest]}
        stop {return [mpheap_dog_stop]}
        status {return [mpheap_dog_status]}
        "" - help - -h - -help - --help {return [mpheap_dog_usage]}
    }
    error "mpheap: usage: watchdog start, stop or status, not $verb"
}

proc mpheap_dog_usage {} {
    return "Usage: mpheap watchdog start \[options\] \[-- options of mpheap snapshot\]
       mpheap watchdog stop
       mpheap watchdog status
Writes a core when the board faults, stops at a named place, or does not move.

  -dir DIR         Where cores go (.)
  -keep K          Keep the newest K of its own (8)
  -elf FILE        The firmware's ELF, for -symbol and for the cores
  -symbol NAME     Stop there: a hardware breakpoint; repeatable
  -address ADDR    The same, by address; repeatable
  -stuck SECONDS   Write one when nothing has moved for so long
  -alive ADDR      A word that changes as long as all is well; repeatable
  -halt            Halt a running board for the core, and let it go on after
  -resume          Let a board that stopped by itself go on after the core
  -every MS        Look so often (200)
  -target NAME     OpenOCD's name of the target (the current one)"
}

proc mpheap_dog_say {text} {
    echo "mpheap: watchdog: $text"
}

proc mpheap_dog_is_cortex {} {
    return [expr {[$::mpheap_dog(target) cget -type] in {cortex_m hla_target}}]
}

# --- options ---

# Their values by name; `words` is what was typed. A `cd` does not change what they mean.
proc mpheap_dog_options {words} {
    set options {
        dir . keep 8 elf "" symbol {} address {} stuck 0 alive {} halt 0 resume 0 every 200
        target "" extra {}
    }
    while {[llength $words] > 0} {
        set words [lassign $words word]
        if {$word eq "--"} {
            dict set options extra $words
            break
        }
        if {![regexp {^--?([a-z]+)(=(.*))?$} $word all name has_value value] ||
            $name eq "extra" || ![dict exists $options $name]} {
            error "mpheap: usage: watchdog has no option $word"
        }
        if {$name in {halt resume}} {
            dict set options $name 1
            continue
        }
        if {$has_value eq ""} {
            if {[llength $words] == 0} {
                error "mpheap: usage: $word needs a value"
            }
            set words [lassign $words value]
        }
        if {$name in {symbol address alive}} {
            dict lappend options $name $value
        } else {
            dict set options $name $value
        }
    }
    mpheap_dog_check_options $options
    foreach name {dir elf} {
        if {$options($name) ne ""} {
            dict set options $name [file join [pwd] $options($name)]
        }
    }
    return $options
}

proc mpheap_dog_check_options {options} {
    foreach name {address alive} {
        foreach value $options($name) {
            if {![regexp {^(0[xX][0-9a-fA-F]{1,8}|[1-9][0-9]*|0)$} $value]} {
                error "mpheap: usage: -$name wants an address, not $value"
            }
        }
    }
    foreach value $options(alive) {
        if {$value % 4 != 0} {
            error "mpheap: usage: -alive wants the address of a word, not $value"
        }
    }
    foreach name {keep every} {
        if {![regexp {^[1-9][0-9]{0,8}$} $options($name)]} {
            error "mpheap: usage: -$name wants a number from 1, not $options($name)"
        }
    }
    if {![string is double -strict $options(stuck)] || $options(stuck) < 0} {
        error "mpheap: usage: -stuck wants seconds, not $options(stuck)"
    }
    if {[llength $options(alive)] > 0 && $options(stuck) == 0} {
        error "mpheap: usage: -alive is for -stuck SECONDS"
    }
    if {[llength $options(symbol)] > 0 && $options(elf) eq ""} {
        error "mpheap: usage: -symbol needs -elf FILE; -address does not"
    }
}

# --- start, stop, status ---

proc mpheap_dog_start {words} {
    if {[info exists ::mpheap_dog]} {
        error "mpheap: watchdog: runs already, at $::mpheap_dog(target)"
    }
    set options [mpheap_dog_options $words]
    set ::mpheap_status 3
    mpheap_dog_check_openocd
    set ::mpheap_dog [dict merge $options {
        points {} ours {} episode "" tries 0 fault "" outage "" since 0 files {} written 0 timer ""
    }]
    if {[catch {
        mpheap_dog_find_target
        mpheap_dog_find_folder
        mpheap_dog_find_points
        if {$::mpheap_dog(stuck) > 0} {
            mpheap_progress_learn $::mpheap_dog(target) $::mpheap_dog(alive) $::mpheap_dog(elf)
        }
        mpheap_dog_set_points
    } why]} {
        mpheap_dog_clear_points
        unset ::mpheap_dog
        error $why
    }
    mpheap_dog_schedule
    return "mpheap: watchdog: watches $::mpheap_dog(target): [mpheap_dog_interests]"
}

proc mpheap_dog_check_openocd {} {
    mpheap_check_tcl
    foreach command {after clock ms} {
        if {[info commands $command] eq ""} {
            error "mpheap: this OpenOCD's Tcl has no $command, without which there is no watchdog"
        }
    }
    if {[command mode] eq "config"} {
        error "mpheap: openocd: no target is connected before init"
    }
    if {[string match "*polling: off*" [poll]]} {
        error "mpheap: openocd: polling is off, so that it does not notice a halt: poll on"
    }
}

proc mpheap_dog_find_target {} {
    if {$::mpheap_dog(target) eq ""} {
        set ::mpheap_dog(target) [target current]
    }
    set target $::mpheap_dog(target)
    if {$target ni [target names]} {
        error "mpheap: openocd: no target '$target', there are: [target names]"
    }
    if {![$target was_examined]} {
        error "mpheap: openocd: $target was not examined: is it connected?"
    }
}

proc mpheap_dog_find_folder {} {
    set folder $::mpheap_dog(dir)
    if {[catch {file mkdir $folder}] || ![file writable $folder]} {
        error "mpheap: watchdog: no files can be made there ($folder)"
    }
}

proc mpheap_dog_stop {} {
    if {![info exists ::mpheap_dog]} {
        return "mpheap: watchdog: none runs"
    }
    after cancel $::mpheap_dog(timer)
    mpheap_dog_clear_points
    set written $::mpheap_dog(written)
    unset ::mpheap_dog
    return "mpheap: watchdog: stopped; cores written: $written"
}

proc mpheap_dog_status {} {
    if {![info exists ::mpheap_dog]} {
        return "mpheap: watchdog: none runs"
    }
    set target $::mpheap_dog(target)
    set lines [list "target   $target, [$target curstate]" "watches  [mpheap_dog_interests]"]
    if {$::mpheap_dog(outage) ne ""} {
        lappend lines "link     no answer for [mpheap_dog_outage_s] s: $::mpheap_dog(outage)"
    } elseif {$::mpheap_dog(stuck) > 0 && [$target curstate] eq "running"} {
        lappend lines "moved    [mpheap_progress_still_s] s ago"
    }
    if {$::mpheap_dog(episode) ne ""} {
        lappend lines "now      $::mpheap_dog(episode)"
    }
    lappend lines "cores    $::mpheap_dog(written) written, the newest $::mpheap_dog(keep) kept,\
        in $::mpheap_dog(dir)"
    foreach core $::mpheap_dog(files) {
        lappend lines "         [file tail [lindex $core 0]]"
    }
    return [join $lines \n]
}

# What it looks for, in words.
proc mpheap_dog_interests {} {
    set interests [list faults]
    foreach point $::mpheap_dog(points) {
        lassign $point address name
        set place [format 0x%08x $address]
        lappend interests "stops at [expr {$name eq $place ? $place : "$name ($place)"}]"
    }
    if {$::mpheap_dog(stuck) > 0} {
        lappend interests "no change for $::mpheap_dog(stuck) s of [mpheap_progress_evidence]"
    }
    return [join $interests "; "]
}
