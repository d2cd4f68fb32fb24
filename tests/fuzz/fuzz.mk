# SPDX-License-Identifier: MIT
# Fuzzing: everything that comes from a board, a file or the other end of a link.
#
#   make fuzz FUZZ_SECONDS=600    each target that long; what is found new is kept in the corpus
#   make fuzz-smoke               each target for a moment, from the seeds alone, on the objects
#                                 of ASAN=1: they count edges, but do not look at comparisons
#   make ASAN=1 fuzz-build        programs and seeds only; FUZZ=1 for those of make fuzz
#
# Run one by hand on an input that failed:  build-fuzz/fuzz/fuzz_core build-fuzz/fuzz/crashes/...

FUZZ_OUT := $(BUILD)/fuzz
FUZZ_SECONDS ?= 60
FUZZ_JOBS ?= $(shell nproc)

# The slowest first, beside which all others run.
FUZZ_TARGETS := fuzz_damage \
    $(filter-out fuzz_damage,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(FUZZ_OUT)/%)
FUZZ_BASES := v1.8 v1.12 v1.19.1 v1.27.0 v1.28.0-split v1.27.0-rv64
FUZZ_ELFS := $(foreach base,$(FUZZ_BASES),$(FIXTURE_OUT)/$(base).elf $(FIXTURE_OUT)/$(base)-stripped.elf)
FUZZ_RUN = $(PYTHON) tests/fuzz/run.py --jobs $(FUZZ_JOBS) $(FUZZ_TARGETS)

.PHONY: fuzz fuzz-smoke fuzz-build
fuzz:
	@$(MAKE) --no-print-directory FUZZ=1 fuzz-build
	$(Q)$(FUZZ_RUN) --out build-fuzz/fuzz --seconds $(FUZZ_SECONDS) --keep

fuzz-smoke:
	@$(MAKE) --no-print-directory ASAN=1 fuzz-build
	$(Q)$(FUZZ_RUN) --out build-asan/fuzz --seconds 3

fuzz-build: $(FUZZ_PROGRAMS) $(FUZZ_OUT)/seeds.stamp

$(FUZZ_OUT)/seeds.stamp: tests/fuzz/seeds.py tests/fuzz/seed_firmware.c $(FUZZ_ELFS) | $(BUILD)/mpheap
	@mkdir -p $(@D)
	@echo "  SEEDS $(FUZZ_OUT)/seeds"
	$(Q)env -u MAKEFLAGS $(PYTHON) tests/fuzz/seeds.py --mpheap $(BUILD)/mpheap --out $(FUZZ_OUT) \
	    $(FUZZ_BASES)
	$(Q)touch $@

$(FUZZ_PROGRAMS): $(FUZZ_OUT)/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/support.o $(BUILD)/libmpheap.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/%.o: override CPPFLAGS += '-DFUZZ_BASES="$(FUZZ_OUT)/bases"'
