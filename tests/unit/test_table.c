// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/notes.h"
#include "report/page.h"
#include "report/page_fit.h"

static const char *cells(const json_t *document, const char *column, const char *form)
{
    const json_t *columns = json_object_get(document, "columns");

    return json_string_value(json_object_get(json_object_get(columns, column), form));
}

static void test_each_form_says_its_cells(void **state)
{
    struct table table;

    (void)state;
    table_init(&table);
    size_t bytes = table_add_column(&table, "bytes", TABLE_NUMBERS);
    size_t row = table_add_column(&table, "row", TABLE_DELTAS);
    size_t address = table_add_column(&table, "address", TABLE_ADDRESSES);
    size_t name = table_add_column(&table, "name", TABLE_LINES);
    size_t kind = table_add_column(&table, "kind", TABLE_WORDS);
    for (int i = 0; i < 4; i++) {
        if (i != 2) {
            table_set_number(&table, bytes, 16 * i);
            table_set_number(&table, row, 3 - i);
            table_set_text(&table, name, i ? "b" : "a\n\"\x7f");
            table_set_text(&table, kind, i == 1 ? "" : "str");
        }
        table_set_number(&table, address, (int64_t)(UINT64_MAX - 15 + (uint64_t)(4 * i)));
        table_end_row(&table);
    }
    json_t *document = table_take_json(&table);
    assert_int_equal(json_integer_value(json_object_get(document, "count")), 4);
    assert_string_equal(cells(document, "bytes", "numbers"), "0 16  48");
    assert_string_equal(cells(document, "row", "deltas"), "3 -1  -2");
    assert_string_equal(cells(document, "address", "hex_deltas"), "-16 4 4 4");
    assert_string_equal(cells(document, "name", "lines"), "a\\n\"\\x7f\nb\n\nb");
    assert_string_equal(cells(document, "kind", "index"), "0 1  0");
    json_decref(document);
    table_deinit(&table);
}

static void test_lines_are_cut(void **state)
{
    struct table table;

    (void)state;
    table_init(&table);
    size_t column = table_add_column(&table, "value", TABLE_LINES);
    for (const char *const *text = (const char *const[]){"short", "as long", "too long", "", NULL};
         *text; text++) {
        table_set_text(&table, column, *text);
        table_end_row(&table);
    }
    table_cut(&table, column, 7);
    assert_string_equal(table_column_text(&table, column)->bytes, "short\nas long\ntoo ...\n\n");
    table_cut(&table, column, 0);
    json_t *document = table_take_json(&table);
    assert_string_equal(cells(document, "value", "lines"), "\n\n\n");
    json_decref(document);
    table_deinit(&table);
}

// Text that no packer makes much of.
static void add_noise(struct table *table, size_t column, size_t length, uint64_t *seed)
{
    char text[200];

    for (size_t i = 0; i < length; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        text[i] = (char)('!' + (*seed >> 33) % 90);
    }
    text[length] = '\0';
    table_set_text(table, column, text);
}

static size_t fitted_bytes(const struct table *table)
{
    size_t bytes = 0;

    for (size_t i = 0; i < table->columns.len; i++) {
        const struct text *text = table_column_text(table, i);
        bytes += page_packed_bytes(text->bytes, text->len);
    }
    return bytes;
}

static void test_only_what_is_too_much_is_cut(void **state)
{
    static const size_t rooms[] = {400000, 100000, 20000};
    static const size_t notes_of[] = {0, 1, 2};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct vec notes = NOTES;
        struct table table;
        uint64_t seed = 1;

        table_init(&table);
        size_t value = table_add_column(&table, "value", TABLE_LINES);
        size_t name = table_add_column(&table, "name", TABLE_LINES);
        for (int row = 0; row < 2000; row++) {
            add_noise(&table, value, 80, &seed);
            add_noise(&table, name, 20, &seed);
            table_end_row(&table);
        }
        struct page_spare spares[] = {{"values", value}, {"names", name}};
        page_fit(&table, spares, 2, rooms[i], &notes);
        assert_int_equal(notes.len, notes_of[i]);
        assert_true(fitted_bytes(&table) <= rooms[i]);
        assert_true(fitted_bytes(&table) > rooms[i] / 2 || i == 0);
        vec_deinit(&notes);
        table_deinit(&table);
    }
}

// RFC 4648, section 10, in pieces of each size.
static void test_base64_in_pieces(void **state)
{
    static const char plain[] = "foobar";
    static const char *const expected[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                           "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

    (void)state;
    for (size_t length = 0; length < sizeof plain; length++)
        for (size_t piece = 1; piece < sizeof plain; piece++) {
            char packed[16] = "";
            FILE *file = fmemopen(packed, sizeof packed, "w");
            struct base64 base64;

            base64_init(&base64, file);
            for (size_t at = 0; at < length; at += piece)
                base64_add(&base64, plain + at, length - at < piece ? length - at : piece);
            base64_end(&base64);
            fclose(file);
            assert_string_equal(packed, expected[length]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_form_says_its_cells),
        cmocka_unit_test(test_lines_are_cut),
        cmocka_unit_test(test_only_what_is_too_much_is_cut),
        cmocka_unit_test(test_base64_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
