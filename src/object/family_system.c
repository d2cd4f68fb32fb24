// SPDX-License-Identifier: MIT
// What belongs to the interpreter, and what nobody described.
#include "object/value.h"

// py/qstr.h qstr_pool_t
const struct kind kind_qstr_pool = {.name = "qstr pool",
                                    .letter = 'P',
                                    .meaning = "pool of interned strings",
                                    .is_block = true,
                                    .content = CONTENT_WORDS};

// py/qstr.c: text is packed into chunks
const struct kind kind_qstr_chunk = {
    .name = "qstr chunk", .letter = 'q', .meaning = "text of interned strings", .is_block = true};

const struct kind kind_data = {.name = "data",
                               .letter = '*',
                               .meaning = "data that something of unknown structure points at",
                               .is_block = true,
                               .content = CONTENT_WORDS,
                               .is_open = true};

const struct kind kind_other = {
    .name = "object", .letter = 'o', .meaning = "object of another type", .is_open = true};

const struct kind *const system_family[] = {&kind_qstr_pool, &kind_qstr_chunk, &kind_data,
                                            &kind_other, NULL};
