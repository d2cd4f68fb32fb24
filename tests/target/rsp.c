// SPDX-License-Identifier: MIT
#include "rsp.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 5000  // a stub that takes longer is gone
#define PACKET_SIZE 512 // more than any answer this client asks for, but one that it skips
#define INTERRUPT "\x03"
#define SIGNAL_TRAP 5

static int lose(struct rsp *rsp, const char *why)
{
    if (!rsp->lost)
        fprintf(stderr, "debugport: gdb stub: %s\n", why);
    rsp->lost = true;
    return -1;
}

static bool input_waits(const struct rsp *rsp, int timeout_ms)
{
    if (rsp->input_next < rsp->input_length)
        return true;
    struct pollfd pollfd = {.fd = rsp->fd, .events = POLLIN};
    return poll(&pollfd, 1, timeout_ms) > 0;
}

// The next byte from the stub, or -1.
static int next_byte(struct rsp *rsp)
{
    if (rsp->lost)
        return -1;
    if (!input_waits(rsp, ANSWER_MS))
        return lose(rsp, "no answer");
    if (rsp->input_next == rsp->input_length) {
        ssize_t length = read(rsp->fd, rsp->input, sizeof(rsp->input));
        if (length <= 0)
            return lose(rsp, "connection closed");
        rsp->input_length = (size_t)length;
        rsp->input_next = 0;
    }
    return (unsigned char)rsp->input[rsp->input_next++];
}

static int send_bytes(struct rsp *rsp, const char *bytes, size_t length)
{
    if (rsp->lost)
        return -1;
    if (write(rsp->fd, bytes, length) != (ssize_t)length)
        return lose(rsp, strerror(errno));
    return 0;
}

// A packet's contents as a string, cut off at `size`; run-length encoding (`*`) does not occur in
// QEMU's answers.
static int receive_packet(struct rsp *rsp, char *packet, size_t size)
{
    int byte;
    while ((byte = next_byte(rsp)) != '$')
        if (byte < 0)
            return -1;
    size_t length = 0;
    while ((byte = next_byte(rsp)) != '#') {
        if (byte < 0)
            return -1;
        if (length + 1 < size)
            packet[length++] = (char)byte;
    }
    packet[length] = '\0';
    for (int i = 0; i < 2; i++) // the checksum: a local socket keeps bytes whole
        if (next_byte(rsp) < 0)
            return -1;
    return send_bytes(rsp, "+", 1);
}

static int send_packet(struct rsp *rsp, const char *contents)
{
    char packet[PACKET_SIZE];
    unsigned sum = 0;
    for (const char *c = contents; *c; c++)
        sum += (unsigned char)*c;
    int length = snprintf(packet, sizeof(packet), "$%s#%02x", contents, sum & 0xff);
    return send_bytes(rsp, packet, (size_t)length);
}

static bool is_stop(const char *packet)
{
    return packet[0] == 'T' || packet[0] == 'S';
}

static void take_stop(struct rsp *rsp, const char *packet)
{
    unsigned signal = 0;
    sscanf(packet + 1, "%2x", &signal);
    rsp->stop_signal = (int)signal;
    rsp->running = false;
}

static int receive_stop(struct rsp *rsp)
{
    char packet[PACKET_SIZE];
    do {
        if (receive_packet(rsp, packet, sizeof(packet)) < 0)
            return -1;
    } while (!is_stop(packet));
    take_stop(rsp, packet);
    return 0;
}

// Sends a request to the stopped machine and gives its answer, past console output ("O…").
__attribute__((format(printf, 3, 4))) static int request(struct rsp *rsp, char *answer,
                                                         const char *format, ...)
{
    char contents[PACKET_SIZE - 8];
    va_list args;
    va_start(args, format);
    vsnprintf(contents, sizeof(contents), format, args);
    va_end(args);
    if (send_packet(rsp, contents) < 0)
        return -1;
    do {
        if (receive_packet(rsp, answer, PACKET_SIZE) < 0)
            return -1;
    } while (answer[0] == 'O' && strcmp(answer, "OK") != 0);
    return 0;
}

static int answer_is_ok(const char *answer)
{
    return strcmp(answer, "OK") == 0 ? 0 : -1;
}

// `size` bytes from hexadecimal text of exactly that length.
static int decode_hex(const char *text, uint8_t *ret, size_t size)
{
    if (strlen(text) != 2 * size)
        return -1;
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            return -1;
        ret[i] = (uint8_t)byte;
    }
    return 0;
}

