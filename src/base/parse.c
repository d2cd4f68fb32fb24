// SPDX-License-Identifier: MIT
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool parse_uint(const char *text, uint64_t *ret)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *ret = strtoull(text, &end, 0);
    return !errno && !*end;
}

bool parse_size(const char *text, uint64_t *ret)
{
    static const char suffixes[] = "KMG";
    char number[32];
    size_t length = strlen(text);
    const char *suffix = length ? strchr(suffixes, toupper((unsigned char)text[length - 1])) : NULL;
    unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;

    if (!length || length >= sizeof number)
        return false;
    memcpy(number, text, length + 1);
    if (suffix)
        number[length - 1] = '\0';
    if (!parse_uint(number, ret) || *ret > UINT64_MAX >> shift)
        return false;
    *ret <<= shift;
    return true;
}

bool parse_range(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
    const char *dots = strstr(text, "..");
    char first[32];

    if (!dots || (size_t)(dots - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(dots - text));
    first[dots - text] = '\0';
    return parse_uint(first, ret_first) && parse_uint(dots + 2, ret_last) &&
           *ret_first <= *ret_last;
}
