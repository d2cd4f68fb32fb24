// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/insn.h"

// The first instruction of some bytes at 0x1000.
static struct insn decode(enum isa isa, const char *bytes, size_t size)
{
    struct decoder *decoder;
    struct insn insn;

    assert_int_equal(decoder_create(isa, false, &decoder, NULL), 0);
    assert_true(decoder_next(decoder, 0x1000, (const uint8_t *)bytes, size, &insn));
    decoder_destroy(decoder);
    return insn;
}

static uint64_t address_of(const struct insn *insn)
{
    struct regs regs = {0};
    uint64_t address = 0;

    regs_set(&regs, "r1", 0x2000);
    regs_set(&regs, "r2", 3);
    regs_set(&regs, "x1", 0x3000);
    regs_set(&regs, "rdi", 0x4000);
    regs_set(&regs, "rsi", 5);
    regs_set(&regs, "a1", 0x5000);
    regs_set(&regs, "sp", 0x6000);
    assert_true(insn_memory_address(insn, &regs, &address));
    return address;
}

static void test_addresses_of_accesses(void **state)
{
    static const struct {
        enum isa isa;
        const char *bytes;
        size_t size;
        uint64_t address;
        bool is_store;
    } cases[] = {
        {ISA_THUMB, "\x48\x68", 2, 0x2004, false},              // ldr r0, [r1, #4]
        {ISA_THUMB, "\x88\x54", 2, 0x2003, true},               // strb r0, [r1, r2]
        {ISA_THUMB, "\x51\xf8\x22\x00", 4, 0x200c, false},      // ldr.w r0, [r1, r2, lsl #2]
        {ISA_THUMB, "\x01\x48", 2, 0x1008, false},              // ldr r0, [pc, #4]
        {ISA_THUMB, "\x09\xc9", 2, 0x2000, false},              // ldm r1!, {r0, r3}
        {ISA_ARM, "\x04\x00\x11\xe5", 4, 0x1ffc, false},        // ldr r0, [r1, #-4]
        {ISA_AARCH64, "\x20\x04\x40\xf9", 4, 0x3008, false},    // ldr x0, [x1, #8]
        {ISA_X86_64, "\x48\x8b\x44\xb7\x10", 5, 0x4024, false}, // mov rax, [rdi+rsi*4+16]
        {ISA_X86_64, "\x48\x89\x07", 3, 0x4000, true},          // mov [rdi], rax
        {ISA_RISCV32, "\x03\xa5\x85\xff", 4, 0x4ff8, false},    // lw a0, -8(a1)
        {ISA_RISCV64, "\x06\xe4", 2, 0x6008, true},             // c.sdsp ra, 8(sp)
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct insn insn = decode(cases[i].isa, cases[i].bytes, cases[i].size);

        assert_int_equal(insn.size, cases[i].size);
        assert_int_equal(insn.is_store, cases[i].is_store);
        assert_int_equal(address_of(&insn), cases[i].address);
    }
}

static void test_an_access_by_an_unknown_register_has_no_address(void **state)
{
    struct insn insn = decode(ISA_THUMB, "\x28\x68", 2); // ldr r0, [r5]
    struct regs none = {0};
    uint64_t address;

    (void)state;
    assert_false(insn_memory_address(&insn, &none, &address));
}

static void test_jumps_and_calls_have_targets(void **state)
{
    struct insn spin = decode(ISA_THUMB, "\xfe\xe7", 2);              // b .
    struct insn branch = decode(ISA_THUMB, "\x01\xd0", 2);            // beq
    struct insn compare = decode(ISA_THUMB, "\x08\xb1", 2);           // cbz r0
    struct insn call = decode(ISA_THUMB, "\x00\xf0\x02\xf8", 4);      // bl
    struct insn wide = decode(ISA_X86_64, "\xe9\xfb\xff\xff\xff", 5); // jmp .
    struct insn short_jump = decode(ISA_RISCV32, "\x01\xa0", 2);      // c.j .

    (void)state;
    assert_true(spin.flow == FLOW_JUMP && spin.target == 0x1000);
    assert_true(branch.flow == FLOW_BRANCH && branch.target == 0x1006);
    assert_true(compare.flow == FLOW_BRANCH && compare.target == 0x1006);
    assert_true(call.flow == FLOW_CALL && call.target == 0x1008);
    assert_true(wide.flow == FLOW_JUMP && wide.target == 0x1000);
    assert_true(short_jump.flow == FLOW_JUMP && short_jump.target == 0x1000);
}

static void test_what_is_no_instruction_is_data(void **state)
{
    struct insn half = decode(ISA_THUMB, "\xff\xff", 2);
    struct insn word = decode(ISA_RISCV32, "\x7f\x00\x00\x00", 4);

    (void)state;
    assert_true(half.is_data && half.size == 2);
    assert_string_equal(half.operands, "0xffff");
    assert_true(word.is_data && word.size == 4);
    assert_string_equal(word.mnemonic, ".word");
}

static void test_too_few_bytes_are_none(void **state)
{
    struct decoder *decoder;
    struct insn insn;

    (void)state;
    assert_int_equal(decoder_create(ISA_THUMB, false, &decoder, NULL), 0);
    assert_false(decoder_next(decoder, 0, (const uint8_t *)"\xfe", 1, &insn));
    decoder_destroy(decoder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_of_accesses),
        cmocka_unit_test(test_an_access_by_an_unknown_register_has_no_address),
        cmocka_unit_test(test_jumps_and_calls_have_targets),
        cmocka_unit_test(test_what_is_no_instruction_is_data),
        cmocka_unit_test(test_too_few_bytes_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
