// SPDX-License-Identifier: MIT
// Faults of ARM's M profile.
#include <inttypes.h>
#include <string.h>

#include "cpu/cortex_m.h"
#include "report/fault.h"

enum { NUMBER_MASK = 0x1ff, NESTING_MAX = 8, BITS_MAX = 32 };

#define XPSR_THUMB (1u << 24)

struct search {
    struct fault *fault;
    struct scb scb;
    bool has_number; // which exception is active is known
    unsigned number; // the active one, or the fault that it interrupted
    bool is_locked_up;
    bool has_frame;
    struct exception_frame frame;
    bool spins;
    bool has_code;
    struct fault_code code;
};

// --- what is active ---

static bool find_number(struct search *search)
{
    const struct regs *regs = &search->fault->session->target.regs;
    uint64_t xpsr;

    if (regs_get(regs, "xpsr", &xpsr))
        search->number = xpsr & NUMBER_MASK;
    else if (search->scb.has[SCB_ICSR])
        search->number = search->scb.value[SCB_ICSR] & NUMBER_MASK;
    else
        return false;
    return true;
}

// The frame of the fault, which may lie behind those of exceptions that came on top.
static void find_frame(struct search *search)
{
    struct target *target = &search->fault->session->target;
    struct exception_frame outer;

    if (!search->number)
        return;
    search->has_frame = exception_frame_find(target, &search->frame);
    for (int i = 0; search->has_frame && i < NESTING_MAX && !exception_is_fault(search->number);
         i++) {
        unsigned interrupted = search->frame.words[FRAME_XPSR] & NUMBER_MASK;

        if (!interrupted || !exception_frame_outer(target, &search->frame, &outer))
            return;
        search->number = interrupted;
        search->frame = outer;
    }
}

// --- the document ---

static json_t *number_json(unsigned number)
{
    char name[EXCEPTION_NAME_MAX];

    exception_name(number, name);
    return json_pack("{s:i, s:s}", "number", (int)number, "name", name);
}

static void add_exception(struct search *search)
{
    json_t *document = search->fault->document;
    uint64_t vector;

    if (!search->has_number)
        return;
    json_object_set_new(document, "exception", number_json(search->number));
    if (search->number &&
        scb_vector(&search->scb, &search->fault->session->target, search->number, &vector))
        fault_add_place(search->fault, "vector", vector);
}

static void add_frame(struct search *search)
{
    const struct exception_frame *frame = &search->frame;
    struct regs *context = &search->fault->context;
    json_t *words = json_array();

    *context = search->fault->session->target.regs;
    for (size_t i = 0; i < FRAME_WORDS; i++) {
        json_array_append_new(words, json_pack("{s:s, s:o}", "name", frame_word_names[i], "word",
                                               json_address(frame->words[i])));
        regs_set(context, frame_word_names[i], frame->words[i]);
    }
    regs_set(context, "sp", frame->sp);
    json_t *document =
        json_pack("{s:o, s:s, s:o, s:b, s:o}", "address", json_address(frame->address), "stack",
                  frame->is_on_process_stack ? "process" : "main", "sp_address",
                  json_address(frame->sp), "is_guessed", frame->is_guessed, "registers", words);
    if (document && frame->has_exc_return)
        json_object_set_new(document, "exc_return", json_address(frame->exc_return));
    if (document && frame->words[FRAME_XPSR] & NUMBER_MASK)
        json_object_set_new(document, "interrupted",
                            number_json(frame->words[FRAME_XPSR] & NUMBER_MASK));
    json_object_set_new(search->fault->document, "frame", document);
}

static int add_code(struct search *search, struct mph_err *err)
{
    static const char *const saved[] = {"r0", "r1", "r2", "r3", "r12", "lr", "pc", "sp", NULL};
    const uint32_t *words = search->frame.words;
    int rc = fault_add_code(search->fault, "code", words[FRAME_PC], saved, &search->code, err);

    search->has_code = rc == 0;
    if (rc == 0 && words[FRAME_LR] < 0xffffff00)
        fault_add_place(search->fault, "return", words[FRAME_LR] & ~1u);
    return rc;
}

