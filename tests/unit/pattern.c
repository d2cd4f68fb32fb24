// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "pattern.h"

uint32_t pattern_word(uint64_t address)
{
    return (uint32_t)(address * 2654435761u);
}

void assert_pattern(const uint8_t *bytes, uint64_t address, size_t size, bool big_endian)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t word[4];
        uint64_t at = address + i;

        bytes_put(word, 4, big_endian, pattern_word(at & ~3ull));
        if (bytes[i] != word[at % 4])
            fail_msg("wrong byte at 0x%llx", (unsigned long long)at);
    }
}

void assert_reads_heads(struct link *link, uint64_t address, size_t count)
{
    struct link_read *reads = calloc(count, sizeof *reads);
    uint8_t *bytes = calloc(count, 4);

    for (size_t i = 0; i < count; i++)
        reads[i] = (struct link_read){address + 64 * i, 4, bytes + 4 * i, 0};
    assert_int_equal(link->ops->read(link->context, reads, count, NULL), 0);
    for (size_t i = 0; i < count; i++)
        assert_pattern(reads[i].bytes, reads[i].address, 4, false);
    free(bytes);
    free(reads);
}

void assert_register(const struct regs *regs, const char *name, uint64_t expected)
{
    uint64_t value = 0;

    if (!regs_get(regs, name, &value))
        fail_msg("no register %s", name);
    assert_int_equal(value, expected);
}
