// SPDX-License-Identifier: MIT
#include "target/chip.h"

#include <elf.h>
#include <string.h>
#include <strings.h>

static const struct {
    unsigned part;
    enum chip_core core;
} cores[] = {
    {CHIP_PART_M0, CORE_M0}, {CHIP_PART_M0P, CORE_M0P}, {CHIP_PART_M3, CORE_M3},
    {CHIP_PART_M4, CORE_M4}, {CHIP_PART_M7, CORE_M7},   {CHIP_PART_M33, CORE_M33},
};

// The length of the longest of `names` that `name` begins with.
static size_t match_length(const char *names, const char *name)
{
    size_t best = 0;

    for (const char *at = names; *at;) {
        size_t length = strcspn(at, " ");

        if (length > best && !strncasecmp(at, name, length))
            best = length;
        at += length + strspn(at + length, " ");
    }
    return best;
}

const struct chip *chip_find(const char *name)
{
    const struct chip *found = NULL;
    size_t best = 0;

    for (const struct chip *chip = chips; chip->title; chip++) {
        size_t length = match_length(chip->names, name);

        if (length > best) {
            best = length;
            found = chip;
        }
    }
    return found;
}

// Which Cortex-M there is. A dump may hold a chip's registers without CPUID, and reading it
// disturbs nobody.
static int find_arm_core(struct target *target, unsigned *ret, struct mph_err *err)
{
    struct mph_err tried = {0};
    uint64_t cpuid = 0;
    int rc = target_read_uint(target, CHIP_CPUID, 4, &cpuid, &tried);

    *ret = rc < 0 && !target->link.ops ? CORES_ARM : 0;
    for (size_t i = 0; rc == 0 && i < sizeof cores / sizeof *cores; i++)
        if (chip_part(cpuid) == cores[i].part)
            *ret = cores[i].core;
    return rc < 0 && rc != MPH_ERR_READ ? mph_fail_again(err, &tried) : 0;
}

// The cores whose chips may be there.
static int find_cores(struct target *target, unsigned *ret, struct mph_err *err)
{
    if (target->machine == EM_ARM || target->machine == EM_NONE)
        return find_arm_core(target, ret, err);
    *ret = target->machine == EM_RISCV    ? CORE_RISCV
           : target->machine == EM_XTENSA ? CORE_XTENSA
                                          : 0;
    return 0;
}

static const struct chip_id *find_id(const struct chip_register *reg, uint64_t value)
{
    for (const struct chip_id *id = reg->ids; id->chip; id++)
        if (id->value == (value & reg->mask))
            return id;
    return NULL;
}

static void adopt(struct target *target, const struct chip_id *id, struct chip_identity *identity)
{
    const struct chip *chip = chip_find(id->chip);
    uint64_t kib;

    if (!chip)
        return;
    identity->chip = chip;
    memcpy(identity->banks, chip->banks, sizeof identity->banks);
    if (id->flash_size_address &&
        target_read_uint(target, id->flash_size_address, 2, &kib, NULL) == 0 && kib != 0xffff)
        identity->flash_bytes = kib << 10;
}

// Whether the register is there and says anything. What no chip has is kept, too: it is worth
// telling, unless another register knows better.
static int ask(struct target *target, const struct chip_register *reg, struct chip_identity *ret,
               struct mph_err *err)
{
    struct chip_identity identity = {
        .reg = reg->name, .source = reg->source, .address = reg->address};
    struct mph_err tried = {0};
    int rc = target_read_uint(target, reg->address, 4, &identity.value, &tried);

    if (rc < 0)
        return rc == MPH_ERR_READ ? 0 : mph_fail_again(err, &tried);
    if (!(identity.value & reg->mask) || identity.value == UINT32_MAX)
        return 0;
    const struct chip_id *id = find_id(reg, identity.value);
    if (id)
        adopt(target, id, &identity);
    if (id && reg->refine && !reg->refine(target, &identity))
        return 0;
    if (id || reg->mask == 0xfff) // a device ID of STM32, where such a register can only be that
        *ret = identity;
    return id != NULL;
}

int chip_identify(struct target *target, struct chip_identity *ret, struct mph_err *err)
{
    unsigned possible;
    int rc = find_cores(target, &possible, err);

    *ret = (struct chip_identity){0};
    for (const struct chip_register *reg = chip_registers; rc == 0 && reg->name; reg++)
        if (reg->cores & possible)
            rc = ask(target, reg, ret, err);
    return rc < 0 ? rc : 0;
}
