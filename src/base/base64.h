// SPDX-License-Identifier: MIT
// Bytes as base64 (RFC 4648, section 4), into a file, piece by piece.
#ifndef MPH_BASE_BASE64_H
#define MPH_BASE_BASE64_H

#include <stdint.h>
#include <stdio.h>

struct base64 {
    FILE *stream; // its error flag says whether all was written
    uint8_t rest[3];
    size_t rest_size;
};

void base64_init(struct base64 *base64, FILE *stream);
void base64_add(struct base64 *base64, const void *bytes, size_t size);

// What is left, and the padding. Nothing may be added afterwards.
void base64_end(struct base64 *base64);

#endif
