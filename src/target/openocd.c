// SPDX-License-Identifier: MIT
// OpenOCD as a link. What it is asked, and what it answers: openocd.texi of
// v0.12, "Tcl Scripting API" and "Target Configuration".
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "target/links.h"
#include "target/openocd_memory.h"
#include "target/openocd_reply.h"
#include "target/tcl_port.h"

// Two words that nobody asked for cost no more than a read of its own on any link:
// OpenOCD 0.12 makes 7 JTAG scans for a word by itself and one for each further word.
// Wider gaps are openocd_memory's business, which measures what a read costs here.
enum { GAP_BYTES = 8 };

enum { ANSWER_LIMIT = 64 * 1024 };

// OpenOCD's spelling of the registers worth having; those a core lacks are
// passed over. Before 0.12 it wrote xPSR.
#define R0_TO_R12 "r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12"
#define X0_TO_X30                                                                                  \
    "x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24"   \
    " x25 x26 x27 x28 x29 x30"
#define CORTEX_M "pc sp lr xpsr xPSR msp psp " R0_TO_R12 " primask basepri faultmask control"
#define RISCV                                                                                      \
    "pc ra sp gp tp t0 t1 t2 fp s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3" \
    " t4 t5 t6 mstatus mepc mcause mtval mtvec"
#define XTENSA                                                                                     \
    "pc a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 ps sar windowbase windowstart"      \
    " exccause excvaddr epc1"

// What OpenOCD's target type says, in the first row that fits.
static const struct kind {
    const char *type; // or the beginning of it
    const char *registers;
    uint16_t machine;   // ELF e_machine; 0 where the type does not tell
    uint8_t word_bytes; // 0 likewise
} KINDS[] = {
    {"cortex_m", CORTEX_M, EM_ARM, 4},
    {"hla", CORTEX_M, EM_ARM, 4},
    {"cortex_a", "pc sp lr cpsr " R0_TO_R12, EM_ARM, 4},
    {"aarch64", "pc sp cpsr " X0_TO_X30, EM_AARCH64, 8},
    {"riscv", RISCV, EM_RISCV, 0},
    {"esp32c", RISCV, EM_RISCV, 4},
    {"esp32h", RISCV, EM_RISCV, 4},
    {"esp32p", RISCV, EM_RISCV, 4},
    {"esp32", XTENSA, EM_XTENSA, 4},
    {"xtensa", XTENSA, EM_XTENSA, 4},
    {"", "pc sp lr ra cpsr " R0_TO_R12, EM_NONE, 0},
};

struct openocd {
    struct link_stats stats;
    struct tcl_port port;
    struct openocd_memory memory;
    struct text target; // its name, quoted as a Tcl word
    const struct kind *kind;
    bool has_get_reg;
};

// --- scripts ---

// Evaluate a script and dispose of it. The result lives until the next one.
static int eval(struct openocd *openocd, struct text *script, struct tcl_result *ret,
                struct mph_err *err)
{
    int rc = tcl_port_eval(&openocd->port, script, ANSWER_LIMIT, ret, err);

    text_deinit(script);
    return rc;
}

// Evaluate a command that only knows OpenOCD's current target, and dispose of it.
static int eval_with_target(struct openocd *openocd, struct text *command, struct tcl_result *ret,
                            struct mph_err *err)
{
    struct tcl_result result;
    struct text script;

    text_init(&script, NULL);
    openocd_with_target(&script, openocd->target.bytes, command);
    text_deinit(command);

    int rc = eval(openocd, &script, &result, err);
    if (rc == 0 && (result.code != 0 || !tcl_result_parse(result.text, result.len, ret)))
        return tcl_port_fail(&openocd->port, err, "cannot choose the target", result.text,
                             result.len);
    return rc;
}

// The `count` elements of a list, the strings inside `text`.
static bool split(char *text, size_t len, char **words, size_t count)
{
    struct tcl_list list = {text, text + len};
    size_t word_len;

    for (size_t i = 0; i < count; i++)
        if (tcl_list_next(&list, &words[i], &word_len) != 1)
            return false;
    return true;
}

// --- opening ---

static bool list_has(const char *names, const char *name)
{
    char *copy = strdup(names), *word;
    bool found = false;
    size_t len;

    if (!copy)
        return false;
    struct tcl_list list = {copy, copy + strlen(copy)};
    while (!found && tcl_list_next(&list, &word, &len) == 1)
        found = !strcmp(word, name);
    free(copy);
    return found;
}

