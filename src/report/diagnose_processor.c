// SPDX-License-Identifier: MIT
// What a diagnosis says of the processor.
#include <inttypes.h>
#include <string.h>

#include "cpu/cortex_m.h"
#include "cpu/insn.h"
#include "report/diagnosis.h"
#include "report/fault.h"

// --- the fault ---

static void add_place(json_t *finding, const char *name, const json_t *place)
{
    const char *address = json_string_of(place, "address"),
               *symbol = json_string_of(place, "symbol");
    struct text text;

    if (!*address)
        return;
    text_init(&text, NULL);
    text_printf(&text, "%s%s%s", address, *symbol ? " " : "", symbol);
    evidence_text(finding, name, text.bytes ? text.bytes : "");
    text_deinit(&text);
}

static void add_text(json_t *finding, const char *name, const json_t *document, const char *key)
{
    const char *string = json_string_of(document, key);

    if (*string)
        evidence_text(finding, name, string);
}

static void add_status(json_t *finding, const json_t *document)
{
    size_t i;
    json_t *entry;

    json_array_foreach(json_object_get(document, "status"), i, entry)
    {
        if (json_array_size(json_object_get(entry, "bits")) > 0 ||
            !strcmp(json_string_of(entry, "name"), "mcause"))
            add_text(finding, json_string_of(entry, "name"), entry, "word");
    }
}

static void add_fault(struct diagnosis *diagnosis, const struct output *output,
                      const json_t *document)
{
    json_t *finding =
        finding_add(diagnosis, FINDING_TROUBLE, "fault", "%s", json_string_of(document, "verdict"));

    add_place(finding, "at", json_object_get(document, "code"));
    add_text(finding, "instruction", json_object_get(document, "code"), "instruction");
    add_place(finding, "called from", json_object_get(document, "return"));
    add_place(finding, "handler", json_object_get(document, "handler"));
    add_place(finding, "saved registers", json_object_get(document, "frame"));
    add_status(finding, document);
    for (size_t i = 0; i < output->notes.len; i++)
        notes_add(&diagnosis->output->notes, "%s", notes_text(&output->notes, i));
}

// Its notes are about a fault; where there is none they explain nothing.
void diagnose_fault(struct diagnosis *diagnosis)
{
    struct fault fault;
    struct output output;
    struct mph_err why = {0};

    output_init(&output, NULL, true, false);
    int rc = fault_examine(diagnosis->session, &output, &fault, &why);
    if (rc == 0) {
        if (fault.is_found)
            add_fault(diagnosis, &output, fault.document);
        json_decref(fault.document);
    } else if (rc != MPH_ERR_UNSUPPORTED) {
        finding_add(diagnosis, FINDING_UNKNOWN, "fault", "%s", why.text);
    }
    output_deinit(&output);
}

// --- what it does ---

// wfi and wfe wherever they exist; a call of the system, where there is one below Python.
static bool waits(const struct target *target, const struct insn *insn)
{
    return !strncmp(insn->mnemonic, "wfi", 3) || !strncmp(insn->mnemonic, "wfe", 3) ||
           !strcmp(insn->mnemonic, "syscall") ||
           (!strcmp(insn->mnemonic, "svc") && !isa_is_m_profile(target));
}

// A processor that waits has that instruction in its program counter, or the next one.
static bool find_wait(const struct diagnosis *diagnosis, uint64_t pc, struct insn *ret)
{
    static const uint8_t steps[] = {0, 2, 4};
    struct target *target = &diagnosis->session->target;
    bool is_found;

    for (size_t i = 0; i < sizeof steps; i++)
        if (insn_at(target, pc - steps[i], ret, &is_found, NULL) == 0 && is_found &&
            !ret->is_data && waits(target, ret) && (!steps[i] || ret->size == steps[i]))
            return true;
    return false;
}

// The exception that an M-profile core is in, which thread mode is not.
static bool find_exception(const struct target *target, char ret[EXCEPTION_NAME_MAX])
{
    enum { NUMBER_MASK = 0x1ff };
    uint64_t xpsr;

    if (!regs_get(&target->regs, "xpsr", &xpsr) || !(xpsr & NUMBER_MASK))
        return false;
    exception_name(xpsr & NUMBER_MASK, ret);
    return true;
}

void diagnose_processor(struct diagnosis *diagnosis)
{
    const struct target *target = &diagnosis->session->target;
    char name[EXCEPTION_NAME_MAX];
    uint64_t pc;
    struct insn insn;
    json_t *finding;

    if (!isa_pc(target, &pc)) {
        finding_add(diagnosis, FINDING_UNKNOWN, "processor",
                    "the processor: no program counter is known (--reg pc=VALUE)");
        return;
    }
    bool is_waiting = find_wait(diagnosis, pc, &insn);
    if (is_waiting)
        finding = finding_add(diagnosis, FINDING_FACT, "processor",
                              "the processor waits for %s, or has just stopped to",
                              *insn.mnemonic == 'w' ? "an interrupt or event" : "the system");
    else if (find_exception(target, name))
        finding = finding_add(diagnosis, FINDING_FACT, "processor",
                              "the processor is in %s, which interrupted the program", name);
    else
        finding = finding_add(diagnosis, FINDING_FACT, "processor", "the processor executes code");
    evidence_address(diagnosis, finding, "pc", pc);
    if (is_waiting)
        evidence_text(finding, "instruction", insn.mnemonic);
}
