// SPDX-License-Identifier: MIT
// Packets of the GDB remote protocol: pure functions over bytes that may be
// anything. Source: GDB manual, "Remote Protocol: Overview".
#ifndef MPH_TARGET_RSP_PACKET_H
#define MPH_TARGET_RSP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rsp_kind {
    RSP_MORE,         // the bytes end before the packet does
    RSP_PACKET,       // "$body#cs" with the right checksum
    RSP_DAMAGED,      // the same with a wrong one
    RSP_NOTIFICATION, // "%body#cs", which nobody waits for
    RSP_ACK,          // '+'
    RSP_NACK,         // '-'
    RSP_NOISE,        // a byte that begins nothing
};

struct rsp_piece {
    enum rsp_kind kind;
    size_t used;      // bytes to drop before looking for the next piece; 0 for RSP_MORE
    const char *body; // of RSP_PACKET, still escaped, inside the bytes given
    size_t len;
};

// The piece at the start of `size` bytes.
void rsp_scan(const char *bytes, size_t size, struct rsp_piece *ret);

// Undo escapes ("}" and a byte XOR 0x20) and run lengths ("*" and a count) of a
// body. False when it is malformed or does not fit in `capacity`.
bool rsp_expand(const char *body, size_t len, char *out, size_t capacity, size_t *ret);

// Frame a body of plain ASCII into `out`, which has room for len + 4 bytes. The
// number of bytes written.
size_t rsp_frame(const char *body, size_t len, char *out);

// Bytes from pairs of hexadecimal digits: exactly `size` of them from 2 * size
// digits. False for anything that is no digit.
bool rsp_unhex(const char *digits, uint8_t *bytes, size_t size);

// "E01" or "E.text".
bool rsp_is_error(const char *body, size_t len);

// A stop reply: "S05", "T05thread:1;", "W00", "X09", "N".
bool rsp_is_stop(const char *body, size_t len);

// Console output of the stub, "O" and hexadecimal digits.
bool rsp_is_output(const char *body, size_t len);

#endif
