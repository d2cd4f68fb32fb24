# SPDX-License-Identifier: MIT
"""Cycle counters of processors that QEMU does not have, by the words that the manuals describe."""

from __future__ import annotations

import itertools
from types import ModuleType

import pytest

DEMCR, DWT_CTRL, DWT_CYCCNT = 0xE000EDFC, 0xE0001000, 0xE0001004
TRACE_ON, COUNTER_ON, NO_COUNTER = 1 << 24, 1 << 0, 1 << 25


@pytest.fixture(name="clock")
def _clock(without_gdb: None) -> ModuleType:
    from mpheap_gdb import clock  # pylint: disable=import-outside-toplevel,import-error

    return clock


def test_cycles_of_a_cortex_m_that_counts(clock):
    words = {DEMCR: TRACE_ON, DWT_CTRL: 0x40000000 | COUNTER_ON, DWT_CYCCNT: 1000}
    watch = clock.Stopwatch(clock.dwt(words.get))
    words[DWT_CYCCNT] = 19432
    assert watch.stop().text() == "18432 cycles (dwt)"
    assert watch.stop().fields() == {
        "duration_cycles": 18432, "clock": "dwt", "is_upper_bound": False
    }


def test_a_counter_that_has_gone_round(clock):
    words = {DEMCR: TRACE_ON, DWT_CTRL: COUNTER_ON, DWT_CYCCNT: 0xFFFFFF00}
    watch = clock.Stopwatch(clock.dwt(words.get))
    words[DWT_CYCCNT] = 0x100
    assert watch.stop().cycles == 0x200


@pytest.mark.parametrize(
    "words, why",
    [
        ({}, "DWT's cycle counter cannot be read"),
        ({DEMCR: 0, DWT_CTRL: COUNTER_ON}, "DWT's cycle counter is off"),
        ({DEMCR: TRACE_ON, DWT_CTRL: 0x40000000}, "DWT's cycle counter is off"),
        ({DEMCR: TRACE_ON, DWT_CTRL: NO_COUNTER | COUNTER_ON}, "DWT has no cycle counter here"),
    ],
)
def test_a_cortex_m_that_does_not_count(clock, words, why):
    with pytest.raises(clock.NoCounter) as error:
        clock.dwt(words.get)
    assert str(error.value) == why


def test_a_counter_that_can_be_read_no_more_leaves_the_hosts_clock(clock):
    words = {DEMCR: TRACE_ON, DWT_CTRL: COUNTER_ON, DWT_CYCCNT: 5}
    watch = clock.Stopwatch(clock.dwt(words.get))
    del words[DWT_CYCCNT]
    duration = watch.stop()
    assert (duration.clock, duration.cycles, duration.is_upper_bound) == ("host", None, True)


@pytest.mark.parametrize(
    "registers, later, cycles",
    [
        ({"mcycle": 0xFFFFFFF0, "mcycleh": 1}, {"mcycle": 0x10, "mcycleh": 2}, 0x20),
        ({"mcycle": 0xFFFFFFF0}, {"mcycle": 0x10}, 0x20),
    ],
)
def test_both_halves_of_a_risc_v_counter(clock, registers, later, cycles):
    watch = clock.Stopwatch(clock.mcycle(registers.get, 32))
    registers |= later
    assert watch.stop().text() == f"at most {cycles} cycles (mcycle)"


def test_a_risc_v_counter_whose_halves_never_agree(clock):
    words = itertools.count()
    with pytest.raises(clock.NoCounter):
        clock.mcycle(lambda name: next(words), 32)


def test_a_risc_v_counter_that_stands_still_with_the_core(clock):
    registers = {"mcycle": 7, "dcsr": 1 << 10}
    watch = clock.Stopwatch(clock.mcycle(registers.get, 64))
    registers["mcycle"] = 107
    assert watch.stop().text() == "100 cycles (mcycle)"
