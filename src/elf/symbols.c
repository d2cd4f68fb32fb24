// SPDX-License-Identifier: MIT
#include "elf/symbols.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct collector {
    struct vec *list;
    uint64_t bias;
    bool is_out_of_memory;
};

// $a, $t, $d, $x: where code and data begin, by the ABI of ARM and RISC-V, where $x may have
// the instruction set behind it.
static bool is_mapping_symbol(const char *name)
{
    return name[0] == '$' && strchr("atdx", name[1] ? name[1] : '!') &&
           (name[2] == '\0' || name[2] == '.' || !strncmp(name, "$xrv", 4));
}

static bool collect(void *context, const struct elf_symbol *raw)
{
    struct collector *collector = context;

    if (!raw->is_defined || raw->kind == STT_FILE || raw->kind == STT_SECTION || !*raw->name ||
        is_mapping_symbol(raw->name))
        return true;

    struct symbol *symbol = vec_add(collector->list);
    if (!symbol) {
        collector->is_out_of_memory = true;
        return false;
    }
    *symbol = (struct symbol){raw->name, raw->address + collector->bias, raw->size,
                              raw->kind == STT_FUNC};
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct symbol *a = left, *b = right;

    return strcmp(a->name, b->name);
}

int symbols_init(struct symbols *symbols, const struct elf_file *file, uint64_t bias,
                 struct mph_err *err)
{
    symbols->list = VEC_OF(struct symbol);
    struct collector collector = {&symbols->list, bias, false};

    elf_file_each_symbol(file, collect, &collector);
    if (collector.is_out_of_memory) {
        symbols_deinit(symbols);
        return mph_fail_no_memory(err);
    }
    if (symbols->list.len)
        qsort(symbols->list.data, symbols->list.len, sizeof(struct symbol), compare);
    return 0;
}

void symbols_deinit(struct symbols *symbols)
{
    vec_deinit(&symbols->list);
}

const struct symbol *symbols_find(const struct symbols *symbols, const char *name)
{
    struct symbol key = {.name = name};

    if (!symbols->list.len)
        return NULL;
    return bsearch(&key, symbols->list.data, symbols->list.len, sizeof key, compare);
}

// The address of a Thumb function has its low bit set.
static bool spans(const struct symbol *symbol, uint64_t address)
{
    uint64_t first = symbol->size > 1 ? symbol->address & ~(uint64_t)1 : symbol->address;

    return address >= first && address - first < (symbol->size ? symbol->size : 1);
}

const struct symbol *symbols_at(const struct symbols *symbols, uint64_t address)
{
    const struct symbol *found = NULL;

    for (size_t i = 0; i < symbols->list.len; i++) {
        const struct symbol *symbol = vec_at(&symbols->list, i);

        if (spans(symbol, address) &&
            (!found || !found->size || (symbol->size && symbol->size < found->size)))
            found = symbol;
    }
    return found;
}
