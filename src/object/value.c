// SPDX-License-Identifier: MIT
#include "object/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct value_limits value_short = {4, 8, 60, 160};
const struct value_limits value_long = {8, 100, 20000, 65536};

// --- pieces ---

void print_bad(struct printer *printer, uint64_t address, const char *why)
{
    text_printf(printer->text, "<bad: %s at 0x%" PRIx64 ">", why, address);
}

bool print_is_full(struct printer *printer)
{
    return printer->text->failed || printer->text->len - printer->start >= printer->limits.total;
}

// A container whose block could not be allocated has a length and no block.
bool print_fits(struct printer *printer, uint64_t at, uint64_t count, size_t size)
{
    if (count == 0 || (at && count <= objects_room(printer->objects, at) / size))
        return true;
    text_printf(printer->text, "<bad: no room for %" PRIu64 " elements at 0x%" PRIx64 ">", count,
                at);
    return false;
}

bool print_may_skip(struct printer *printer)
{
    if (printer->skips-- > 0)
        return true;
    printer->skips = 0;
    text_puts(printer->text, "...");
    return false;
}

bool print_get(struct printer *printer, const struct object *object, size_t field, uint64_t *ret)
{
    if (field_get(printer->objects, object, field, ret))
        return true;
    print_bad(printer, field_address(printer->objects, object, field), "unreadable");
    return false;
}

bool print_enter(struct printer *printer, uint64_t address, const char *cycle)
{
    for (unsigned i = 0; i < printer->depth; i++)
        if (printer->path[i] == address) {
            text_puts(printer->text, cycle);
            return false;
        }
    if (printer->depth == printer->limits.depth) {
        text_puts(printer->text, "...");
        return false;
    }
    printer->path[printer->depth++] = address;
    return true;
}

void print_leave(struct printer *printer)
{
    printer->depth--;
}

void print_plain(struct printer *printer, const struct object *object, const char *name)
{
    text_putc(printer->text, '<');
    text_escaped(printer->text, name, strlen(name));
    text_printf(printer->text, " object at 0x%" PRIx64 ">", object->address);
}

// --- strings ---

// One code point of UTF-8, and how many bytes it takes; 0 where the bytes are none.
static size_t decode_utf8(const uint8_t *bytes, size_t size, uint32_t *ret)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t length = 1; length <= 4 && length <= size; length++) {
        if ((bytes[0] & forms[length - 1].mask) != forms[length - 1].lead)
            continue;
        uint32_t point = bytes[0] & (uint8_t)~forms[length - 1].mask;
        for (size_t i = 1; i < length; i++) {
            if ((bytes[i] & 0xc0) != 0x80)
                return 0;
            point = point << 6 | (bytes[i] & 0x3f);
        }
        *ret = point;
        return point >= forms[length - 1].least ? length : 0;
    }
    return 0;
}

static void add_point(struct text *text, uint32_t point, char quote)
{
    static const char named[] = "\n\r\t";
    static const char *const names[] = {"\\n", "\\r", "\\t"};
    const char *found = point && point < 0x80 ? strchr(named, (int)point) : NULL;

    if (found)
        text_puts(text, names[found - named]);
    else if (point == '\\' || point == (uint32_t)quote)
        text_printf(text, "\\%c", (char)point);
    else if (point >= 0x20 && point < 0x7f)
        text_putc(text, (char)point);
    else if (point < 0x100)
        text_printf(text, "\\x%02" PRIx32, point);
    else if (point < 0x10000)
        text_printf(text, "\\u%04" PRIx32, point);
    else
        text_printf(text, "\\U%08" PRIx32, point);
}

// py/objstr.c mp_str_print_quoted: double quotes around text with single ones only.
static char quote_for(const uint8_t *bytes, size_t size)
{
    return memchr(bytes, '\'', size) && !memchr(bytes, '"', size) ? '"' : '\'';
}

enum { STRING_BYTES_MAX = 65536, ELEMENT_CHARACTERS = 200 }; // the latter: in containers

