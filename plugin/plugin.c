// SPDX-License-Identifier: MIT
// Everything is compiled hidden; what the header declares is not.
#pragma GCC visibility push(default)
#include "mpheap.h"
#pragma GCC visibility pop

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "cli/ask.h"
#include "cli/run.h"
#include "report/native.h"
#include "target/links.h"

struct mpheap {
    struct mpheap_options options;
    struct asker asker;
    struct unwinder unwinder;
    struct mph_err err;
};

static int unwind_own(void *context, struct native_stack *stack, struct mph_err *err);

mpheap_t *mpheap_open(const struct mpheap_options *options)
{
    mpheap_t *heap;

    if (options->size < offsetof(struct mpheap_options, register_count) + sizeof(size_t))
        return NULL;
    heap = calloc(1, sizeof *heap);
    if (!heap)
        return NULL;
    memcpy(&heap->options, options,
           options->size < sizeof *options ? options->size : sizeof *options);
    asker_init(&heap->asker);
    heap->unwinder = (struct unwinder){unwind_own, heap};
    return heap;
}

void mpheap_close(mpheap_t *heap)
{
    if (!heap)
        return;
    asker_deinit(&heap->asker);
    free(heap);
}

// --- the caller's target ---

static enum run_state state_of(int state)
{
    return state == MPHEAP_STATE_HALTED    ? RUN_HALTED
           : state == MPHEAP_STATE_RUNNING ? RUN_RUNNING
           : state == MPHEAP_STATE_DUMP    ? RUN_DUMP
                                           : RUN_UNKNOWN;
}

static int open_own(void *context, struct link *ret, struct mph_err *err)
{
    const struct mpheap_options *options = &((mpheap_t *)context)->options;

    return callback_open(options->read, options->context, state_of(options->state), ret, err);
}

static void add_registers(const struct mpheap_register *registers, size_t count, struct regs *regs)
{
    for (size_t i = 0; i < count; i++)
        regs_set(regs, registers[i].name, registers[i].value);
}

static int add_own_registers(void *context, struct target *target, struct mph_err *err)
{
    const struct mpheap_options *options = &((mpheap_t *)context)->options;

    add_registers(options->registers, options->register_count, &target->regs);
    for (size_t i = 0; i < options->thread_count; i++) {
        const struct mpheap_thread *thread = &options->threads[i];
        struct regs *regs = vec_add(&target->threads);

        if (!regs)
            return mph_fail_no_memory(err);
        add_registers(thread->registers, thread->register_count, regs);
    }
    return 0;
}

// --- its C frames ---

struct unwinding {
    struct native_stack *stack;
    struct mph_err *err;
    int rc;
};

static int take_frame(void *taker, const struct mpheap_frame *frame)
{
    struct unwinding *unwinding = taker;
    struct mpheap_frame known = {0};

    memcpy(&known, frame, frame->size < sizeof known ? frame->size : sizeof known);
    // It adds only what it copies.
    struct native_frame added = {.pc = known.pc,
                                 .sp = known.sp,
                                 .function = (char *)known.function,
                                 .file = (char *)known.file,
                                 .line = known.line};
    unwinding->rc = native_stack_add(unwinding->stack, &added, unwinding->err);
    return unwinding->rc;
}

static int unwind_own(void *context, struct native_stack *stack, struct mph_err *err)
{
    const struct mpheap_options *options = &((mpheap_t *)context)->options;
    struct mph_err ignored = {0};
    struct unwinding unwinding = {stack, &ignored, 0};
    const char *why = options->unwind(options->context, take_frame, &unwinding);

    if (unwinding.rc == MPH_ERR_NO_MEMORY)
        return mph_fail_no_memory(err);
    return stack->end ? 0 : native_stack_end(stack, why, err);
}

static struct own_target own_target(mpheap_t *heap)
{
    const struct mpheap_options *options = &heap->options;

    return (struct own_target){.open = options->read ? open_own : NULL,
                               .add_registers = add_own_registers,
                               .context = heap,
                               .elf = options->elf,
                               .core = options->core,
                               .machine = options->machine,
                               .word_bytes = options->word_bytes,
                               .big_endian = options->big_endian,
                               .entry = options->entry,
                               .unwinder = options->unwind ? &heap->unwinder : NULL};
}

