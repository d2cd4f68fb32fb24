// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/version.h"
#include "cli/help.h"

enum {
    KEY_ELF = 0x100,
    KEY_IMAGE,
    KEY_HEX,
    KEY_CORE,
    KEY_OPENOCD,
    KEY_TARGET,
    KEY_GDB,
    KEY_REG,
    KEY_RAM,
    KEY_HALT,
    KEY_TIMEOUT,
    KEY_TRIES,
    KEY_FORMAT,
    KEY_COLOR,
    KEY_STATS,
    KEY_QUIET,
    KEY_VERSION,
    KEY_REPORTS,
};

enum { GROUP_TARGET = 1, GROUP_OUTPUT = 2, GROUP_HELP = -1 };

const struct argp_option common_options[] = {
    {NULL, 0, NULL, 0, "The target:", GROUP_TARGET},
    {"elf", KEY_ELF, "FILE", 0, "The firmware's ELF: symbols, debug info, flash contents", 0},
    {"image", KEY_IMAGE, "FILE@ADDR", 0, "Raw bytes at an address; repeatable", 0},
    {"hex", KEY_HEX, "FILE", 0, "An Intel HEX file", 0},
    {"core", KEY_CORE, "FILE", 0, "An ELF core", 0},
    {"openocd", KEY_OPENOCD, "[HOST]:PORT", OPTION_ARG_OPTIONAL,
     "OpenOCD's Tcl port (127.0.0.1:6666)", 0},
    {"target", KEY_TARGET, "NAME", 0, "OpenOCD's name of the target, if it has several", 0},
    {"gdb", KEY_GDB, "[HOST]:PORT", 0,
     "A GDB remote stub: QEMU, pyOCD, J-Link, OpenOCD; most halt the board when one connects", 0},
    {"reg", KEY_REG, "NAME=VALUE", 0, "A register of a raw image; repeatable", 0},
    {"ram", KEY_RAM, "ADDR+SIZE", 0, "Where RAM is; repeatable", 0},
    {"halt", KEY_HALT, NULL, 0, "Halt a running target for the read, and let it go on after", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "How long to wait for an answer (10)", 0},
    {"tries", KEY_TRIES, "N", 0, "Reads of a running target's tables until two agree (5)", 0},
    {NULL, 0, NULL, 0, "The output:", GROUP_OUTPUT},
    {"format", KEY_FORMAT, "text|json|dot", 0,
     "The form of the report (text); dot, a Graphviz graph: of why and refs", 0},
    {"color", KEY_COLOR, "auto|always|never", 0, "Colours (auto: on a terminal)", 0},
    {"output", 'o', "FILE", 0, "Write the report to FILE", 0},
    {"stats", KEY_STATS, NULL, 0, "Say what crossed the link, and how long it took", 0},
    {"quiet", KEY_QUIET, NULL, 0, "No notes besides the report", 0},
    {"help", '?', NULL, 0, "Show this help", GROUP_HELP},
    {"version", KEY_VERSION, NULL, 0, "Show the version", GROUP_HELP},
    {"reports", KEY_REPORTS, NULL, OPTION_HIDDEN, "List the names of all reports", 0},
    {0}};

// --- values ---

static const char *copy(struct options *options, const char *text, size_t length)
{
    char **slot = vec_add(&options->copies);

    if (!slot)
        return NULL;
    *slot = strndup(text, length);
    return *slot;
}

size_t image_parse(const char *argument, uint64_t *ret_address)
{
    const char *at = strrchr(argument, '@');

    return at && parse_uint(at + 1, ret_address) ? (size_t)(at - argument) : 0;
}

static int parse_image(struct options *options, const char *argument)
{
    uint64_t address;
    size_t length = image_parse(argument, &address);

    if (!length)
        return EINVAL;

    struct image_option *image = vec_add(&options->images);
    if (!image)
        return ENOMEM;
    image->address = address;
    image->path = copy(options, argument, length);
    return image->path ? 0 : ENOMEM;
}

static int parse_ram(struct options *options, const char *argument)
{
    const char *plus = strchr(argument, '+');
    uint64_t address, size;
    const char *first = plus ? copy(options, argument, (size_t)(plus - argument)) : NULL;

    if (!first || !parse_uint(first, &address) || !parse_size(plus + 1, &size) || !size ||
        size - 1 > UINT64_MAX - address)
        return EINVAL;

    struct range *range = vec_add(&options->ram);
    if (!range)
        return ENOMEM;
    *range = (struct range){address, size};
    return 0;
}

