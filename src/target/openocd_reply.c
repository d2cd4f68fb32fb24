// SPDX-License-Identifier: MIT
#include "target/openocd_reply.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// --- Tcl lists ---

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The end of a braced word that begins at `at`, just behind its brace.
static char *closing_brace(char *at, const char *end)
{
    int depth = 1;

    for (; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '{')
            depth++;
        else if (*at == '}' && --depth == 0)
            return at;
    }
    return NULL;
}

static char unescape(char c)
{
    static const char letters[] = "abfnrtv", bytes[] = "\a\b\f\n\r\t\v";
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? bytes[at - letters] : c;
}

// Undo the backslashes of a bare word in place, up to the space that ends it.
static char *end_of_bare(char *at, const char *end, char **behind)
{
    char *out = at;

    for (; at < end && !is_space(*at); at++) {
        if (*at == '\\' && at + 1 < end)
            *out++ = unescape(*++at);
        else
            *out++ = *at;
    }
    *behind = at;
    return out;
}

int tcl_list_next(struct tcl_list *list, char **word, size_t *len)
{
    char *at = list->at, *end, *behind;

    while (at < list->end && is_space(*at))
        at++;
    if (at == list->end)
        return 0;

    if (*at == '{') {
        end = closing_brace(++at, list->end);
        if (!end)
            return -1;
        behind = end + 1;
    } else {
        end = end_of_bare(at, list->end, &behind);
    }
    if (behind < list->end && !is_space(*behind))
        return -1;

    *word = at;
    *len = (size_t)(end - at);
    *end = '\0';
    list->at = behind < list->end ? behind + 1 : behind;
    return 1;
}

bool tcl_result_parse(char *bytes, size_t size, struct tcl_result *ret)
{
    struct tcl_list list = {bytes, bytes + size};
    char *code, *text, *rest;
    size_t code_len, text_len, rest_len;

    if (tcl_list_next(&list, &code, &code_len) != 1 ||
        tcl_list_next(&list, &text, &text_len) != 1 ||
        tcl_list_next(&list, &rest, &rest_len) != 0)
        return false;

    errno = 0;
    ret->code = strtol(code, &rest, 10);
    if (errno || rest == code || *rest || is_space(*code))
        return false;
    ret->text = text;
    ret->len = text_len;
    return true;
}

// --- words of memory ---

struct scan {
    const char *at;
    const char *end;
};

static void skip_spaces(struct scan *scan)
{
    while (scan->at < scan->end && is_space(*scan->at))
        scan->at++;
}

static bool skip_char(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

// The digits at the scan, modulo 2^64. Their number, 0 for none and for more
// than any 64-bit number has.
static size_t take_digits(struct scan *scan, unsigned base, uint64_t *ret)
{
    const char *first = scan->at;
    uint64_t value = 0;

    while (scan->at < scan->end && digit_value(*scan->at) < (int)base)
        value = value * base + (unsigned)digit_value(*scan->at++);

    size_t count = (size_t)(scan->at - first);
    *ret = value;
    return count <= 20 ? count : 0;
}

static bool take_hex_prefix(struct scan *scan)
{
    if (scan->end - scan->at < 2 || scan->at[0] != '0' || (scan->at[1] | 0x20) != 'x')
        return false;
    scan->at += 2;
    return true;
}

static bool take_number(struct scan *scan, uint64_t *ret)
{
    bool negative = skip_char(scan, '-');
    unsigned base = take_hex_prefix(scan) ? 16 : 10;
    uint64_t value;

    if (!take_digits(scan, base, &value))
        return false;
    *ret = negative ? 0 - value : value;
    return true;
}

static bool take_run(struct scan *scan, struct openocd_run *run)
{
    uint64_t value;

    for (size_t i = 0; i < run->count; i++) {
        skip_spaces(scan);
        if (!take_number(scan, &value))
            return false;
        if (scan->at < scan->end && !is_space(*scan->at) && *scan->at != ';')
            return false;
        run->words[i] = (uint32_t)value;
    }
    return true;
}

// "0x20000000:", which `mdw` puts before every line.
static bool take_address(struct scan *scan, uint64_t *ret)
{
    struct scan ahead = *scan;

    if (!take_hex_prefix(&ahead) || !take_digits(&ahead, 16, ret) || !skip_char(&ahead, ':'))
        return false;
    *scan = ahead;
    return true;
}

static bool take_plain_word(struct scan *scan, uint32_t *ret)
{
    struct scan ahead = *scan;
    uint64_t value;

    if (take_digits(&ahead, 16, &value) != 8)
        return false;
    if (ahead.at < ahead.end && !is_space(*ahead.at) && *ahead.at != ';')
        return false;
    *scan = ahead;
    *ret = (uint32_t)value;
    return true;
}

static void skip_token(struct scan *scan)
{
    while (scan->at < scan->end && !is_space(*scan->at) && *scan->at != ';')
        scan->at++;
}

static bool take_mdw_run(struct scan *scan, struct openocd_run *run)
{
    bool in_line = false; // behind an address, so that what follows is words
    size_t done = 0;

    for (skip_spaces(scan); scan->at < scan->end && *scan->at != ';'; skip_spaces(scan)) {
        uint64_t address;
        uint32_t word;

        if (take_address(scan, &address)) {
            if (address != run->address + 4 * done)
                return false;
            in_line = true;
        } else if (in_line && take_plain_word(scan, &word)) {
            if (done == run->count)
                return false;
            run->words[done++] = word;
        } else {
            in_line = false;
            skip_token(scan);
        }
    }
    return done == run->count;
}

typedef bool run_parser(struct scan *scan, struct openocd_run *run);

static bool take_runs(const char *text, size_t len, struct openocd_run *runs, size_t count,
                      run_parser *parse)
{
    struct scan scan = {text, text + len};

    for (size_t i = 0; i < count; i++) {
        skip_spaces(&scan);
        runs[i].refused = skip_char(&scan, '!');
        if (!runs[i].refused && !parse(&scan, &runs[i]))
            return false;
        skip_spaces(&scan);
        if (!skip_char(&scan, ';'))
            return false;
    }
    skip_spaces(&scan);
    return scan.at == scan.end;
}

bool openocd_reply_words(const char *text, size_t len, struct openocd_run *runs, size_t count)
{
    return take_runs(text, len, runs, count, take_run);
}

bool openocd_reply_mdw(const char *text, size_t len, struct openocd_run *runs, size_t count)
{
    return take_runs(text, len, runs, count, take_mdw_run);
}

// --- registers ---

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void take_register(struct scan *scan, struct regs *ret)
{
    char name[REG_NAME_MAX + 1]; // one more than fits, so that regs_set refuses it
    size_t len = 0;
    uint64_t value;

    skip_spaces(scan);
    for (; scan->at < scan->end && is_name_char(*scan->at); scan->at++)
        if (len < sizeof name - 1)
            name[len++] = (char)tolower((unsigned char)*scan->at);
    name[len] = '\0';

    for (skip_spaces(scan); scan->at < scan->end; skip_spaces(scan)) {
        if (take_hex_prefix(scan)) {
            size_t digits = take_digits(scan, 16, &value);
            if (len && digits && digits <= 16)
                regs_set(ret, name, value);
            return;
        }
        skip_token(scan);
    }
}

void openocd_reply_registers(const char *text, size_t len, struct regs *ret)
{
    const char *end = text + len;

    while (text < end) {
        const char *stop = memchr(text, ';', (size_t)(end - text));
        struct scan entry = {text, stop ? stop : end};

        take_register(&entry, ret);
        text = stop ? stop + 1 : end;
    }
}
