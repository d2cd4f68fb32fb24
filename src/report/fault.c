// SPDX-License-Identifier: MIT
// Why the processor stopped executing the program: its exception, where it happened, and
// what the fault registers say.
#include "report/fault.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "cpu/insn.h"
#include "report/place.h"
#include "target/devices.h"

// --- places ---

static json_t *place_json(const struct session *session, uint64_t address)
{
    json_t *document = json_pack("{s:o}", "address", json_address(address));

    if (document)
        place_set(session, address, document);
    return document;
}

void fault_add_place(struct fault *fault, const char *key, uint64_t address)
{
    json_object_set_new(fault->document, key, place_json(fault->session, address));
}

enum answer fault_ask(const struct fault *fault, uint64_t address)
{
    struct target *target = &fault->session->target;
    uint8_t byte;

    if (devices_contain(target, address))
        return ANSWER_DEVICE;
    if (target_read(target, address, &byte, 1, NULL) == 0)
        return ANSWER_MEMORY;
    if (target->link.ops || target_has_refused(target, address))
        return ANSWER_NONE;
    return devices_are_at(target, address) ? ANSWER_DEVICE : ANSWER_NOT_IN_DUMP;
}

const char *answer_text(enum answer answer)
{
    static const char *const texts[] = {"where no memory answers", "which is memory",
                                        "where devices are", "which is not in the dump"};

    return texts[answer];
}

// --- code ---

enum { LOOP_INSNS = 4, LOOP_BYTES = 16 };

