# SPDX-License-Identifier: MIT
# Measurements, as ratios taken side by side in one run. They are printed beside
# what is aimed at, and nothing fails when one is missed: machines differ.
#
#   make bench                     everything
#   make bench BENCH_PARTS=link    link, watching, shell, large, marking, paths, dominators, page or gdb

BENCH_OUT := $(BUILD)/tests/bench
BENCH_PARTS ?= link watching shell large marking paths dominators page gdb
BENCH_ELFS := $(FIXTURE_OUT)/v1.27.0-bench.elf $(FIXTURE_OUT)/v1.27.0-bench-stripped.elf

.PHONY: bench
bench: all $(BUILD)/tests/debugport $(BENCH_OUT)/generate $(BENCH_OUT)/mark \
    $(BENCH_OUT)/paths $(BENCH_OUT)/dominators $(BENCH_OUT)/large.elf $(BENCH_ELFS)
	$(Q)env -u MAKEFLAGS MPHEAP_BUILD=$(CURDIR)/$(BUILD) $(PYTHON) tests/bench/bench.py $(BENCH_PARTS)

$(BENCH_OUT)/generate: $(addprefix $(BUILD)/tests/bench/,generate.o pool.o scene.o)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(addprefix $(BENCH_OUT)/,mark paths dominators): $(BENCH_OUT)/%: $(BUILD)/tests/bench/%.o \
    $(BUILD)/tests/bench/filled.o $(BUILD)/libmpheap.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BENCH_OUT)/large.elf: tests/bench/firmware.c tests/bench/rom.h
	@mkdir -p $(@D)
	$(Q)$(CROSS_ARM)gcc -g -mthumb -mcpu=cortex-m3 -ffreestanding -nostdlib -static \
	    -Wl,-Ttext=0x08000000 -Wl,-Tbss=0x20000000 -o $@ $<
