// SPDX-License-Identifier: MIT
#include "bitbang.h"
#include "bus.h"
#include "cpu.h"
#include "dp.h"
#include "dp_jtag.h"
#include "endpoint.h"
#include "mem_ap.h"
#include "options.h"
#include "qmp.h"
#include "rsp.h"
#include "server.h"
#include "stats.h"
#include "stlink.h"
#include "stlink_server.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// Everything that makes one debug port, from the bus outwards.
struct debugport {
    struct stats stats;
    struct rsp stub;
    struct cpu cpu;
    struct bus bus;
    struct mem_ap ap;
    struct dp dp;
    struct dp_jtag jtag;
    struct bitbang bitbang;
    struct stlink stlink;
    struct stlink_server stlink_server;
    struct server server;
};

static int complain(const char *what)
{
    fprintf(stderr, "debugport: %s: %s\n", what, strerror(errno));
    return -1;
}

// Finds the live machine's memory, then attaches to its stub.
static int attach_machine(struct debugport *port, struct options *options)
{
    struct qmp qmp;
    if (qmp_open(&qmp, options->qmp) < 0)
        return -1;
    int located = memory_locate(&options->memory, &qmp);
    qmp_close(&qmp);
    if (located < 0)
        return -1;
    int fd = endpoint_connect(options->gdb);
    if (fd < 0)
        return complain(options->gdb);
    options->memory.stub = &port->stub;
    return rsp_open(&port->stub, fd, &port->stats);
}

// Wires the parts together, the memory first.
static int assemble(struct debugport *port, struct options *options)
{
    options->memory.stats = &port->stats;
    if (options->gdb && attach_machine(port, options) < 0)
        return -1;
    cpu_init(&port->cpu, options->core, options->memory.stub, &port->stats);
    if (options->registers && cpu_load_registers(&port->cpu, options->registers) < 0)
        return -1;
    port->bus = (struct bus){.cpu = &port->cpu,
                             .memory = &options->memory,
                             .faults = &options->faults,
                             .stats = &port->stats};
    mem_ap_init(&port->ap, options->core, &port->bus);
    dp_init(&port->dp, options->core, &port->ap, &options->faults);
    dp_jtag_init(&port->jtag, &port->dp, &options->faults, &port->stats);
    port->bitbang = (struct bitbang){.jtag = &port->jtag,
                                     .cpu = &port->cpu,
                                     .faults = &options->faults,
                                     .stats = &port->stats};
    stlink_init(&port->stlink, &port->dp, &port->bus, &options->faults, &port->stats);
    port->stlink_server = (struct stlink_server){.stlink = &port->stlink};
    return 0;
}

// Opens the listening socket and describes it, as it is announced.
static int listen_for_debugger(struct debugport *port, const struct options *options,
                               char *announcement, size_t size)
{
    struct server *server = &port->server;
    if (options->stlink) {
        uint16_t tcp_port;
        server->front_end = stlink_server_front_end(&port->stlink_server);
        server->listener = endpoint_listen_tcp(options->stlink_port, &tcp_port);
        snprintf(announcement, size, "stlink %u\n", tcp_port);
        return server->listener < 0 ? complain("ST-Link port") : 0;
    }
    server->front_end = bitbang_front_end(&port->bitbang);
    server->listener = endpoint_listen_unix(options->bitbang_path);
    snprintf(announcement, size, "bitbang %s\n", options->bitbang_path);
    return server->listener < 0 ? complain(options->bitbang_path) : 0;
}

// By way of a rename: who sees the file sees all of it.
static int write_announcement(const char *path, const char *announcement)
{
    char draft[PATH_MAX];
    snprintf(draft, sizeof(draft), "%s.tmp", path);
    FILE *file = fopen(draft, "w");
    if (!file)
        return complain(draft);
    fputs(announcement, file);
    if (fclose(file) != 0 || rename(draft, path) < 0)
        return complain(path);
    return 0;
}

// The file first: it is there for whoever has read the line.
static int announce(const struct options *options, const char *announcement)
{
    if (options->announce_path && write_announcement(options->announce_path, announcement) < 0)
        return -1;
    fputs(announcement, stdout);
    fflush(stdout);
    return 0;
}

static int serve(struct debugport *port, struct options *options)
{
    char announcement[PATH_MAX + 16];
    struct server *server = &port->server;
    server->cpu = &port->cpu;
    server->faults = &options->faults;
    server->stats = &port->stats;
    server->stats_path = options->stats_path;
    server->throttle = options->throttle;
    server->client = -1;
    if (listen_for_debugger(port, options, announcement, sizeof(announcement)) < 0)
        return -1;
    if (announce(options, announcement) < 0)
        return -1;
    int result = server_run(server);
    if (options->bitbang_path)
        unlink(options->bitbang_path);
    return result;
}

static int run(struct debugport *port, struct options *options)
{
    pid_t parent = getppid();
    port->server.signals = server_open_signals();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) // it died before we asked
        return -1;
    if (assemble(port, options) < 0)
        return -1;
    int result = serve(port, options);
    cpu_release(&port->cpu);
    if (port->cpu.stub)
        rsp_close(port->cpu.stub);
    if (options->stats_path && stats_write(&port->stats, options->stats_path) < 0)
        return complain(options->stats_path);
    return result;
}

int main(int argc, char **argv)
{
    struct options options;
    options_parse(&options, argc, argv);
    struct debugport *port = calloc(1, sizeof(*port));
    int result = port ? run(port, &options) : complain("memory");
    options_deinit(&options);
    free(port);
    return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