static json_t *bits_json(const struct scb *scb, enum scb_register number)
{
    struct status_bit set[BITS_MAX];
    size_t count = scb_bits(scb, number, set, BITS_MAX);
    json_t *bits = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(bits,
                              json_pack("{s:s, s:s}", "name", set[i].name, "text", set[i].text));
    return bits;
}

static void add_status(const struct search *search)
{
    static const enum scb_register shown[] = {SCB_CFSR, SCB_HFSR,  SCB_MMFAR, SCB_BFAR,
                                              SCB_DFSR, SCB_SHCSR, SCB_ICSR};
    const struct scb *scb = &search->scb;
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        enum scb_register number = shown[i];

        if (!scb->has[number])
            continue;
        json_t *entry = json_pack("{s:s, s:o, s:o}", "name", scb_name(number), "word",
                                  json_address(scb->value[number]), "bits", bits_json(scb, number));
        if (entry && (number == SCB_MMFAR || number == SCB_BFAR))
            json_object_set_new(entry, "is_valid", json_boolean(scb_is_valid(scb, number)));
        json_array_append_new(list, entry);
    }
    json_object_set_new(search->fault->document, "status", list);
}

// --- the cause in words ---

// The first bit that says what happened; the last ones of each part only say what is valid.
static bool add_status_cause(const struct search *search, struct text *text)
{
    struct status_bit set[BITS_MAX];
    size_t count = scb_bits(&search->scb, SCB_CFSR, set, BITS_MAX);
    uint64_t address;

    for (size_t i = 0; i < count; i++) {
        if (strstr(set[i].name, "VALID"))
            continue;
        text_printf(text, "%s", set[i].text);
        if (scb_fault_address(&search->scb, &address))
            text_printf(text, ", at 0x%08" PRIx64, address);
        return true;
    }
    return false;
}

static unsigned alignment_of(const char *mnemonic)
{
    size_t base = 3;

    if (!strncmp(mnemonic, "ldm", 3) || !strncmp(mnemonic, "stm", 3) ||
        (strncmp(mnemonic, "ldr", 3) && strncmp(mnemonic, "str", 3)))
        return 4;
    base += mnemonic[base] == 's';
    return mnemonic[base] == 'b' ? 1 : mnemonic[base] == 'h' ? 2 : 4;
}

static bool add_access_cause(const struct search *search, struct text *text)
{
    const struct fault_code *code = &search->code;

    if (!code->has_access)
        return false;
    const char *verb = code->is_store ? "a write to" : "a read of";
    enum answer answer = fault_ask(search->fault, code->access);
    if (search->scb.profile == PROFILE_V6M && code->access % alignment_of(code->mnemonic))
        text_printf(text, "%s 0x%08" PRIx64 ", which is not aligned for it", verb, code->access);
    else if (answer != ANSWER_MEMORY)
        text_printf(text, "%s 0x%08" PRIx64 ", %s", verb, code->access, answer_text(answer));
    else
        return false;
    return true;
}

// What the instruction itself tells, where the core keeps no status.
static void add_code_cause(const struct search *search, struct text *text)
{
    const struct fault_code *code = &search->code;
    uint32_t pc = search->frame.words[FRAME_PC];

    if (!search->has_code)
        text_puts(text, search->fault->session->target.regs.count
                            ? "where it happened was not found"
                            : "where it happened, the registers would tell");
    else if (!(search->frame.words[FRAME_XPSR] & XPSR_THUMB))
        text_puts(text, "a jump to an even address, which asks for ARM code");
    else if (!code->is_readable)
        text_printf(text, "a jump to 0x%08" PRIx32 ", %s", pc,
                    answer_text(fault_ask(search->fault, pc)));
    else if (!code->is_instruction || !strncmp(code->mnemonic, "udf", 3))
        text_puts(text, "the instruction is none that this core knows");
    else if (!strcmp(code->mnemonic, "bkpt"))
        text_puts(text, "a breakpoint instruction with no debugger to take it");
    else if (!strcmp(code->mnemonic, "svc"))
        text_puts(text, "svc where its priority does not allow it");
    else if (!add_access_cause(search, text))
        text_puts(text, "the instruction does not tell why");
}