static int choose_target(struct openocd *openocd, const char *wanted, const char *names,
                         const char *current, struct mph_err *err)
{
    const char *peer = openocd->port.stream.peer;

    if (!*names)
        return mph_fail(err, MPH_ERR_LINK, "openocd: no target is configured (%s)", peer);
    if (!wanted && !*current)
        return mph_fail(err, MPH_ERR_USAGE, "openocd: no current target, name one of: %.160s (%s)",
                        names, peer);
    if (wanted && !list_has(names, wanted))
        return mph_fail(err, MPH_ERR_USAGE, "openocd: no target '%.60s', there are: %.160s (%s)",
                        wanted, names, peer);
    tcl_quote(&openocd->target, wanted ? wanted : current);
    return openocd->target.failed ? mph_fail_no_memory(err) : 0;
}

// Make sure that it is OpenOCD, and learn which target is meant.
static int greet(struct openocd *openocd, const char *wanted, struct mph_err *err)
{
    enum { VERSION, NAMES, FAILED, CURRENT, ANSWERS };
    char *answers[ANSWERS];
    struct tcl_result result;
    struct text script;

    text_init(&script, NULL);
    text_puts(&script,
              "list [capture version] [target names] [catch {target current} mph_c] $mph_c");
    int rc = eval(openocd, &script, &result, err);
    if (rc < 0)
        return rc;
    if (result.code != 0 || !split(result.text, result.len, answers, ANSWERS))
        return tcl_port_fail(&openocd->port, err, "does not answer as OpenOCD does", result.text,
                             result.len);
    return choose_target(openocd, wanted, answers[NAMES],
                         strcmp(answers[FAILED], "0") ? "" : answers[CURRENT], err);
}

static const struct kind *kind_of(const char *type)
{
    size_t i = 0;

    while (strncmp(type, KINDS[i].type, strlen(KINDS[i].type)))
        i++;
    return &KINDS[i];
}

// What kind of target it is, and which commands this OpenOCD has for it. Before
// 0.12 there is neither read_memory nor get_reg.
static int learn_target(struct openocd *openocd, struct mph_err *err)
{
    enum { TYPE, ENDIAN, FAILED, EXAMINED, READ_MEMORY, GET_REG, ANSWERS };
    const char *target = openocd->target.bytes;
    char *answers[ANSWERS];
    struct tcl_result result;
    struct text script;

    text_init(&script, NULL);
    text_printf(&script,
                "list [%s cget -type] [%s cget -endian] [catch {%s was_examined} mph_c] $mph_c"
                " [llength [info commands read_memory]] [llength [info commands get_reg]]",
                target, target, target);
    int rc = eval(openocd, &script, &result, err);
    if (rc < 0)
        return rc;
    if (result.code != 0 || !split(result.text, result.len, answers, ANSWERS))
        return tcl_port_fail(&openocd->port, err, "cannot ask for the target's kind", result.text,
                             result.len);
    if (!strcmp(answers[FAILED], "0") && !strcmp(answers[EXAMINED], "0"))
        return mph_fail(err, MPH_ERR_LINK,
                        "openocd: %s was not examined, is the board powered and connected? (%s)",
                        target, openocd->port.stream.peer);

    openocd->kind = kind_of(answers[TYPE]);
    openocd->has_get_reg = strcmp(answers[GET_REG], "0") != 0;
    openocd_memory_init(&openocd->memory, &openocd->port, target,
                        !strcmp(answers[ENDIAN], "big"), strcmp(answers[READ_MEMORY], "0") != 0);
    return 0;
}

// --- operations ---

static int openocd_read(void *link, struct link_read *reads, size_t count, struct mph_err *err)
{
    struct openocd *openocd = link;

    return openocd_memory_read(&openocd->memory, reads, count, err);
}

// OpenOCD only knows a state from polling, so it polls now. One that cannot be
// polled keeps its last state for ever.
static int openocd_state(void *link, enum run_state *ret, struct mph_err *err)
{
    struct openocd *openocd = link;
    const char *target = openocd->target.bytes;
    struct tcl_result result;
    struct text script;

    text_init(&script, NULL);
    text_printf(&script, "if {[catch {%s arp_poll}]} {list unknown} else {%s curstate}", target,
                target);
    int rc = eval(openocd, &script, &result, err);
    if (rc < 0)
        return rc;

    bool known = result.code == 0;
    if (known && !strcmp(result.text, "halted"))
        *ret = RUN_HALTED;
    else if (known && !strcmp(result.text, "running"))
        *ret = RUN_RUNNING;
    else
        *ret = RUN_UNKNOWN;
    return 0;
}

