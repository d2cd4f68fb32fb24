// SPDX-License-Identifier: MIT
#include "target/regs.h"

#include <string.h>
#include <strings.h>

static struct reg *find(const struct regs *regs, const char *name)
{
    for (size_t i = 0; i < regs->count; i++)
        if (!strcasecmp(regs->list[i].name, name))
            return (struct reg *)&regs->list[i];
    return NULL;
}

bool regs_set(struct regs *regs, const char *name, uint64_t value)
{
    struct reg *reg = find(regs, name);

    if (!reg) {
        if (regs->count == REGS_MAX || strlen(name) >= REG_NAME_MAX)
            return false;
        reg = &regs->list[regs->count++];
        strcpy(reg->name, name);
    }
    reg->value = value;
    return true;
}

bool regs_get(const struct regs *regs, const char *name, uint64_t *ret)
{
    const struct reg *reg = find(regs, name);

    if (reg)
        *ret = reg->value;
    return reg != NULL;
}

// Xtensa's a1. RISC-V has an a1, too, but no ps, and calls its stack pointer sp.
static bool xtensa_sp(const struct regs *regs, uint64_t *ret)
{
    uint64_t ps;

    return regs_get(regs, "ps", &ps) && regs_get(regs, "a1", ret);
}

bool regs_sp(const struct regs *regs, uint64_t *ret)
{
    return regs_get(regs, "sp", ret) || regs_get(regs, "rsp", ret) || regs_get(regs, "esp", ret) ||
           regs_get(regs, "r13", ret) || xtensa_sp(regs, ret);
}

bool regs_pc(const struct regs *regs, uint64_t *ret)
{
    return regs_get(regs, "pc", ret) || regs_get(regs, "rip", ret) || regs_get(regs, "eip", ret) ||
           regs_get(regs, "r15", ret);
}
