# SPDX-License-Identifier: MIT
"""Values in GDB: what `print`, `info locals`, `bt` and $mp_repr say is what the firmware says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence

import pytest

import doors
from doors import command
from fixture import run
from live.values import agrees, is_telling
from rig import Board, DebugPort, OpenOcd

# One for each representation, word size and era of what values are made of.
VARIANTS = [
    "v1.9.4",
    "v1.12-nanbox",
    "v1.19.1",
    "v1.27.0",
    "v1.27.0-reprb",
    "v1.27.0-reprc",
    "v1.27.0-nanbox",
    "v1.27.0-double",
    "v1.27.0-rv64",
    "v1.28.0-split",
]

# What is asked in the frame of a C function that was called with Python's values.
COMMANDS = [
    "bt 2",
    "info locals",
    "print/r broken",
    "print broken",
    "print args[0]",
    "print *args@n_args",
    "print module->globals->map",
    "print *module",
    'print $mp_global("settings")',
    "whatis $",
    'print $mp_global("config.led_pin")',
    'print $mp_module("config")',
    'print $mp_module("gc")',
    'print $mp_type($mp_module("config"))',
    'print $mp_repr($mp_global("point"))',
    "print $mp_repr(*module)",
    "print $mp_repr(args[0])",
    "print $mp_qstr(name)",
]


@pytest.fixture(name="board", scope="module", params=VARIANTS)
def _board(request: pytest.FixtureRequest) -> Iterator[run.FixtureRun]:
    with run.run(request.param) as board:
        yield board


@pytest.fixture(name="said", scope="module")
def _said(board: run.FixtureRun) -> dict[str, str]:
    """What GDB printed for each of COMMANDS."""
    return dict(zip(COMMANDS, map(value_of, in_wait(board, *COMMANDS))))


def answers(connect: Sequence[str], elf: Sequence[str], *commands: str) -> list[str]:
    """What each command printed, a text that may have lines."""
    between = "echo \\n<->\\n"
    words = [word for item in commands for word in (between, item)]
    result = doors.gdb(*connect, *words, between, arguments=elf)
    assert result.exit == 0, result.stderr
    return [text.strip() for text in result.stdout.split("\n<->\n")[1:-1]]


def in_wait(board: run.FixtureRun, *commands: str) -> list[str]:
    """The same in the frame of a C function that was called with Python's values."""
    connect = [doors.qemu(board), "up"]
    return answers(connect, [str(board.elf)], *commands)


def value_of(text: str) -> str:
    """Without the number that `print` gives a value."""
    return re.sub(r"^\$\d+ = ", "", text)


def loop(board: run.FixtureRun) -> str:
    """The function that every fixture's program is in, as it prints."""
    return rf"<function loop_forever at 0x[0-9a-f]{{8,{board.firmware.bits // 4}}}>"


# --- what the firmware says ---


def test_repr_and_type_of_every_object(board):
    said = {
        name: item
        for name, item in board.objects.items()
        if is_telling(item.repr) and "<function>" not in item.repr
    }
    ask = "python print(gdb.parse_and_eval('$mp_{}(\"{}\")').string())"
    commands = [ask.format(what, name) for name in said for what in ("repr", "type")]
    found = answers([doors.qemu(board)], [str(board.elf)], *commands)
    wrong = {
        name: (value, kind, item)
        for (name, item), value, kind in zip(said.items(), found[::2], found[1::2])
        if not agrees(value, item.repr) or kind != item.type
    }
    assert len(said) > 40
    assert not wrong


# --- printers ---


def test_the_backtrace_shows_arguments(said):
    arguments = r"module_in=<module 'gc'>, name=\d+ 'loop_forever', n_args=4, args="
    assert re.search(rf"native_wait \({arguments}", said["bt 2"])


