// SPDX-License-Identifier: MIT
// The least of a MicroPython firmware that has a heap: the state of release 1.27 with the names
// of its debug information, the heap set up as gc_init does, and an endless loop. The heap's and
// the stack's bounds come from the linker script alone, as in the STM32 port of release 1.9.
#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 16, BLOCKS_PER_TABLE_BYTE = 4, GAP = 1, STACK_MARGIN = 1024 };

typedef struct {
    uint8_t *gc_alloc_table_start;
    size_t gc_alloc_table_byte_len;
    uint8_t *gc_finaliser_table_start;
    uint8_t *gc_pool_start;
    uint8_t *gc_pool_end;
    size_t gc_last_free_atb_index;
    size_t gc_last_used_block;
} mp_state_mem_area_t;

typedef struct {
    char *stack_top;
    size_t stack_limit;
    uint16_t gc_lock_depth;
} mp_state_thread_t;

typedef struct {
    mp_state_mem_area_t area;
    int gc_stack_overflow;
    uint16_t gc_auto_collect_enabled;
} mp_state_mem_t;

typedef struct {
    void *last_pool;
} mp_state_vm_t;

typedef struct {
    mp_state_thread_t thread;
    mp_state_vm_t vm;
    mp_state_mem_t mem;
} mp_state_ctx_t;

mp_state_ctx_t mp_state_ctx;

extern uint8_t _sbss[], _ebss[], _heap_start[], _heap_end[], _ram_end[];
extern char _estack[];

void *memset(void *bytes, int value, size_t size)
{
    uint8_t *at = bytes;

    while (size--)
        *at++ = (uint8_t)value;
    return bytes;
}

static void stack_init(void)
{
    mp_state_ctx.thread.stack_top = _estack;
    mp_state_ctx.thread.stack_limit = (size_t)(_ram_end - _heap_end) - STACK_MARGIN;
}

// Each byte of the allocation table is for 4 blocks, each byte of the finaliser table for 8.
static void heap_init(uint8_t *start, uint8_t *end)
{
    mp_state_mem_area_t *area = &mp_state_ctx.mem.area;
    size_t bits = 8 + 4 + 8 * BLOCKS_PER_TABLE_BYTE * BLOCK;
    size_t length = ((size_t)(end - start) - GAP) * 8 / bits;

    area->gc_alloc_table_start = start;
    area->gc_alloc_table_byte_len = length;
    area->gc_finaliser_table_start = start + length + GAP;
    area->gc_pool_end = end;
    area->gc_pool_start = end - length * BLOCKS_PER_TABLE_BYTE * BLOCK;
    memset(start, 0, length + GAP + (length + 1) / 2);
    mp_state_ctx.mem.gc_auto_collect_enabled = 1;
}

// One object of `blocks` blocks at the start of the pool: a head, and tails behind it.
static void heap_fill(size_t blocks)
{
    mp_state_mem_area_t *area = &mp_state_ctx.mem.area;

    for (size_t i = 0; i < blocks; i++)
        area->gc_alloc_table_start[i / 4] |= (uint8_t)((i ? 2 : 1) << i % 4 * 2);
    area->gc_last_free_atb_index = blocks / 4;
    area->gc_last_used_block = blocks - 1;
}

static void say(const char *text)
{
    volatile uint32_t *const usart1 = (volatile uint32_t *)0x40011000;

    usart1[3] = 1 << 13 | 1 << 3; // CR1: on, transmitter on
    while (*text)
        usart1[1] = (uint8_t)*text++; // DR
}

void Reset_Handler(void)
{
    memset(_sbss, 0, (size_t)(_ebss - _sbss));
    stack_init();
    heap_init(_heap_start, _heap_end);
    heap_fill(100);
    say("heap ready\n");
    for (;;)
        continue;
}

__attribute__((used, section(".start"))) static const void *const vectors[] = {_estack,
                                                                                Reset_Handler};
