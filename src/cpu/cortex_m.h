// SPDX-License-Identifier: MIT
// Exceptions of ARM's M profile: what is active, what the status registers say, and
// where the registers of the interrupted program were saved.
//
// Sources: ARMv7-M Architecture Reference Manual (DDI 0403E), B1.5 and B3.2; ARMv6-M
// (DDI 0419E), B1.5 and B3.2; ARMv8-M (DDI 0553B), B3 and D1.2.
#ifndef MPH_CPU_CORTEX_M_H
#define MPH_CPU_CORTEX_M_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/target.h"

enum exception {
    EXCEPTION_NONE = 0,
    EXCEPTION_NMI = 2,
    EXCEPTION_HARD = 3,
    EXCEPTION_MEMORY = 4,
    EXCEPTION_BUS = 5,
    EXCEPTION_USAGE = 6,
    EXCEPTION_SECURE = 7,
    EXCEPTION_IRQ0 = 16,
};

enum { EXCEPTION_NAME_MAX = 24 };

// "HardFault", "IRQ 5", ...; "thread mode" for none.
void exception_name(unsigned number, char ret[EXCEPTION_NAME_MAX]);
bool exception_is_fault(unsigned number);

// Where the program counter stays after a fault at the priority of HardFault
// (DDI 0403E, B1.5.15; DDI 0553B, B3.33).
bool cortex_m_is_locked_up(uint64_t pc);

// --- the system control block ---

enum arm_profile { PROFILE_UNKNOWN, PROFILE_V6M, PROFILE_V7M, PROFILE_V8M_BASE, PROFILE_V8M_MAIN };

enum scb_register {
    SCB_CPUID,
    SCB_ICSR,
    SCB_VTOR,
    SCB_SHCSR,
    SCB_CFSR,
    SCB_HFSR,
    SCB_DFSR,
    SCB_MMFAR,
    SCB_BFAR,
    SCB_COUNT
};

struct scb {
    bool has[SCB_COUNT]; // exists in this architecture and could be read
    uint32_t value[SCB_COUNT];
    enum arm_profile profile;
    const char *core; // "Cortex-M3"; NULL: not known
};

// Read what there is. Status registers clear when written, and none of those read here
// has an effect on reading (DDI 0403E, B3.2.4, .5, .15 to .19). Registers that an
// architecture lacks are not asked for. Nothing could be read: no `has` is set.
int scb_read(struct target *target, struct scb *ret, struct mph_err *err);

const char *scb_name(enum scb_register number);
uint32_t scb_address(enum scb_register number);
const char *profile_name(enum arm_profile profile);

// The address of an exception's handler, by the vector table. False when that is not known.
bool scb_vector(const struct scb *scb, struct target *target, unsigned exception, uint64_t *ret);

// Names and meanings of the bits that are set in a status register, by rising number.
struct status_bit {
    const char *name, *text;
};
size_t scb_bits(const struct scb *scb, enum scb_register number, struct status_bit *ret,
                size_t capacity);

// Whether MMFAR or BFAR holds an address, which CFSR tells.
bool scb_is_valid(const struct scb *scb, enum scb_register number);

// The address that a MemManage fault or a BusFault was about, if it is valid.
bool scb_fault_address(const struct scb *scb, uint64_t *ret);

// --- what the core saved ---

enum { FRAME_WORDS = 8 };
enum frame_word {
    FRAME_R0,
    FRAME_R1,
    FRAME_R2,
    FRAME_R3,
    FRAME_R12,
    FRAME_LR,
    FRAME_PC,
    FRAME_XPSR
};

extern const char *const frame_word_names[FRAME_WORDS];

struct exception_frame {
    uint64_t address;
    bool is_on_process_stack;
    bool has_exc_return;
    uint32_t exc_return;
    bool is_guessed; // found by its looks only, with no EXC_RETURN in front of it
    uint32_t words[FRAME_WORDS];
    uint64_t sp; // of the interrupted program
};

// The frame of the innermost exception of a halted core in handler mode. EXC_RETURN is in
// lr until the handler calls a function; then the handler has pushed it. False when there
// is none that makes sense.
bool exception_frame_find(struct target *target, struct exception_frame *ret);

// The frame of the exception that another one, whose frame this is, has interrupted.
bool exception_frame_outer(struct target *target, const struct exception_frame *inner,
                           struct exception_frame *ret);

#endif
