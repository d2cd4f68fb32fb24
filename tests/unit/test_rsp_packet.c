// SPDX-License-Identifier: MIT
// Packets of the GDB remote protocol, and what stubs say of their registers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>

#include "pattern.h"
#include "target/rsp_layout.h"
#include "target/rsp_packet.h"

static void assert_scan(const char *bytes, enum rsp_kind kind, size_t used)
{
    struct rsp_piece piece;

    rsp_scan(bytes, strlen(bytes), &piece);
    assert_int_equal(piece.kind, kind);
    assert_int_equal(piece.used, used);
}

static void test_scan(void **state)
{
    struct rsp_piece piece;

    (void)state;
    assert_scan("", RSP_MORE, 0);
    assert_scan("+$OK#9a", RSP_ACK, 1);
    assert_scan("-", RSP_NACK, 1);
    assert_scan("\x03", RSP_NOISE, 1);
    assert_scan("$OK", RSP_MORE, 0);
    assert_scan("$OK#", RSP_MORE, 0);
    assert_scan("$OK#9", RSP_MORE, 0);
    assert_scan("$OK#9a+", RSP_PACKET, 6);
    assert_scan("$#00", RSP_PACKET, 4);
    assert_scan("$OK#9A", RSP_PACKET, 6);
    assert_scan("$OK#9b", RSP_DAMAGED, 6);
    assert_scan("$OK#zz", RSP_DAMAGED, 6);
    assert_scan("%Stop:T05#00", RSP_NOTIFICATION, 12);

    rsp_scan("$m20#31", 7, &piece);
    assert_int_equal(piece.len, 3);
    assert_memory_equal(piece.body, "m20", 3);
}

static void assert_expands(const char *body, const char *expected)
{
    char out[128];
    size_t len;

    assert_true(rsp_expand(body, strlen(body), out, sizeof out, &len));
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, len);
}

static void test_expand(void **state)
{
    char out[100];
    size_t len;

    (void)state;
    assert_expands("", "");
    assert_expands("plain", "plain");
    assert_expands("0* ", "0000");     // the manual's own example
    assert_expands("a0* b", "a0000b");
    assert_expands("}\x03}]x", "#}x"); // 0x23 and 0x7d
    assert_false(rsp_expand("}", 1, out, sizeof out, &len));
    assert_false(rsp_expand("0*", 2, out, sizeof out, &len));
    assert_false(rsp_expand("* ", 2, out, sizeof out, &len));
    assert_false(rsp_expand("0*\x1f", 3, out, sizeof out, &len));
    assert_false(rsp_expand("0*~*~*~", 7, out, sizeof out, &len));
    assert_true(rsp_expand("0*~", 3, out, 98, &len));
    assert_int_equal(len, 98);
    assert_false(rsp_expand("0*~", 3, out, 97, &len));
}

static void test_frame(void **state)
{
    char out[16];

    (void)state;
    assert_int_equal(rsp_frame("OK", 2, out), 6);
    assert_memory_equal(out, "$OK#9a", 6);
}

static void test_kinds_of_answer(void **state)
{
    (void)state;
    assert_true(rsp_is_error("E01", 3));
    assert_true(rsp_is_error("E.no such memory", 16));
    assert_false(rsp_is_error("E012", 4)); // two bytes of memory
    assert_true(rsp_is_stop("T02thread:01;", 13));
    assert_true(rsp_is_stop("S05", 3));
    assert_true(rsp_is_stop("W00", 3));
    assert_true(rsp_is_stop("N", 1));
    assert_false(rsp_is_stop("OK", 2));
    assert_false(rsp_is_stop("", 0));
    assert_false(rsp_is_stop("Szz", 3));
    assert_true(rsp_is_output("O48690a", 7));
    assert_false(rsp_is_output("OK", 2));
}

// --- target descriptions ---

static void add(struct rsp_layout *layout, const char *xml)
{
    rsp_layout_add(layout, xml, strlen(xml));
}

