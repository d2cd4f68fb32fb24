// SPDX-License-Identifier: MIT
// What the architectures' parts of `fault` share: the document under construction, and
// the code that the fault is about.
#ifndef MPH_REPORT_FAULT_H
#define MPH_REPORT_FAULT_H

#include "report/report.h"

struct fault {
    struct session *session;
    struct output *output;
    json_t *document;
    struct regs context; // registers of the program at the fault, as far as they are known
    bool is_found;       // something is wrong
};

// All of the report but its text: a document that the caller releases, with its notes in
// `output`. Errors as below, or MPH_ERR_UNSUPPORTED on other architectures.
int fault_examine(struct session *session, struct output *output, struct fault *ret,
                  struct mph_err *err);

// --- by architecture ---

// Fill in the document. Fails when so little is known that nothing can be said.
int fault_of_cortex_m(struct fault *fault, struct mph_err *err);
int fault_of_riscv(struct fault *fault, struct mph_err *err);

// --- for those ---

// What is known of the instruction at an address that it executed, or tried to.
struct fault_code {
    bool is_readable;
    bool is_instruction;
    char mnemonic[32];
    bool has_access; // it reads or writes memory
    bool is_store;
    uint64_t access; // the address, with the registers of the context
};

// `key` becomes the code at an address: {address, symbol, instruction, registers, access}.
// `saved` are the names of registers whose values are surely those at the fault, NULL-ended.
int fault_add_code(struct fault *fault, const char *key, uint64_t address, const char *const *saved,
                   struct fault_code *ret, struct mph_err *err);

// `key` becomes a place in the code: {address, symbol}.
void fault_add_place(struct fault *fault, const char *key, uint64_t address);

// `key` becomes what runs now, and whether that is an endless loop of a few instructions.
int fault_add_handler(struct fault *fault, const char *key, uint64_t pc, bool *ret_spins,
                      struct mph_err *err);

// Whether something answers at an address. A device is never asked.
enum answer { ANSWER_NONE, ANSWER_MEMORY, ANSWER_DEVICE, ANSWER_NOT_IN_DUMP };
enum answer fault_ask(const struct fault *fault, uint64_t address);
const char *answer_text(enum answer answer);

#endif
