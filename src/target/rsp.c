// SPDX-License-Identifier: MIT
// Any GDB remote stub as a link. Packets: GDB manual, "Remote Protocol".
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "target/links.h"
#include "target/rsp_layout.h"
#include "target/rsp_packet.h"
#include "target/rsp_port.h"

// A request is a round trip, in which most stubs read hundreds of bytes.
enum { GAP_BYTES = 512 };

enum {
    DEFAULT_PACKET = 400, // what GDB assumes where a stub states nothing
    LEAST_PACKET = 64,
    MOST_READ = 2048, // bytes a request; QEMU 7.2 serves no more
    MOST_XFER = 4000, // bytes a request of a target description
    MOST_PARTS = 256, // requests a document
};

struct rsp {
    struct link_stats stats;
    struct rsp_port port;
    bool has_description; // the stub can send its target description
    size_t packet_size;   // characters of a packet's body that the stub accepts
    enum run_state state;
    struct rsp_layout layout;
};

// --- opening ---

// Whether a feature is in the answer to qSupported: "name+", or "name=" with a value.
static const char *feature(const struct rsp *rsp, const char *name)
{
    const char *at = rsp->port.body, *end = rsp->port.body + rsp->port.body_len;
    size_t len = strlen(name);

    while (at < end) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        stop = stop ? stop : end;
        if ((size_t)(stop - at) >= len && !memcmp(at, name, len))
            return at + len;
        at = stop < end ? stop + 1 : end;
    }
    return NULL;
}

static size_t stated_packet_size(const struct rsp *rsp)
{
    const char *at = feature(rsp, "PacketSize="), *end = rsp->port.body + rsp->port.body_len;
    size_t value = 0;
    char digits[9] = "";

    if (!at)
        return DEFAULT_PACKET;
    for (size_t i = 0; i < sizeof digits - 1 && at + i < end && at[i] != ';'; i++)
        digits[i] = at[i];
    value = strtoul(digits, NULL, 16);
    return value < LEAST_PACKET ? LEAST_PACKET : value;
}

static int greet(struct rsp *rsp, struct mph_err *err)
{
    int rc = rsp_port_ask(&rsp->port, "qSupported:xmlRegisters=arm,riscv,i386", err);
    if (rc < 0)
        return rc;
    rsp->packet_size = stated_packet_size(rsp);
    rsp->has_description = feature(rsp, "qXfer:features:read+") != NULL;

    if (feature(rsp, "QStartNoAckMode+")) {
        rc = rsp_port_ask(&rsp->port, "QStartNoAckMode", err);
        if (rc < 0)
            return rc;
        rsp->port.acks = !rsp_port_says(&rsp->port, "OK");
    }

    rc = rsp_port_ask(&rsp->port, "?", err);
    if (rc < 0)
        return rc;
    if (!rsp_is_stop(rsp->port.body, rsp->port.body_len))
        return rsp_port_fail(&rsp->port, err, "the stub has no target, it says");
    rsp->state = rsp->port.body[0] == 'S' || rsp->port.body[0] == 'T' ? RUN_HALTED : RUN_UNKNOWN;
    return 0;
}

// --- the target description ---

static bool is_plain_name(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789._-/") == strlen(name);
}

// One document of the target description. A stub that breaks off half way, or
// never comes to an end, has given what it has given.
static int fetch_document(struct rsp *rsp, const char *name, struct text *ret, struct mph_err *err)
{
    size_t most = rsp->packet_size - 4 < MOST_XFER ? rsp->packet_size - 4 : MOST_XFER;
    char command[160];

    for (int part = 0; part < MOST_PARTS; part++) {
        snprintf(command, sizeof command, "qXfer:features:read:%s:%zx,%zx", name, ret->len, most);
        int rc = rsp_port_ask(&rsp->port, command, err);
        if (rc < 0)
            return rc;
        if (rsp->port.body_len < 2 || (rsp->port.body[0] != 'm' && rsp->port.body[0] != 'l'))
            return 0;
        text_add(ret, rsp->port.body + 1, rsp->port.body_len - 1);
        if (rsp->port.body[0] == 'l')
            return 0;
    }
    return 0;
}

static int add_document(struct rsp *rsp, const char *name, struct mph_err *err)
{
    struct text xml;

    if (!is_plain_name(name))
        return 0;
    text_init(&xml, NULL);
    int rc = fetch_document(rsp, name, &xml, err);
    if (rc == 0 && xml.failed)
        rc = mph_fail_no_memory(err);
    if (rc == 0 && xml.len)
        rsp_layout_add(&rsp->layout, xml.bytes, xml.len);
    text_deinit(&xml);
    return rc;
}

static int fetch_layout(struct rsp *rsp, struct mph_err *err)
{
    int rc = rsp->has_description ? add_document(rsp, "target.xml", err) : 0;

    for (size_t i = 0; rc == 0 && i < rsp->layout.include_count; i++)
        rc = add_document(rsp, rsp->layout.includes[i], err);
    rsp_layout_sort(&rsp->layout);
    return rc;
}

// --- memory ---

