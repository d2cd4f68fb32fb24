// SPDX-License-Identifier: MIT
#include "report/table.h"

#include <inttypes.h>
#include <string.h>

struct table_column {
    const char *name;
    enum table_form form;
    struct text cells;
    int64_t last;  // the sum of all differences
    json_t *words; // a list
    json_t *known; // the number of each word
};

static struct table_column *column_at(const struct table *table, size_t column)
{
    return vec_at(&table->columns, column);
}

void table_init(struct table *table)
{
    *table = (struct table){.columns = VEC_OF(struct table_column)};
}

void table_deinit(struct table *table)
{
    for (size_t i = 0; i < table->columns.len; i++) {
        text_deinit(&column_at(table, i)->cells);
        json_decref(column_at(table, i)->words);
        json_decref(column_at(table, i)->known);
    }
    vec_deinit(&table->columns);
}

size_t table_add_column(struct table *table, const char *name, enum table_form form)
{
    struct table_column *column = vec_add(&table->columns);

    if (!column) {
        table->has_failed = true;
        return 0;
    }
    *column = (struct table_column){
        .name = name, .form = form, .words = json_array(), .known = json_object()};
    text_init(&column->cells, NULL);
    return table->columns.len - 1;
}

// --- cells ---

void table_set_number(struct table *table, size_t number, int64_t value)
{
    if (table->has_failed)
        return;
    struct table_column *column = column_at(table, number);
    text_printf(&column->cells, "%" PRId64,
                column->form == TABLE_NUMBERS
                    ? value
                    : (int64_t)((uint64_t)value - (uint64_t)column->last));
    column->last = value;
}

void table_set_decimal(struct table *table, size_t number, double value)
{
    if (!table->has_failed)
        text_printf(&column_at(table, number)->cells, "%.3f", value);
}

static void add_word(struct table *table, struct table_column *column, const char *word)
{
    json_t *number = json_object_get(column->known, word);

    if (!number) {
        number = json_integer((json_int_t)json_array_size(column->words));
        if (json_array_append_new(column->words, json_string(word)) < 0 ||
            json_object_set_new(column->known, word, number) < 0) {
            table->has_failed = true;
            return;
        }
    }
    text_printf(&column->cells, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
}

static void add_text(struct table *table, struct table_column *column, const char *value)
{
    if (column->form == TABLE_WORDS)
        add_word(table, column, value);
    else
        text_puts(&column->cells, value);
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

void table_set_text(struct table *table, size_t number, const char *value)
{
    struct text escaped;

    if (table->has_failed)
        return;
    if (is_printable(value)) {
        add_text(table, column_at(table, number), value);
        return;
    }
    text_init(&escaped, NULL);
    text_escaped(&escaped, value, strlen(value));
    add_text(table, column_at(table, number), escaped.bytes ? escaped.bytes : "");
    text_deinit(&escaped);
}

void table_end_row(struct table *table)
{
    for (size_t i = 0; i < table->columns.len; i++)
        text_putc(&column_at(table, i)->cells,
                  column_at(table, i)->form == TABLE_LINES ? '\n' : ' ');
    table->count++;
}

const struct text *table_column_text(const struct table *table, size_t column)
{
    return &column_at(table, column)->cells;
}

// What is left of a line goes to `to`, which is not behind it; returns its end.
static char *cut_line(char *to, const char *line, size_t size, size_t length)
{
    static const char dots[] = "...";
    size_t kept = size <= length ? size : length < sizeof dots ? 0 : length - strlen(dots);

    memmove(to, line, kept);
    if (kept && kept < size) {
        memcpy(to + kept, dots, strlen(dots));
        kept += strlen(dots);
    }
    to[kept] = '\n';
    return to + kept + 1;
}

void table_cut(struct table *table, size_t column, size_t length)
{
    struct text *cells = &column_at(table, column)->cells;
    const char *line = cells->bytes, *end = line + cells->len;
    char *to = cells->bytes;

    if (!cells->len || cells->failed) // then the last line may have no end
        return;
    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));

        to = cut_line(to, line, (size_t)(newline - line), length);
        line = newline + 1;
    }
    cells->len = (size_t)(to - cells->bytes);
    *to = '\0';
}

// --- the document ---

// Without the separator behind the last cell. Of a large heap, these are the most memory that
// there is: no cell is there twice for long.
static json_t *take_cells(struct table_column *column)
{
    struct text *cells = &column->cells;
    json_t *json = cells->failed ? NULL
                   : cells->len  ? json_stringn(cells->bytes, cells->len - 1)
                                 : json_string("");

    text_deinit(cells);
    return json;
}

static json_t *column_json(struct table_column *column)
{
    static const char *const keys[] = {[TABLE_NUMBERS] = "numbers",
                                       [TABLE_DELTAS] = "deltas",
                                       [TABLE_ADDRESSES] = "hex_deltas",
                                       [TABLE_LINES] = "lines"};

    return column->form == TABLE_WORDS
               ? json_pack("{s:O, s:o}", "words", column->words, "index", take_cells(column))
               : json_pack("{s:o}", keys[column->form], take_cells(column));
}

json_t *table_take_json(struct table *table)
{
    json_t *columns = json_object();
    bool is_whole = !table->has_failed;

    for (size_t i = 0; is_whole && i < table->columns.len; i++)
        is_whole = json_object_set_new(columns, column_at(table, i)->name,
                                       column_json(column_at(table, i))) == 0;
    if (is_whole)
        return json_pack("{s:I, s:o}", "count", (json_int_t)table->count, "columns", columns);
    json_decref(columns);
    return NULL;
}