static void test_description(void **state)
{
    struct rsp_layout layout = {.count = 0};

    (void)state;
    add(&layout, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                 "<target><architecture>arm</architecture>\n"
                 "<xi:include href=\"a.xml\"/><xi:include href='b.xml'/>\n"
                 "<xi:include href=\"a.xml\"/></target>");
    assert_int_equal(layout.include_count, 2);
    assert_string_equal(layout.includes[0], "a.xml");
    assert_string_equal(layout.includes[1], "b.xml");
    assert_int_equal(layout.count, 0);

    add(&layout, "<feature name=\"org.gnu.gdb.arm.m-profile\">\n"
                 "<!-- <reg name=\"commented\" bitsize=\"32\"/> -->\n"
                 "<reg name=\"R0\" bitsize=\"32\"/>\n"
                 "<reg name='pc' type=\"code_ptr\" bitsize='32' regnum='15'/>\n"
                 "<register name=\"other\" bitsize=\"32\"/>\n"
                 "<reg\n  bitsize=\"32\" save-restore=\"no\"\n  name=\"xpsr\"/></feature>");
    add(&layout, "<reg name=\"r1\" bitsize=\"64\" regnum=\"1\"/>");
    rsp_layout_sort(&layout);
    assert_int_equal(layout.count, 4);
    assert_string_equal(layout.list[0].name, "r0");
    assert_int_equal(layout.list[0].number, 0);
    assert_string_equal(layout.list[1].name, "r1");
    assert_int_equal(layout.list[1].size, 8);
    assert_string_equal(layout.list[2].name, "pc");
    assert_int_equal(layout.list[2].number, 15);
    assert_string_equal(layout.list[3].name, "xpsr");
    assert_int_equal(layout.list[3].number, 16);
    assert_int_equal(layout.machine, EM_ARM);
    assert_int_equal(rsp_layout_word_bytes(&layout), 4);
}

static void test_hostile_descriptions(void **state)
{
    const char *nothing[] = {"",
                             "<",
                             "<reg",
                             "<reg ",
                             "<reg >",
                             "<reg name=\"a\"/>",
                             "<reg name=\"a\" bitsize=\"\"/>",
                             "<reg name=\"a\" bitsize=\"-8\"/>",
                             "<reg name=\"a\" bitsize=\"99999999999999999999\"/>",
                             "<reg name=\"a\" bitsize=\"4097\"/>",
                             "<reg name=\"a\" bitsize=32/>",
                             "<!-- <reg name=\"a\" bitsize=\"32\"/>",
                             "<xi:include href=\"\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        struct rsp_layout layout = {.count = 0};

        add(&layout, nothing[i]);
        rsp_layout_sort(&layout);
        assert_int_equal(layout.count, 0);
        assert_int_equal(layout.include_count, 0);
    }

    struct rsp_layout full = {.count = 0};
    for (int i = 0; i < 2 * RSP_REGS_MAX; i++)
        add(&full, "<reg name=\"a_name_that_is_far_too_long\" bitsize=\"32\"/>");
    assert_int_equal(full.count, RSP_REGS_MAX);
    assert_string_equal(full.list[0].name, "");
}

static void test_values(void **state)
{
    struct rsp_layout layout = {.count = 0};
    struct regs regs = {.count = 0}, big = {.count = 0};
    static const char digits[] = "78563412" "xxxxxxxx" "00112233445566778899aabbccddeeff"
                                 "0807060504030201" "aabb";
    size_t known;

    (void)state;
    add(&layout, "<reg name=\"a\" bitsize=\"32\"/><reg name=\"b\" bitsize=\"32\"/>"
                 "<reg name=\"v\" bitsize=\"128\"/><reg name=\"c\" bitsize=\"64\"/>"
                 "<reg name=\"d\" bitsize=\"32\"/>");
    rsp_layout_decode(&layout, digits, strlen(digits), false, &regs, &known);
    assert_int_equal(regs.count, 2);
    assert_register(&regs, "a", 0x12345678);
    assert_register(&regs, "c", 0x0102030405060708);
    assert_int_equal(known, 4); // d is cut off
    rsp_layout_decode(&layout, digits, strlen(digits), true, &big, &known);
    assert_register(&big, "a", 0x78563412);
}

static void test_arm_without_description(void **state)
{
    struct rsp_layout layout;
    struct regs regs = {.count = 0};
    char digits[2 * 168];
    size_t known;

    (void)state;
    memset(digits, '0', sizeof digits);
    memcpy(digits + 2 * 60, "efbeadde", 8);
    memcpy(digits + 2 * 164, "00000061", 8);
    assert_true(rsp_layout_guess(&layout, 168));
    rsp_layout_decode(&layout, digits, sizeof digits, false, &regs, &known);
    assert_int_equal(regs.count, 17);
    assert_register(&regs, "pc", 0xdeadbeef);
    assert_register(&regs, "xpsr", 0x61000000);

    regs.count = 0;
    assert_true(rsp_layout_guess(&layout, 68));
    rsp_layout_decode(&layout, digits, 2 * 68, false, &regs, &known);
    assert_register(&regs, "pc", 0xdeadbeef);
    assert_false(rsp_layout_guess(&layout, 64));
    assert_false(rsp_layout_guess(&layout, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_kinds_of_answer),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_hostile_descriptions),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_arm_without_description),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
