// SPDX-License-Identifier: MIT
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/before.h"
#include "report/report.h"
#include "target/links.h"

// What the fonts of this machine are is kept by fontconfig until the process ends.
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

static void broken(const char *promise, const char *text)
{
    fprintf(stderr, "broken promise: %s: %s\n", promise, text);
    abort();
}

// --- input ---

uint64_t input_take(struct input *input, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size && input->size; i++, input->bytes++, input->size--)
        value |= (uint64_t)*input->bytes << (8 * i);
    return value;
}

void memory_file_init(struct memory_file *file, const uint8_t *bytes, size_t size)
{
    file->fd = memfd_create("input", MFD_CLOEXEC);
    if (file->fd < 0 || write(file->fd, bytes, size) != (ssize_t)size)
        exit(2);
    snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
}

void memory_file_deinit(struct memory_file *file)
{
    close(file->fd);
}

// --- promises ---

// Bytes of one report, and addresses that are asked about.
enum { OUTPUT_MAX = 64 << 20, ADDRESSES_MAX = 12, REPORT_PARTS = 8 };

static bool is_clean(const char *text, bool may_have_lines)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' || *text == 0x7f) && !(may_have_lines && *text == '\n'))
            return false;
    return true;
}

void check_error(int rc, const struct mph_err *err)
{
    if (rc >= 0)
        return;
    if (err->code != rc || !*err->text)
        broken("an error has its code and one line", err->text);
    if (!is_clean(err->text, false))
        broken("no control bytes in an error", err->text);
}

// One document, or several behind each other.
static bool is_documents(const struct text *text)
{
    size_t at = 0;

    while (at < text->len) {
        json_error_t error;
        json_t *document = json_loadb(text->bytes + at, text->len - at,
                                      JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &error);

        if (!document)
            return false;
        json_decref(document);
        at += (size_t)error.position;
        while (at < text->len && text->bytes[at] == '\n')
            at++;
    }
    return text->len > 0;
}

static void check_output(const struct output *output, const struct report *report)
{
    const struct text *text = output->text;

    if (text->len && strlen(text->bytes) != text->len)
        broken("no NUL in a report", report->name);
    if (text->len && !is_clean(text->bytes, true))
        broken("no control bytes in a report", text->bytes);
    if (output->is_json && !is_documents(text))
        broken("a JSON document can be parsed", text->len ? text->bytes : report->name);
    if (text->len > OUTPUT_MAX)
        broken("a report is not much larger than what it is about", report->name);
}

// --- reports ---

enum { WORDS_MAX = 3 };

// A report as it is asked for; %A stands for each of several addresses, %F for a file.
static const char *const commands[][WORDS_MAX] = {
    {"info"},         {"info", "--verbose"},
    {"map"},          {"map", "--rich"},
    {"types"},        {"objects", "--all"},
    {"qstr"},         {"qstr", "--strings"},
    {"show", "%A"},   {"whatis", "%A"},
    {"bt", "-t"},     {"bt", "--locals"},
    {"tasks"},        {"fault"},
    {"disasm", "%A"}, {"diagnose"},
    {"garbage"},      {"garbage", "--all"},
    {"retained"},     {"retained", "%A"},
    {"fit", "64"},    {"fit", "1M", "--between"},
    {"check"},        {"check", "--all"},
    {"diff"},         {"diff", "--top=3"},
    {"why", "%A"},    {"why", "%A", "--all=9"},
    {"refs", "%A"},   {"refs", "%A", "--depth=3"},
    {"bounds"},       {"bounds", "--probe-ram"},
    {"report", "%F"}, {"map", "--svg", "%F"},
    {"watch"},        {"watch", "--alarm=64"},
};

static void run_report(struct session *session, const struct report *report, bool is_json,
                       void *options)
{
    struct mph_err err = {0};
    struct moments moments;
    struct output output;
    struct text text;

    text_init(&text, NULL);
    output_init(&output, &text, is_json, false);
    if (report->moments && report->moments(options, &moments) && !session->has_before)
        session->has_before = session_take_before(session, &session->before, NULL) == 0;
    int rc = report->run(session, options, &output, &err);
    check_error(rc, &err);
    if (rc >= 0)
        check_output(&output, report);
    output_deinit(&output);
    text_deinit(&text);
}

static void run_command(struct session *session, const char *const command[WORDS_MAX],
                        const char *address, bool is_json)
{
    const struct report *report = report_find(command[0]);
    char *words[WORDS_MAX + 1] = {0};
    char file[40];
    int count = 0;

    snprintf(file, sizeof file, "/dev/shm/mpheap-fuzz-%d", (int)getpid());
    for (; count < WORDS_MAX && command[count]; count++)
        words[count] = (char *)(!strcmp(command[count], "%A")   ? address
                                : !strcmp(command[count], "%F") ? file
                                                                : command[count]);
    void *options = calloc(1, report->options_size + 1);
    if (options &&
        (!report->argp || argp_parse(report->argp, count, words, ARGP_SILENT, NULL, options) == 0))
        run_report(session, report, is_json, options);
    unlink(file);
    free(options);
}

// Heads, insides of blocks, the end of the pool, a type, the stack, and nothing.
static size_t choose_addresses(struct session *session, uint64_t ret[ADDRESSES_MAX])
{
    size_t count = 0;

    ret[count++] = 0;
    ret[count++] = 0x08000001;
    if (session_load(session, false, NULL) < 0)
        return count;
    const struct gc_area *area = heap_area(&session->heap, 0);
    uint64_t size = session->layout.block_bytes;
    ret[count++] = session->layout.metatype;
    ret[count++] = session->layout.area + 4;
    ret[count++] = area->pool_end - 1;
    if (regs_sp(&session->target.regs, &ret[count]))
        count++;
    for (uint64_t block = 0; block < area->block_count && count < ADDRESSES_MAX; block++)
        if (area_block(area, block) != BLOCK_FREE)
            ret[count++] = area->pool_start + block * size + (block % 3 ? 0 : 5);
    return count;
}

// Each input has the same ones each time: which, its bytes say (FNV-1a).
static size_t choose_reports(const uint8_t *data, size_t size)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 16777619u;
    return (hash >> 16) % REPORT_PARTS;
}

void run_some_reports(struct session *session, bool is_json, const uint8_t *data, size_t size)
{
    uint64_t addresses[ADDRESSES_MAX];
    size_t count = choose_addresses(session, addresses);

    for (size_t i = choose_reports(data, size); i < sizeof commands / sizeof *commands;
         i += REPORT_PARTS) {
        bool has_address = commands[i][1] && !strcmp(commands[i][1], "%A");

        for (size_t j = 0; j < (has_address ? count : 1); j++) {
            char address[24];

            snprintf(address, sizeof address, "0x%llx", (unsigned long long)addresses[j]);
            run_command(session, commands[i], address, is_json);
        }
    }
}

// --- over a link ---

static int read_space(void *context, uint64_t address, void *bytes, size_t size)
{
    return space_read(context, address, bytes, size, NULL) < 0 ? -1 : 0;
}

void open_over_link(struct session *session, struct target *behind)
{
    struct link link;

    session_init(session);
    session->target.machine = behind->machine;
    session->target.word_bytes = behind->word_bytes;
    session->target.big_endian = behind->big_endian;
    session->target.regs = behind->regs;
    if (callback_open(read_space, &behind->space, RUN_HALTED, &link, NULL) < 0 ||
        target_add_link(&session->target, &link, false, NULL) < 0)
        exit(2);
}
