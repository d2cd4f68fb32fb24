// SPDX-License-Identifier: MIT
#include "vm/ticks.h"

#include "elf/symbols.h"

static uint64_t ticks_period(const struct layout *layout)
{
    unsigned word_bits = 8 * (unsigned)layout->word_bytes;

    switch (layout->repr) {
    case REPR_B:
        return 1ull << (word_bits - 3);
    case REPR_D:
        return 1ull << 46;
    default:
        return 1ull << (word_bits - 2);
    }
}

int64_t ticks_diff(const struct layout *layout, int64_t end, int64_t start)
{
    uint64_t period = ticks_period(layout), half = period / 2;

    return (int64_t)(((uint64_t)end - (uint64_t)start + half) & (period - 1)) - (int64_t)half;
}

// stm32: the HAL's; samd, mimxrt: systick_ms; qemu: mcu/arm/ticks.c. 32 bits each.
static const char *const counters[] = {"uwTick", "systick_ms", "_ticks_ms"};

bool ticks_now(const struct objects *objects, int64_t *ret)
{
    uint64_t value;

    for (size_t i = 0; objects->symbols && i < sizeof counters / sizeof *counters; i++) {
        const struct symbol *symbol = symbols_find(objects->symbols, counters[i]);

        if (symbol && objects_uint(objects, symbol->address, 4, &value)) {
            *ret = (int64_t)(value & (ticks_period(objects->layout) - 1));
            return true;
        }
    }
    return false;
}
