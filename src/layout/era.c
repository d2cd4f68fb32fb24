// SPDX-License-Identifier: MIT
#include "layout/era.h"

#include <string.h>

static const char *era_name(enum era era)
{
    static const char *const names[] = {"not known", "1.8",  "1.8.1 to 1.9.4", "1.10 to 1.18",
                                        "1.19",      "1.20", "1.21",           "1.22 or later"};

    return names[era];
}

// The number alone decides what the firmware's own text says of itself.
static enum era era_of_version(int number)
{
    static const struct {
        int since;
        enum era era;
    } rows[] = {{12200, ERA_1_22}, {12100, ERA_1_21},  {12000, ERA_1_20}, {11900, ERA_1_19},
                {11000, ERA_1_10}, {10801, ERA_1_8_1}, {1, ERA_1_8}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (number >= rows[i].since)
            return rows[i].era;
    return ERA_UNKNOWN;
}

void era_set(struct layout *layout, enum era era, enum how how, const char *text)
{
    layout->era = era;
    layout->era_how = how;
    layout->era_text = text ? text : era_name(era);
}

// The gap byte came with the area structure in v1.20 (9f434dd8de).
void era_from_area(struct layout *layout, const struct area_match *area)
{
    if (area->gap_is_sure && area->gap)
        era_set(layout, ERA_1_20, HOW_MEASURED, "1.20 or later");
    else if (area->gap_is_sure)
        era_set(layout, ERA_1_8_1, HOW_MEASURED, "1.8 to 1.19");
}

void era_from_objects(struct layout *layout, size_t dicts_back)
{
    const struct qstrs *qstrs = &layout->qstrs;
    bool is_split_rom = false;

    for (size_t i = 0; i < qstrs->pool_count; i++)
        is_split_rom |= qstrs->pools[i].is_sorted;
    if (layout->type_form == TYPE_WORD_NAME)
        era_set(layout, ERA_1_8_1, HOW_MEASURED, "1.8 to 1.9.4");
    else if (layout->type_form == TYPE_HALF_NAME && qstrs->form == QSTR_EMBEDDED)
        era_set(layout, ERA_1_10, HOW_MEASURED, NULL);
    else if (layout->type_form == TYPE_HALF_NAME)
        era_set(layout, ERA_1_19, HOW_MEASURED, NULL);
    else if (is_split_rom)
        era_set(layout, ERA_1_22, HOW_MEASURED, NULL);
    else if (layout->type_form == TYPE_SLOTS && dicts_back >= 6)
        era_set(layout, ERA_1_21, HOW_MEASURED, "1.21 or later");
    else if (layout->type_form == TYPE_SLOTS)
        era_set(layout, ERA_1_20, HOW_MEASURED, dicts_back ? "1.20" : "1.20 or later");
}

// A build between two releases ("v1.20.0-268-g...", "v1.22.0-preview.5.g...") may
// have any of the next release's structures, or not yet all of its own.
static bool is_between_releases(const struct layout *layout)
{
    return strchr(layout->version, '-') != NULL;
}

// The structures are believed rather than the version string; that one settles
// what leaves no trace in them.
void era_reconcile(struct layout *layout)
{
    enum era said = era_of_version(layout->version_number);

    if (!said)
        return;
    if (said == layout->era) {
        layout->era_text = era_name(said); // which may be a narrower span
        return;
    }
    if (layout->era == ERA_UNKNOWN) {
        era_set(layout, said, HOW_VERSION, NULL);
        return;
    }
    bool is_newer_type = said >= ERA_1_20 && layout->era < ERA_1_20;
    bool is_1_8 = said == ERA_1_8 && layout->era == ERA_1_8_1;
    if (is_between_releases(layout) && (said == layout->era - 1 || said == layout->era + 1))
        return;
    if ((said > layout->era && !is_newer_type) || is_1_8)
        era_set(layout, said, layout->era_how, NULL);
    else
        notes_add(&layout->notes,
                  "version: the firmware says %s, but its structures are those of %s",
                  layout->version, layout->era_text);
}
