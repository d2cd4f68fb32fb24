// SPDX-License-Identifier: MIT
// The memory that a map file and a linker script tell of.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "elf/regions.h"

static void assert_region(const struct vec *list, size_t index, const char *name, uint64_t first,
                          uint64_t bytes, bool is_writable)
{
    assert_true(index < list->len);
    const struct region *region = vec_at(list, index);

    assert_string_equal(region->name, name);
    assert_int_equal(region->extent.first, first);
    assert_int_equal(extent_bytes(region->extent), bytes);
    assert_int_equal(region->is_writable, is_writable);
}

static void test_map(void **state)
{
    static const char text[] = "Memory Configuration\n\n"
                               "Name             Origin             Length             Attributes\n"
                               "FLASH            0x08000000         0x00100000         xr\n"
                               "RAM              0x20000000         0x00030000         xrw\n"
                               "SDRAM            0xd0000000         0x00800000\n"
                               "EMPTY            0x30000000         0x00000000         rw\n"
                               "*default*        0x00000000         0xffffffff\n"
                               "\nLinker script and memory map\n\n"
                               "LATER            0x40000000         0x00001000         rw\n";
    struct vec regions = VEC_OF(struct region);

    (void)state;
    assert_int_equal(regions_from_map(text, sizeof text - 1, &regions, NULL), 0);
    assert_int_equal(regions.len, 3);
    assert_region(&regions, 0, "FLASH", 0x08000000, 0x100000, false);
    assert_region(&regions, 1, "RAM", 0x20000000, 0x30000, true);
    assert_region(&regions, 2, "SDRAM", 0xd0000000, 0x800000, true);
    vec_deinit(&regions);
}

static void test_no_map(void **state)
{
    struct vec regions = VEC_OF(struct region);
    struct mph_err err = {0};

    (void)state;
    assert_int_equal(regions_from_map("nothing", 7, &regions, &err), MPH_ERR_FILE);
    assert_int_equal(regions.len, 0);
}

static void test_script(void **state)
{
    static const char text[] =
        "/* MEMORY { NOT (rw) : ORIGIN = 0, LENGTH = 1 } */\n"
        "ENTRY(Reset_Handler)\nMEMORY\n{\n"
        "    FLASH (rx)  : ORIGIN = 0x08000000, LENGTH = 1M /* all of it */\n"
        "    RAM (xrw)   : ORIGIN = 0x20000000 + 2 * (4K - 0x800), LENGTH = 192K - 4K\n"
        "    HIGH : org = 0xfffff000, l = 4K\n"
        "    UNKNOWN (rw) : ORIGIN = _start, LENGTH = 4K\n"
        "    ZERO (rw)   : ORIGIN = 0x30000000, LENGTH = 8K / 0\n"
        "    LAST (!r)   : o = 1024, len = 1\n}\n"
        "_heap_end = 0x2001C000;\n";
    struct vec regions = VEC_OF(struct region);
    size_t unknown = 7;

    (void)state;
    assert_int_equal(regions_from_script(text, sizeof text - 1, NULL, &regions, &unknown, NULL), 0);
    assert_int_equal(unknown, 2);
    assert_int_equal(regions.len, 4);
    assert_region(&regions, 0, "FLASH", 0x08000000, 1 << 20, false);
    assert_region(&regions, 1, "RAM", 0x20001000, 188 << 10, true);
    assert_region(&regions, 2, "HIGH", 0xfffff000, 4096, true);
    assert_region(&regions, 3, "LAST", 1024, 1, true);
    vec_deinit(&regions);
}

static void test_names_in_a_script(void **state)
{
    static const char text[] = "MEMORY\n{\n"
                               "    ROM (xr) : ORIGIN = 0x80000000, LENGTH = _flash_size\n"
                               "    RAM (rw) : ORIGIN = ORIGIN(ROM) + LENGTH(ROM), LENGTH = 2M\n"
                               "#if SDRAM\n"
                               "    BIG (rw) : ORIGIN = org ( RAM ) + l(RAM), LENGTH = _ram_size\n"
                               "#endif\n"
                               "    OTHER (rw) : ORIGIN = ORIGIN(NONE), LENGTH = 1K\n"
                               "    LOST (rx) : ORIGIN = _lost, LENGTH = 1K\n}\n";
    struct symbol list[] = {{.name = "_flash_size", .address = 4 << 20},
                            {.name = "_ram_size", .address = 64 << 10}};
    struct symbols symbols = {.list = VEC_OF(struct symbol)};
    struct vec regions = VEC_OF(struct region);
    size_t unknown;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        *(struct symbol *)vec_add(&symbols.list) = list[i];
    assert_int_equal(regions_from_script(text, sizeof text - 1, &symbols, &regions, &unknown, NULL),
                     0);
    assert_int_equal(unknown, 1); // what is read-only does not matter
    assert_int_equal(regions.len, 3);
    assert_region(&regions, 1, "RAM", 0x80400000, 2 << 20, true);
    assert_region(&regions, 2, "BIG", 0x80600000, 64 << 10, true);
    vec_deinit(&regions);
    vec_deinit(&symbols.list);
}

// Every beginning of a script is one that somebody may have cut short.
static void test_cut_scripts(void **state)
{
    static const char text[] =
        "/**/ MEMORY { RAM (xrw) : ORIGIN = ((0x20000000)), LENGTH = (((((((((((((((((((1K}";

    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        struct vec regions = VEC_OF(struct region);
        size_t unknown;

        regions_from_script(text, size, NULL, &regions, &unknown, NULL);
        assert_int_equal(regions.len, 0);
        vec_deinit(&regions);
    }
}

static void test_script_without_memory(void **state)
{
    struct vec regions = VEC_OF(struct region);
    struct mph_err err = {0};
    size_t unknown;

    (void)state;
    assert_int_equal(regions_from_script("SECTIONS {}", 11, NULL, &regions, &unknown, &err),
                     MPH_ERR_FILE);
    assert_non_null(strstr(err.text, "MEMORY"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map),         cmocka_unit_test(test_no_map),
        cmocka_unit_test(test_script),      cmocka_unit_test(test_names_in_a_script),
        cmocka_unit_test(test_cut_scripts), cmocka_unit_test(test_script_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
