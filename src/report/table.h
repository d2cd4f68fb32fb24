// SPDX-License-Identifier: MIT
// A table of many rows as JSON: one string a column, so that it takes little room and little
// time. docs/page.md describes it.
//
//     struct table table;
//     size_t name, bytes;
//     table_init(&table);
//     name = table_add_column(&table, "name", TABLE_LINES);
//     ...
//     table_set_text(&table, name, "buffer"); // cells that are not set are empty
//     table_set_number(&table, bytes, 64);
//     table_end_row(&table);
//     json_t *document = table_take_json(&table);
//     table_deinit(&table);
#ifndef MPH_REPORT_TABLE_H
#define MPH_REPORT_TABLE_H

#include <jansson.h>

#include "base/text.h"
#include "base/vec.h"

enum table_form {
    TABLE_NUMBERS,
    TABLE_DELTAS,    // of numbers: the difference to the last one in the column
    TABLE_ADDRESSES, // the same, of addresses
    TABLE_LINES,     // of texts
    TABLE_WORDS,     // of texts of which there are few: each once, and the number of it
};

struct table {
    uint64_t count;     // rows that have ended
    struct vec columns; // of struct table_column
    bool has_failed;    // out of memory, which table_take_json says
};

void table_init(struct table *table);
void table_deinit(struct table *table);

// Returns the number by which a cell of it is set. The name must outlive the table. All columns
// come before the first row.
size_t table_add_column(struct table *table, const char *name, enum table_form form);

// A cell of the row that has not ended yet, at most once. Numbers go into columns of numbers
// or addresses, text into those of texts; what is not printable ASCII is escaped. In
// lines, an empty text is as an empty cell.
void table_set_number(struct table *table, size_t number, int64_t value);
// In thousandths, into columns of TABLE_NUMBERS alone.
void table_set_decimal(struct table *table, size_t number, double value);
void table_set_text(struct table *table, size_t number, const char *value);
void table_end_row(struct table *table);

// The text of a column so far. It lives until its next cell.
const struct text *table_column_text(const struct table *table, size_t column);

// Cut the cells of a column of lines to so many characters, with "..." as the last of them;
// 0 empties them.
void table_cut(struct table *table, size_t column, size_t length);

// {"count", "columns"}. The cells go into it: the table is empty afterwards. NULL is out of
// memory.
json_t *table_take_json(struct table *table);

#endif