static int parse_reg(struct options *options, const char *argument)
{
    const char *equals = strchr(argument, '=');
    const char *name = equals ? copy(options, argument, (size_t)(equals - argument)) : NULL;
    uint64_t value;

    return name && *name && parse_uint(equals + 1, &value) && regs_set(&options->regs, name, value)
               ? 0
               : EINVAL;
}

static int parse_timeout(struct options *options, const char *argument)
{
    char *end;

    options->timeout = strtod(argument, &end);
    return end != argument && !*end && options->timeout > 0 && options->timeout < 1e6 ? 0 : EINVAL;
}

static int parse_tries(struct options *options, const char *argument)
{
    uint64_t tries;

    if (!parse_uint(argument, &tries) || tries < 2 || tries > 1000)
        return EINVAL;
    options->tries = (unsigned)tries;
    return 0;
}

static int parse_format(struct options *options, const char *argument)
{
    options->is_json = !strcmp(argument, "json");
    options->is_dot = !strcmp(argument, "dot");
    return options->is_json || options->is_dot || !strcmp(argument, "text") ? 0 : EINVAL;
}

static int parse_color(struct options *options, const char *argument)
{
    static const char *const names[] = {"auto", "always", "never"};

    for (size_t i = 0; i < 3; i++)
        if (!strcmp(argument, names[i])) {
            options->color = (enum color)i;
            return 0;
        }
    return EINVAL;
}

// --- the parser ---

static error_t value_error(struct options *options, int error, const char *wanted)
{
    if (error)
        options->problem = error == ENOMEM ? "out of memory" : wanted;
    return error;
}

