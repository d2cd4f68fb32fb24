// SPDX-License-Identifier: MIT
#include "layout/spellings.h"

#include <stddef.h>

const struct spelling spellings_heap[] = {
    {"_heap_start", "_heap_end", "stm32, nrf, renesas-ra, teensy: boards/*.ld; MICROPY_HEAP_START"},
    {"_sheap", "_eheap", "samd: boards/*.ld, main.c samd_main"},
    {"__GcHeapStart", "__GcHeapEnd", "rp2 since 1.20: memmap_mp*.ld; alif: mcu/ensemble.ld.S"},
    {"_gc_heap_start", "_gc_heap_end", "mimxrt: boards/MIMXRT*.ld, main.c"},
    {"__HeapBase", "__HeapLimit", "psoc-edge: linker script of the board support package"},
    {"_boot", "_eheap", "cc3200: boards/cc3200.lds, mptask.c"},
    {0}};

const struct spelling spellings_array[] = {
    {"gc_heap", "", "rp2 to 1.19: main.c; qemu since 1.24: main.c"},
    {"heap", "", "esp8266, minimal, zephyr, pic16bit: main.c; qemu-arm: test_main.c"},
    {0}};

const struct spelling spellings_stack[] = {
    {"_sstack", "_estack", "stm32 since 1.12, samd, mimxrt, renesas-ra, cc3200: boards/*.ld"},
    {"__StackBottom", "__StackTop", "rp2: memmap_mp*.ld"},
    {"__StackLimit", "__StackTop", "alif: mcu/ensemble.ld.S"},
    {"", "_estack", "stm32 to 1.11, nrf: boards/*.ld"},
    {0}};

const struct spelling spellings_ram[] = {
    {"_ram_start", "_ram_end", "stm32, nrf, renesas-ra: boards/*.ld"},
    {"", "_ram_end", "nrf: boards/common.ld"},
    {0}};

const struct spelling spellings_reserved[] = {
    {"_micropy_hw_internal_flash_storage_ram_cache_start",
     "_micropy_hw_internal_flash_storage_ram_cache_end", "stm32 since 1.19: boards/*.ld"},
    {"_ram_fs_cache_start", "_ram_fs_cache_end", "stm32 to 1.18: boards/*.ld"},
    {"__StackOneBottom", "__StackOneTop", "rp2: memmap_mp*.ld, the stack of the other core"},
    {0}};

const struct spelling spellings_c_heap[] = {
    {"__end__", "__StackLimit", "rp2: memmap_mp*.ld, the limit of sbrk"},
    {"__end__", "__HeapLimit", "alif: mcu/ensemble.ld.S"},
    {0}};

const char *const spellings_dummy_sections[] = {
    ".heap",  // stm32: boards/common_bss_heap_stack.ld; rp2: the C library's heap
    ".stack", // stm32: the same; rp2: .stack_dummy, .stack1_dummy
    NULL};
