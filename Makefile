# SPDX-License-Identifier: MIT
# mpheap: the heap of a MicroPython board, from outside.
#
#   make demo    a real board's heap through real OpenOCD, three times
#   make check   all tests
#   make help    everything else

# Variables of the command line: V=1 shows commands, ASAN=1 builds with the address
# and undefined behaviour sanitizers, FUZZ=1 with all that libFuzzer can use besides,
# COVERAGE=1 with gcov.
SANITIZED := $(ASAN)$(FUZZ)
CC ?= gcc
ifneq ($(SANITIZED),)
CC := clang-14
endif
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
PYTHON ?= /usr/bin/python3
BUILD := build$(if $(ASAN),-asan)$(if $(FUZZ),-fuzz)$(if $(COVERAGE),-coverage)
VERSION := $(shell sed -n 's/^.define MPHEAP_VERSION "\(.*\)"/\1/p' src/base/version.h)
SOVERSION := 0
# More than this wins nothing: the tests wait for boards and probes a third of the time.
JOBS ?= $(shell n=$$(nproc); echo $$((n < 4 ? n : 4)))
WORKERS ?= $(shell echo $$(($(JOBS) + 1)))
Q := $(if $(V),,@)
comma := ,

PACKAGES := libelf libdw jansson capstone zlib cairo
TERMINAL_PACKAGES := ncursesw
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wwrite-strings -Wvla -Wno-missing-field-initializers
# Less optimisation with the sanitizers, and lines only for their reports: compiling takes far
# longer than what the tests run.
CFLAGS ?= $(if $(SANITIZED),-O1 -g1,-O2 -g)
# libFuzzer links to the same objects, and wants to know at least which edges were taken.
SANITIZE := $(if $(SANITIZED),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined \
                -fno-omit-frame-pointer) \
            $(if $(ASAN),-fsanitize-coverage=inline-8bit-counters$(comma)pc-table) \
            $(if $(FUZZ),-fsanitize=fuzzer-no-link) \
            $(if $(COVERAGE),--coverage)
PACKAGE_INCLUDES := $(shell pkg-config --cflags-only-I $(PACKAGES) 2>/dev/null)
override CPPFLAGS += -D_GNU_SOURCE $(if $(SANITIZED),-DSANITIZED) -Isrc -Iplugin $(PACKAGE_INCLUDES) \
    -MMD -MP
override CFLAGS += -std=c11 -fPIC -fvisibility=hidden $(WARNINGS) $(SANITIZE)
override LDFLAGS += $(SANITIZE)
LIBS = $(shell pkg-config --libs $(PACKAGES))
TERMINAL_LIBS = $(shell pkg-config --libs $(TERMINAL_PACKAGES))

