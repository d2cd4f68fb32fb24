# SPDX-License-Identifier: MIT
# The command mpheap in OpenOCD: the words and the bytes of the shell command of
# the same name, on OpenOCD's console, in configuration files, and from GDB as
# `monitor mpheap ...`.
#
#   source [find mpheap.tcl]
#   mpheap map
#   mpheap info --elf firmware.elf
#
# The work is done by the program mpheap, which is started for each command:
# $mpheap_command if that is set, else the environment's MPHEAP, else the one that
# was built or installed with this file, else `mpheap` from the PATH. File names
# are relative to the folder OpenOCD was started in.
#
# The program must not connect to OpenOCD's ports: OpenOCD serves nobody while
# it waits for a command to end. So it speaks through two pipes, a script and a
# result in turn, one line each (src/target/tcl_port.h). It asks about the
# current target unless --target names another. With --core, --image, --hex,
# --openocd or --gdb it has a target of its own, and asks nothing.
#
# For scripts:
#   mpheap_report ...  the same command; the report is its result and never shown
#   $mpheap_status     exit status of the latest command: 0, or 1 where the report
#                      found what it looks for; from 2 on the command is an error
#   $mpheap_notes      what it said besides the report
#
# `mpheap watchdog` alone is no word of the program: watchdog.tcl, beside this file.

# Show a report, and the notes on it, where it was asked for. OpenOCD shows the
# result of what is typed (telnet, -c, GDB's monitor), and shows it to nobody
# else; but it drops the results of what stands in a file.
proc mpheap {args} {
    if {[catch {mpheap_run $args} shown]} {
        return -code error $shown
    }
    if {$::mpheap_notes ne ""} {
        append shown [expr {$shown eq "" ? "" : "\n"}] $::mpheap_notes
    }
    if {[mpheap_is_typed]} {
        return $shown
    }
    if {$shown ne ""} {
        echo $shown
    }
    return ""
}

# The report as text, without the newline at its end.
proc mpheap_report {args} {
    if {[catch {mpheap_run $args} report]} {
        return -code error $report
    }
    return $report
}

# The same, but an error brings along the names of the procedures below.
proc mpheap_run {words} {
    set ::mpheap_status 5
    set ::mpheap_notes ""
    if {[lindex $words 0] eq "watchdog"} {
        return [mpheap_run_watchdog [lrange $words 1 end]]
    }
    mpheap_check_tcl
    set folder [exec mktemp -d [mpheap_env TMPDIR /tmp]/mpheap.XXXXXX]
    try {
        if {[mpheap_asks_us $words]} {
            set ending [mpheap_serve $folder $words]
        } else {
            set ending [wait [mpheap_start $folder $words </dev/null >$folder/report]]
        }
        set report [mpheap_read_file $folder/report]
        set notes [mpheap_read_file $folder/notes]
    } finally {
        file delete -force $folder
    }
    mpheap_judge $ending $notes
    return $report
}

# The one word that is no report of the program; its file is read with the first use.
proc mpheap_run_watchdog {words} {
    set ::mpheap_status 2
    if {[info commands mpheap_watchdog] eq ""} {
        uplevel #0 [list source $::mpheap_folder/watchdog.tcl]
    }
    set text [mpheap_watchdog $words]
    set ::mpheap_status 0
    return $text
}

# --- which words ---

# Whether the program will ask for memory through the pipes: not for help, which
# it prints, and not where an option names the target. Options may be abbreviated.
proc mpheap_asks_us {words} {
    if {[llength $words] == 0 || [string match -* [lindex $words 0]]} {
        return 0
    }
    foreach word $words {
        if {$word eq "--"} {
            return 1
        }
        if {$word in {help -h -? --help} || [mpheap_names_target $word]} {
            return 0
        }
    }
    return 1
}

proc mpheap_names_target {word} {
    set name [lindex [split $word =] 0]
    if {[string length $name] < 3} {
        return 0
    }
    foreach option {--core --image --hex --openocd --gdb} {
        if {[string first $name $option] == 0} {
            return 1
        }
    }
    return 0
}

# Options of ours come first, so that the same ones of the user's win.
proc mpheap_served_words {folder words} {
    if {![catch {command mode} mode] && $mode eq "config"} {
        set ::mpheap_status 3
        return -code error "mpheap: openocd: no target is connected before init"
    }
    set ours [list --openocd=- --output=$folder/report]
    if {![catch {target current} name] && $name ne ""} {
        lappend ours --target=$name
    }
    return [linsert $words 1 {*}$ours]
}

# --- the program ---

proc mpheap_env {name default} {
    set value [env $name ""]
    return [expr {$value eq "" ? $default : $value}]
}

