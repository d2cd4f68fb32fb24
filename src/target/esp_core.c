// SPDX-License-Identifier: MIT
#include "target/esp_core.h"

#include <elf.h>
#include <string.h>

#include "base/bytes.h"
#include "target/prstatus.h"

// --- the forms that are no ELF files ---

// include_core_dump/esp_core_dump_types.h core_dump_header_t: the length of all, the version
// with the chip in its upper half, then the number of tasks and the size of a TCB; newer
// ones are shorter before an ELF file, older ones have no ELF file in them.
enum {
    HEADER_BYTES = 28,
    HEADER_MIN = 16,
    CHIP_MAX = 0xff,
    FORM_BINARY = 0,
    FORM_ELF = 1,
    MINOR_MAX = 15,
    TASKS_MAX = 256,
    TCB_MIN = 64,
    TCB_MAX = 1024,
};

static bool has_elf(const uint8_t *header)
{
    static const size_t offsets[] = {12, 20, 24};

    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
        if (!memcmp(header + offsets[i], ELFMAG, SELFMAG))
            return true;
    return false;
}

// `header` has HEADER_BYTES; `size` is that of the whole dump.
static bool is_header(const uint8_t *header, uint64_t size)
{
    uint64_t length = bytes_get(header, 4, false), version = bytes_get(header + 4, 4, false);
    uint64_t tasks = bytes_get(header + 8, 4, false), tcb = bytes_get(header + 12, 4, false);
    unsigned form = version >> 8 & 0xff;

    if (length < HEADER_BYTES || length > size || version >> 16 > CHIP_MAX ||
        (version & 0xff) > MINOR_MAX)
        return false;
    return (form == FORM_ELF && has_elf(header)) ||
           (form == FORM_BINARY && (version & 0xff) && tasks && tasks <= TASKS_MAX &&
            tcb >= TCB_MIN && tcb <= TCB_MAX);
}

// The value of a base64 digit (RFC 4648), or -1.
static int digit_of(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

// The first HEADER_BYTES that base64 text stands for. Lines may end anywhere; a console log
// has a line of = signs before it.
static bool decode_start(const uint8_t *text, size_t size, uint8_t *header)
{
    size_t count = 0, at = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    if (size > 4 && !memcmp(text, "====", 4)) {
        const uint8_t *end = memchr(text, '\n', size);

        at = end ? (size_t)(end - text) : size;
    }
    for (; at < size && count < HEADER_BYTES; at++) {
        int digit = digit_of(text[at]);

        if (text[at] == '\n' || text[at] == '\r' || text[at] == '=')
            continue; // each line may be padded by itself
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            header[count++] = (uint8_t)(bits >> bit_count);
        }
        if (at + 1 < size && (text[at + 1] == '=' || text[at + 1] == '\n'))
            bit_count = 0; // what is left over fills up the line
    }
    return count == HEADER_BYTES;
}

const char *esp_core_form(const uint8_t *bytes, size_t size)
{
    uint8_t header[HEADER_BYTES];

    if (size >= HEADER_BYTES && is_header(bytes, size))
        return "raw";
    return decode_start(bytes, size, header) && is_header(header, size) ? "b64" : NULL;
}

// --- the ELF form ---

bool esp_core_is_note(const struct elf_note *note)
{
    enum { INFO = 8266, EXTRA = 677 }; // src/core_dump_elf.c ELF_ESP_CORE_DUMP_..._TYPE

    return (note->type == INFO && !strcmp(note->name, "ESP_CORE_DUMP_INFO")) ||
           (note->type == EXTRA &&
            (!strcmp(note->name, "ESP_EXTRA_INFO") || !strcmp(note->name, "EXTRA_INFO")));
}

// components/riscv/include/riscv/rvruntime-frames.h RvExcFrame: what follows t6.
void esp_core_add_trap(const struct elf_file *file, const struct elf_note *prstatus,
                       struct regs *regs)
{
    static const char *const names[] = {"mstatus", "mtvec", "mcause", "mtval"};
    enum { NAMES = sizeof names / sizeof *names, SAVED_BYTES = 32 * 4 };
    const struct prstatus_layout *layout = prstatus_find(EM_RISCV, 4);
    struct elf_segment segment;
    uint64_t pc;

    if (file->machine != EM_RISCV || file->word_bytes != 4 || prstatus->size < layout->size)
        return;
    for (size_t i = 0; elf_file_segment(file, i, &segment); i++) {
        size_t needed = SAVED_BYTES + NAMES * 4;

        if (segment.type != PT_LOAD || segment.file_size < needed || segment.offset > file->size ||
            file->size - segment.offset < needed)
            continue;
        const uint8_t *frame = file->bytes + segment.offset;
        if (memcmp(frame, prstatus->bytes + layout->regs_offset, SAVED_BYTES) != 0)
            continue;
        for (size_t j = 0; j < NAMES; j++)
            regs_set(regs, names[j], bytes_get(frame + SAVED_BYTES + 4 * j, 4, file->big_endian));
        if (regs_get(regs, "pc", &pc))
            regs_set(regs, "mepc", pc);
        return;
    }
}