def test_locals_are_values(said, board):
    found = dict(line.split(" = ", 1) for line in said["info locals"].splitlines())
    assert found["module"] == "<module 'gc'>"
    assert re.fullmatch(r"0x[0-9a-f]+ <class 'module'>", found["type"])
    assert re.fullmatch(loop(board), found["last"])
    assert found["nothing"].split()[0] == "0x0"


def test_what_is_no_object_keeps_gdbs_own_text_and_says_why(said):
    own = said["print/r broken"].replace("(mp_obj_t) ", "")
    assert said["print broken"] == f"{own} <bad: no object at {int(own, 0):#x}>"


def test_elements_and_members(said, board):
    assert said["print args[0]"] == "-250"
    every = said["print *args@n_args"]
    assert re.fullmatch(rf"\{{-250, 'temperature', True, {loop(board)}\}}", every)
    module = said["print *module"]
    assert re.match(r"\{base = \{type = 0x[0-9a-f]+ <class 'module'>\}, ", module)
    assert "globals = {'__name__': 'gc', 'collect': <function at 0x" in module


def test_a_map_shows_its_entries(said):
    entries = r"\['__name__'\] = 'gc', \['collect'\] = <function at 0x[0-9a-f]+>"
    pattern = rf"mp_map_t, 2 of 2 used = \{{{entries}\}}"
    assert re.fullmatch(pattern, said["print module->globals->map"])


def test_a_map_that_makes_no_sense_ends(one_board):
    """Its length is an address, and so is where its table ends."""
    (text,) = in_wait(one_board, "print *(mp_map_t *) &module->globals->map.table")
    assert re.fullmatch(r"\$1 = mp_map_t, \d+ of \d+ used", text)


def test_constants_and_qualified_types(one_board):
    commands = [
        "print *(mp_obj_t const volatile *) args",
        "print ((mp_rom_map_elem_t *) module->globals->map.table)[0]",
        "print (qstr_short_t) name",
        "print (mp_obj_list_t *) 0",
        "print (mp_obj_t) 0",
        "print &module->base",
    ]
    found = [value_of(text) for text in in_wait(one_board, *commands)]
    assert found[:2] == ["-250", "{key = '__name__', value = 'gc'}"]
    assert re.fullmatch(r"\d+ 'loop_forever'", found[2])
    assert found[3:] == ["(mp_obj_list_t *) 0x0", "NULL", "<module 'gc'>"]


def test_printers_can_be_disabled_and_enabled(one_board):
    commands = [
        "disable pretty-printer global mpheap;mp_obj_t$",
        "print last",
        "print module",
        "disable pretty-printer global mpheap",
        "print module",
        "enable pretty-printer global mpheap",
        "enable pretty-printer global mpheap;mp_obj_t$",
        "print last",
    ]
    found = [value_of(text) for text in in_wait(one_board, *commands)]
    assert re.fullmatch(r"\(mp_obj_t\) 0x[0-9a-f]+", found[1])
    assert found[2] == "<module 'gc'>"
    assert re.fullmatch(r"\(mp_obj_module_t \*\) 0x[0-9a-f]+ <mp_module_gc>", found[4])
    assert re.fullmatch(loop(one_board), found[7])


def test_sourcing_twice_registers_once(one_board):
    again = f"source {doors.SCRIPT}"
    _, listed, last = in_wait(one_board, again, "info pretty-printer global mpheap", "print last")
    assert listed.split() == (
        "global pretty-printers: mpheap mp_map_t mp_obj_*_t mp_obj_t mp_obj_type_t qstr".split()
    )
    assert re.fullmatch(loop(one_board), value_of(last))


# --- functions ---


def test_globals_and_modules_by_name(said):
    settings = said['print $mp_global("settings")']
    assert sorted(settings.strip("{}").split(", ")) == [
        "'path': '/flash/log.txt'",
        "'retry_count': 5",
        "'threshold': 21.5",
    ]
    assert said["whatis $"] == "type = mp_obj_t"
    assert said['print $mp_global("config.led_pin")'] == "13"
    assert said['print $mp_module("config")'] == "<module 'config'>"
    assert said['print $mp_module("gc")'] == "<module 'gc'>"