// Bytes of one request; *got of them came, fewer than asked for where the stub
// likes. MPH_ERR_READ, and no text, when the target refuses.
static int read_some(struct rsp *rsp, uint64_t address, uint8_t *bytes, size_t size, size_t *got,
                     struct mph_err *err)
{
    size_t most = (rsp->packet_size - 4) / 2;
    char command[64];

    if (most > MOST_READ)
        most = MOST_READ;
    if (size > most)
        size = most;
    snprintf(command, sizeof command, "m%" PRIx64 ",%zx", address, size);
    int rc = rsp_port_ask(&rsp->port, command, err);
    if (rc < 0)
        return rc;
    if (rsp_is_error(rsp->port.body, rsp->port.body_len))
        return MPH_ERR_READ;

    size_t count = rsp->port.body_len / 2;
    if (rsp->port.body_len % 2 || count == 0 || count > size ||
        !rsp_unhex(rsp->port.body, bytes, count)) {
        return rsp_port_fail(&rsp->port, err, "an answer does not hold the memory asked for");
    }
    rsp->stats.bytes += count;
    *got = count;
    return 0;
}

static int read_all(struct rsp *rsp, struct link_read *read, struct mph_err *err)
{
    size_t done = 0, got = 0;
    int rc = 0;

    while (rc == 0 && done < read->size) {
        rc = read_some(rsp, read->address + done, read->bytes + done, read->size - done, &got,
                       err);
        if (rc == 0)
            done += got;
    }
    return rc;
}

static int rsp_read(void *link, struct link_read *reads, size_t count, struct mph_err *err)
{
    struct rsp *rsp = link;

    for (size_t i = 0; i < count; i++) {
        int rc = read_all(rsp, &reads[i], err);

        if (rc < 0 && rc != MPH_ERR_READ)
            return rc;
        reads[i].status = rc;
        if (rc == 0)
            rsp->stats.pieces++;
    }
    return 0;
}

// --- registers ---

// Registers that stubs leave out of `g` although they matter to us.
static bool is_wanted(const char *name)
{
    static const char *const names[] = {"pc",        "sp",      "xpsr",   "cpsr", "msp",
                                        "psp",       "primask", "basepri", "faultmask",
                                        "control",   "mstatus", "mepc",   "mcause", "mtval",
                                        "mtvec"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static int fetch_register(struct rsp *rsp, const struct rsp_reg *reg, struct regs *regs,
                          struct mph_err *err)
{
    char command[16];

    snprintf(command, sizeof command, "p%" PRIx32, reg->number);
    int rc = rsp_port_ask(&rsp->port, command, err);
    if (rc == 0)
        rsp_reg_decode(reg, rsp->port.body, rsp->port.body_len, false, regs);
    return rc;
}

// All bare-metal targets of MicroPython are little-endian, and no stub says.
static int rsp_registers(void *link, struct regs *ret, struct mph_err *err)
{
    struct rsp *rsp = link;
    struct regs regs = {.count = 0};
    size_t known = 0;
    int rc = rsp_port_ask(&rsp->port, "g", err);

    if (rc < 0)
        return rc;
    if (!rsp_is_error(rsp->port.body, rsp->port.body_len)) {
        if (rsp->layout.count == 0)
            rsp_layout_guess(&rsp->layout, rsp->port.body_len / 2);
        rsp_layout_decode(&rsp->layout, rsp->port.body, rsp->port.body_len, false, &regs, &known);
    }
    for (size_t i = known; rc == 0 && i < rsp->layout.count; i++)
        if (is_wanted(rsp->layout.list[i].name))
            rc = fetch_register(rsp, &rsp->layout.list[i], &regs, err);
    if (rc == 0)
        *ret = regs;
    return rc;
}

// --- the rest ---

static int rsp_state(void *link, enum run_state *ret, struct mph_err *err)
{
    const struct rsp *rsp = link;

    (void)err;
    *ret = rsp->state;
    return 0;
}

static void rsp_close(void *link)
{
    struct rsp *rsp = link;

    rsp_port_close(&rsp->port);
    free(rsp);
}

static const struct link_ops RSP_OPS = {
    .name = "gdb",
    .read = rsp_read,
    .state = rsp_state,
    .registers = rsp_registers,
    .close = rsp_close,
};

int rsp_open(const char *endpoint, double timeout, struct link *ret, struct mph_err *err)
{
    struct rsp *rsp = calloc(1, sizeof *rsp);

    if (!rsp)
        return mph_fail_no_memory(err);
    int rc = rsp_port_open(&rsp->port, endpoint, timeout, &rsp->stats, err);
    if (rc < 0) {
        free(rsp);
        return rc;
    }
    rc = greet(rsp, err);
    if (rc == 0)
        rc = fetch_layout(rsp, err);
    if (rc < 0) {
        rsp_close(rsp);
        return rc;
    }
    *ret = (struct link){.ops = &RSP_OPS,
                         .context = rsp,
                         .stats = &rsp->stats,
                         .gap_bytes = GAP_BYTES,
                         .machine = rsp->layout.machine,
                         .word_bytes = rsp_layout_word_bytes(&rsp->layout)};
    return 0;
}
