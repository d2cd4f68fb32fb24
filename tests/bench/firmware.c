// SPDX-License-Identifier: MIT
// The firmware of the generated heaps: builtin types, interned strings and mp_state_ctx as
// v1.23 to v1.27 have them. It is never run.
#include "rom.h"

#include <stddef.h>
#include <stdint.h>

// --- py/obj.h ---

typedef struct _mp_obj_type_t mp_obj_type_t;

typedef struct _mp_obj_base_t {
    const mp_obj_type_t *type;
} mp_obj_base_t;

struct _mp_obj_type_t {
    mp_obj_base_t base;
    uint16_t flags;
    uint16_t name;
    uint8_t slot_index_make_new;
    uint8_t slot_index[11];
    const void *slots[1];
};

typedef struct _mp_map_t {
    size_t used_and_flags;
    size_t alloc;
    void *table;
} mp_map_t;

typedef struct _mp_obj_dict_t {
    mp_obj_base_t base;
    mp_map_t map;
} mp_obj_dict_t;

// --- py/mpstate.h ---

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
    mp_obj_dict_t *dict_locals;
    mp_obj_dict_t *dict_globals;
    void *nlr_top;
    void *mp_pending_exception;
} mp_state_thread_t;

typedef struct _mp_state_vm_t {
    void *last_pool;
    mp_obj_dict_t dict_main;
} mp_state_vm_t;

typedef struct _mp_state_ctx_t {
    mp_state_thread_t thread;
    mp_state_vm_t vm;
    mp_state_mem_t mem;
} mp_state_ctx_t;

mp_state_ctx_t mp_state_ctx;

#define IS_WORD(member, word) offsetof(mp_state_ctx_t, member) == (word) * sizeof(void *)
_Static_assert(IS_WORD(thread.dict_locals, CTX_DICT_LOCALS), "dict_locals");
_Static_assert(IS_WORD(vm.last_pool, CTX_LAST_POOL), "last_pool");
_Static_assert(IS_WORD(vm.dict_main, CTX_DICT_MAIN), "dict_main");
_Static_assert(IS_WORD(mem.area, CTX_AREA), "area");
_Static_assert(IS_WORD(mem.area.gc_last_used_block, CTX_AREA + AREA_LAST_USED), "area's members");

// --- types and strings ---

#define DECLARE(word, text) extern const mp_obj_type_t mp_type_##word;
#define DEFINE(word, text) \
    const mp_obj_type_t mp_type_##word = {{&mp_type_type}, 0, ID_##word, 1, {0}, {&mp_type_type}};
ROM_TYPES(DECLARE)
ROM_TYPES(DEFINE)

const mp_obj_type_t mp_type_cell = {{&mp_type_type}, 0, ID_null, 1, {0}, {&mp_type_type}};

#define LENGTH(word, text) sizeof(text) - 1,
#define TEXT(word, text) text,
static const uint8_t lengths[] = {0, ROM_TYPES(LENGTH) 0, ROM_WORDS(LENGTH)};

const struct {
    const void *prev;
    size_t total_prev_len, alloc, len;
    const uint8_t *lengths;
    const char *texts[ID_COUNT];
} mp_qstr_const_pool = {NULL,     0,       ID_COUNT,
                        ID_COUNT, lengths, {"", ROM_TYPES(TEXT) "", ROM_WORDS(TEXT)}};

const void *_start(void);

const void *_start(void)
{
    return mp_state_ctx.vm.last_pool ? mp_state_ctx.vm.last_pool : (void *)&mp_qstr_const_pool;
}