static void add_quoted(struct printer *printer, const uint8_t *bytes, size_t size, bool is_cut,
                       bool is_bytes)
{
    char quote = quote_for(bytes, size);

    text_puts(printer->text, is_bytes ? "b" : "");
    text_putc(printer->text, quote);
    for (size_t i = 0; i < size;) {
        uint32_t point = bytes[i];
        size_t used = is_bytes ? 1 : decode_utf8(bytes + i, size - i, &point);

        if (!used && is_cut && size - i < 4)
            break; // a code point cut in two
        add_point(printer->text, point, quote);
        i += used ? used : 1;
    }
    text_putc(printer->text, quote);
    if (is_cut)
        text_puts(printer->text, "...");
}

void print_quoted(struct printer *printer, uint64_t address, uint64_t length, bool is_bytes)
{
    size_t most = printer->limits.characters < STRING_BYTES_MAX ? printer->limits.characters
                                                                : STRING_BYTES_MAX;

    if (printer->depth && most > ELEMENT_CHARACTERS)
        most = ELEMENT_CHARACTERS;
    size_t size = length < most ? (size_t)length : most;

    if (!print_fits(printer, address, length, 1))
        return;
    uint8_t *bytes = malloc(size ? size : 1);
    if (bytes && objects_read(printer->objects, address, bytes, size))
        add_quoted(printer, bytes, size, size < length, is_bytes);
    else
        print_bad(printer, address, "unreadable text");
    free(bytes);
}

static bool read_qstr(const struct objects *objects, uint64_t id, char text[QSTR_TEXT_MAX + 1])
{
    return qstr_text(&objects->layout->qstrs, objects->target, objects->word, id, text, NULL) == 0;
}

void print_qstr(struct printer *printer, uint64_t id)
{
    char text[QSTR_TEXT_MAX + 1];

    if (!read_qstr(printer->objects, id, text)) {
        text_printf(printer->text, "<bad: no qstr %" PRIu64 ">", id);
        return;
    }
    size_t length = strlen(text);
    bool is_cut = length > printer->limits.characters;
    add_quoted(printer, (const uint8_t *)text, is_cut ? printer->limits.characters : length, is_cut,
               false);
}

void value_add_qstr(const struct objects *objects, uint64_t id, struct text *text)
{
    char name[QSTR_TEXT_MAX + 1];

    if (read_qstr(objects, id, name))
        text_escaped(text, name, strlen(name));
    else
        text_printf(text, "<bad: no qstr %" PRIu64 ">", id);
}

// --- numbers ---

// How exactly a build's numbers are: representation C keeps 21 bits of fraction.
static bool is_same(const struct printer *printer, double a, double b, size_t bytes)
{
    float left = (float)a, right = (float)b;
    uint32_t left_bits, right_bits;

    if (bytes == 8)
        return a == b;
    memcpy(&left_bits, &left, sizeof left);
    memcpy(&right_bits, &right, sizeof right);
    if (printer->objects->layout->repr == REPR_C || printer->objects->layout->repr == REPR_C_OLD)
        return left_bits >> 2 == right_bits >> 2;
    return left_bits == right_bits;
}

// The significant digits that MicroPython asks for: py/objfloat.c float_print.
static int precision_of(const struct printer *printer, size_t bytes)
{
    enum repr repr = printer->objects->layout->repr;

    return bytes == 8 ? 16 : repr == REPR_C || repr == REPR_C_OLD ? 6 : 7;
}

