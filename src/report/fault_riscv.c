// SPDX-License-Identifier: MIT
// Traps of RISC-V: what mcause, mepc and mtval keep of the last one.
#include <inttypes.h>
#include <string.h>

#include "cpu/riscv.h"
#include "report/fault.h"

struct trap {
    uint64_t cause; // without the top bit
    uint64_t epc, value;
    bool is_interrupt, has_epc, has_value;
};

// mcause's top bit tells interrupts (volume II, 3.1.15).
static bool read_trap(const struct target *target, struct trap *ret)
{
    uint64_t cause, top = target->word_bytes == 8 ? (uint64_t)1 << 63 : (uint64_t)1 << 31;

    if (!regs_get(&target->regs, "mcause", &cause))
        return false;
    ret->is_interrupt = cause & top;
    ret->cause = cause & ~top;
    ret->has_epc = regs_get(&target->regs, "mepc", &ret->epc);
    ret->has_value = regs_get(&target->regs, "mtval", &ret->value);
    return true;
}

static void add_status(struct fault *fault)
{
    static const char *const names[] = {"mcause", "mepc", "mtval", "mtvec", "mstatus"};
    json_t *list = json_array();
    uint64_t value;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (regs_get(&fault->session->target.regs, names[i], &value))
            json_array_append_new(list, json_pack("{s:s, s:o, s:[]}", "name", names[i], "word",
                                                  json_address(value), "bits"));
    json_object_set_new(fault->document, "status", list);
}

// Volume II, 3.1.16: mtval holds the address of an access, or the instruction that is illegal.
static void add_verdict(struct fault *fault, const struct trap *trap, struct text *text)
{
    enum { ILLEGAL = 2 };
    const char *name = riscv_cause_name(trap->cause, trap->is_interrupt);

    if (!fault->is_found)
        text_puts(text, "no fault: the last trap was ");
    text_printf(text, "%s", name ? name : "of a cause that is the maker's own");
    if (fault->is_found && trap->has_value && trap->cause == ILLEGAL && trap->value)
        text_printf(text, ": 0x%" PRIx64, trap->value);
    else if (fault->is_found && trap->has_value && trap->cause != ILLEGAL)
        text_printf(text, " at 0x%" PRIx64 ", %s", trap->value,
                    answer_text(fault_ask(fault, trap->value)));
}

static int add_code(struct fault *fault, const struct trap *trap, struct mph_err *err)
{
    static const char *const none[] = {"pc", NULL};
    const struct regs *regs = &fault->session->target.regs;
    struct fault_code code;
    uint64_t pc, ra;
    bool spins = false;
    int rc = 0;

    fault->context = *regs;
    if (regs_get(regs, "pc", &pc))
        rc = fault_add_handler(fault, "handler", pc, &spins, err);
    if (rc == 0 && trap->has_epc)
        rc = fault_add_code(fault, "code", trap->epc, none, &code, err);
    if (rc == 0 && regs_get(regs, "ra", &ra))
        fault_add_place(fault, "return", ra);
    return rc;
}

int fault_of_riscv(struct fault *fault, struct mph_err *err)
{
    struct trap trap = {0};
    struct text verdict;
    uint64_t vector;

    if (!read_trap(&fault->session->target, &trap))
        return mph_fail(err, MPH_ERR_READ,
                        "fault: mcause is not known (a link, or --reg "
                        "mcause=VALUE, mepc and mtval)");
    bool is_none = !trap.cause && !trap.epc && !trap.is_interrupt; // as reset leaves them
    fault->is_found = !is_none && !trap.is_interrupt && riscv_cause_is_fault(trap.cause);
    json_object_set_new(fault->document, "architecture", json_string("RISC-V"));
    if (!is_none) {
        const char *name = riscv_cause_name(trap.cause, trap.is_interrupt);

        json_object_set_new(fault->document, "exception",
                            json_pack("{s:I, s:s}", "number", (json_int_t)trap.cause, "name",
                                      name ? name : "custom"));
        int rc = add_code(fault, &trap, err);
        if (rc < 0)
            return rc;
    }
    if (regs_get(&fault->session->target.regs, "mtvec", &vector))
        fault_add_place(fault, "vector", vector & ~(uint64_t)3);
    add_status(fault);
    text_init(&verdict, NULL);
    if (is_none)
        text_puts(&verdict, "no fault: no trap since reset");
    else
        add_verdict(fault, &trap, &verdict);
    json_object_set_new(fault->document, "verdict", json_text(verdict.bytes));
    text_deinit(&verdict);
    return 0;
}
