# SPDX-License-Identifier: MIT
# Fuzzing: everything that comes from a board, a file or the other end of a link.
#
#   make fuzz FUZZ_SECONDS=600    each target that long; what is found new is kept in the corpus
#   make fuzz-smoke               each target for a moment, from the seeds alone
#   make fuzz-build               programs and seeds only
#
# Run one by hand on an input that failed:  $(FUZZ_OUT)/fuzz_core $(FUZZ_OUT)/crashes/...

FUZZ_OUT := build-fuzz
FUZZ_CC ?= clang-14
FUZZ_SECONDS ?= 60
FUZZ_JOBS ?= $(shell nproc)

FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(FUZZ_OUT)/%)
FUZZ_OBJECTS := $(patsubst %.c,$(FUZZ_OUT)/%.o,$(filter src/%,$(LIB_SOURCES)) tests/fuzz/support.c)
FUZZ_CFLAGS := -std=c11 -O1 -g $(WARNINGS) -fno-omit-frame-pointer \
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
    '-DFUZZ_BASES="$(FUZZ_OUT)/bases"'
FUZZ_BASES := v1.8 v1.12 v1.19.1 v1.27.0 v1.28.0-split v1.27.0-rv64
FUZZ_ELFS := $(foreach base,$(FUZZ_BASES),$(FIXTURE_OUT)/$(base).elf $(FIXTURE_OUT)/$(base)-stripped.elf)
FUZZ_RUN = $(PYTHON) tests/fuzz/run.py --out $(FUZZ_OUT) --jobs $(FUZZ_JOBS)

.PHONY: fuzz fuzz-smoke fuzz-build
fuzz: fuzz-build
	$(Q)$(FUZZ_RUN) --seconds $(FUZZ_SECONDS) --keep $(FUZZ_TARGETS)

fuzz-smoke: fuzz-build
	$(Q)$(FUZZ_RUN) --seconds 3 $(FUZZ_TARGETS)

fuzz-build: $(FUZZ_PROGRAMS) $(FUZZ_OUT)/seeds.stamp

$(FUZZ_OUT)/seeds.stamp: tests/fuzz/seeds.py tests/fuzz/seed_firmware.c $(FUZZ_ELFS) | $(BUILD)/mpheap
	@mkdir -p $(@D)
	@echo "  SEEDS $(FUZZ_OUT)/seeds"
	$(Q)env -u MAKEFLAGS $(PYTHON) tests/fuzz/seeds.py --mpheap $(BUILD)/mpheap --out $(FUZZ_OUT) \
	    $(FUZZ_BASES)
	$(Q)touch $@

$(FUZZ_PROGRAMS): $(FUZZ_OUT)/fuzz_%: $(FUZZ_OUT)/tests/fuzz/fuzz_%.o $(FUZZ_OBJECTS)
	@echo "  LD    $@"
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

$(FUZZ_OUT)/src/report/page_template.o: FUZZ_CFLAGS += -Wa,-I$(BUILD)/page
$(FUZZ_OUT)/src/report/page_template.o: $(BUILD)/page/page.html

$(FUZZ_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (fuzz)"
	$(Q)$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) -c -o $@ $<

-include $(shell find $(FUZZ_OUT) -name '*.d' 2>/dev/null)