def test_functions_give_strings(said):
    assert said['print $mp_type($mp_module("config"))'] == '"module"'
    assert said['print $mp_repr($mp_global("point"))'] == '"(3, -4, None, True, False)"'
    assert said["print $mp_repr(*module)"] == "\"<module 'gc'>\""
    assert said["print $mp_repr(args[0])"] == '"-250"'
    assert said["print $mp_qstr(name)"] == '"loop_forever"'


def test_the_long_form_is_not_cut(one_board):
    text = "python print(gdb.parse_and_eval('$mp_repr(\"names\")').string())"
    short, whole = in_wait(one_board, 'print $mp_global("names")', text)
    assert "'a text long enough to fill more than a few blocks of any siz'..." in short
    assert "so that its data makes a run of tails in the map'" in whole


def test_in_an_expression(one_board):
    commands = ["set $text = $mp_repr(last)", 'printf "%s\\n", $text']
    _, text = in_wait(one_board, *commands)
    assert re.fullmatch(loop(one_board), text)


WRONG = {
    '$mp_global("nosuch")': "$mp_global: module '__main__': no global 'nosuch'",
    '$mp_global("config.nosuch")': "$mp_global: module 'config': no global 'nosuch'",
    '$mp_global("nosuch.x")': "$mp_global: no module 'nosuch'",
    '$mp_module("nosuch")': "$mp_module: no module 'nosuch'",
    "$mp_module(7)": "$mp_module: a name in quotes is wanted",
    '$mp_global("")': "$mp_global: a name in quotes is wanted",
    "$mp_repr()": "$mp_repr takes one argument",
    "$mp_type(1, 2)": "$mp_type takes one argument",
    '$mp_qstr("x")': "$mp_qstr: the number of an interned string is wanted",
    "$mp_repr(nlr)": "$mp_repr: no object word (it is a nlr_buf_t)",
}


def test_what_cannot_be_answered_is_one_line(one_board):
    script = "python\n" + "\n".join(
        f"try:\n    gdb.parse_and_eval({expression!r})\nexcept gdb.error as error:\n"
        f"    print('error:', error)"
        for expression in WRONG
    )
    (text,) = answers(
        [doors.qemu(one_board), "up 3"], [str(one_board.elf)], script + "\nend"
    )
    assert text.splitlines() == [f"error: mpheap: {line}" for line in WRONG.values()]


# --- other targets ---


def test_a_core_says_what_the_board_said(said, board, tmp_path):
    core = tmp_path / "board.core"
    saved = doors.shell("snapshot", core, f"--gdb=:{board.gdb_port}", f"--elf={board.elf}")
    assert saved.returncode == 0, saved.stderr
    offline = answers([f"core-file {core}", "up"], [str(board.elf)], *COMMANDS)
    assert dict(zip(COMMANDS, map(value_of, offline))) == said


CODE = """
import gc
cache = {'a': [1, 2.5, None]}
class Led:
    def on(self):
        pass
led = Led()
"""


def test_a_board_without_symbols():
    commands = [
        'print $mp_repr("cache")',
        'print $mp_repr($mp_global("cache"))',
        'print $mp_repr($mp_module("gc"))',
        'print $mp_type("led")',
        "python print(gdb.parse_and_eval('$mp_global(\"cache\")').type.sizeof)",
    ]
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        board.freeze(CODE)
        connect = [f"target extended-remote 127.0.0.1:{openocd.gdb_port}"]
        found = answers(connect, [], *commands)
        assert port.stats()["memory_writes"] == 0
    assert [value_of(text) for text in found] == [
        "\"{'a': [1, 2.5, None]}\"",
        "\"{'a': [1, 2.5, None]}\"",
        "\"<module 'gc'>\"",
        '"Led"',
        "4",
    ]


