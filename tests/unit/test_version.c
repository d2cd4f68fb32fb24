// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/version.h"

static bool find(const char *text, size_t size, char *version, int *number)
{
    // A block of exactly that size: a sanitizer sees every read beyond.
    uint8_t *bytes = malloc(size);

    memcpy(bytes, text, size);
    bool found = version_find(bytes, size, version, 96, number);
    free(bytes);
    return found;
}

static void assert_version(const char *text, const char *version, int number)
{
    char found[96] = "";
    int found_number = 0;

    assert_true(find(text, strlen(text), found, &found_number));
    assert_string_equal(found, version);
    assert_int_equal(found_number, number);
}

static void assert_none(const char *text)
{
    char found[96];
    int number;

    assert_false(find(text, strlen(text), found, &number));
}

static void test_banners(void **state)
{
    (void)state;
    assert_version("MicroPython v1.8 on 2016-05-03; fixture", "v1.8", 10800);
    assert_version("MicroPython v1.8.7 on 2017-01-08; PYBv1.1", "v1.8.7", 10807);
    assert_version("MicroPython v1.27.0 on 2025-12-10", "v1.27.0", 12700);
    assert_version("3.4.0; MicroPython v1.19.1 on 2022-06-18", "v1.19.1", 11901);
}

static void test_builds_between_releases(void **state)
{
    (void)state;
    assert_version("MicroPython v1.9.2-34-gd64154c73 on 2017-09-01; micro:bit",
                   "v1.9.2-34-gd64154c73", 10902);
    assert_version("MicroPython v1.22.0-preview.277.g60165e3c1 on 2023-12-13",
                   "v1.22.0-preview.277.g60165e3c1", 12200);
    assert_version("MicroPython v1.25.0-dirty on 2025-04-16", "v1.25.0-dirty", 12500);
}

static void test_a_name_that_is_no_banner_is_passed_over(void **state)
{
    (void)state;
    assert_version("MicroPython version x; MicroPython v1; MicroPython v1.20.0, MicroPython vX on "
                   "MicroPython v1.26.1 on 2025-09-11",
                   "v1.26.1", 12601);
    assert_none("MicroPython v1.20.0");
    assert_none("MicroPython v1.20.0 of");
    assert_none("Micropython v1.20.0 on 2023");
    assert_none("MicroPython v on 2023");
    assert_none("MicroPython v");
    assert_none("MicroPython v1 on 2023");
}

static void test_the_end_of_memory_cuts_nothing_loose(void **state)
{
    static const char banner[] = "MicroPython v1.27.0 on 2025-12-10";
    char found[96];
    int number;

    (void)state;
    for (size_t size = 1; size < sizeof banner; size++)
        assert_int_equal(find(banner, size, found, &number),
                         size >= strlen("MicroPython v1.27.0 on "));
}

static void test_long_and_binary_words(void **state)
{
    char text[400] = "MicroPython v1.27.0-";

    (void)state;
    memset(text + 20, 'x', 300);
    strcpy(text + 320, " on 2025");
    assert_none(text);
    assert_none("MicroPython v1.27\x1b[31m on 2025");
    assert_none("MicroPython v1.27\n on 2025");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_banners),
        cmocka_unit_test(test_builds_between_releases),
        cmocka_unit_test(test_a_name_that_is_no_banner_is_passed_over),
        cmocka_unit_test(test_the_end_of_memory_cuts_nothing_loose),
        cmocka_unit_test(test_long_and_binary_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
