// SPDX-License-Identifier: MIT
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum {
    OPTION_STLINK = 0x100,
    OPTION_BITBANG,
    OPTION_CORE,
    OPTION_MEMORY,
    OPTION_REGISTERS,
    OPTION_GDB,
    OPTION_QMP,
    OPTION_FAULT,
    OPTION_ZEROS,
    OPTION_WAIT_EVERY,
    OPTION_POWER_ACK_DELAY,
    OPTION_STUCK_ACK,
    OPTION_DROP_AFTER,
    OPTION_STALL_AFTER,
    OPTION_ARM_ON_SIGNAL,
    OPTION_THROTTLE,
    OPTION_STATS,
    OPTION_ANNOUNCE,
};

static const struct argp_option option_table[] = {
    {0, 0, 0, 0, "Front ends (one of them)", 1},
    {"stlink", OPTION_STLINK, "PORT", 0, "ST-Link server on loopback; 0 picks a free port", 0},
    {"bitbang", OPTION_BITBANG, "PATH", 0, "remote_bitbang (JTAG) on a new unix socket", 0},
    {0, 0, 0, 0, "The target", 2},
    {"core", OPTION_CORE, "NAME", 0, "m0 (default), m0p, m3, m4, m7", 0},
    {"memory", OPTION_MEMORY, "BASE,SIZE[,FILE[,ro]]", 0,
     "A range of memory; repeatable. Of a dump: filled from FILE. Of a live machine: RAM or ROM "
     "to read beside the CPU",
     0},
    {"registers", OPTION_REGISTERS, "FILE", 0, "Registers of a dump, lines \"NAME VALUE\"", 0},
    {"gdb", OPTION_GDB, "PATH|[HOST:]PORT", 0, "A live machine: QEMU's gdb stub", 0},
    {"qmp", OPTION_QMP, "PATH", 0, "and its QMP socket", 0},
    {0, 0, 0, 0, "Faults", 3},
    {"fault", OPTION_FAULT, "BASE,SIZE", 0, "Accesses there are bus faults; repeatable", 0},
    {"zeros", OPTION_ZEROS, "BASE,SIZE", 0, "Reads there give zeros; repeatable", 0},
    {"wait-every", OPTION_WAIT_EVERY, "N", 0, "Every N-th AP access is answered WAIT", 0},
    {"power-ack-delay", OPTION_POWER_ACK_DELAY, "N", 0,
     "Power-up is acknowledged after N reads of CTRL/STAT", 0},
    {"stuck-ack", OPTION_STUCK_ACK, "BITS", 0, "Every access is acknowledged with BITS (0-7)", 0},
    {"drop-after", OPTION_DROP_AFTER, "N", 0, "The connection drops once, after N commands", 0},
    {"stall-after", OPTION_STALL_AFTER, "N", 0, "Nothing is answered after N commands", 0},
    {"arm-on-signal", OPTION_ARM_ON_SIGNAL, 0, 0,
     "No fault before SIGUSR2, where counts start, nor after the next", 0},
    {0, 0, 0, 0, "Pace and reports", 4},
    {"throttle", OPTION_THROTTLE, "BYTES_PER_S,MS", 0, "Pace of a real probe; MS for a request", 0},
    {"stats", OPTION_STATS, "FILE", 0, "Write the counters to FILE at exit and on SIGUSR1", 0},
    {"announce", OPTION_ANNOUNCE, "FILE", 0,
     "Write \"stlink PORT\" or \"bitbang PATH\" to FILE, as to stdout, when ready", 0},
    {0},
};

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (errno || end == text || *end || text[0] == '-' || value > max)
        return -1;
    *ret = value;
    return 0;
}

static uint64_t number_or_usage(const char *text, uint64_t max, struct argp_state *state)
{
    uint64_t value = 0;
    if (parse_number(text, max, &value) < 0)
        argp_error(state, "'%s' is not a number from 0 to %llu", text, (unsigned long long)max);
    return value;
}

static void parse_fault_option(int key, const char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    struct faults *faults = &options->faults;
    switch (key) {
    case OPTION_FAULT:
    case OPTION_ZEROS:
        if (ranges_add(key == OPTION_FAULT ? &faults->unreadable : &faults->zeros, arg) < 0)
            argp_error(state, "'%s' is not BASE,SIZE, or one too many", arg);
        break;
    case OPTION_WAIT_EVERY:
        faults->wait_every = (unsigned)number_or_usage(arg, UINT_MAX, state);
        break;
    case OPTION_POWER_ACK_DELAY:
        faults->power_ack_delay = (unsigned)number_or_usage(arg, UINT_MAX, state);
        break;
    case OPTION_STUCK_ACK:
        faults->stuck_ack = (int)number_or_usage(arg, 7, state);
        break;
    case OPTION_DROP_AFTER:
        faults->drop_after = number_or_usage(arg, UINT64_MAX, state);
        break;
    case OPTION_STALL_AFTER:
        faults->stall_after = number_or_usage(arg, UINT64_MAX, state);
        break;
    default: // OPTION_ARM_ON_SIGNAL
        faults->armed = false;
        break;
    }
}

static void check_options(const struct options *options, struct argp_state *state)
{
    if (options->stlink == (options->bitbang_path != NULL))
        argp_error(state, "one of --stlink and --bitbang is needed");
    if ((options->gdb == NULL) != (options->qmp == NULL))
        argp_error(state, "--gdb and --qmp go together");
    if (options->gdb && options->registers)
        argp_error(state, "--registers is for a dump");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case OPTION_STLINK:
        options->stlink = true;
        options->stlink_port = (uint16_t)number_or_usage(arg, UINT16_MAX, state);
        return 0;
    case OPTION_BITBANG:
        options->bitbang_path = arg;
        return 0;
    case OPTION_CORE:
        options->core = core_find(arg);
        if (!options->core)
            argp_error(state, "no core '%s'", arg);
        return 0;
    case OPTION_MEMORY:
        if (memory_add(&options->memory, arg) < 0)
            exit(EXIT_FAILURE);
        return 0;
    case OPTION_REGISTERS:
        options->registers = arg;
        return 0;
    case OPTION_GDB:
        options->gdb = arg;
        return 0;
    case OPTION_QMP:
        options->qmp = arg;
        return 0;
    case OPTION_THROTTLE:
        if (throttle_parse(arg, &options->throttle) < 0)
            argp_error(state, "'%s' is not BYTES_PER_S,MS", arg);
        return 0;
    case OPTION_STATS:
        options->stats_path = arg;
        return 0;
    case OPTION_ANNOUNCE:
        options->announce_path = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is no option", arg);
        return 0;
    case ARGP_KEY_END:
        check_options(options, state);
        return 0;
    default:
        if (key < OPTION_FAULT || key > OPTION_ARM_ON_SIGNAL)
            return ARGP_ERR_UNKNOWN;
        parse_fault_option(key, arg, state);
        return 0;
    }
}

void options_parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .doc = "A simulated debug port: OpenOCD connects to it as to a probe and a Cortex-M, and "
               "finds a live QEMU machine or a memory dump behind it.",
    };
    *options = (struct options){
        .core = core_find("m0"),
        .faults = {.armed = true, .stuck_ack = -1},
    };
    argp_parse(&argp, argc, argv, 0, NULL, options);
}

void options_deinit(struct options *options)
{
    memory_deinit(&options->memory);
}
