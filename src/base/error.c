// SPDX-License-Identifier: MIT
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

// Also the controls that UTF-8 spells with two bytes: terminals obey those, too.
static void make_printable(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];
        bool is_pair = c == 0xc2 && next >= 0x80 && next < 0xa0;

        if (c < 0x20 || c == 0x7f || is_pair)
            *text = '?';
        if (is_pair)
            *++text = '?';
    }
}

static int record(struct mph_err *err, int code, const char *format, va_list args)
{
    if (!err || err->code)
        return code;
    err->code = code;
    vsnprintf(err->text, sizeof err->text, format, args);
    make_printable(err->text);
    return code;
}

int mph_fail(struct mph_err *err, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    record(err, code, format, args);
    va_end(args);
    return code;
}

int mph_fail_at(struct mph_err *err, int code, uint64_t address, const char *format, ...)
{
    va_list args;

    if (err && !err->code) {
        err->has_address = true;
        err->address = address;
    }
    va_start(args, format);
    record(err, code, format, args);
    va_end(args);
    return code;
}

int mph_fail_again(struct mph_err *err, const struct mph_err *kept)
{
    if (err && !err->code)
        *err = *kept;
    return kept->code;
}

int mph_fail_no_memory(struct mph_err *err)
{
    return mph_fail(err, MPH_ERR_NO_MEMORY, "out of memory");
}

int mph_exit_status(int code)
{
    switch (code) {
    case MPH_OK:
        return 0;
    case MPH_ERR_USAGE:
        return 2;
    case MPH_ERR_READ:
    case MPH_ERR_FILE:
    case MPH_ERR_LINK:
    case MPH_ERR_UNSUPPORTED:
        return 3;
    case MPH_ERR_NO_SYMBOL:
    case MPH_ERR_BAD_DATA:
    case MPH_ERR_NO_HEAP:
    case MPH_ERR_AMBIGUOUS:
    case MPH_ERR_WRONG_ELF:
        return 4;
    default:
        return 5;
    }
}

const char *mph_code_name(int code)
{
    static const char *const names[] = {
        "ok",          "usage",   "unreadable", "file",      "link",      "no_symbol", "bad_data",
        "unsupported", "no_heap", "ambiguous",  "wrong_elf", "no_memory", "interrupted"};

    if (code > 0 || code <= MPH_ERR_INTERNAL)
        return "internal";
    return names[-code];
}