def test_without_a_program_gdb_says_what_it_can(one_board):
    elf = [str(one_board.elf)]
    (text,) = answers([], elf, "print mp_module_gc")
    assert re.search(r"base = \{type = 0x[0-9a-f]+ <mp_type_module>\}", text)
    result = doors.gdb("print $mp_repr(7)", arguments=elf)
    assert result.stderr.splitlines()[-1] == "mpheap: $mp_repr: gdb: no program to look at"


def test_without_the_library_gdb_says_what_it_can(one_board, monkeypatch):
    monkeypatch.setenv("MPHEAP_LIBRARY", "/nonexistent/lib.so")
    raw, text = map(value_of, in_wait(one_board, "print/r args[0]", "print args[0]"))
    own = raw.replace("(const mp_obj_t) ", "").replace("(mp_obj_t) ", "")
    assert text.startswith(f"{own} <bad: library: /nonexistent/lib.so: ")


# --- when the program goes on ---


def test_a_write_is_seen(one_board):
    items = "((mp_obj_list_t *) scene->loop_local)"
    commands = [
        "up",
        f"print {items}",
        f"set var {items}->items[0] = (mp_obj_t) 85",
        f"set var {items}->len = 1",
        f"print {items}",
        f"set var {items}->len = 0",
    ]
    found = in_wait(one_board, *commands)
    assert [value_of(text) for text in (found[1], found[4])] == ["[]", "[42]"]


def test_each_stop_is_looked_at_anew():
    """At its first instruction a board has no heap; when it hangs, it has."""
    with run.run("v1.27.0") as board:
        commands = [
            "monitor system_reset",
            "maintenance flush register-cache",
            "tbreak scene_build",
            "continue",
            "print (mp_obj_t) 85",
            "tbreak fixture_idle",
            "continue",
            "print (mp_obj_t) 85",
            "up",
            "print module_in",
        ]
        found = answers([doors.qemu(board)], [str(board.elf)], *commands)
    assert "<bad: " in found[4]
    assert [value_of(text) for text in (found[7], found[9])] == ["42", "<module 'gc'>"]


def test_another_core_is_looked_at_anew(tmp_path):
    cores = []
    for variant in ("v1.27.0", "v1.28.0"):
        with run.run(variant) as board:
            cores.append((tmp_path / f"{variant}.core", board.elf))
            saved = doors.shell(
                "snapshot", cores[-1][0], f"--gdb=:{board.gdb_port}", f"--elf={board.elf}"
            )
            assert saved.returncode == 0, saved.stderr
    script = [
        word
        for core, elf in cores
        for word in (f"file {elf}", f"core-file {core}", 'print $mp_global("point")')
    ]
    found = answers([], [], *script)
    assert [value_of(found[2]), value_of(found[5])] == ["(3, -4, None, True, False)"] * 2


# --- what GDB lends ---


def test_the_entry_point_of_a_position_independent_program(tmp_path):
    source, program = tmp_path / "program.c", tmp_path / "program"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-pie", "-fPIE", "-o", program, source], check=True)
    result = doors.gdb(
        "starti",
        "python import mpheap_gdb.inferior",
        "python print(mpheap_gdb.inferior.entry() == int(gdb.parse_and_eval('(long) &_start')))",
        arguments=[str(program)],
    )
    assert result.stdout.splitlines()[-1] == "True", result


def test_the_terminal_is_safe_from_what_memory_holds(one_board):
    with doors.gdb_by_hand(str(one_board.elf)) as gdb:
        command(gdb, doors.qemu(one_board))
        text = command(gdb, 'print $mp_global("text_controls")')
    assert value_of(text).strip() == r"'a\tb\nc\rd\\e\x1b\x7f'"


def test_every_function_is_in_the_page_about_gdb():
    page = (doors.ROOT / "docs" / "gdb.md").read_text(encoding="utf-8")
    listed = doors.gdb("help function").stdout
    names = re.findall(r"^(?:function )?(mp_\w+) -- ", listed, re.M)
    assert len(names) == 5
    assert all(f"${name}" in page for name in names)
