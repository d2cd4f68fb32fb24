// SPDX-License-Identifier: MIT
// Linker symbols, live heap, stack and the chip's RAM against each other.
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "report/bounds.h"
#include "target/chip.h"

enum {
    KEY_SLACK = 0x200,
    KEY_STACK,
    KEY_CHIP,
    KEY_PROBE,
    KEY_PROBE_RANGE,
    KEY_OFFLINE,
    KEY_MAP,
    KEY_LD
};

static void parse_value(int key, const char *argument, struct bounds_options *options)
{
    switch (key) {
    case KEY_SLACK:
        options->has_slack = true;
        if (!parse_size(argument, &options->slack))
            options->problem = "--slack: not a size";
        break;
    case KEY_STACK:
        options->has_stack = true;
        if (!parse_size(argument, &options->stack) || !options->stack)
            options->problem = "--stack: not a size";
        break;
    case KEY_CHIP:
        options->chip = argument;
        if (strcmp(argument, "help") != 0 && !chip_find(argument))
            options->problem = "--chip: not in the table (--chip help shows it)";
        break;
    default:
        options->has_probe_range = options->wants_probe = true;
        if (!parse_range(argument, &options->probe_first, &options->probe_last))
            options->problem = "--probe-range: not A..B";
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct bounds_options *options = state->input;

    if (key == KEY_OFFLINE)
        options->is_offline = true;
    else if (key == KEY_PROBE)
        options->wants_probe = true;
    else if (key == KEY_MAP)
        options->map = argument;
    else if (key == KEY_LD)
        options->ld = argument;
    else if (key == KEY_SLACK || key == KEY_STACK || key == KEY_CHIP || key == KEY_PROBE_RANGE)
        parse_value(key, argument, options);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option option_table[] = {
    {"slack", KEY_SLACK, "BYTES", 0, "Unused RAM from which on it matters (1024)", 0},
    {"stack", KEY_STACK, "BYTES", 0, "Room for a stack whose size no symbol tells (16K)", 0},
    {"chip", KEY_CHIP, "NAME", 0, "The chip, as its part number begins; help lists them", 0},
    {"probe-ram", KEY_PROBE, NULL, 0, "Find where RAM ends by reading on until that fails", 0},
    {"probe-range", KEY_PROBE_RANGE, "A..B", 0,
     "Probe from A to B and nowhere else (0x20000000..0x3fffffff)", 0},
    {"offline", KEY_OFFLINE, NULL, 0, "Look at the ELF alone, at no target", 0},
    {"map", KEY_MAP, "FILE", 0, "GNU ld's map file: the memory it was told of", 0},
    {"ld", KEY_LD, "FILE", 0, "A linker script: its MEMORY", 0},
    {0}};

static const struct argp bounds_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

static bool is_chip_help(const struct bounds_options *options)
{
    return options->chip && !strcmp(options->chip, "help");
}

static const char *check_options(const void *raw_options)
{
    const struct bounds_options *options = raw_options;

    if (!options->problem && options->is_offline && options->wants_probe)
        return "--offline and --probe-ram exclude each other";
    return options->problem;
}

static bool needs_no_target(const void *raw_options)
{
    const struct bounds_options *options = raw_options;

    return options->is_offline || is_chip_help(options);
}

// --- --chip help ---

static json_t *chip_json(const struct chip *chip)
{
    json_t *banks = json_array();

    for (const struct chip_bank *bank = chip->banks; bank->name; bank++)
        json_array_append_new(banks, json_pack("{s:s, s:o, s:I}", "name", bank->name,
                                               "start_address", json_address(bank->address),
                                               "size_bytes", (json_int_t)bank->size));
    return json_pack("{s:s, s:s, s:s, s:o}", "name", chip->title, "part_numbers", chip->names,
                     "source", chip->source, "banks", banks);
}

static void write_chip(const struct chip *chip, struct text *text)
{
    text_printf(text, "%-26s", chip->title);
    for (const struct chip_bank *bank = chip->banks; bank->name; bank++)
        text_printf(text, "%s%s 0x%08llx+%lluK", bank == chip->banks ? "" : ", ", bank->name,
                    (unsigned long long)bank->address, (unsigned long long)bank->size >> 10);
    text_printf(text, "  (%s)\n", chip->source);
}

static int list_chips(struct output *output, struct mph_err *err)
{
    json_t *list = output->is_json ? json_array() : NULL;

    for (const struct chip *chip = chips; chip->title; chip++)
        if (output->is_json)
            json_array_append_new(list, chip_json(chip));
        else
            write_chip(chip, output->text);
    return output->is_json ? output_json(output, json_pack("{s:o}", "chips", list), err) : 0;
}

// --- the report ---

static int gather(struct bounds *bounds, const struct bounds_options *options,
                  struct session *session, struct mph_err *err)
{
    int rc = options->is_offline ? 0 : bounds_gather_live(bounds, session, err);

    if (rc == 0)
        rc = bounds_gather_linker(bounds, session, err);
    if (rc == 0 && !options->is_offline)
        rc = bounds_gather_depth(bounds, session, err);
    if (rc == 0 && !options->is_offline)
        rc = bounds_gather_mpu(bounds, session, err);
    if (rc == 0)
        rc = bounds_gather_files(bounds, options, session, err);
    return rc == 0 ? bounds_gather_chip(bounds, options, session, err) : rc;
}

static int write_report(const struct bounds *bounds, struct session *session, struct output *output,
                        struct mph_err *err)
{
    report_common_notes(session, output);
    if (output->is_json) {
        int rc = output_json(output, bounds_json(bounds), err);

        if (rc < 0)
            return rc;
    } else {
        bounds_write(bounds, output->text);
    }
    return bounds_are_wrong(bounds);
}

static int run_bounds(struct session *session, const void *raw_options, struct output *output,
                      struct mph_err *err)
{
    const struct bounds_options *options = raw_options;
    struct bounds bounds;

    if (is_chip_help(options))
        return list_chips(output, err);
    if (options->is_offline && !session->has_firmware)
        return mph_fail(err, MPH_ERR_USAGE, "usage: --offline wants --elf");
    bounds_init(&bounds);
    if (options->has_slack)
        bounds.slack = options->slack;
    bounds.is_stack_given = options->has_stack;
    if (options->has_stack)
        bounds.stack_bytes = options->stack;
    int rc = gather(&bounds, options, session, err);
    if (rc == 0)
        rc = bounds_judge(&bounds, err);
    if (rc == 0)
        rc = write_report(&bounds, session, output, err);
    bounds_deinit(&bounds);
    return rc;
}

const struct report report_bounds = {
    .name = "bounds",
    .summary = "linker symbols, live heap, stack and the chip's RAM against each other",
    .help = "A table of all that bounds memory, from low to high addresses, and verdicts, worst "
            "first, with what to change. The status is 1 when something is wrong, or RAM beside "
            "the heap is unused. The chip's RAM comes from --ram, --chip, the chip's own "
            "identification registers or --probe-ram, in this order.",
    .argp = &bounds_argp,
    .options_size = sizeof(struct bounds_options),
    .check = check_options,
    .needs_no_target = needs_no_target,
    .run = run_bounds,
};
