// SPDX-License-Identifier: MIT
#include "report/diagnosis.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/place.h"

const char *finding_level_name(enum finding_level level)
{
    static const char *const names[] = {"trouble", "fact", "unknown"};

    return names[level];
}

json_t *finding_add(struct diagnosis *diagnosis, enum finding_level level, const char *topic,
                    const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    json_t *finding = json_pack("{s:s, s:s, s:o, s:[]}", "level", finding_level_name(level),
                                "topic", topic, "text", text ? json_text(text) : NULL, "evidence");
    free(text);
    json_array_append_new(diagnosis->findings[level], finding);
    return finding;
}

static json_t *add_evidence(json_t *finding, const char *name, const char *key, json_t *value)
{
    json_t *evidence = json_pack("{s:s, s:o}", "name", name, key, value);

    json_array_append_new(json_object_get(finding, "evidence"), evidence);
    return evidence;
}

void evidence_address(const struct diagnosis *diagnosis, json_t *finding, const char *name,
                      uint64_t address)
{
    place_set(diagnosis->session, address,
              add_evidence(finding, name, "address", json_address(address)));
}

void evidence_bytes(json_t *finding, const char *name, uint64_t bytes)
{
    add_evidence(finding, name, "size_bytes", json_integer((json_int_t)bytes));
}

void evidence_count(json_t *finding, const char *name, int64_t count)
{
    add_evidence(finding, name, "count", json_integer((json_int_t)count));
}

void evidence_text(json_t *finding, const char *name, const char *text)
{
    add_evidence(finding, name, "text", json_text(text));
}
