// SPDX-License-Identifier: MIT
// The map as pictures: what `map --svg FILE --png FILE` does instead of printing it.
#ifndef MPH_REPORT_MAP_PICTURE_H
#define MPH_REPORT_MAP_PICTURE_H

#include "report/report.h"

struct map_pictures {
    const char *svg, *png; // names of files; NULL: not wanted
};

static inline bool map_pictures_wanted(const struct map_pictures *pictures)
{
    return pictures->svg || pictures->png;
}

// Whether their files could be made, before anything is read for them.
int map_pictures_check(const struct map_pictures *pictures, struct mph_err *err);

// Write them, and say in the output what was written. The heap is loaded, with the
// firmware's version, and what the letters need.
int map_pictures_write(struct session *session, const struct map_pictures *pictures, bool is_rich,
                       struct output *output, struct mph_err *err);

#endif
