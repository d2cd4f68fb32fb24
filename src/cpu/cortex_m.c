// SPDX-License-Identifier: MIT
#include "cpu/cortex_m.h"

#include <stdio.h>

#include "base/bytes.h"
#include "target/devices.h"

// --- exceptions ---

void exception_name(unsigned number, char ret[EXCEPTION_NAME_MAX])
{
    // DDI 0553B, table RWXYH; DDI 0403E, table B1-4
    static const char *const names[EXCEPTION_IRQ0] = {
        "thread mode",  "Reset",       "NMI",    "HardFault", "MemManage", "BusFault",
        "UsageFault",   "SecureFault", NULL,     NULL,        NULL,        "SVCall",
        "DebugMonitor", NULL,          "PendSV", "SysTick"};

    if (number >= EXCEPTION_IRQ0)
        snprintf(ret, EXCEPTION_NAME_MAX, "IRQ %u", number - EXCEPTION_IRQ0);
    else
        snprintf(ret, EXCEPTION_NAME_MAX, "%s", names[number] ? names[number] : "reserved");
}

bool exception_is_fault(unsigned number)
{
    return number >= EXCEPTION_HARD && number <= EXCEPTION_SECURE;
}

bool cortex_m_is_locked_up(uint64_t pc)
{
    return (pc & ~(uint64_t)1) == 0xfffffffe || (pc & ~(uint64_t)1) == 0xeffffffe;
}

// --- frames ---

const char *const frame_word_names[FRAME_WORDS] = {"r0",  "r1", "r2", "r3",
                                                   "r12", "lr", "pc", "xpsr"};

enum {
    WORD = 4,
    SEARCH_WORDS = 256, // from the stack pointer up to the frame
    BEHIND_WORDS = 32,  // from a saved EXC_RETURN up to the frame
    FRAME_BYTES = 8 * WORD,
    FRAME_FP_BYTES = 26 * WORD,
    STATE_WORDS = 10, // additional state context of ARMv8-M
};

#define XPSR_THUMB (1u << 24)
#define XPSR_ALIGNED (1u << 9)
#define XPSR_RESERVED 0x00f00000u
#define XPSR_NUMBER 0x1ffu
#define EXC_RETURN_PSP (1u << 2)
#define EXC_RETURN_BASIC (1u << 4)
#define SIGNATURE 0xfefa125au // of additional state context, but for bit 0 (DDI 0553B, B3.19)

// DDI 0403E, table B1-8; DDI 0553B, B3.18: secure and non-secure, with and without the
// callee's registers.
static bool is_exc_return(uint32_t word)
{
    return (word & 0xffffff80u) == 0xffffff80u && !(word & 2) && (word & 0xe1u) != 0x80u &&
           (word & 0xcu) != 4u;
}

// Words of a stack, as far as they can be read.
struct stack {
    uint64_t address;
    size_t count;
    uint32_t words[SEARCH_WORDS + BEHIND_WORDS + STATE_WORDS + FRAME_WORDS];
};

static void read_stack(struct target *target, uint64_t address, struct stack *ret)
{
    enum { MAX = sizeof ret->words / sizeof *ret->words };
    struct range range = {address, sizeof ret->words};
    uint64_t word;

    *ret = (struct stack){.address = address};
    if (address % WORD || devices_contain(target, address))
        return;
    target_fetch(target, &range, 1, NULL);
    while (ret->count < MAX &&
           target_read_uint(target, address + ret->count * WORD, WORD, &word, NULL) == 0)
        ret->words[ret->count++] = (uint32_t)word;
}

static bool is_executable(struct target *target, uint64_t address)
{
    uint8_t half[2];

    return !(address & 1) && !devices_contain(target, address) &&
           target_read(target, address, half, sizeof half, NULL) == 0;
}

// Whether words look like a frame of a program that ran well until then. A return address
// is odd, or the value that a fresh program begins with.
static bool looks_sound(struct target *target, const uint32_t *words)
{
    uint32_t xpsr = words[FRAME_XPSR];

    return (xpsr & XPSR_THUMB) && !(xpsr & XPSR_RESERVED) && (words[FRAME_LR] & 1) &&
           is_executable(target, words[FRAME_PC]);
}

