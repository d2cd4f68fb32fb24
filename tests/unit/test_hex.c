// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/target.h"

struct file {
    char path[64];
    struct target target;
};

static int set_up(void **state)
{
    static struct file file;
    const char *folder = getenv("TMPDIR");

    snprintf(file.path, sizeof file.path, "%s/hex-XXXXXX", folder ? folder : "/tmp");
    int fd = mkstemp(file.path);
    if (fd < 0)
        return -1;
    close(fd);
    target_init(&file.target);
    *state = &file;
    return 0;
}

static int tear_down(void **state)
{
    struct file *file = *state;

    target_deinit(&file->target);
    return unlink(file->path);
}

static int add(struct file *file, const char *text, struct mph_err *err)
{
    FILE *stream = fopen(file->path, "w");

    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    return target_add_hex(&file->target, file->path, err);
}

static void assert_added(struct file *file, const char *text)
{
    struct mph_err err = {0};

    assert_int_equal(add(file, text, &err), 0);
}

static void assert_refused(struct file *file, const char *text, const char *why)
{
    struct mph_err err = {0};

    assert_int_equal(add(file, text, &err), MPH_ERR_FILE);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    assert_non_null(strstr(err.text, file->path));
}

static void assert_memory(struct file *file, uint64_t address, const char *expected)
{
    char bytes[64];
    size_t size = strlen(expected);

    assert_int_equal(target_read(&file->target, address, bytes, size, NULL), 0);
    assert_memory_equal(bytes, expected, size);
}

static void assert_unreadable(struct file *file, uint64_t address)
{
    uint8_t byte;

    assert_int_equal(target_read(&file->target, address, &byte, 1, NULL), MPH_ERR_READ);
}

// Records from Intel's specification, with data that reads "ABCD" and "EFGH".
#define ABCD_AT_0100 ":0401000041424344F1\n"
#define EFGH_AT_0104 ":0401040045464748DD\n"
#define EFGH_AT_0200 ":0402000045464748E0\n"
#define LINEAR_2000 ":020000042000DA\n"
#define LINEAR_FFFF ":02000004FFFFFC\n"
#define SEGMENT_1234 ":020000021234B6\n"
#define END_RECORD ":00000001FF\n"

static void test_data_lies_where_it_says(void **state)
{
    struct file *file = *state;

    assert_added(file, ABCD_AT_0100 EFGH_AT_0200 END_RECORD);
    assert_memory(file, 0x100, "ABCD");
    assert_memory(file, 0x200, "EFGH");
    assert_unreadable(file, 0xff);
    assert_unreadable(file, 0x104);
}

static void test_records_that_touch_read_as_one(void **state)
{
    struct file *file = *state;

    assert_added(file, EFGH_AT_0104 ABCD_AT_0100 END_RECORD);
    assert_memory(file, 0x100, "ABCDEFGH");
}

static void test_linear_base(void **state)
{
    struct file *file = *state;

    assert_added(file, LINEAR_2000 ABCD_AT_0100 LINEAR_FFFF EFGH_AT_0104 END_RECORD);
    assert_memory(file, 0x20000100, "ABCD");
    assert_memory(file, 0xffff0104, "EFGH");
    assert_unreadable(file, 0x100);
}

static void test_segment_base(void **state)
{
    struct file *file = *state;

    assert_added(file, SEGMENT_1234 ABCD_AT_0100 END_RECORD);
    assert_memory(file, 0x12340 + 0x100, "ABCD");
}

static void test_start_records_hold_no_data(void **state)
{
    struct file *file = *state;

    assert_added(file, ":0400000512345678E3\n:0400000312345678E5\n" ABCD_AT_0100 END_RECORD);
    assert_memory(file, 0x100, "ABCD");
}

static void test_line_ends_blanks_and_case_do_not_matter(void **state)
{
    struct file *file = *state;

    assert_added(file, "\r\n:0401000041424344f1 \r\n\n:00000001ff");
    assert_memory(file, 0x100, "ABCD");
}

static void test_a_later_record_wins(void **state)
{
    struct file *file = *state;

    assert_added(file, ABCD_AT_0100 EFGH_AT_0200 ":0401000045464748E1\n" END_RECORD);
    assert_memory(file, 0x100, "EFGH");
}

static void test_what_is_wrong_is_refused_with_its_line(void **state)
{
    struct file *file = *state;

    assert_refused(file, ":0401000041424344F2\n" END_RECORD, "checksum in line 1");
    assert_refused(file, ABCD_AT_0100 ":04010000414243F1\n", "length in line 2");
    assert_refused(file, ":0501000041424344F0\n", "length in line 1");
    assert_refused(file, ":0401000041424344F\n", "length in line 1");
    assert_refused(file, ":04010000414243G4F1\n", "hex digit in line 1");
    assert_refused(file, "0401000041424344F1\n", "does not begin with ':' in line 1");
    assert_refused(file, ":0000000AF6\n", "unknown type in line 1");
    assert_refused(file, ":0100000420DB\n", "base address of a wrong length in line 1");
    assert_refused(file, ABCD_AT_0100, "no end record");
    assert_refused(file, END_RECORD ABCD_AT_0100, "after the end record in line 2");
    assert_refused(file, "\x7f" "ELF\x01\n", "does not begin with ':'");
    assert_refused(file, "", "empty");
}

#define HEX_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEX_TEST(test_data_lies_where_it_says),
        HEX_TEST(test_records_that_touch_read_as_one),
        HEX_TEST(test_linear_base),
        HEX_TEST(test_segment_base),
        HEX_TEST(test_start_records_hold_no_data),
        HEX_TEST(test_line_ends_blanks_and_case_do_not_matter),
        HEX_TEST(test_a_later_record_wins),
        HEX_TEST(test_what_is_wrong_is_refused_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
