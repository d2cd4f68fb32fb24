// SPDX-License-Identifier: MIT
#include "target/rsp_packet.h"

#include <string.h>

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint8_t checksum(const char *body, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + (uint8_t)body[i]);
    return sum;
}

static void scan_framed(const char *bytes, size_t size, struct rsp_piece *ret)
{
    const char *body = bytes + 1;
    const char *hash = memchr(body, '#', size - 1);

    if (!hash || bytes + size - hash < 3) {
        ret->kind = RSP_MORE;
        return;
    }

    uint8_t sum;
    bool intact = rsp_unhex(hash + 1, &sum, 1) && sum == checksum(body, (size_t)(hash - body));

    ret->used = (size_t)(hash + 3 - bytes);
    ret->body = body;
    ret->len = (size_t)(hash - body);
    if (bytes[0] == '%')
        ret->kind = RSP_NOTIFICATION;
    else
        ret->kind = intact ? RSP_PACKET : RSP_DAMAGED;
}

void rsp_scan(const char *bytes, size_t size, struct rsp_piece *ret)
{
    *ret = (struct rsp_piece){.kind = RSP_MORE};
    if (size == 0)
        return;
    switch (bytes[0]) {
    case '$':
    case '%':
        scan_framed(bytes, size, ret);
        return;
    case '+':
        ret->kind = RSP_ACK;
        break;
    case '-':
        ret->kind = RSP_NACK;
        break;
    default:
        ret->kind = RSP_NOISE;
        break;
    }
    ret->used = 1;
}

bool rsp_expand(const char *body, size_t len, char *out, size_t capacity, size_t *ret)
{
    size_t done = 0;

    for (size_t i = 0; i < len; i++) {
        size_t count = 1;
        char c = body[i];

        if (c == '*') { // the count is a printable character, 29 above it
            if (++i == len || body[i] < ' ' || done == 0)
                return false;
            count = (size_t)(body[i] - 29);
            c = out[done - 1];
        } else if (c == '}') {
            if (++i == len)
                return false;
            c = (char)(body[i] ^ 0x20);
        }
        if (count > capacity - done)
            return false;
        memset(out + done, c, count);
        done += count;
    }
    *ret = done;
    return true;
}

size_t rsp_frame(const char *body, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t sum = checksum(body, len);

    out[0] = '$';
    memcpy(out + 1, body, len);
    out[len + 1] = '#';
    out[len + 2] = digits[sum >> 4];
    out[len + 3] = digits[sum & 15];
    return len + 4;
}

bool rsp_unhex(const char *digits, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(digits[2 * i]), low = digit_value(digits[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool rsp_is_error(const char *body, size_t len)
{
    return len >= 2 && body[0] == 'E' && (len == 3 || body[1] == '.');
}

static bool all_digits(const char *body, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (digit_value(body[i]) < 0)
            return false;
    return true;
}

bool rsp_is_stop(const char *body, size_t len)
{
    if (len == 1)
        return body[0] == 'N';
    return len >= 3 && strchr("STWX", body[0]) && body[0] && all_digits(body + 1, 2);
}

bool rsp_is_output(const char *body, size_t len)
{
    return len >= 1 && body[0] == 'O' && len % 2 == 1 && all_digits(body + 1, len - 1);
}