set mpheap_folder [file join [pwd] [file dirname [info script]]]

proc mpheap_program {} {
    if {[info exists ::mpheap_command]} {
        return $::mpheap_command
    }
    foreach way {../build ../../../bin} {
        if {[file executable $::mpheap_folder/$way/mpheap]} {
            return [mpheap_env MPHEAP $::mpheap_folder/$way/mpheap]
        }
    }
    return [mpheap_env MPHEAP mpheap]
}

# Some builds of OpenOCD come with a Tcl that cannot start programs.
proc mpheap_check_tcl {} {
    foreach command {exec pipe wait} {
        if {[info commands $command] eq ""} {
            return -code error "mpheap: this OpenOCD's Tcl has no $command:\
                use \"mpheap REPORT --openocd=:PORT\" in a shell, with its Tcl port"
        }
    }
}

proc mpheap_shell_quote {word} {
    return '[string map {' '\\''} $word]'
}

# Start the program in the background, its messages going to a file; its process
# id. A shell does it: exec would take words such as ">x" for redirections. The
# program gets none of OpenOCD's sockets, which would stay open as long as it lives.
proc mpheap_start {folder words in out} {
    set script "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec"
    foreach word [list [mpheap_program] {*}$words] {
        append script " " [mpheap_shell_quote $word]
    }
    return [exec sh -c $script $in $out 2>$folder/notes &]
}

# Start the program and answer its questions until it ends; how it ended, in the
# words of `wait`.
proc mpheap_serve {folder words} {
    lassign [pipe] scripts its_out
    lassign [pipe] its_in results
    try {
        set process [mpheap_start $folder [mpheap_served_words $folder $words] \
                         <@$its_in >@$its_out]
        close $its_out
        mpheap_converse $scripts $results
    } finally {
        foreach end [list $scripts $its_in $results] {
            close $end
        }
    }
    return [wait $process]
}

# Until the program closes its end. What it wrote of a line before it was killed
# is no script.
proc mpheap_converse {scripts results} {
    while {[gets $scripts line] >= 0 && ![eof $scripts]} {
        set answer [mpheap_answer $line]
        if {[catch {puts $results $answer; flush $results}]} {
            return
        }
    }
}

# The result of a script, which has its errors in it. It runs at the global level,
# as what is typed does: handlers of target events may run inside. Memory that
# cannot be read is no news for the log, the program looks where it ends.
proc mpheap_answer {script} {
    if {[mpheap_try_quietly $script answer]} {
        set answer "1 {}"
    }
    foreach name [info globals mph_*] {
        unset ::$name
    }
    return [string map {\n " "} $answer]
}

# Like catch, at the global level, and with less in the log.
proc mpheap_try_quietly {script variable} {
    upvar 1 $variable answer
    set level [lindex [debug_level] end]
    if {$level < 3} {
        debug_level -1
    }
    set code [catch {uplevel #0 $script} answer]
    debug_level $level
    return $code
}

# --- the outcome ---

# The text of a file, which may be missing, without the newline at its end.
proc mpheap_read_file {path} {
    if {![file exists $path]} {
        return ""
    }
    set file [open $path]
    set text [read $file]
    close $file
    return [regsub {\n$} $text ""]
}

# Take over the notes and the exit status. Fails as the program did: with the last
# of its lines, which says why.
proc mpheap_judge {ending notes} {
    lassign $ending how process status
    set lines [split $notes \n]
    if {$how ne "CHILDSTATUS"} {
        return -code error "mpheap: [mpheap_program] was ended by $status"
    }
    set ::mpheap_status $status
    if {$status <= 1} {
        set ::mpheap_notes $notes
        return
    }
    set ::mpheap_notes [join [lrange $lines 0 end-1] \n]
    if {$status == 126 || $status == 127} {
        return -code error "mpheap: cannot start [mpheap_program]:\
            set mpheap_command to where the program is"
    }
    return -code error [lindex $lines end]
}

# Whether the command that goes on was typed, and does not stand in a file or in an
# event handler from one. Jim 0.81 describes a frame as {PROC FILE LINE}, later ones
# as a dictionary.
proc mpheap_is_typed {} {
    set frame [info frame 1]
    if {[llength $frame] == 3} {
        return [expr {[lindex $frame 1] eq ""}]
    }
    return [expr {![dict exists $frame file] || [dict get $frame file] eq ""}]
}

add_usage_text mpheap "REPORT \[ARGS\] \[options\]"
add_help_text mpheap "the heap of a MicroPython board: `mpheap --help' lists the reports,\
    `mpheap watchdog' keeps cores of a board that hangs or faults"
