// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

// Keeps what a text is flushed to, and refuses when `room` is used up.
struct page {
    char bytes[300000];
    size_t len;
    size_t room;
    unsigned calls;
};

static int write_page(void *context, const char *bytes, size_t size)
{
    struct page *page = context;

    page->calls++;
    if (size > page->room - page->len)
        return MPH_ERR_FILE;
    memcpy(page->bytes + page->len, bytes, size);
    page->len += size;
    return 0;
}

static void assert_escaped(const char *bytes, size_t size, const char *expected)
{
    struct text text;

    text_init(&text, NULL);
    text_escaped(&text, bytes, size);
    assert_string_equal(text.bytes, expected);
    text_deinit(&text);
}

static void test_pieces_are_joined(void **state)
{
    struct text text;

    (void)state;
    text_init(&text, NULL);
    text_puts(&text, "GC");
    text_putc(&text, ':');
    text_add(&text, " total+++", 6);
    text_printf(&text, "=%d, %s", 1023, "used");
    assert_string_equal(text.bytes, "GC: total=1023, used");
    assert_int_equal(text.len, strlen(text.bytes));
    assert_int_equal(text_finish(&text, NULL), 0);
    text_deinit(&text);
}

static void test_what_is_printed_may_be_long(void **state)
{
    char *long_word = malloc(100001);
    struct text text;

    (void)state;
    memset(long_word, 'w', 100000);
    long_word[100000] = '\0';
    text_init(&text, NULL);
    text_printf(&text, "<%s>", long_word);
    assert_int_equal(text.len, 100002);
    assert_int_equal(text.bytes[0], '<');
    assert_string_equal(text.bytes + 100000, "w>");
    text_deinit(&text);
    free(long_word);
}

static void test_bytes_of_a_target_are_made_harmless(void **state)
{
    (void)state;
    assert_escaped("plain text ~", 12, "plain text ~");
    assert_escaped("a\nb\tc\\d", 7, "a\\nb\\tc\\\\d");
    assert_escaped("\x1b[31m\x7f\x00\xff\xc3\xa9", 10, "\\x1b[31m\\x7f\\x00\\xff\\xc3\\xa9");
}

static void test_no_byte_is_left_as_it_is_but_printable_ones(void **state)
{
    struct text text;

    (void)state;
    text_init(&text, NULL);
    for (int c = 0; c < 256; c++)
        text_escaped(&text, (char[]){(char)c}, 1);
    for (size_t i = 0; i < text.len; i++)
        assert_in_range(text.bytes[i], 0x20, 0x7e);
    text_deinit(&text);
}

static void test_a_sink_gets_all_of_it_in_order(void **state)
{
    static struct page page = {.room = sizeof page.bytes};
    const struct sink sink = {write_page, &page};
    struct text text;

    (void)state;
    text_init(&text, &sink);
    for (int i = 0; i < 20000; i++)
        text_printf(&text, "%09d\n", i);
    assert_true(page.len > 0); // it does not keep everything
    assert_int_equal(text_finish(&text, NULL), 0);
    assert_int_equal(page.len, 200000);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(strtol(page.bytes + 10 * i, NULL, 10), i);
    text_deinit(&text);
}

static void test_a_sink_that_refuses_is_not_called_again(void **state)
{
    static struct page page = {.room = 100000};
    const struct sink sink = {write_page, &page};
    struct mph_err err = {0};
    struct text text;

    (void)state;
    text_init(&text, &sink);
    for (int i = 0; i < 50000; i++)
        text_puts(&text, "123456789\n");
    assert_int_equal(text_finish(&text, &err), MPH_ERR_FILE);
    assert_true(*err.text);
    assert_int_equal(page.calls, 2);
    text_deinit(&text);
}

static void test_nothing_is_an_empty_report(void **state)
{
    static struct page page = {.room = sizeof page.bytes};
    const struct sink sink = {write_page, &page};
    struct text text;

    (void)state;
    text_init(&text, &sink);
    assert_int_equal(text_finish(&text, NULL), 0);
    assert_int_equal(page.calls, 0);
    text_deinit(&text);
}

// --- errors: one line, the first one wins ---

static void test_the_first_error_wins(void **state)
{
    struct mph_err err = {0};

    (void)state;
    assert_int_equal(mph_fail_at(&err, MPH_ERR_READ, 0x20000000, "memory: %s", "first"),
                     MPH_ERR_READ);
    assert_int_equal(mph_fail(&err, MPH_ERR_FILE, "second"), MPH_ERR_FILE);
    assert_int_equal(mph_fail_at(&err, MPH_ERR_READ, 1, "third"), MPH_ERR_READ);
    assert_int_equal(err.code, MPH_ERR_READ);
    assert_string_equal(err.text, "memory: first");
    assert_int_equal(err.address, 0x20000000);
    assert_int_equal(mph_fail(NULL, MPH_ERR_LINK, "nobody asks"), MPH_ERR_LINK);
}

static void test_an_error_is_one_printable_line(void **state)
{
    struct mph_err err = {0};
    char name[1000];

    (void)state;
    memset(name, '\x1b', sizeof name - 1);
    name[10] = '\n';
    name[sizeof name - 1] = '\0';
    mph_fail(&err, MPH_ERR_FILE, "file: (%s)", name);
    assert_true(strlen(err.text) < sizeof err.text);
    for (const char *c = err.text; *c; c++)
        assert_in_range(*c, 0x20, 0x7e);
}

static void test_every_code_has_a_status_and_a_name(void **state)
{
    (void)state;
    for (int code = MPH_ERR_INTERNAL; code < 0; code++) {
        assert_in_range(mph_exit_status(code), 2, 5);
        assert_true(*mph_code_name(code));
    }
    assert_int_equal(mph_exit_status(MPH_ERR_USAGE), 2);
    assert_int_equal(mph_exit_status(MPH_ERR_LINK), 3);
    assert_int_equal(mph_exit_status(MPH_ERR_NO_HEAP), 4);
    assert_int_equal(mph_exit_status(MPH_ERR_NO_MEMORY), 5);
    assert_string_equal(mph_code_name(MPH_ERR_NO_HEAP), "no_heap");
    assert_string_equal(mph_code_name(-1000), "internal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_joined),
        cmocka_unit_test(test_what_is_printed_may_be_long),
        cmocka_unit_test(test_bytes_of_a_target_are_made_harmless),
        cmocka_unit_test(test_no_byte_is_left_as_it_is_but_printable_ones),
        cmocka_unit_test(test_a_sink_gets_all_of_it_in_order),
        cmocka_unit_test(test_a_sink_that_refuses_is_not_called_again),
        cmocka_unit_test(test_nothing_is_an_empty_report),
        cmocka_unit_test(test_the_first_error_wins),
        cmocka_unit_test(test_an_error_is_one_printable_line),
        cmocka_unit_test(test_every_code_has_a_status_and_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
