# SPDX-License-Identifier: MIT
# The cores that the watchdog writes, and those it removes.

set mpheap_dog_tries 3

proc mpheap_dog_end_episode {} {
    set ::mpheap_dog(episode) ""
    set ::mpheap_dog(tries) 0
}

# One core for each episode: what goes on is no news.
proc mpheap_dog_event {reason episode words} {
    if {$episode eq $::mpheap_dog(episode)} {
        return
    }
    mpheap_dog_say $words
    set path [mpheap_dog_path $reason]
    if {[catch {mpheap_dog_snapshot $path} text]} {
        mpheap_dog_say "no core: [string map {"mpheap: " ""} $text]"
        incr ::mpheap_dog(tries)
    } else {
        mpheap_dog_say "wrote $text"
        mpheap_dog_keep $path
        set ::mpheap_dog(tries) 0
    }
    if {$::mpheap_dog(tries) == 0 || $::mpheap_dog(tries) >= $::mpheap_dog_tries} {
        set ::mpheap_dog(episode) $episode
        mpheap_dog_resume
    }
}

# A file that does not exist yet.
proc mpheap_dog_path {reason} {
    regsub -all {[^A-Za-z0-9_.+-]} [string range $reason 0 39] _ reason
    set now [clock format [clock seconds] -format %Y%m%d-%H%M%S]
    set path [file join $::mpheap_dog(dir) "mpheap-$now-$reason"]
    set suffix ""
    for {set i 2} {[file exists $path$suffix.core]} {incr i} {
        set suffix "-$i"
    }
    return $path$suffix.core
}

# What was written, and what is to be noted. (Before it the report lists the ranges.)
proc mpheap_dog_snapshot {path} {
    set words [list snapshot $path --target=$::mpheap_dog(target)]
    if {$::mpheap_dog(elf) ne ""} {
        lappend words --elf=$::mpheap_dog(elf)
    }
    if {$::mpheap_dog(halt)} {
        lappend words --halt
    }
    lassign [mpheap_run_aside [concat $words $::mpheap_dog(extra)]] report notes
    return [string trimright "[lindex [split $report \n] end]\n$notes"]
}

# {report notes}; what a user's own latest command left behind stays.
proc mpheap_run_aside {words} {
    set before [list $::mpheap_status $::mpheap_notes]
    try {
        set report [mpheap_run $words]
        return [list $report $::mpheap_notes]
    } finally {
        lassign $before ::mpheap_status ::mpheap_notes
    }
}

# Remember a core, and remove the oldest ones: only those that are as we left them.
proc mpheap_dog_keep {path} {
    incr ::mpheap_dog(written)
    lappend ::mpheap_dog(files) [list $path [file mtime $path] [file size $path]]
    while {[llength $::mpheap_dog(files)] > $::mpheap_dog(keep)} {
        set ::mpheap_dog(files) [lassign $::mpheap_dog(files) oldest]
        lassign $oldest path mtime size
        if {[file exists $path] && [file mtime $path] == $mtime && [file size $path] == $size} {
            file delete $path
            mpheap_dog_say "removed $path: keeps $::mpheap_dog(keep)"
        }
    }
}

# After a stop that nobody asked for but us, or the board itself.
proc mpheap_dog_resume {} {
    if {!$::mpheap_dog(resume) || [$::mpheap_dog(target) curstate] ne "halted"} {
        return
    }
    if {[catch {mpheap_dog_on_target resume} why]} {
        mpheap_dog_say "cannot resume $::mpheap_dog(target): $why"
        return
    }
    mpheap_dog_say "resumed $::mpheap_dog(target)"
    if {[string match "stop at *" $::mpheap_dog(episode)]} {
        mpheap_dog_end_episode
    }
}
