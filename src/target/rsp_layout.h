// SPDX-License-Identifier: MIT
// Which registers a GDB stub has, from its target description, and their values
// from its answer to `g`. Source: GDB manual, "Target Descriptions". The XML is
// scanned for what is needed and may be anything.
#ifndef MPH_TARGET_RSP_LAYOUT_H
#define MPH_TARGET_RSP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/regs.h"

enum { RSP_REGS_MAX = 256, RSP_INCLUDES_MAX = 16, RSP_HREF_MAX = 64 };

struct rsp_reg {
    char name[REG_NAME_MAX]; // lower case; empty when it is too long to be of use
    uint32_t number;
    uint32_t size; // bytes
};

struct rsp_layout {
    struct rsp_reg list[RSP_REGS_MAX]; // by rising number once rsp_layout_sort was called
    size_t count;
    uint32_t next_number; // of a register that states none
    uint16_t machine;     // ELF e_machine that the features belong to, 0 not known
    char includes[RSP_INCLUDES_MAX][RSP_HREF_MAX]; // documents named by xi:include, in order
    size_t include_count;
};

// Add what one document says: its registers, and the documents it includes,
// each once. What does not fit is left out.
void rsp_layout_add(struct rsp_layout *layout, const char *xml, size_t size);

// The order in which `g` sends them. After the last document.
void rsp_layout_sort(struct rsp_layout *layout);

// Bytes of the program counter, which is a word; 0 where none is described.
uint8_t rsp_layout_word_bytes(const struct rsp_layout *layout);

// The layout of ARM stubs without a description, known by the length of their
// answer in bytes. False for other lengths.
bool rsp_layout_guess(struct rsp_layout *ret, size_t size);

// Values from the hexadecimal digits of a `g` answer, in which 'x' stands for
// what the stub does not know. Little-endian unless told otherwise. Registers
// beyond its end are left out; *known is how many of layout->list are covered.
void rsp_layout_decode(const struct rsp_layout *layout, const char *digits, size_t len,
                       bool big_endian, struct regs *ret, size_t *known);

// The value of one register from its hexadecimal digits, added under its name.
void rsp_reg_decode(const struct rsp_reg *reg, const char *digits, size_t len, bool big_endian,
                    struct regs *ret);

#endif