# What only the command has: the library has no terminal.
MAIN_SOURCES := $(addprefix src/cli/,main.c screen.c screen_map.c)
LIB_SOURCES := $(filter-out $(MAIN_SOURCES),$(wildcard src/*/*.c)) plugin/plugin.c
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
PORT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/target/*.c))
UNIT_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all
all: $(BUILD)/mpheap $(BUILD)/libmpheap.so

include tests/fixture/fixture.mk
-include tests/fuzz/fuzz.mk tests/bench/bench.mk tests/lint/lint.mk

# --- building ---

$(BUILD)/mpheap: $(MAIN_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/libmpheap.a
$(BUILD)/libmpheap.so: $(LIB_OBJECTS) plugin/mpheap.map

$(BUILD)/mpheap:
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS) $(TERMINAL_LIBS)

$(BUILD)/libmpheap.a: $(LIB_OBJECTS)
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/libmpheap.so:
	@echo "  LD    $@"
	$(Q)$(CC) -shared $(LDFLAGS) -Wl,-soname,libmpheap.so.$(SOVERSION) \
	    -Wl,--version-script=plugin/mpheap.map -o $@ $(filter %.o,$^) $(LIBS)
	$(Q)ln -sf libmpheap.so $(BUILD)/libmpheap.so.$(SOVERSION)

# The page of the HTML report, which is put into the object of page_template.c.
$(BUILD)/page/page.html: $(wildcard page/*) node_modules/.libraries
	@mkdir -p $(@D)
	@echo "  PAGE  $@"
	$(Q)node page/build.mjs $@

$(BUILD)/src/report/page_template.o: override CFLAGS += -Wa,-I$(BUILD)/page
$(BUILD)/src/report/page_template.o: $(BUILD)/page/page.html

$(BUILD)/tests/debugport: $(PORT_OBJECTS)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_SUPPORT) $(BUILD)/libmpheap.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka -lpthread

$(BUILD)/%.o: %.c
	@mkdir -p $(dir $@)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- what a machine must have ---

# Packages by name; nothing is fetched by address. `make deps` installs what is missing.
BUILD_PACKAGES := gcc libc6-dev make pkg-config libelf-dev libdw-dev libjansson-dev libcapstone-dev \
    zlib1g-dev libcairo2-dev libncurses-dev
DEMO_PACKAGES := openocd gdb-multiarch qemu-system-arm firmware-microbit-micropython python3
CHECK_PACKAGES := libcmocka-dev python3-pytest python3-pytest-xdist python3-pexpect python3-pyelftools \
    gcc-arm-none-eabi gcc-riscv64-unknown-elf qemu-system-misc clang libclang-rt-14-dev \
    clang-tidy cppcheck shellcheck python3-pyflakes groff man-db git chromium fonts-dejavu-core tmux jq
NODE_PACKAGES := $(if $(shell command -v npm),,nodejs npm)

# Only the missing ones, so that a machine that has them needs neither root nor a network.
define install_packages
	@missing=$$(for p in $(1); do dpkg-query -W -f '$${db:Status-Abbrev}' "$$p" 2>/dev/null | \
	    grep -q '^ii' || echo "$$p"; done); \
	if [ -n "$$missing" ]; then \
	    echo "  APT   $$missing"; \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    $$sudo apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends \
	        $$missing >/dev/null; \
	fi
endef

.PHONY: deps deps-demo
deps-demo:
	$(call install_packages,$(BUILD_PACKAGES) $(DEMO_PACKAGES) $(NODE_PACKAGES))
	@$(MAKE) --no-print-directory node_modules/.libraries

deps:
	$(call install_packages,$(BUILD_PACKAGES) $(DEMO_PACKAGES) $(NODE_PACKAGES) $(CHECK_PACKAGES))
	@$(MAKE) --no-print-directory node_modules/.installed

# What the build takes from npm, and besides it what the tests take. npm begins from an
# empty folder each time.
node_modules/.libraries: package.json package-lock.json
	@echo "  NPM   ci"
	$(Q)npm ci --silent --no-audit --no-fund --omit=dev && touch $@

node_modules/.installed: package.json package-lock.json
	@echo "  NPM   ci"
	$(Q)npm ci --silent --no-audit --no-fund && touch node_modules/.libraries $@

# --- the two commands ---

.PHONY: demo
demo: deps-demo
	@$(MAKE) --no-print-directory all $(BUILD)/tests/debugport
	$(Q)$(PYTHON) examples/microbit/demo.py

.PHONY: check
check: deps
	@$(MAKE) --no-print-directory -j$(JOBS) all tests lint
	@$(MAKE) --no-print-directory -j$(JOBS) ASAN=1 all tests fuzz-build
	@$(MAKE) --no-print-directory fuzz-smoke
	$(Q)MPHEAP_ASAN=build-asan $(PYTHON) -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_OPTIONS)

# What the tests run: built, not yet run.
.PHONY: tests
tests: $(BUILD)/tests/debugport $(UNIT_TESTS) $(if $(SANITIZED),,fixture)

# Documents that are made by the command itself.
.PHONY: docs
docs: all $(BUILD)/tests/debugport
	$(Q)docs/commands.sh $(BUILD)/mpheap >docs/commands.md
	$(Q)MPHEAP_BUILD=$(BUILD) $(PYTHON) examples/microbit/demo.py >/dev/null
	$(Q)cp $(BUILD)/microbit.svg docs/map.svg

# --- installing ---

SHARE := $(DESTDIR)$(PREFIX)/share
INSTALLED := $(DESTDIR)$(PREFIX)/bin/mpheap $(DESTDIR)$(INCLUDEDIR)/mpheap.h \
    $(DESTDIR)$(LIBDIR)/libmpheap.so $(DESTDIR)$(LIBDIR)/libmpheap.so.$(SOVERSION) \
    $(DESTDIR)$(LIBDIR)/libmpheap.so.$(VERSION) $(DESTDIR)$(LIBDIR)/pkgconfig/mpheap.pc \
    $(SHARE)/mpheap $(SHARE)/doc/mpheap $(SHARE)/man/man1/mpheap.1 $(DESTDIR)$(BASHCOMPDIR)/mpheap

.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) \
	    $(SHARE)/mpheap/gdb/mpheap_gdb $(SHARE)/mpheap/openocd $(SHARE)/man/man1 \
	    $(DESTDIR)$(BASHCOMPDIR)
	install $(BUILD)/mpheap $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(BUILD)/libmpheap.so $(DESTDIR)$(LIBDIR)/libmpheap.so.$(VERSION)
	ln -sf libmpheap.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libmpheap.so.$(SOVERSION)
	ln -sf libmpheap.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libmpheap.so
	install -m 644 plugin/mpheap.h $(DESTDIR)$(INCLUDEDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' plugin/mpheap.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/mpheap.pc
	install -m 644 gdb/mpheap.py $(SHARE)/mpheap/gdb/
	install -m 644 gdb/mpheap_gdb/*.py $(SHARE)/mpheap/gdb/mpheap_gdb/
	install -m 644 openocd/*.tcl $(SHARE)/mpheap/openocd/
	install -m 644 docs/mpheap.1 $(SHARE)/man/man1/
	install -m 644 completions/mpheap.bash $(DESTDIR)$(BASHCOMPDIR)/mpheap
	install -d $(SHARE)/doc/mpheap
	install -m 644 README.md LICENSE docs/*.md docs/map.svg $(SHARE)/doc/mpheap/

.PHONY: uninstall
uninstall:
	rm -rf $(INSTALLED)

.PHONY: clean
clean:
	rm -rf build build-asan build-coverage build-fuzz

.PHONY: help
help:
	@echo 'make demo       a real board through real OpenOCD: its heap, three times'
	@echo 'make check      all tests; sets up what they need'
	@echo 'make all        build/mpheap and build/libmpheap.so'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR=$(DESTDIR); make uninstall takes it away'
	@echo 'make bench      speed and memory, as ratios'
	@echo 'make fuzz       libFuzzer over all parsers, FUZZ_SECONDS=60 each'
	@echo 'make lint       clang-tidy, cppcheck, shellcheck, include direction'
	@echo 'make deps       install missing packages; make clean removes what was built'
	@echo 'Variables: V=1 ASAN=1 FUZZ=1 COVERAGE=1 CC= CFLAGS= PREFIX= DESTDIR='