static bool all_zero(const struct regs *regs)
{
    for (size_t i = 0; i < regs->count; i++)
        if (regs->list[i].value)
            return false;
    return true;
}

// Each register is caught by itself, as a core need not have all of them.
static void registers_script(struct text *script, const struct openocd *openocd)
{
    text_printf(script, "set mph_o {}; foreach mph_n {%s} {if {![catch {",
                openocd->kind->registers);
    if (openocd->has_get_reg)
        text_printf(script, "%s get_reg -force [list $mph_n]", openocd->target.bytes);
    else
        text_puts(script, "capture {reg $mph_n force}");
    text_puts(script, "} mph_v]} {append mph_o $mph_v {;}}}; set mph_o");
}

// OpenOCD hands out zeros for every register of a core that was already halted
// when it connected (seen with 0.12); that is the same as knowing none.
static int openocd_registers(void *link, struct regs *ret, struct mph_err *err)
{
    struct openocd *openocd = link;
    struct regs regs = {.count = 0};
    struct tcl_result result;
    struct text script;

    text_init(&script, NULL);
    registers_script(&script, openocd);
    int rc = openocd->has_get_reg ? eval(openocd, &script, &result, err)
                                  : eval_with_target(openocd, &script, &result, err);
    if (rc < 0)
        return rc;
    if (result.code == 0)
        openocd_reply_registers(result.text, result.len, &regs);
    if (all_zero(&regs))
        regs.count = 0;
    *ret = regs;
    return 0;
}

// Have OpenOCD run or stop the target. What it says in an error may run over
// several lines; the first says what.
static int control(struct openocd *openocd, const char *verb, struct text *command,
                   struct mph_err *err)
{
    struct tcl_result result;
    int rc = eval_with_target(openocd, command, &result, err);

    if (rc == 0 && result.code != 0)
        return mph_fail(err, MPH_ERR_LINK, "openocd: cannot %s %s: %.*s (%s)", verb,
                        openocd->target.bytes, (int)strcspn(result.text, "\n"), result.text,
                        openocd->port.stream.peer);
    return rc;
}

static int openocd_halt(void *link, struct mph_err *err)
{
    struct text command;

    text_init(&command, NULL);
    text_puts(&command, "halt 1000");
    return control(link, "halt", &command, err);
}

// A target that we halted goes on even if the conversation broke off since.
static int openocd_resume(void *link, struct mph_err *err)
{
    struct openocd *openocd = link;
    struct text command;

    if (!stream_is_open(&openocd->port.stream)) {
        int rc = tcl_port_reopen(&openocd->port, err);
        if (rc < 0)
            return rc;
    }
    text_init(&command, NULL);
    text_printf(&command, "if {[%s curstate] eq {halted}} resume", openocd->target.bytes);
    return control(openocd, "resume", &command, err);
}

static void openocd_close(void *link)
{
    struct openocd *openocd = link;

    tcl_port_close(&openocd->port);
    text_deinit(&openocd->target);
    free(openocd);
}

static const struct link_ops OPENOCD_OPS = {
    .name = "openocd",
    .read = openocd_read,
    .state = openocd_state,
    .registers = openocd_registers,
    .halt = openocd_halt,
    .resume = openocd_resume,
    .close = openocd_close,
};

int openocd_open(const struct openocd_options *options, struct link *ret, struct mph_err *err)
{
    struct openocd *openocd = calloc(1, sizeof *openocd);

    if (!openocd)
        return mph_fail_no_memory(err);
    text_init(&openocd->target, NULL);

    int rc = tcl_port_open(&openocd->port, options->endpoint, options->timeout, &openocd->stats,
                           err);
    if (rc < 0) {
        free(openocd);
        return rc;
    }
    rc = greet(openocd, options->target, err);
    if (rc == 0) {
        tcl_port_share(&openocd->port);
        rc = learn_target(openocd, err);
    }
    if (rc < 0) {
        openocd_close(openocd);
        return rc;
    }
    *ret = (struct link){.ops = &OPENOCD_OPS,
                         .context = openocd,
                         .stats = &openocd->stats,
                         .gap_bytes = GAP_BYTES,
                         .machine = openocd->kind->machine,
                         .word_bytes = openocd->kind->word_bytes};
    return 0;
}
