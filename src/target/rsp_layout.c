// SPDX-License-Identifier: MIT
#include "target/rsp_layout.h"

#include <ctype.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "target/rsp_packet.h"

enum { NUMBER_MAX = 65535, BITS_MAX = 4096 };

struct span {
    const char *at;
    const char *end;
};

// --- a scan for tags and their attributes ---

static bool begins(const struct span *span, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(span->end - span->at) >= len && !memcmp(span->at, word, len);
}

static void skip_behind(struct span *span, const char *word)
{
    const char *found =
        memmem(span->at, (size_t)(span->end - span->at), word, strlen(word));

    span->at = found ? found + strlen(word) : span->end;
}

// The next tag that is no comment: what stands between '<' and '>'.
static bool next_tag(struct span *xml, struct span *ret)
{
    for (;;) {
        skip_behind(xml, "<");
        if (xml->at == xml->end)
            return false;
        if (!begins(xml, "!--"))
            break;
        skip_behind(xml, "-->");
    }
    ret->at = xml->at;
    skip_behind(xml, ">");
    ret->end = xml->at;
    return true;
}

static bool is_tag(const struct span *tag, const char *name)
{
    size_t len = strlen(name);

    return begins(tag, name) && (size_t)(tag->end - tag->at) > len &&
           isspace((unsigned char)tag->at[len]);
}

// The text of an attribute, NUL-terminated; false if there is none or it does not fit.
static bool attribute(const struct span *tag, const char *name, char *ret, size_t capacity)
{
    struct span rest = *tag;
    size_t len = strlen(name);

    for (; rest.at < rest.end; rest.at++) {
        if (!isspace((unsigned char)*rest.at))
            continue;
        struct span word = {rest.at + 1, rest.end};
        if (!begins(&word, name) || (size_t)(word.end - word.at) < len + 2 || word.at[len] != '=')
            continue;

        char quote = word.at[len + 1];
        const char *value = word.at + len + 2;
        const char *end = memchr(value, quote, (size_t)(word.end - value));
        if ((quote != '"' && quote != '\'') || !end || (size_t)(end - value) >= capacity)
            return false;
        memcpy(ret, value, (size_t)(end - value));
        ret[end - value] = '\0';
        return true;
    }
    return false;
}

static bool number_attribute(const struct span *tag, const char *name, uint32_t most,
                             uint32_t *ret)
{
    char text[16], *end;

    if (!attribute(tag, name, text, sizeof text) || !isdigit((unsigned char)text[0]))
        return false;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value > most)
        return false;
    *ret = (uint32_t)value;
    return true;
}

// --- the description ---

static void add_include(struct rsp_layout *layout, const struct span *tag)
{
    char href[RSP_HREF_MAX];

    if (layout->include_count == RSP_INCLUDES_MAX || !attribute(tag, "href", href, sizeof href))
        return;
    for (size_t i = 0; i < layout->include_count; i++)
        if (!strcmp(layout->includes[i], href))
            return;
    strcpy(layout->includes[layout->include_count++], href);
}

static void add_reg(struct rsp_layout *layout, const struct span *tag)
{
    struct rsp_reg reg = {.number = layout->next_number};
    uint32_t bits;

    number_attribute(tag, "regnum", NUMBER_MAX, &reg.number);
    layout->next_number = reg.number + 1;
    if (layout->count == RSP_REGS_MAX || !number_attribute(tag, "bitsize", BITS_MAX, &bits))
        return;
    reg.size = (bits + 7) / 8;
    if (!attribute(tag, "name", reg.name, sizeof reg.name))
        reg.name[0] = '\0';
    for (char *c = reg.name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    layout->list[layout->count++] = reg;
}

// The features of an architecture have names that GDB has fixed.
static void add_feature(struct rsp_layout *layout, const struct span *tag)
{
    static const struct {
        const char *prefix;
        uint16_t machine;
    } rows[] = {
        {"org.gnu.gdb.arm.", EM_ARM},          {"org.gnu.gdb.aarch64.", EM_AARCH64},
        {"org.gnu.gdb.riscv.", EM_RISCV},      {"org.gnu.gdb.xtensa.", EM_XTENSA},
        {"org.gnu.gdb.i386.64bit", EM_X86_64},
    };
    char name[64];

    if (!attribute(tag, "name", name, sizeof name))
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!layout->machine && !strncmp(name, rows[i].prefix, strlen(rows[i].prefix)))
            layout->machine = rows[i].machine;
}

void rsp_layout_add(struct rsp_layout *layout, const char *xml, size_t size)
{
    struct span rest = {xml, xml + size}, tag;

    while (next_tag(&rest, &tag)) {
        if (is_tag(&tag, "xi:include"))
            add_include(layout, &tag);
        else if (is_tag(&tag, "feature"))
            add_feature(layout, &tag);
        else if (is_tag(&tag, "reg"))
            add_reg(layout, &tag);
    }
}

static int compare_regs(const void *left, const void *right)
{
    const struct rsp_reg *a = left, *b = right;

    return (a->number > b->number) - (a->number < b->number);
}

void rsp_layout_sort(struct rsp_layout *layout)
{
    qsort(layout->list, layout->count, sizeof layout->list[0], compare_regs);
}

uint8_t rsp_layout_word_bytes(const struct rsp_layout *layout)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct rsp_reg *reg = &layout->list[i];

        if ((!strcmp(reg->name, "pc") || !strcmp(reg->name, "rip")) &&
            (reg->size == 4 || reg->size == 8))
            return (uint8_t)reg->size;
    }
    return 0;
}

// --- without a description ---

static void guess_add(struct rsp_layout *layout, const char *name, uint32_t size)
{
    struct rsp_reg *reg = &layout->list[layout->count];

    snprintf(reg->name, sizeof reg->name, "%s", name);
    reg->number = (uint32_t)layout->count++;
    reg->size = size;
}

bool rsp_layout_guess(struct rsp_layout *ret, size_t size)
{
    enum { M_PROFILE = 17 * 4, WITH_FPA = 16 * 4 + 8 * 12 + 2 * 4 };
    char name[REG_NAME_MAX];

    if (size != M_PROFILE && size != WITH_FPA)
        return false;
    *ret = (struct rsp_layout){.count = 0};
    for (int i = 0; i <= 12; i++) {
        snprintf(name, sizeof name, "r%d", i);
        guess_add(ret, name, 4);
    }
    guess_add(ret, "sp", 4);
    guess_add(ret, "lr", 4);
    guess_add(ret, "pc", 4);
    if (size == WITH_FPA) // f0 to f7 and fps, of no use to anyone today
        guess_add(ret, "", 8 * 12 + 4);
    guess_add(ret, "xpsr", 4);
    return true;
}

// --- values ---

void rsp_reg_decode(const struct rsp_reg *reg, const char *digits, size_t len, bool big_endian,
                    struct regs *ret)
{
    uint8_t bytes[8];

    if (!reg->name[0] || reg->size == 0 || reg->size > sizeof bytes || len != 2u * reg->size ||
        !rsp_unhex(digits, bytes, reg->size))
        return;
    regs_set(ret, reg->name, bytes_get(bytes, reg->size, big_endian));
}

void rsp_layout_decode(const struct rsp_layout *layout, const char *digits, size_t len,
                       bool big_endian, struct regs *ret, size_t *known)
{
    size_t i, at = 0;

    for (i = 0; i < layout->count; i++) {
        size_t digit_count = 2u * layout->list[i].size;

        if (digit_count > len - at)
            break;
        rsp_reg_decode(&layout->list[i], digits + at, digit_count, big_endian, ret);
        at += digit_count;
    }
    *known = i;
}