// --- output ---

struct writer {
    mpheap_write_fn write;
    void *context;
};

static int write_report(void *context, const char *bytes, size_t size)
{
    const struct writer *writer = context;

    return writer->write(writer->context, MPHEAP_REPORT, bytes, size) ? MPH_ERR_INTERRUPTED : 0;
}

static int write_notes(void *context, const char *bytes, size_t size)
{
    const struct writer *writer = context;

    return writer->write(writer->context, MPHEAP_NOTES, bytes, size) ? MPH_ERR_INTERRUPTED : 0;
}

static void write_error(const struct writer *writer, const struct mph_err *err)
{
    char line[sizeof err->text + 16];
    int size = snprintf(line, sizeof line, "mpheap: %s\n", err->code ? err->text : "failed");

    writer->write(writer->context, MPHEAP_NOTES, line, (size_t)size);
}

// --- commands ---

// The words as main gets them: a program name first, each in memory of its own,
// because the option parser may reorder them.
static char **copy_words(int argc, const char *const *argv)
{
    char **words = calloc((size_t)argc + 2, sizeof *words);

    if (!words)
        return NULL;
    words[0] = (char *)"mpheap";
    for (int i = 0; i < argc; i++)
        words[i + 1] = (char *)argv[i];
    return words;
}

int mpheap_run(mpheap_t *heap, int argc, const char *const *argv, mpheap_write_fn write,
               void *context)
{
    struct writer writer = {write, context};
    struct own_target own = own_target(heap);
    struct door door = {
        .out = {write_report, &writer}, .notes = {write_notes, &writer}, .own = &own};
    char **words = copy_words(argc, argv);

    heap->err = (struct mph_err){0};
    int rc =
        words ? run_command(&door, argc + 1, words, &heap->err) : mph_fail_no_memory(&heap->err);
    free(words);
    if (rc < 0)
        write_error(&writer, &heap->err);
    return rc < 0 ? mph_exit_status(rc) : rc;
}

// --- questions ---

_Static_assert((int)MPHEAP_ASK_WORD == (int)ASK_WORD && (int)MPHEAP_ASK_OBJECT == (int)ASK_OBJECT &&
                   (int)MPHEAP_ASK_TYPE == (int)ASK_TYPE && (int)MPHEAP_ASK_QSTR == (int)ASK_QSTR &&
                   (int)MPHEAP_ASK_GLOBAL == (int)ASK_GLOBAL &&
                   (int)MPHEAP_ASK_MODULE == (int)ASK_MODULE,
               "questions have the numbers of the header");

int mpheap_ask(mpheap_t *heap, int question, uint64_t value, const char *name,
               struct mpheap_answer *answer)
{
    struct own_target own = own_target(heap);
    struct query query = {.question = (enum question)(question & ~MPHEAP_ASK_LONG),
                          .is_long = question & MPHEAP_ASK_LONG,
                          .value = value,
                          .name = name};
    struct answer found;

    heap->err = (struct mph_err){0};
    int rc = answer->size < offsetof(struct mpheap_answer, text) + sizeof answer->text
                 ? mph_fail(&heap->err, MPH_ERR_USAGE, "ask: no room for the answer")
                 : asker_ask(&heap->asker, &own, &query, &found, &heap->err);
    if (rc < 0)
        return mph_exit_status(rc);
    answer->word = found.word;
    answer->text = found.text;
    return 0;
}

void mpheap_forget(mpheap_t *heap)
{
    asker_deinit(&heap->asker);
    asker_init(&heap->asker);
}

const char *mpheap_error(const mpheap_t *heap)
{
    return heap->err.text;
}

const char *mpheap_version(void)
{
    return MPHEAP_VERSION;
}

static const struct report *report_at(size_t index)
{
    for (size_t i = 0; reports[i]; i++)
        if (i == index)
            return reports[i];
    return NULL;
}

const char *mpheap_report_name(size_t index)
{
    const struct report *report = report_at(index);

    return report ? report->name : NULL;
}

const char *mpheap_report_summary(size_t index)
{
    const struct report *report = report_at(index);

    return report ? report->summary : NULL;
}
