// SPDX-License-Identifier: MIT
// Intel HEX: "Hexadecimal Object File Format Specification", Intel, rev. A, 1988.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "target/target.h"

enum { RECORD_MAX = 5 + 255 }; // length, address, type, data, checksum

enum record_type {
    DATA = 0,
    END = 1,
    SEGMENT_BASE = 2,
    START_SEGMENT = 3,
    LINEAR_BASE = 4,
    START_LINEAR = 5
};

struct hex_reader {
    struct target *target;
    const char *path;
    size_t line;
    uint64_t base;       // what the last base record added
    uint8_t *bytes;      // all data of the file, packed
    size_t used;
    uint64_t run_address; // of the run of contiguous data that ends at `used`
    size_t run_start;
    bool has_ended;
};

static int bad_line(const struct hex_reader *reader, struct mph_err *err, const char *what)
{
    return mph_fail(err, MPH_ERR_FILE, "HEX: %s in line %zu (%s)", what, reader->line,
                    reader->path);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (uint8_t)tolower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The bytes of one line after its ':', or the reason why there are none.
static int decode_line(const struct hex_reader *reader, const uint8_t *line, size_t size,
                       uint8_t *record, size_t *count, struct mph_err *err)
{
    uint8_t sum = 0;

    if (size % 2 || size / 2 < 5 || size / 2 > RECORD_MAX)
        return bad_line(reader, err, "a record of a wrong length");
    for (size_t i = 0; i < size / 2; i++) {
        int high = hex_digit(line[2 * i]), low = hex_digit(line[2 * i + 1]);

        if (high < 0 || low < 0)
            return bad_line(reader, err, "a character that is no hex digit");
        record[i] = (uint8_t)(high << 4 | low);
        sum = (uint8_t)(sum + record[i]);
    }
    if (record[0] != size / 2 - 5)
        return bad_line(reader, err, "a record of a wrong length");
    if (sum)
        return bad_line(reader, err, "a wrong checksum");
    *count = record[0];
    return 0;
}

static int end_run(struct hex_reader *reader, struct mph_err *err)
{
    size_t size = reader->used - reader->run_start;
    int rc = target_add_bytes(reader->target, reader->run_address,
                              reader->bytes + reader->run_start, size, true, reader->path, err);

    reader->run_start = reader->used;
    return rc;
}

static int add_data(struct hex_reader *reader, uint64_t address, const uint8_t *bytes, size_t size,
                    struct mph_err *err)
{
    if (address != reader->run_address + (reader->used - reader->run_start)) {
        int rc = end_run(reader, err);
        if (rc < 0)
            return rc;
        reader->run_address = address;
    }
    memcpy(reader->bytes + reader->used, bytes, size);
    reader->used += size;
    return 0;
}

static int read_record(struct hex_reader *reader, const uint8_t *record, size_t count,
                       struct mph_err *err)
{
    uint64_t offset = (uint64_t)record[1] << 8 | record[2];
    const uint8_t *data = record + 4;

    switch (record[3]) {
    case DATA:
        return add_data(reader, reader->base + offset, data, count, err);
    case END:
        reader->has_ended = true;
        return 0;
    case SEGMENT_BASE:
    case LINEAR_BASE:
        if (count != 2)
            return bad_line(reader, err, "a base address of a wrong length");
        reader->base = ((uint64_t)data[0] << 8 | data[1]) << (record[3] == LINEAR_BASE ? 16 : 4);
        return 0;
    case START_SEGMENT:
    case START_LINEAR:
        return 0;
    default:
        return bad_line(reader, err, "a record of an unknown type");
    }
}

static int read_line(struct hex_reader *reader, const uint8_t *line, size_t size,
                     struct mph_err *err)
{
    uint8_t record[RECORD_MAX];
    size_t count = 0;

    while (size && isspace(line[size - 1]))
        size--;
    if (!size)
        return 0;
    if (reader->has_ended)
        return bad_line(reader, err, "data after the end record");
    if (line[0] != ':')
        return bad_line(reader, err, "a record that does not begin with ':'");

    int rc = decode_line(reader, line + 1, size - 1, record, &count, err);
    return rc < 0 ? rc : read_record(reader, record, count, err);
}

static int read_lines(struct hex_reader *reader, const uint8_t *bytes, size_t size,
                      struct mph_err *err)
{
    while (size > 0) {
        const uint8_t *newline = memchr(bytes, '\n', size);
        size_t length = newline ? (size_t)(newline - bytes) : size;
        int rc;

        reader->line++;
        rc = read_line(reader, bytes, length, err);
        if (rc < 0)
            return rc;
        length += newline != NULL;
        bytes += length;
        size -= length;
    }
    if (!reader->has_ended)
        return bad_line(reader, err, "no end record: the file is cut short");
    return end_run(reader, err);
}

int target_add_hex(struct target *target, const char *path, struct mph_err *err)
{
    struct hex_reader reader = {.target = target, .path = path};
    const uint8_t *bytes;
    size_t size;
    int rc = target_map_file(target, path, &bytes, &size, err);

    if (rc < 0)
        return rc;
    // Two digits a byte: the data never needs more than half of the file, so it
    // can be packed into the private mapping from its start, behind the reader.
    reader.bytes = (uint8_t *)bytes;
    return read_lines(&reader, bytes, size, err);
}