// Attaching stops the machine; the stop it reports by itself comes before the answer.
int rsp_open(struct rsp *rsp, int fd, struct stats *stats)
{
    *rsp = (struct rsp){.fd = fd, .stats = stats};
    if (send_packet(rsp, "qSupported") < 0)
        return -1;
    char answer[PACKET_SIZE];
    do {
        if (receive_packet(rsp, answer, sizeof(answer)) < 0)
            return -1;
    } while (!strstr(answer, "PacketSize"));
    // QEMU numbers xPSR 25 for a client that knows the target description only.
    if (request(rsp, answer, "qXfer:features:read:target.xml:0,40") < 0)
        return -1;
    return rsp_continue(rsp);
}

void rsp_close(struct rsp *rsp)
{
    if (!rsp->lost && !rsp->running)
        rsp_continue(rsp);
    close(rsp->fd);
}

int rsp_stop(struct rsp *rsp)
{
    if (!rsp->running)
        return 0;
    rsp->stats->cpu_stops++;
    if (send_bytes(rsp, INTERRUPT, 1) < 0)
        return -1;
    return receive_stop(rsp);
}

int rsp_continue(struct rsp *rsp)
{
    if (send_packet(rsp, "c") < 0)
        return -1;
    rsp->running = true;
    return 0;
}

int rsp_step(struct rsp *rsp)
{
    if (send_packet(rsp, "s") < 0)
        return -1;
    return receive_stop(rsp);
}

void rsp_poll(struct rsp *rsp)
{
    while (rsp->running && !rsp->lost && input_waits(rsp, 0)) {
        int byte = next_byte(rsp);
        if (byte != '$')
            continue; // an acknowledgement
        rsp->input_next--;
        receive_stop(rsp);
    }
}

// Stops a running machine for a moment; `*was_running` says whether to let it go on after.
static int pause_machine(struct rsp *rsp, bool *was_running)
{
    rsp_poll(rsp);
    *was_running = rsp->running;
    return rsp_stop(rsp);
}

// A breakpoint that was hit at that very moment keeps the machine stopped.
static int unpause_machine(struct rsp *rsp, bool was_running)
{
    if (!was_running || rsp->stop_signal == SIGNAL_TRAP)
        return 0;
    return rsp_continue(rsp);
}

int rsp_reset(struct rsp *rsp)
{
    char answer[PACKET_SIZE];
    if (rsp_stop(rsp) < 0)
        return -1;
    // "system_reset" in hexadecimal, for QEMU's monitor
    return request(rsp, answer, "qRcmd,73797374656d5f7265736574");
}

int rsp_read_register(struct rsp *rsp, unsigned number, uint32_t *ret)
{
    char answer[PACKET_SIZE];
    uint8_t bytes[4];
    if (request(rsp, answer, "p%x", number) < 0 || decode_hex(answer, bytes, 4) < 0)
        return -1;
    *ret = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return 0;
}

int rsp_write_register(struct rsp *rsp, unsigned number, uint32_t value)
{
    char answer[PACKET_SIZE];
    if (request(rsp, answer, "P%x=%08x", number, __builtin_bswap32(value)) < 0)
        return -1;
    return answer_is_ok(answer);
}

int rsp_read_memory(struct rsp *rsp, uint32_t address, void *ret, size_t size)
{
    char answer[PACKET_SIZE];
    bool was_running;
    if (pause_machine(rsp, &was_running) < 0)
        return -1;
    int asked = request(rsp, answer, "m%x,%zx", address, size);
    if (unpause_machine(rsp, was_running) < 0 || asked < 0)
        return -1;
    return decode_hex(answer, ret, size);
}

int rsp_write_memory(struct rsp *rsp, uint32_t address, const void *bytes, size_t size)
{
    char answer[PACKET_SIZE], text[2 * 64 + 1] = "";
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
    bool was_running;
    if (pause_machine(rsp, &was_running) < 0)
        return -1;
    int asked = request(rsp, answer, "M%x,%zx:%s", address, size, text);
    if (unpause_machine(rsp, was_running) < 0 || asked < 0)
        return -1;
    return answer_is_ok(answer);
}

int rsp_set_point(struct rsp *rsp, bool insert, enum rsp_point kind, uint32_t address,
                  uint32_t length)
{
    char answer[PACKET_SIZE];
    bool was_running;
    if (pause_machine(rsp, &was_running) < 0)
        return -1;
    int asked = request(rsp, answer, "%c%d,%x,%x", insert ? 'Z' : 'z', kind, address, length);
    if (unpause_machine(rsp, was_running) < 0 || asked < 0)
        return -1;
    return answer_is_ok(answer);
}
