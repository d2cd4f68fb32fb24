# SPDX-License-Identifier: MIT
# What can be said about the code without running it. Results are kept by file, so
# that only what changed is looked at again.
#
#   make lint          everything; make -j2 lint is quicker
#   make lint-text     no analysers: includes, text, shell, Python

LINT_OUT := $(BUILD)/lint
LINT_TIDY ?= clang-tidy-14
LINT_CPPCHECK ?= cppcheck

# The fixture is compiled for other machines, with headers made on the way.
LINT_C := $(filter-out tests/fixture/%,$(wildcard src/*/*.c plugin/*.c tests/*/*.c))
LINT_H := $(wildcard src/*/*.h plugin/*.h tests/*/*.h)
LINT_SHELL := $(wildcard .ci/run *.sh */*.sh */*/*.sh completions/*.bash)
# program.py runs on the board, whose modules no analyser knows.
LINT_PYTHON := $(filter-out %/wasm/program.py,$(wildcard gdb/*.py examples/*.py tests/*.py */*/*.py */*/*/*.py))
LINT_CPPFLAGS := -D_GNU_SOURCE -Isrc -Iplugin $(PACKAGE_INCLUDES) '-DFUZZ_BASES="bases"'

# States of a function that are followed, at most. clang's own number is 225000, which takes
# eight times as long and has found no more here.
LINT_STATES ?= 15000
LINT_ANALYSER := $(foreach word,-Xclang -analyzer-config -Xclang max-nodes=$(LINT_STATES),--extra-arg=$(word))

# The slow half of the checks follows every path; tests are run, which is better.
LINT_CHECKS = $(if $(filter tests/%,$<),--checks=-clang-analyzer-*)

# error.c defines what returns.h describes.
LINT_MODEL = $(if $(filter src/base/error.c,$<),,-include tests/lint/returns.h)

.PHONY: lint lint-text
# cppcheck looks at everything in one go: what takes longest begins first.
lint: $(LINT_OUT)/cppcheck.stamp lint-text $(LINT_C:%=$(LINT_OUT)/%.tidy)
lint-text: $(LINT_OUT)/shell.stamp $(LINT_OUT)/python.stamp
	@echo "  LINT  includes, text"
	$(Q)$(PYTHON) tests/lint/includes.py
	$(Q)$(PYTHON) tests/lint/text.py

$(LINT_OUT)/%.c.tidy: %.c .clang-tidy tests/lint/returns.h
	@mkdir -p $(@D)
	@echo "  TIDY  $<"
	$(Q)$(CC) $(LINT_CPPFLAGS) -MM -MP -MT $@ -MF $@.d $<
	$(Q)$(LINT_TIDY) --quiet $(LINT_CHECKS) $(LINT_ANALYSER) $< -- -std=c11 $(LINT_CPPFLAGS) $(LINT_MODEL) >$@.log 2>/dev/null || \
	    { cat $@.log; exit 1; }
	$(Q)touch $@

$(LINT_OUT)/cppcheck.stamp: $(LINT_C) $(LINT_H)
	@mkdir -p $(LINT_OUT)/cppcheck
	@echo "  CPPCHECK"
	$(Q)$(LINT_CPPCHECK) --quiet --std=c11 --platform=unix64 $(LINT_CPPFLAGS) \
	    -D__BYTE_ORDER__=1234 -D__ORDER_LITTLE_ENDIAN__=1234 \
	    --cppcheck-build-dir=$(LINT_OUT)/cppcheck --enable=warning,performance,portability \
	    --inline-suppr --error-exitcode=1 --template='{file}:{line}: {id}: {message}' $(LINT_C)
	$(Q)touch $@

$(LINT_OUT)/shell.stamp: $(LINT_SHELL)
	@mkdir -p $(@D)
	@echo "  SHELLCHECK"
	$(Q)shellcheck $^ && touch $@

$(LINT_OUT)/python.stamp: $(LINT_PYTHON)
	@mkdir -p $(@D)
	@echo "  PYFLAKES"
	$(Q)$(PYTHON) -m pyflakes $^ && touch $@

-include $(shell find $(LINT_OUT) -name '*.d' 2>/dev/null)
