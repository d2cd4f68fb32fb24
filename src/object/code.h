// SPDX-License-Identifier: MIT
// What the code of a Python function says about it: its name, file, arguments, the
// size of its frames, and the line that an address in it is on.
//
// Opcodes are not decoded here; frames are in frame.h.
#ifndef MPH_OBJECT_CODE_H
#define MPH_OBJECT_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "layout/layout.h"
#include "layout/prelude.h"
#include "target/target.h"

enum { CODE_ARGS_MAX = PRELUDE_ARGS_MAX };

struct code {
    enum prelude_form form;
    bool is_native;       // machine code, of which only the prelude is described here
    uint64_t bytecode;    // address of the prelude
    uint64_t opcodes;     // address of the first opcode; machine code: 0
    unsigned n_state;     // object words in a frame: locals and value stack
    unsigned n_exc_stack; // handlers behind them
    bool is_generator, has_varargs, has_varkeywords, has_defkwargs;
    unsigned n_pos_args; // cells of enclosing functions come first, as arguments named "*"
    unsigned n_kwonly_args;
    unsigned n_def_pos_args; // the last of n_pos_args that have a default
    unsigned n_cells;        // locals that inner functions share
    uint64_t name, file;     // qstr ids; 0: not known
    unsigned arg_count;      // positional and keyword-only; args[] holds the first CODE_ARGS_MAX
    uint64_t args[CODE_ARGS_MAX]; // qstr ids; 0: not known
    uint64_t lines, lines_end;    // address of the line table, and where it ends at the latest
    uint64_t line_base;           // what the table counts from
};

// Which form of prelude a firmware has; PRELUDE_UNKNOWN where that takes a look at code.
enum prelude_form code_form(const struct layout *layout);

// Read the prelude at `bytecode`. `context` is the function's mp_module_context_t
// (v1.19 on), `const_table` its constants, which begin with the names of its
// arguments (up to v1.18); 0: not known, and what they would tell stays 0.
// MPH_ERR_BAD_DATA, with the address, for bytes that make no sense.
int code_read(const struct layout *layout, struct target *target, uint64_t bytecode,
              uint64_t context, uint64_t const_table, struct code *ret, struct mph_err *err);

// Read the code of a function object: mp_obj_fun_bc_t, which generator functions
// have too (v1.10 on; before, what they wrap).
int code_read_function(const struct layout *layout, struct target *target, uint64_t function,
                       struct code *ret, struct mph_err *err);

// The same for a function in machine code. Where its prelude is, is told from v1.23 on
// (7ea503929a), and for generators and functions without children from v1.19 on; older
// firmware does not know their names either: MPH_ERR_UNSUPPORTED. Viper and assembled
// functions have no prelude: MPH_ERR_BAD_DATA.
int code_read_native(const struct layout *layout, struct target *target, uint64_t function,
                     struct code *ret, struct mph_err *err);

// The line of the opcode at `ip`. 1 where code carries no lines, as MicroPython has it.
int code_line(struct target *target, const struct code *code, uint64_t ip, unsigned *ret,
              struct mph_err *err);

#endif
