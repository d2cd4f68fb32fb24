// SPDX-License-Identifier: MIT
#include "stats.h"

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

#define ROW(field) {#field, offsetof(struct stats, field)}

static const struct row {
    const char *name;
    size_t offset;
} rows[] = {
    ROW(connections),
    ROW(adapter_commands),
    ROW(bus_reads),
    ROW(bus_writes),
    ROW(bus_bytes_read),
    ROW(bus_faults),
    ROW(ppb_reads),
    ROW(ppb_writes),
    ROW(memory_writes),
    ROW(memory_bytes_written),
    ROW(waits),
    ROW(cpu_halts),
    ROW(cpu_resumes),
    ROW(cpu_stops),
    ROW(resets),
    ROW(reports),
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) == sizeof(struct stats) / sizeof(uint64_t),
               "every counter has a row");

static int print_rows(const struct stats *stats, FILE *file)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t value = *(const uint64_t *)((const char *)stats + rows[i].offset);
        if (fprintf(file, "%s=%" PRIu64 "\n", rows[i].name, value) < 0)
            return -1;
    }
    return 0;
}

int stats_write(struct stats *stats, const char *path)
{
    char draft[PATH_MAX];
    snprintf(draft, sizeof(draft), "%s.tmp", path);
    FILE *file = fopen(draft, "w");
    if (!file)
        return -1;
    stats->reports++;
    int printed = print_rows(stats, file);
    if (fclose(file) != 0 || printed != 0)
        return -1;
    return rename(draft, path);
}
