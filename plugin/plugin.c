// SPDX-License-Identifier: MIT
// Everything is compiled hidden; what the header declares is not.
#pragma GCC visibility push(default)
#include "mpheap.h"
#pragma GCC visibility pop

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "target/links.h"

struct mpheap {
    struct mpheap_options options;
    struct mph_err err;
};

mpheap_t *mpheap_open(const struct mpheap_options *options)
{
    mpheap_t *heap;

    if (options->size < offsetof(struct mpheap_options, register_count) + sizeof(size_t))
        return NULL;
    heap = calloc(1, sizeof *heap);
    if (heap)
        heap->options = *options;
    return heap;
}

void mpheap_close(mpheap_t *heap)
{
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

static void add_own_registers(void *context, struct regs *regs)
{
    const struct mpheap_options *options = &((mpheap_t *)context)->options;

    for (size_t i = 0; i < options->register_count; i++)
        regs_set(regs, options->registers[i].name, options->registers[i].value);
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
    struct own_target own = {.open = heap->options.read ? open_own : NULL,
                             .add_registers = add_own_registers,
                             .context = heap,
                             .elf = heap->options.elf,
                             .machine = heap->options.machine,
                             .word_bytes = heap->options.word_bytes,
                             .big_endian = heap->options.big_endian};
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
