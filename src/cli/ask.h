// SPDX-License-Identifier: MIT
// Questions about single words, all answered from one look at a door's own target.
#ifndef MPH_CLI_ASK_H
#define MPH_CLI_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "cli/open.h"

enum question {
    ASK_WORD = 1, // the value of an object word
    ASK_OBJECT,   // the value of the object at an address
    ASK_TYPE,     // the name of an object word's type
    ASK_QSTR,     // the text of an interned string
    ASK_GLOBAL,   // the object word of a global by its name
    ASK_MODULE,   // the object word of a module by its name
};

struct query {
    enum question question;
    bool is_long;     // values as `show` prints them, not as in one line of a list
    uint64_t value;   // word, address or id
    const char *name; // of a global or module
};

struct answer {
    uint64_t word;    // of ASK_GLOBAL and ASK_MODULE
    const char *text; // of the others, else NULL; lives until the next question
};

// The target is opened by the first question, and looked at once.
struct asker {
    bool is_tried, is_open;
    struct mph_err failure; // why it could not be opened
    struct session session;
    struct text text;
};

void asker_init(struct asker *asker);
void asker_deinit(struct asker *asker);

// A value that makes no sense is no error: its text says <bad: why>. That there is no
// heap is one, for each question alike; so is a name that is not known.
int asker_ask(struct asker *asker, const struct own_target *own, const struct query *query,
              struct answer *ret, struct mph_err *err);

#endif
