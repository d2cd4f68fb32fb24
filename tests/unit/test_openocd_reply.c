// SPDX-License-Identifier: MIT
// What comes back from OpenOCD, taken apart.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pattern.h"
#include "target/openocd_reply.h"
static void assert_result(const char *reply, long code, const char *text)
{
    char bytes[256];
    struct tcl_result result;

    strcpy(bytes, reply);
    assert_true(tcl_result_parse(bytes, strlen(bytes), &result));
    assert_int_equal(result.code, code);
    assert_string_equal(result.text, text);
    assert_int_equal(result.len, strlen(text));
}

static void test_result(void **state)
{
    const char *wrong[] = {"",      "0",        "0 {",     "x {}",      "0 {a}b", "0 a b",
                           "{0 }x", "0 {a\\}", "{} text", "1.5 {text}"};

    (void)state;
    assert_result("0 {}", 0, "");
    assert_result("0 halted", 0, "halted");
    assert_result("-107 {cannot read}", -107, "cannot read");
    assert_result("1 {a {b c} d}", 1, "a {b c} d");
    assert_result("1 un\\{balanced\\ \\\\", 1, "un{balanced \\");
    assert_result(" 0  {x\ny} ", 0, "x\ny");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char bytes[64];
        struct tcl_result result;

        strcpy(bytes, wrong[i]);
        assert_false(tcl_result_parse(bytes, strlen(bytes), &result));
    }
}

typedef bool words_parser(const char *text, size_t len, struct openocd_run *runs, size_t count);

// Two runs, of 2 words and of 1.
static bool parse(words_parser *parser, const char *text, uint32_t words[3], bool refused[2])
{
    struct openocd_run runs[] = {{0x20000000, 2, words, false}, {0x20000100, 1, words + 2, false}};
    bool good = parser(text, strlen(text), runs, 2);

    refused[0] = runs[0].refused;
    refused[1] = runs[1].refused;
    return good;
}

static void test_words(void **state)
{
    const char *wrong[] = {"",         "1 2;",       "1;3;",        "1 2 3;4;",  "1 2;3",
                           "1 2;3;4;", "1 x;3;",     "1 0x;3;",     "1 2g;3;",   "1 -;3;",
                           "1 2;!",    "1 2;3; 4",   "1 2!;3;",     "1,2;3;",    "1 2.0;3;",
                           "!!;3;",    "1 2;3;\xff", "1 0x0xff;3;", "error; 3;"};
    uint32_t words[3];
    bool refused[2];

    (void)state;
    assert_true(parse(openocd_reply_words, "0x1 4294967295;0xDEADbeef;", words, refused));
    assert_int_equal(words[0], 1);
    assert_int_equal(words[1], 0xffffffff);
    assert_int_equal(words[2], 0xdeadbeef);
    assert_false(refused[0] || refused[1]);

    // as Jim Tcl writes a word whose sign it extended
    assert_true(parse(openocd_reply_words, "0xffffffffaaa40559 -1;-2147483648;", words, refused));
    assert_int_equal(words[0], 0xaaa40559);
    assert_int_equal(words[1], 0xffffffff);
    assert_int_equal(words[2], 0x80000000);

    assert_true(parse(openocd_reply_words, "!;7;", words, refused));
    assert_true(refused[0] && !refused[1]);
    assert_int_equal(words[2], 7);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (parse(openocd_reply_words, wrong[i], words, refused))
            fail_msg("'%s' was taken for words", wrong[i]);
}

static void test_mdw(void **state)
{
    const char *wrong[] = {
        "",
        "0x20000000: 00000001;0x20000100: 00000003;",
        "0x20000000: 00000001 00000002 00000003;0x20000100: 00000003;",
        "0x20000004: 00000001 00000002;0x20000100: 00000003;",
        "0x20000000: 00000001 0x20000000: 00000002;0x20000100: 00000003;",
        "00000001 00000002;0x20000100: 00000003;",
        "0x20000000: 0001 0002;0x20000100: 00000003;",
    };
    uint32_t words[3];
    bool refused[2];

    (void)state;
    assert_true(parse(openocd_reply_mdw,
                      "0x20000000: 00000001 fffffffe \n;0x20000100: deadbeef \n;", words, refused));
    assert_int_equal(words[0], 1);
    assert_int_equal(words[1], 0xfffffffe);
    assert_int_equal(words[2], 0xdeadbeef);

    // two lines, and what OpenOCD had to say meanwhile
    assert_true(parse(openocd_reply_mdw,
                      "[cm] halted pc: 0x08000000\n0x20000000: 00000005\n0x20000004: 00000006;!;",
                      words, refused));
    assert_int_equal(words[0], 5);
    assert_int_equal(words[1], 6);
    assert_true(!refused[0] && refused[1]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (parse(openocd_reply_mdw, wrong[i], words, refused))
            fail_msg("'%s' was taken for words", wrong[i]);
}

static void test_registers(void **state)
{
    static const char reply[] = "pc 0x8000123;sp (/32): 0x20001000\n;xPSR 0x01000000 (dirty);"
                                "register foo not found;d0 0x00112233445566778899;lr 12;;"
                                "averyveryverylongname 0x1;x 0x;a 0xffffffff00000001";
    struct regs regs = {.count = 0};

    (void)state;
    openocd_reply_registers(reply, strlen(reply), &regs);
    assert_int_equal(regs.count, 4);
    assert_register(&regs, "pc", 0x8000123);
    assert_register(&regs, "sp", 0x20001000);
    assert_register(&regs, "xpsr", 0x01000000);
    assert_register(&regs, "a", 0xffffffff00000001);
    assert_string_equal(regs.list[2].name, "xpsr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_mdw),
        cmocka_unit_test(test_registers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
