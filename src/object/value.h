// SPDX-License-Identifier: MIT
// Values as text, as Python's ascii() would write what MicroPython's repr() gives.
//
// Output is printable ASCII whatever the target holds, and bounded: by depth, by
// elements and characters of each object, and in all. What is left out shows as
// "...", a container inside itself as [...] or {...}, and what makes no sense as
// <bad: why at 0xADDRESS>.
#ifndef MPH_OBJECT_VALUE_H
#define MPH_OBJECT_VALUE_H

#include "base/text.h"
#include "object/objects.h"

struct value_limits {
    unsigned depth;      // containers inside each other; at most VALUE_DEPTH_MAX
    unsigned elements;   // of each container
    unsigned characters; // of each string or number
    size_t total;        // bytes of text, about
};

enum { VALUE_DEPTH_MAX = 16 };

extern const struct value_limits value_short; // one line of a list
extern const struct value_limits value_long;  // an object shown on its own

// `text` must have no sink.
void value_add_word(const struct objects *objects, uint64_t word, const struct value_limits *limits,
                    struct text *text);
void value_add_object(const struct objects *objects, uint64_t address,
                      const struct value_limits *limits, struct text *text);

// A number from the bits of an mp_float_t.
void value_add_float(const struct objects *objects, uint64_t bits, struct text *text);

// A block that is no object, such as a frame, if its kind can be printed.
void value_add_block(const struct objects *objects, const struct object *block,
                     const struct value_limits *limits, struct text *text);

// A qstr's text without quotes, escaped; <bad: ...> when there is none of that id.
void value_add_qstr(const struct objects *objects, uint64_t id, struct text *text);

// --- for the families ---

struct printer {
    const struct objects *objects;
    struct text *text;
    struct value_limits limits;
    size_t start;   // length of the text before
    uint64_t skips; // empty slots that may still be passed over
    unsigned depth;
    uint64_t path[VALUE_DEPTH_MAX]; // the containers around what is being printed
};

void print_word(struct printer *printer, uint64_t bits);
void print_object(struct printer *printer, const struct object *object);
void print_pointer(struct printer *printer, uint64_t address); // the object there
void print_bad(struct printer *printer, uint64_t address, const char *why);
// `bytes`: 4 or 8, how exactly the number was stored.
void print_float(struct printer *printer, double number, size_t bytes);
double print_number_of(const struct objects *objects, uint64_t bits); // of an mp_float_t
void print_number_bits(struct printer *printer, uint64_t bits);
void print_quoted(struct printer *printer, uint64_t address, uint64_t length, bool is_bytes);
void print_qstr(struct printer *printer, uint64_t id);

// A member as number, or false after having printed why not.
bool print_get(struct printer *printer, const struct object *object, size_t field, uint64_t *ret);

// Elements from `at` on between two texts. `single` follows one element alone.
void print_items(struct printer *printer, uint64_t at, uint64_t count, const char *open,
                 const char *close, const char *single);

// Whether so many elements fit into the block that they lie in; else that is printed.
bool print_fits(struct printer *printer, uint64_t at, uint64_t count, size_t size);

// Whether another empty slot may be passed over; prints "..." once at that point.
bool print_may_skip(struct printer *printer);

// Inside a container: false when it is too deep or contains itself, after `cycle`
// ("[...]") was printed.
bool print_enter(struct printer *printer, uint64_t address, const char *cycle);
void print_leave(struct printer *printer);

// Whether no more fits; prints "..." once at that point.
bool print_is_full(struct printer *printer);

// <name object at 0xaddress>
void print_plain(struct printer *printer, const struct object *object, const char *name);

#endif
