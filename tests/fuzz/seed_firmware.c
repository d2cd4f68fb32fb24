// SPDX-License-Identifier: MIT
// The smallest program whose symbols and types look like a firmware's: a seed for
// fuzz_elf, built for several machines with and without debug information.
#include <stddef.h>
#include <stdint.h>

typedef struct _mp_obj_base_t {
    const struct _mp_obj_type_t *type;
} mp_obj_base_t;

typedef struct _mp_obj_type_t {
    mp_obj_base_t base;
    uint16_t flags;
    uint16_t name;
} mp_obj_type_t;

typedef struct _mp_state_mem_area_t {
    struct _mp_state_mem_area_t *next;
    uint8_t *gc_alloc_table_start;
    size_t gc_alloc_table_byte_len;
    uint8_t *gc_finaliser_table_start;
    uint8_t *gc_pool_start;
    uint8_t *gc_pool_end;
    size_t gc_last_free_atb_index;
    size_t gc_last_used_block;
} mp_state_mem_area_t;

typedef struct _mp_state_mem_t {
    mp_state_mem_area_t area;
    int gc_stack_overflow;
    uint16_t gc_auto_collect_enabled;
} mp_state_mem_t;

typedef struct _mp_state_thread_t {
    char *stack_top;
    size_t stack_limit;
    uint16_t gc_lock_depth;
    void *dict_locals;
    void *dict_globals;
} mp_state_thread_t;

typedef struct _mp_state_vm_t {
    void *last_pool;
} mp_state_vm_t;

typedef struct _mp_state_ctx_t {
    mp_state_thread_t thread;
    mp_state_vm_t vm;
    mp_state_mem_t mem;
} mp_state_ctx_t;

extern const mp_obj_type_t mp_type_type;

const mp_obj_type_t mp_type_type = {{&mp_type_type}, 0, 1};
const mp_obj_type_t mp_type_tuple = {{&mp_type_type}, 0, 2};
const mp_obj_type_t mp_type_dict = {{&mp_type_type}, 0, 3};
const char version[] = "MicroPython v1.27.0 on 2025-12-09";
mp_state_ctx_t mp_state_ctx;
int data = 1;

void *_start(void);

void *_start(void)
{
    return &mp_state_ctx;
}
