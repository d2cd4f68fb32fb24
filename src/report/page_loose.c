// SPDX-License-Identifier: MIT
#include "report/page_loose.h"

#include "report/table.h"

struct loose {
    struct table table;
    size_t address, blocks;
    uint64_t block_bytes;
};

static void add_run(struct loose *loose, uint64_t address, uint64_t blocks)
{
    table_set_number(&loose->table, loose->address, (int64_t)address);
    table_set_number(&loose->table, loose->blocks, (int64_t)blocks);
    table_end_row(&loose->table);
}

static void add_area(struct loose *loose, const struct gc_area *area)
{
    bool is_behind_head = false;
    uint64_t run;

    for (uint64_t block = 0; block < area->block_count; block += run) {
        enum block kind = area_block(area, block);

        run = area_run(area, block, kind);
        if (kind == BLOCK_TAIL && !is_behind_head)
            add_run(loose, area->pool_start + block * loose->block_bytes, run);
        is_behind_head = block_is_head(kind);
    }
}

json_t *page_loose(const struct heap *heap, uint64_t block_bytes)
{
    struct loose loose = {.block_bytes = block_bytes};
    json_t *document = NULL;

    table_init(&loose.table);
    loose.address = table_add_column(&loose.table, "address", TABLE_ADDRESSES);
    loose.blocks = table_add_column(&loose.table, "blocks", TABLE_NUMBERS);
    for (size_t i = 0; i < heap_area_count(heap); i++)
        add_area(&loose, heap_area(heap, i));
    if (loose.table.count)
        document = table_take_json(&loose.table);
    table_deinit(&loose.table);
    return document;
}