static void add_fault_verdict(const struct search *search, struct text *text)
{
    char name[EXCEPTION_NAME_MAX];

    exception_name(search->number, name);
    text_printf(text, "%s%s: ", search->is_locked_up ? "lockup, the core has stopped after " : "",
                search->is_locked_up && !exception_is_fault(search->number) ? "a fault" : name);
    if (!add_status_cause(search, text))
        add_code_cause(search, text);
}

static void add_verdict(const struct search *search, struct text *text)
{
    char name[EXCEPTION_NAME_MAX];
    struct status_bit set[BITS_MAX];

    if (!search->has_number && !search->is_locked_up) {
        text_puts(text, "which exception is active is not known");
        return;
    }
    exception_name(search->number, name);
    if (search->fault->is_found && (search->is_locked_up || exception_is_fault(search->number)))
        add_fault_verdict(search, text);
    else if (search->fault->is_found)
        text_printf(text, "the handler of %s does not return: it loops on itself", name);
    else if (search->number)
        text_printf(text, "no fault: %s is being handled", name);
    else
        text_puts(text, "no fault: no exception is active");
    if (!search->fault->is_found && scb_bits(&search->scb, SCB_CFSR, set, BITS_MAX))
        text_puts(text, ", but CFSR keeps what an earlier one was");
}

// --- the whole ---

static void add_core(struct search *search)
{
    json_t *document = search->fault->document;
    struct vec *notes = &search->fault->output->notes;
    bool is_dump = !search->fault->session->target.link.ops;

    json_object_set_new(document, "architecture", json_string(profile_name(search->scb.profile)));
    if (search->scb.core)
        json_object_set_new(document, "core", json_string(search->scb.core));
    if (search->scb.profile == PROFILE_V6M || search->scb.profile == PROFILE_V8M_BASE)
        notes_add(notes,
                  "fault: %s keeps no fault status (CFSR, HFSR): causes are read from the "
                  "code",
                  profile_name(search->scb.profile));
    else if (!search->scb.has[SCB_CFSR])
        notes_add(notes, "fault: the fault status registers, from 0xe000ed00 on, %s",
                  is_dump ? "are not in the dump (--image FILE@0xe000ed00)" : "cannot be read");
}

static int add_now(struct search *search, struct mph_err *err)
{
    const struct regs *regs = &search->fault->session->target.regs;
    uint64_t pc;

    if (!regs_get(regs, "pc", &pc))
        return 0;
    search->is_locked_up = cortex_m_is_locked_up(pc);
    if (!search->number || search->is_locked_up)
        return 0;
    return fault_add_handler(search->fault, "handler", pc, &search->spins, err);
}

static void note_frame(const struct search *search)
{
    struct vec *notes = &search->fault->output->notes;

    if (search->number && !search->has_frame && search->fault->session->target.regs.count)
        notes_add(notes, "fault: no saved registers were found on the stack");
    else if (search->has_frame && search->frame.is_guessed)
        notes_add(notes, "fault: the saved registers were found by their looks alone");
}

int fault_of_cortex_m(struct fault *fault, struct mph_err *err)
{
    struct search search = {.fault = fault};
    struct text verdict;
    int rc = scb_read(&fault->session->target, &search.scb, err);

    if (rc < 0)
        return rc;
    search.has_number = find_number(&search);
    rc = add_now(&search, err);
    if (rc < 0)
        return rc;
    if (!search.has_number && !search.is_locked_up && !search.scb.has[SCB_CFSR])
        return mph_fail(err, MPH_ERR_READ,
                        "fault: neither xpsr nor the registers at 0xe000ed00 are known (--reg "
                        "xpsr=VALUE, --image FILE@0xe000ed00)");
    find_frame(&search);
    fault->is_found = search.is_locked_up || exception_is_fault(search.number) || search.spins;
    add_core(&search);
    add_exception(&search);
    if (search.has_frame) {
        add_frame(&search);
        rc = add_code(&search, err);
        if (rc < 0)
            return rc;
    }
    add_status(&search);
    note_frame(&search);
    json_object_set_new(fault->document, "is_locked_up", json_boolean(search.is_locked_up));
    text_init(&verdict, NULL);
    add_verdict(&search, &verdict);
    json_object_set_new(fault->document, "verdict", json_text(verdict.bytes ? verdict.bytes : ""));
    text_deinit(&verdict);
    return 0;
}