static bool is_among(const char *name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

static json_t *registers_json(const struct fault *fault, const struct insn *insn,
                              const char *const *saved)
{
    json_t *list = json_array();
    uint64_t value;

    for (size_t i = 0; i < insn->read_count; i++)
        if (regs_get(&fault->context, insn->reads[i], &value))
            json_array_append_new(list, json_pack("{s:s, s:o, s:b}", "name", insn->reads[i], "word",
                                                  json_address(value), "is_saved",
                                                  is_among(insn->reads[i], saved)));
    return list;
}

static void set_instruction(const struct insn *insn, json_t *document)
{
    json_object_set_new(
        document, "instruction",
        json_sprintf("%s%s%s", insn->mnemonic, *insn->operands ? " " : "", insn->operands));
}

static json_t *access_json(const struct fault *fault, const struct fault_code *code)
{
    json_t *document =
        json_pack("{s:s, s:o, s:s}", "kind", code->is_store ? "write" : "read", "address",
                  json_address(code->access), "text", answer_text(fault_ask(fault, code->access)));

    if (document)
        place_set(fault->session, code->access, document);
    return document;
}

int fault_add_code(struct fault *fault, const char *key, uint64_t address, const char *const *saved,
                   struct fault_code *ret, struct mph_err *err)
{
    json_t *document = place_json(fault->session, address);
    struct fault_code code = {0};
    struct insn insn;

    json_object_set_new(fault->document, key, document);
    int rc = insn_at(&fault->session->target, address, &insn, &code.is_readable, err);
    if (rc < 0)
        return rc;
    if (code.is_readable) {
        code.is_instruction = !insn.is_data;
        memcpy(code.mnemonic, insn.mnemonic, sizeof code.mnemonic);
        code.has_access = insn_memory_address(&insn, &fault->context, &code.access);
        code.access &= fault->session->target.word_bytes == 8 ? UINT64_MAX : UINT32_MAX;
        code.is_store = insn.is_store;
        set_instruction(&insn, document);
        json_object_set_new(document, "registers", registers_json(fault, &insn, saved));
        if (code.has_access)
            json_object_set_new(document, "access", access_json(fault, &code));
    }
    *ret = code;
    return 0;
}

// An endless loop of a few instructions: what `for (;;) {}` becomes, or waiting in a handler.
static int find_loop(const struct fault *fault, uint64_t pc, bool *ret, struct mph_err *err)
{
    struct insn insn;
    bool is_found = true;
    uint64_t at = pc;

    for (int i = 0; i < LOOP_INSNS; i++, at += insn.size) {
        int rc = insn_at(&fault->session->target, at, &insn, &is_found, err);

        if (rc < 0)
            return rc;
        if (!is_found || insn.is_data || insn.flow == FLOW_CALL)
            return 0;
        if (insn.flow == FLOW_JUMP) {
            *ret = insn.has_target && insn.target <= pc && pc - insn.target <= LOOP_BYTES;
            return 0;
        }
    }
    return 0;
}

int fault_add_handler(struct fault *fault, const char *key, uint64_t pc, bool *ret_spins,
                      struct mph_err *err)
{
    json_t *document = place_json(fault->session, pc);
    struct place place;
    struct insn insn;
    bool is_found, spins = false;

    json_object_set_new(fault->document, key, document);
    int rc = insn_at(&fault->session->target, pc, &insn, &is_found, err);
    if (rc == 0)
        rc = find_loop(fault, pc, &spins, err);
    if (rc < 0)
        return rc;
    if (is_found)
        set_instruction(&insn, document);
    json_object_set_new(document, "is_spinning", json_boolean(spins));
    size_t aliases =
        place_find(fault->session, pc, &place) ? place_count_aliases(fault->session, &place) : 0;
    if (aliases)
        json_object_set_new(document, "alias_count", json_integer((json_int_t)aliases));
    *ret_spins = spins;
    return 0;
}

// --- text, from the same document ---

static void write_place(const char *label, const json_t *place, struct text *text)
{
    const char *symbol = json_string_of(place, "symbol");

    if (place)
        text_printf(text, "%-9s%s%s%s", label, json_string_of(place, "address"), *symbol ? " " : "",
                    symbol);
}

static void write_code(const json_t *code, struct text *text)
{
    const json_t *access = json_object_get(code, "access");
    size_t i;
    json_t *reg;

    if (!code)
        return;
    write_place("at", code, text);
    text_printf(text, "\n%9s%s\n", "",
                *json_string_of(code, "instruction") ? json_string_of(code, "instruction")
                                                     : "(unreadable)");
    json_array_foreach(json_object_get(code, "registers"), i, reg)
    {
        text_printf(text, "%11s%s = %s%s\n", "", json_string_of(reg, "name"),
                    json_string_of(reg, "word"),
                    json_is_true(json_object_get(reg, "is_saved")) ? "" : " (as it is now)");
    }
    if (access)
        text_printf(text, "%11s%s of %s, %s\n", "", json_string_of(access, "kind"),
                    json_string_of(access, "address"), json_string_of(access, "text"));
}

static void write_handler(const json_t *handler, struct text *text)
{
    json_int_t aliases = json_integer_value(json_object_get(handler, "alias_count"));

    if (!handler)
        return;
    write_place("handler", handler, text);
    if (aliases)
        text_printf(text, " (and %" PRId64 " other names)", (int64_t)aliases);
    text_printf(text, "%s\n",
                json_is_true(json_object_get(handler, "is_spinning")) ? ", loops on itself" : "");
}

static void write_frame(const json_t *frame, struct text *text)
{
    const json_t *interrupted = json_object_get(frame, "interrupted");
    size_t i;
    json_t *reg;

    if (!frame)
        return;
    text_printf(text, "%-9s%s on the %s stack, sp was %s", "frame",
                json_string_of(frame, "address"), json_string_of(frame, "stack"),
                json_string_of(frame, "sp_address"));
    if (interrupted)
        text_printf(text, ", inside %s", json_string_of(interrupted, "name"));
    json_array_foreach(json_object_get(frame, "registers"), i, reg)
    {
        bool is_last = i % 4 == 3 || i + 1 == json_array_size(json_object_get(frame, "registers"));

        text_printf(text, "%s%-4s %-*s", i % 4 ? "  " : "\n           ",
                    json_string_of(reg, "name"), is_last ? 0 : 10, json_string_of(reg, "word"));
    }
    text_putc(text, '\n');
}

static void write_status(const json_t *status, struct text *text)
{
    size_t i, j;
    json_t *entry, *bit;

    json_array_foreach(status, i, entry)
    {
        text_printf(text, "%-9s%s%s\n", json_string_of(entry, "name"),
                    json_string_of(entry, "word"),
                    json_is_false(json_object_get(entry, "is_valid")) ? " (not valid)" : "");
        json_array_foreach(json_object_get(entry, "bits"), j, bit)
        {
            text_printf(text, "%11s%-12s %s\n", "", json_string_of(bit, "name"),
                        json_string_of(bit, "text"));
        }
    }
}

static void write_text(const json_t *document, struct text *text)
{
    const json_t *place = json_object_get(document, "return");
    const char *core = json_string_of(document, "core");

    text_printf(text, "%s\n", json_string_of(document, "verdict"));
    write_code(json_object_get(document, "code"), text);
    write_place("from", place, text);
    text_puts(text, place ? " (lr)\n" : "");
    write_handler(json_object_get(document, "handler"), text);
    place = json_object_get(document, "vector");
    write_place("vector", place, text);
    text_puts(text, place ? "\n" : "");
    write_frame(json_object_get(document, "frame"), text);
    text_printf(text, "%-9s%s%s%s\n", "core", core, *core ? ", " : "",
                json_string_of(document, "architecture"));
    write_status(json_object_get(document, "status"), text);
}

// --- the report ---

static bool knows(const struct target *target, const char *name)
{
    uint64_t value;

    return regs_get(&target->regs, name, &value);
}

static int gather(struct fault *fault, struct mph_err *err)
{
    const struct target *target = &fault->session->target;

    if (target->machine == EM_RISCV || knows(target, "mcause"))
        return fault_of_riscv(fault, err);
    if ((target->machine == EM_ARM || target->machine == EM_NONE) && !knows(target, "cpsr"))
        return fault_of_cortex_m(fault, err);
    return mph_fail(err, MPH_ERR_UNSUPPORTED,
                    "fault: only Cortex-M and RISC-V keep registers that tell, this is %s",
                    isa_name(isa_of(target, 0)));
}

int fault_examine(struct session *session, struct output *output, struct fault *ret,
                  struct mph_err *err)
{
    *ret = (struct fault){.session = session, .output = output, .document = json_object()};
    int rc = gather(ret, err);

    if (rc < 0)
        json_decref(ret->document);
    else
        json_object_set_new(ret->document, "is_fault", json_boolean(ret->is_found));
    return rc;
}

static int run_fault(struct session *session, const void *options, struct output *output,
                     struct mph_err *err)
{
    struct fault fault;

    (void)options;
    if (session->target.state == RUN_RUNNING)
        notes_add(&output->notes, "target: running: its registers are not known (--halt stops the "
                                  "board for the read)");
    int rc = fault_examine(session, output, &fault, err);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    if (output->is_json) {
        rc = output_json(output, fault.document, err);
    } else {
        write_text(fault.document, output->text);
        json_decref(fault.document);
    }
    return rc < 0 ? rc : fault.is_found;
}

const struct report report_fault = {
    .name = "fault",
    .summary = "the fault that stopped the board: where, why, and with which registers",
    .help = "Cortex-M: the active exception, its handler, the registers it saved, the fault "
            "status in words, and the instruction with its registers' values. RISC-V: mcause, "
            "mepc and mtval. Status 1 when there is a fault.",
    .run = run_fault,
};
