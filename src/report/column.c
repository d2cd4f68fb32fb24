// SPDX-License-Identifier: MIT
#include "report/column.h"

#include <string.h>

#include "report/report.h"

enum { MOST = 44 };

int column_width(const json_t *rows, const char *key, int least)
{
    const json_t *row;
    size_t i;
    int width = least;

    json_array_foreach(rows, i, row)
    {
        size_t length = strlen(json_string_of(row, key));

        if (length <= MOST && (int)length > width)
            width = (int)length;
    }
    return width;
}
