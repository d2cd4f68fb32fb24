// SPDX-License-Identifier: MIT
// What people call the words that a collection begins at.
#ifndef MPH_REPORT_ROOT_NAME_H
#define MPH_REPORT_ROOT_NAME_H

#include "graph/path.h"
#include "report/native.h"
#include "report/session.h"
#include "vm/threads.h"
#include "vm/trace.h"

struct root_names {
    const struct objects *objects;
    const struct dwarf *dwarf;  // NULL: no debug information
    struct trace trace;         // Python frames, whose locals have names
    struct trace *others;       // by thread: its frames
    struct native_stack native; // C frames; empty without an unwinder
    struct threads threads;     // where their list is known
};

// `session` must have its objects loaded, and outlives the names.
int root_names_init(struct root_names *ret, const struct session *session, struct mph_err *err);
void root_names_deinit(struct root_names *names);

// Add "root vm.dict_main.map.table", "local x of f (main.py:12)", "r4", "stack 0x20003f80",
// "stack of thread 0x20001230 +24".
void root_names_add(const struct root_names *names, const struct root_word *word,
                    struct text *text);

// How much a root word says: PATH_SURE for the interpreter's own, PATH_LOOSE for the
// words of Python code that is being executed, PATH_WEAK for words that may be left over.
// `context` are the names: this is a path_search's `rank`.
enum path_rank root_names_rank(void *context, const struct root_word *word);

#endif