// The shortest digits that read back as the same number, laid out as %g would.
void print_float(struct printer *printer, double number, size_t bytes)
{
    char shortest[40], exponent[40];
    int digits = 1, precision = precision_of(printer, bytes);

    if (isnan(number) || isinf(number)) {
        text_puts(printer->text, isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
        return;
    }
    do
        snprintf(exponent, sizeof exponent, "%.*e", digits - 1, number);
    while (!is_same(printer, strtod(exponent, NULL), number, bytes) && ++digits <= 17);
    int power = atoi(strchr(exponent, 'e') + 1);
    if (power < -4 || power >= precision)
        snprintf(shortest, sizeof shortest, "%s", exponent);
    else
        snprintf(shortest, sizeof shortest, "%.*f", digits - 1 > power ? digits - 1 - power : 0,
                 strtod(exponent, NULL));
    text_puts(printer->text, shortest);
    if (!strpbrk(shortest, ".e"))
        text_puts(printer->text, ".0");
}

double print_number_of(const struct objects *objects, uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float single;
    double number;

    if (objects->number == 4) {
        memcpy(&single, &low, sizeof single);
        return (double)single;
    }
    memcpy(&number, &bits, sizeof number);
    return number;
}

void print_number_bits(struct printer *printer, uint64_t bits)
{
    print_float(printer, print_number_of(printer->objects, bits), printer->objects->number);
}

// --- words and objects ---

void print_pointer(struct printer *printer, uint64_t address)
{
    struct object object;

    if (objects_get(printer->objects, address, &object))
        print_object(printer, &object);
    else
        print_bad(printer, address, "no object");
}

void print_object(struct printer *printer, const struct object *object)
{
    if (print_is_full(printer))
        text_puts(printer->text, "...");
    else if (object->kind->print)
        object->kind->print(printer, object);
    else
        print_plain(printer, object, object->type ? object->type->name : object->kind->name);
}

void print_word(struct printer *printer, uint64_t bits)
{
    struct word word;

    word_decode(printer->objects->layout, bits, &word);
    switch (word.kind) {
    case WORD_NULL:
        text_puts(printer->text, "NULL");
        break;
    case WORD_SENTINEL:
        text_puts(printer->text, "SENTINEL");
        break;
    case WORD_SMALL_INT:
        text_printf(printer->text, "%" PRId64, word.integer);
        break;
    case WORD_QSTR:
        print_qstr(printer, word.id);
        break;
    case WORD_NONE:
        text_puts(printer->text, "None");
        break;
    case WORD_FALSE:
        text_puts(printer->text, "False");
        break;
    case WORD_TRUE:
        text_puts(printer->text, "True");
        break;
    case WORD_FLOAT:
        print_float(printer, word.number, printer->objects->number);
        break;
    case WORD_POINTER:
        print_pointer(printer, word.pointer);
        break;
    default:
        text_printf(printer->text, "<bad: no object word 0x%" PRIx64 ">", bits);
    }
}

void print_items(struct printer *printer, uint64_t at, uint64_t count, const char *open,
                 const char *close, const char *single)
{
    size_t size = printer->objects->obj;

    if (!print_fits(printer, at, count, size))
        return;
    text_puts(printer->text, open);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t word;

        text_puts(printer->text, i ? ", " : "");
        if (i == printer->limits.elements || print_is_full(printer)) {
            text_puts(printer->text, "...");
            break;
        }
        if (!objects_uint(printer->objects, at + i * size, size, &word)) {
            print_bad(printer, at + i * size, "unreadable");
            break;
        }
        print_word(printer, word);
    }
    text_puts(printer->text, count == 1 ? single : "");
    text_puts(printer->text, close);
}

// --- entry points ---

// Tables of maps are at most half empty, but for what was deleted.
enum { SKIPS_PER_BYTE = 4 };

static struct printer printer_on(const struct objects *objects, const struct value_limits *limits,
                                 struct text *text)
{
    return (struct printer){.objects = objects,
                            .text = text,
                            .limits = *limits,
                            .start = text->len,
                            .skips = (uint64_t)limits->total * SKIPS_PER_BYTE};
}

void value_add_word(const struct objects *objects, uint64_t word, const struct value_limits *limits,
                    struct text *text)
{
    struct printer printer = printer_on(objects, limits, text);

    print_word(&printer, word);
}

void value_add_object(const struct objects *objects, uint64_t address,
                      const struct value_limits *limits, struct text *text)
{
    struct printer printer = printer_on(objects, limits, text);

    print_pointer(&printer, address);
}

void value_add_block(const struct objects *objects, const struct object *block,
                     const struct value_limits *limits, struct text *text)
{
    struct printer printer = printer_on(objects, limits, text);

    if (block->kind && block->kind->print)
        block->kind->print(&printer, block);
}

void value_add_float(const struct objects *objects, uint64_t bits, struct text *text)
{
    struct printer printer = printer_on(objects, &value_short, text);

    print_number_bits(&printer, bits);
}
