// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_SIZE = 64 * 1024 };

void text_init(struct text *text, const struct sink *sink)
{
    *text = (struct text){.sink = sink};
}

void text_deinit(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

static void flush(struct text *text)
{
    if (!text->sink || !text->len || text->failed)
        return;
    text->failed = text->sink->write(text->sink->context, text->bytes, text->len);
    text->len = 0;
}

static bool reserve(struct text *text, size_t more)
{
    if (text->failed)
        return false;
    if (text->len + more + 1 <= text->capacity)
        return true;

    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < text->len + more + 1)
        capacity *= 2;

    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = MPH_ERR_NO_MEMORY;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_add(struct text *text, const char *bytes, size_t size)
{
    if (!reserve(text, size))
        return;
    memcpy(text->bytes + text->len, bytes, size);
    text->len += size;
    text->bytes[text->len] = '\0';
    if (text->len >= FLUSH_SIZE)
        flush(text);
}

void text_puts(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_putc(struct text *text, char c)
{
    text_add(text, &c, 1);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    if (size >= 0 && reserve(text, (size_t)size)) {
        vsnprintf(text->bytes + text->len, (size_t)size + 1, format, again);
        text->len += (size_t)size;
    }
    va_end(again);
    va_end(args);
    if (text->len >= FLUSH_SIZE)
        flush(text);
}

void text_escaped(struct text *text, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c == '\n')
            text_puts(text, "\\n");
        else if (c == '\t')
            text_puts(text, "\\t");
        else if (c == '\\')
            text_puts(text, "\\\\");
        else if (c >= 0x20 && c < 0x7f)
            text_putc(text, (char)c);
        else
            text_printf(text, "\\x%02x", c);
    }
}

int text_finish(struct text *text, struct mph_err *err)
{
    flush(text);
    if (text->failed == MPH_ERR_NO_MEMORY)
        return mph_fail_no_memory(err);
    if (!text->failed)
        return 0;
    const char *name = text->sink ? text->sink->name : NULL;
    return name ? mph_fail(err, text->failed, "output: cannot write all of it (%s)", name)
                : mph_fail(err, text->failed, "output: cannot write all of it");
}
