// SPDX-License-Identifier: MIT
// What C code is at work on where a board was halted.
#include <stdlib.h>
#include <string.h>

#include "cpu/isa.h"
#include "graph/check_parts.h"
#include "vm/stack.h"

// Words of the stack that a function of MicroPython and what it calls use: an object that
// is being changed is among them, or in a register.
enum { INNERMOST_WORDS = 128 };

static bool is_of_allocator(const char *function)
{
    static const char *const names[] = {"gc_alloc",
                                        "gc_free",
                                        "gc_realloc",
                                        "gc_collect",
                                        "gc_collect_start",
                                        "gc_collect_end",
                                        "gc_collect_root",
                                        "gc_sweep",
                                        "gc_sweep_all",
                                        "gc_mark_subtree",
                                        "gc_deal_with_stack_overflow",
                                        "gc_drain_stack",
                                        "m_malloc",
                                        "m_malloc_with_finaliser",
                                        "m_realloc",
                                        "m_realloc_maybe",
                                        "m_free",
                                        "m_malloc_maybe",
                                        "gc_sweep_free_blocks",
                                        "gc_sweep_run_finalisers",
                                        "gc_add",
                                        "gc_init"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(function, names[i]))
            return true;
    return false;
}

static void see_code(const struct check *check, uint64_t address)
{
    const struct symbols *symbols = check->objects->symbols;
    const struct symbol *symbol = symbols ? symbols_at(symbols, address) : NULL;

    if (symbol && is_of_allocator(symbol->name))
        check->worker->is_allocating = true;
}

static void see_word(const struct check *check, uint64_t word)
{
    uint64_t block, offset;

    if (objects_find_head(check->objects, word, &block, &offset))
        bit_set(check->worker->touched, block);
    see_code(check, word);
}

static void see_registers(const struct check *check)
{
    const struct regs *regs = &check->objects->target->regs;

    for (size_t i = 0; i < regs->count; i++)
        see_word(check, regs->list[i].value);
}

// The stack pointer is known, or where calls from the innermost exception buffer began.
static int see_stack(const struct check *check, bool *ret_has_sp, struct mph_err *err)
{
    struct stack stack;
    int rc = stack_load(check->objects, &stack, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < stack.count && i < INNERMOST_WORDS; i++)
        see_word(check, stack.words[i]);
    *ret_has_sp = stack.has_sp;
    stack_deinit(&stack);
    return 0;
}

int worker_init(struct check *check, struct mph_err *err)
{
    size_t bytes = (size_t)(check->objects->block_count / 8 + 1);
    struct worker *worker = calloc(1, sizeof *worker);
    bool has_sp = false;
    uint64_t pc;

    check->worker = worker;
    if (!worker)
        return mph_fail_no_memory(err);
    *worker =
        (struct worker){.touched = calloc(bytes, 1),
                        .exact = calloc(bytes, 1),
                        .reported = calloc(bytes, 1),
                        .loose = VEC_OF(uint32_t),
                        .budget = 4 * check->objects->block_count *
                                      check->objects->layout->block_bytes / check->objects->word +
                                  (1 << 16)};
    if (!worker->touched || !worker->exact || !worker->reported)
        return mph_fail_no_memory(err);
    see_registers(check);
    int rc = see_stack(check, &has_sp, err);
    bool has_pc = isa_pc(check->objects->target, &pc);
    worker->may_allocate = worker->is_allocating || !check->objects->symbols || !has_pc || !has_sp;
    return rc;
}

void worker_deinit(struct check *check)
{
    struct worker *worker = check->worker;

    if (!worker)
        return;
    free(worker->touched);
    free(worker->exact);
    free(worker->reported);
    vec_deinit(&worker->loose);
    free(worker);
    check->worker = NULL;
}

bool is_in_work(const struct check *check, const struct object *object)
{
    uint64_t block;

    return objects_head_at(check->objects, object->address, &block) &&
           bit_get(check->worker->touched, block);
}
