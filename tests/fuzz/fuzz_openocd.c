// SPDX-License-Identifier: MIT
// What OpenOCD answers. The first byte chooses what the rest is taken for.
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "target/openocd_reply.h"

enum { LIST, RESULT, WORDS, MDW, REGISTERS, KINDS };
enum { RUNS_MAX = 4, WORDS_MAX = 16 };

// Runs as they were asked for: their number and sizes come first.
static void parse_runs(struct input *input, unsigned kind)
{
    uint32_t words[RUNS_MAX][WORDS_MAX];
    struct openocd_run runs[RUNS_MAX];
    size_t count = 1 + (size_t)input_take(input, 1) % RUNS_MAX;
    uint64_t address = input_take(input, 8) & ~(uint64_t)3;

    for (size_t i = 0; i < count; i++)
        runs[i] = (struct openocd_run){.address = address + i * 0x100,
                                       .count = 1 + (size_t)input_take(input, 1) % WORDS_MAX,
                                       .words = words[i]};
    if (kind == WORDS)
        openocd_reply_words((const char *)input->bytes, input->size, runs, count);
    else
        openocd_reply_mdw((const char *)input->bytes, input->size, runs, count);
}

static void parse_list(char *text, size_t size)
{
    struct tcl_list list = {text, text + size};
    char *word;
    size_t len;

    while (tcl_list_next(&list, &word, &len) == 1)
        if (word < text || word + len > text + size || word[len] != '\0')
            abort();
}

// Lists are taken apart in place, and need a byte behind them.
static void parse_in_place(const struct input *input, unsigned kind)
{
    char *text = malloc(input->size + 1);
    struct tcl_result result;

    if (!text)
        return;
    memcpy(text, input->bytes, input->size);
    text[input->size] = 'x';
    if (kind == LIST)
        parse_list(text, input->size);
    else if (tcl_result_parse(text, input->size, &result) && result.text[result.len] != '\0')
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned kind = (unsigned)input_take(&input, 1) % KINDS;
    struct regs regs = {.count = 0};

    if (kind == WORDS || kind == MDW)
        parse_runs(&input, kind);
    else if (kind == REGISTERS)
        openocd_reply_registers((const char *)input.bytes, input.size, &regs);
    else
        parse_in_place(&input, kind);
    return 0;
}
