// SPDX-License-Identifier: MIT
#include "bounds_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct extent between(uint64_t start, uint64_t end)
{
    struct extent extent;

    assert_true(extent_between(&extent, start, end));
    return extent;
}

void add_bank(struct bounds *bounds, struct extent extent, enum ram_source source)
{
    struct bounds_bank *bank = vec_add(&bounds->banks);

    assert_non_null(bank);
    *bank = (struct bounds_bank){.extent = extent, .source = source, .name = "SRAM"};
}

struct bounds_area *add_area(struct bounds *bounds, struct extent whole)
{
    struct bounds_area *area = vec_add(&bounds->areas);
    uint64_t bytes = extent_bytes(whole);

    assert_non_null(area);
    *area = (struct bounds_area){.whole = whole,
                                 .table_bytes = bytes / 64,
                                 .pool_bytes = bytes - bytes / 64,
                                 .block_bytes = 16};
    return area;
}

void set_pair(struct bounds_pair *pair, const char *start_name, uint64_t start,
              const char *end_name, uint64_t end)
{
    *pair = (struct bounds_pair){
        .has_start = start_name != NULL, .start = start, .has_end = true, .end = end};
    snprintf(pair->start_name, sizeof pair->start_name, "%s", start_name ? start_name : "");
    snprintf(pair->end_name, sizeof pair->end_name, "%s", end_name);
}

void bounds_board_set_up(struct bounds *bounds, uint64_t ram_end, bool is_live)
{
    bounds_init(bounds);
    bounds->has_linker = true;
    bounds->is_live = is_live;
    assert_int_equal(bounds_name(&bounds->sections, between(RAM, BSS_END), NULL, ".bss"), 0);
    set_pair(&bounds->heap, "_heap_start", BSS_END, "_heap_end", HEAP_END);
    set_pair(&bounds->stack, NULL, 0, "_estack", ram_end);
    set_pair(&bounds->ram, "_ram_start", RAM, "_ram_end", ram_end);
    add_bank(bounds, between(RAM, ram_end), RAM_NAMED);
    if (!is_live)
        return;
    add_area(bounds, between(BSS_END, HEAP_END));
    bounds->live_stack = (struct bounds_stack){.has_top = true,
                                               .top = ram_end,
                                               .has_limit = true,
                                               .limit = ram_end - HEAP_END - KIB,
                                               .has_sp = true,
                                               .sp = ram_end - 0x100};
}

void judge(struct bounds *bounds)
{
    struct mph_err err = {0};

    if (bounds_judge(bounds, &err) < 0)
        fail_msg("%s", err.text);
}

const struct verdict *find_verdict(const struct bounds *bounds, const char *text)
{
    for (size_t i = 0; i < bounds->verdicts.len; i++) {
        const struct verdict *verdict = vec_at(&bounds->verdicts, i);

        if (strstr(verdict->text, text))
            return verdict;
    }
    return NULL;
}

void assert_verdict(const struct bounds *bounds, enum verdict_level level, uint64_t bytes,
                    const char *text)
{
    const struct verdict *verdict = find_verdict(bounds, text);

    if (!verdict)
        fail_msg("no verdict has: %s", text);
    assert_int_equal(verdict->level, level);
    assert_int_equal(verdict->bytes, bytes);
}

void assert_rows_sound(const struct bounds *bounds)
{
    for (size_t i = 0; i < bounds->rows.len; i++) {
        const struct bounds_row *row = vec_at(&bounds->rows, i);

        assert_true(row->extent.first <= row->extent.last);
        if (i)
            assert_true((row - 1)->extent.first <= row->extent.first);
    }
}

size_t count_gaps(const struct bounds *bounds)
{
    size_t count = 0;

    for (size_t i = 0; i < bounds->rows.len; i++)
        count += ((const struct bounds_row *)vec_at(&bounds->rows, i))->kind == ROW_GAP;
    return count;
}
