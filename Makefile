# SPDX-License-Identifier: MIT
# mpheap: the heap of a MicroPython board, from outside.
#
#   make demo    a real board's heap through real OpenOCD, three times
#   make check   all tests
#   make help    everything else

# Variables of the command line: V=1 shows commands, ASAN=1 builds with the address
# and undefined behaviour sanitizers, COVERAGE=1 with gcov.
CC ?= gcc
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
PYTHON ?= /usr/bin/python3
BUILD := build$(if $(ASAN),-asan)$(if $(COVERAGE),-coverage)
VERSION := $(shell sed -n 's/^.define MPHEAP_VERSION "\(.*\)"/\1/p' src/cli/options.h)
SOVERSION := 0
Q := $(if $(V),,@)

PACKAGES := libelf libdw jansson
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wwrite-strings -Wvla
CFLAGS ?= -O2 -g
SANITIZE := $(if $(ASAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer) \
            $(if $(COVERAGE),--coverage)
comma := ,
override CPPFLAGS += -D_GNU_SOURCE -Isrc -Iplugin -MMD -MP
override CFLAGS += -std=c11 -fPIC -fvisibility=hidden $(WARNINGS) $(SANITIZE)
override LDFLAGS += $(SANITIZE)
LIBS = $(shell pkg-config --libs $(PACKAGES))

LIB_SOURCES := $(filter-out src/cli/main.c,$(wildcard src/*/*.c)) plugin/plugin.c
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
PORT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/target/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all
all: $(BUILD)/mpheap $(BUILD)/libmpheap.so

include tests/fixture/fixture.mk

# --- building ---

$(BUILD)/mpheap: $(BUILD)/src/cli/main.o $(BUILD)/libmpheap.a
$(BUILD)/libmpheap.so: $(LIB_OBJECTS) plugin/mpheap.map

$(BUILD)/mpheap:
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

$(BUILD)/libmpheap.a: $(LIB_OBJECTS)
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/libmpheap.so:
	@echo "  LD    $@"
	$(Q)$(CC) -shared $(LDFLAGS) -Wl,-soname,libmpheap.so.$(SOVERSION) \
	    -Wl,--version-script=plugin/mpheap.map -o $@ $(filter %.o,$^) $(LIBS)
	$(Q)ln -sf libmpheap.so $(BUILD)/libmpheap.so.$(SOVERSION)

$(BUILD)/tests/debugport: $(PORT_OBJECTS)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libmpheap.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libmpheap.a $(LIBS) -lcmocka -lpthread

$(BUILD)/%.o: %.c
	@mkdir -p $(dir $@)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: clean
clean:
	rm -rf build build-asan build-coverage
