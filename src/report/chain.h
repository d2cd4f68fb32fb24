// SPDX-License-Identifier: MIT
// A path from a root as people read it: one line, and each of its words.
#ifndef MPH_REPORT_CHAIN_H
#define MPH_REPORT_CHAIN_H

#include "graph/path.h"
#include "object/names.h"
#include "report/report.h"
#include "report/root_name.h"

struct chain {
    const struct names *names;
    const struct root_names *roots;
};

// Steps of a longer path that are not its first or last few are left out.
enum { CHAIN_STEPS_MAX = 64 };

// As docs/json.md has it under `paths`. NULL is out of memory.
json_t *chain_json(const struct chain *chain, const struct path *path);

// {"set", "name", "word_address" or "register"} of a root word.
json_t *chain_root_json(const struct chain *chain, const struct root_word *word);

#endif