static error_t parse_target_option(int key, char *argument, struct options *options)
{
    switch (key) {
    case KEY_ELF:
        options->elf = argument;
        return 0;
    case KEY_IMAGE:
        return value_error(options, parse_image(options, argument), "--image wants FILE@ADDR");
    case KEY_HEX:
        options->hex = argument;
        return 0;
    case KEY_CORE:
        options->core = argument;
        return 0;
    case KEY_OPENOCD:
        options->openocd = argument ? argument : ":6666";
        return 0;
    case KEY_TARGET:
        options->target = argument;
        return 0;
    case KEY_GDB:
        options->gdb = argument;
        return 0;
    case KEY_REG:
        return value_error(options, parse_reg(options, argument), "--reg wants NAME=VALUE");
    case KEY_RAM:
        return value_error(options, parse_ram(options, argument), "--ram wants ADDR+SIZE");
    case KEY_HALT:
        options->may_halt = true;
        return 0;
    case KEY_TIMEOUT:
        return value_error(options, parse_timeout(options, argument), "--timeout wants seconds");
    case KEY_TRIES:
        return value_error(options, parse_tries(options, argument), "--tries wants 2 to 1000");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_output_option(int key, char *argument, struct options *options)
{
    switch (key) {
    case KEY_FORMAT:
        return value_error(options, parse_format(options, argument),
                           "--format wants text, json or dot");
    case KEY_COLOR:
        return value_error(options, parse_color(options, argument),
                           "--color wants auto, always or never");
    case KEY_STATS:
        options->has_stats = true;
        return 0;
    case KEY_QUIET:
        options->is_quiet = true;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    error_t error = parse_target_option(key, argument, options);

    if (key == ARGP_KEY_INIT && options->report && options->report->argp)
        state->child_inputs[0] = options->report_options;
    if (key == ARGP_KEY_ERROR && state->next > 0)
        options->bad_word = state->argv[state->next - 1];
    return error == ARGP_ERR_UNKNOWN ? parse_output_option(key, argument, options) : error;
}

// --- all of it ---

static bool is_endpoint(const char *word)
{
    return !strcmp(word, "-") || (word[0] != '-' && strchr(word, ':'));
}

// An option whose value may be left out takes it only as --openocd=VALUE; people
// also write it as a word of its own, which then must look like one. Returns the
// words joined so, or NULL when out of memory.
static char **join_endpoint(int *argc, char **argv, struct options *options)
{
    char **words = calloc((size_t)*argc + 1, sizeof *words);
    int used = 0;

    for (int i = 0; words && i < *argc; i++, used++) {
        char joined[512];

        words[used] = argv[i];
        if (strcmp(argv[i], "--openocd") || i + 1 >= *argc || !is_endpoint(argv[i + 1]))
            continue;
        int length = snprintf(joined, sizeof joined, "--openocd=%s", argv[++i]);
        words[used] = (char *)copy(options, joined, (size_t)length);
    }
    *argc = used;
    return words;
}

// What is wrong with options that are right one by one, or NULL.
static const char *judge(const struct options *options, const struct report *report)
{
    if (options->is_dot && !report->has_dot)
        return "--format=dot: this report is no graph";
    return report->check ? report->check(options->report_options) : NULL;
}

static int parse_rest(int argc, char **argv, struct options *options, struct mph_err *err)
{
    const struct report *report = options->report;
    const struct argp_child children[] = {{report->argp, 0, NULL, 0}, {0}};
    const struct argp argp = {
        common_options, parse_option, report->arguments, NULL, report->argp ? children : NULL,
        NULL,           NULL};
    int at = 0;
    error_t error =
        argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP, &at, options);

    if (!error && at == argc) {
        options->problem = judge(options, report);
        if (!options->problem)
            return 0;
    }
    if (options->problem)
        return mph_fail(err, MPH_ERR_USAGE, "usage: %s", options->problem);
    if (error == ENOMEM)
        return mph_fail_no_memory(err);
    const char *word = options->bad_word ? options->bad_word : argv[at];
    return mph_fail(err, MPH_ERR_USAGE, "usage: unknown or incomplete: %s (mpheap %s --help)",
                    word ? word : "", report->name);
}

static bool is_help(const char *word)
{
    return !strcmp(word, "--help") || !strcmp(word, "-?") || !strcmp(word, "-h");
}

// The text that these words ask for instead of a report, or NULL. `report` is the
// one they name, or NULL.
static char *text_wanted(int argc, char **argv, const struct report *report)
{
    if (is_help(argv[1]) || !strcmp(argv[1], "help"))
        return report ? help_of_report(report) : help_in_general();
    for (int i = 1; i < argc; i++) {
        if (report && is_help(argv[i]))
            return help_of_report(report);
        if (!strcmp(argv[i], "--version"))
            return strdup("mpheap " MPHEAP_VERSION "\n");
        if (!strcmp(argv[i], "--reports"))
            return help_report_names();
    }
    return NULL;
}

static int parse_words(int argc, char **argv, struct options *options, struct mph_err *err)
{
    if (argc < 2)
        return mph_fail(err, MPH_ERR_USAGE, "usage: which report? (mpheap --help)");

    bool is_help_first = is_help(argv[1]) || !strcmp(argv[1], "help");
    const char *name = is_help_first ? argv[2] : argv[1];
    options->report = name ? report_find(name) : NULL;
    if (options->report || argc == 2)
        options->help = text_wanted(argc, argv, options->report);
    if (options->help)
        return 0;
    if (!options->report)
        return mph_fail(err, MPH_ERR_USAGE, "usage: no report is called %s (mpheap --help)", name);

    options->report_options = calloc(1, options->report->options_size + 1);
    int count = argc - 1;
    char **words = join_endpoint(&count, argv + 1, options);
    int rc = words && options->report_options ? parse_rest(count, words, options, err)
                                              : mph_fail_no_memory(err);
    free(words);
    return rc;
}

int options_parse(int argc, char **argv, struct options *ret, struct mph_err *err)
{
    *ret = (struct options){.images = VEC_OF(struct image_option),
                            .ram = VEC_OF(struct range),
                            .copies = VEC_OF(char *),
                            .timeout = 10,
                            .tries = 5};
    int rc = parse_words(argc, argv, ret, err);

    if (rc < 0)
        options_deinit(ret);
    return rc;
}

void options_deinit(struct options *options)
{
    for (size_t i = 0; i < options->copies.len; i++)
        free(*(char **)vec_at(&options->copies, i));
    vec_deinit(&options->copies);
    vec_deinit(&options->images);
    vec_deinit(&options->ram);
    free(options->report_options);
    free(options->help);
    options->report_options = NULL;
    options->help = NULL;
}

bool options_have_target(const struct options *options)
{
    return options->core || options->hex || options->images.len || options->openocd || options->gdb;
}

bool options_want_json(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--format=json") ||
            (!strcmp(argv[i], "--format") && i + 1 < argc && !strcmp(argv[i + 1], "json")))
            return true;
    return false;
}
