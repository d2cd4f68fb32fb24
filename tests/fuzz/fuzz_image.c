// SPDX-License-Identifier: MIT
// A raw image without an ELF. The first byte says how it is reported and which
// words and byte order the target is said to have, the second how many 64-byte
// pieces of the rest are flash; what is left is RAM.
#include "support.h"

enum { RAM = 0x20000000, FLASH = 0x08000000, PIECE = 64 };
enum { IS_JSON = 1, HAS_SP = 4, IS_BIG = 8, WORD_4 = 16, WORD_8 = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned flags = (unsigned)input_take(&input, 1);
    size_t flash = (size_t)input_take(&input, 1) * PIECE;
    struct session session;
    struct target *target = &session.target;

    if (flash > input.size)
        flash = input.size;
    session_init(&session);
    target->word_bytes = flags & WORD_4 ? 4 : flags & WORD_8 ? 8 : 0;
    target->big_endian = flags & IS_BIG;
    if (flags & HAS_SP)
        regs_set(&target->regs, "sp", RAM + 64);
    target_add_bytes(target, FLASH, input.bytes, flash, false, "flash", NULL);
    target_add_bytes(target, RAM, input.bytes + flash, input.size - flash, true, "ram", NULL);
    run_some_reports(&session, flags & IS_JSON, data, size);
    session_deinit(&session);
    return 0;
}