// Whether they may be one of a program that jumped astray.
static bool looks_possible(const uint32_t *words)
{
    return !(words[FRAME_XPSR] & XPSR_RESERVED) && !(words[FRAME_PC] & 1) &&
           (words[FRAME_XPSR] & 0xff000000u) != 0xff000000u;
}

static void fill(const struct stack *stack, size_t index, struct exception_frame *ret)
{
    uint32_t size =
        ret->has_exc_return && !(ret->exc_return & EXC_RETURN_BASIC) ? FRAME_FP_BYTES : FRAME_BYTES;

    ret->address = stack->address + index * WORD;
    for (size_t i = 0; i < FRAME_WORDS; i++)
        ret->words[i] = stack->words[index + i];
    ret->sp = ret->address + size + (ret->words[FRAME_XPSR] & XPSR_ALIGNED ? WORD : 0);
}

// Where a frame is that begins at `index` of a stack, or behind the additional state there.
static bool fill_exactly(const struct stack *stack, size_t index, struct exception_frame *ret)
{
    if (index < stack->count && (stack->words[index] & ~1u) == SIGNATURE)
        index += STATE_WORDS;
    if (index + FRAME_WORDS > stack->count || !looks_possible(stack->words + index))
        return false;
    fill(stack, index, ret);
    return true;
}

// The first sound frame from `first` on; where there is none, one that begins there.
static bool search(struct target *target, const struct stack *stack, size_t first, size_t most,
                   struct exception_frame *ret)
{
    for (size_t i = first; i < first + most && i + FRAME_WORDS <= stack->count; i++)
        if (looks_sound(target, stack->words + i)) {
            fill(stack, i, ret);
            return true;
        }
    return fill_exactly(stack, first, ret);
}

// The frame on the process stack. Handlers use the main stack only, so psp points at it.
static bool find_on_process_stack(struct target *target, struct exception_frame *ret)
{
    struct stack stack;
    uint64_t psp;

    if (!regs_get(&target->regs, "psp", &psp))
        return false;
    read_stack(target, psp, &stack);
    ret->is_on_process_stack = true;
    return fill_exactly(&stack, 0, ret);
}

static bool find_by_exc_return(struct target *target, const struct stack *stack, size_t first,
                               uint32_t exc_return, struct exception_frame *ret)
{
    *ret = (struct exception_frame){.has_exc_return = true, .exc_return = exc_return};
    if (exc_return & EXC_RETURN_PSP)
        return find_on_process_stack(target, ret);
    return search(target, stack, first, BEHIND_WORDS, ret);
}

// The frame above the stack pointer: behind a pushed EXC_RETURN, else by its looks.
static bool find_above(struct target *target, const struct stack *stack,
                       struct exception_frame *ret)
{
    for (size_t i = 0; i < stack->count && i < SEARCH_WORDS; i++)
        if (is_exc_return(stack->words[i]) &&
            find_by_exc_return(target, stack, i + 1, stack->words[i], ret))
            return true;
    *ret = (struct exception_frame){.is_guessed = true};
    for (size_t i = 0; i + FRAME_WORDS <= stack->count && i < SEARCH_WORDS; i++)
        if (looks_sound(target, stack->words + i)) {
            fill(stack, i, ret);
            return true;
        }
    return false;
}

bool exception_frame_find(struct target *target, struct exception_frame *ret)
{
    struct stack stack;
    uint64_t sp, lr;

    if (!regs_get(&target->regs, "msp", &sp) && !regs_sp(&target->regs, &sp))
        return false;
    read_stack(target, sp, &stack);
    if (regs_get(&target->regs, "lr", &lr) && is_exc_return((uint32_t)lr))
        return find_by_exc_return(target, &stack, 0, (uint32_t)lr, ret);
    return find_above(target, &stack, ret);
}

// A handler that was itself interrupted: its EXC_RETURN is in the frame's lr, or it had
// pushed it.
bool exception_frame_outer(struct target *target, const struct exception_frame *inner,
                           struct exception_frame *ret)
{
    struct stack stack;

    if (inner->is_on_process_stack || !(inner->words[FRAME_XPSR] & XPSR_NUMBER))
        return false;
    read_stack(target, inner->sp, &stack);
    if (is_exc_return(inner->words[FRAME_LR]))
        return find_by_exc_return(target, &stack, 0, inner->words[FRAME_LR], ret);
    return find_above(target, &stack, ret);
}
