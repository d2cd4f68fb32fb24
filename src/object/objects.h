// SPDX-License-Identifier: MIT
// What every block of a heap is: its kind, and who holds it. Loaded once; after
// that, kinds and holders are plain memory, and asking for them cannot fail.
#ifndef MPH_OBJECT_OBJECTS_H
#define MPH_OBJECT_OBJECTS_H

#include "gc/heads.h"
#include "object/kind.h"
#include "object/word.h"

// A type in use: builtin in ROM, or a class of the program on the heap.
struct type {
    uint64_t address;
    const char *name; // lives as long as the objects; unescaped
    uint16_t slots;   // bit `1 << enum type_slot`
    bool is_on_heap;
    bool is_class;      // made by a class statement: its objects are instances
    bool is_namedtuple; // made by namedtuple()
    uint8_t kind;       // number of the kind of its objects; 0: each is looked at
};

struct object {
    uint64_t address;
    uint64_t bytes;          // of its allocation; 0: not on the heap, size not known
    const struct type *type; // NULL: a block, or no object
    const struct kind *kind;
    const uint16_t *offsets; // of the members
};

// Blocks of all areas are numbered through, in the areas' order, and so are heads. Holders
// beyond the last block are things outside the heap, by their place in objects->outside.
enum { BLOCK_NOBODY = UINT32_MAX };

struct outside {
    char name[48];    // "dict_main", "mp_state_ctx+0x48", "stack 0x20001f80"
    uint64_t address; // of the word or structure that holds the block
};

struct object_area {
    const struct gc_area *area;
    uint64_t first;      // number of its first block
    uint64_t first_head; // number of its first head
    struct heads heads;
    uint64_t size;        // bytes of its blocks
    const uint8_t *bytes; // the pool where it is at hand, else NULL
};

struct objects {
    const struct heap *heap;
    struct layout *layout;
    struct target *target;
    struct symbols const *symbols; // of the firmware; NULL: none

    struct object_area *areas;
    size_t area_count;
    uint64_t block_count;
    uint64_t head_count;
    uint8_t *kinds;     // by head: number of the kind
    uint32_t *owners;   // by head: block of who holds it
    struct vec outside; // of struct outside

    struct type_table *types;
    uint64_t *lookups;                       // map entries that may still be gone through for a key
    uint8_t block_shift;                     // bytes of a block are 1 << block_shift
    size_t word;                             // bytes of a pointer
    size_t obj;                              // bytes of an mp_obj_t
    size_t wide;                             // alignment of 64-bit members
    size_t number;                           // bytes of an mp_float_t
    uint16_t offsets[KINDS_MAX][FIELDS_MAX]; // of members from the object's start
    uint64_t unread;                         // heads that could not be read
    uint64_t unread_first;                   // address of the first of them
    bool has_contexts;                       // v1.19 and later: functions have a module context
};

// What it takes to say what is at an address: areas, types, widths. No block has a kind
// or an owner; nearly nothing of the heap is read. `heap` and `target` must outlive it;
// the layout may gain notes and builtin types. `symbols` may be NULL.
int objects_open(struct objects *objects, const struct heap *heap, struct layout *layout,
                 struct target *target, const struct symbols *symbols, struct mph_err *err);

// That, and every block of the heap named. Damage is never an error.
int objects_init(struct objects *objects, const struct heap *heap, struct layout *layout,
                 struct target *target, const struct symbols *symbols, struct mph_err *err);
void objects_deinit(struct objects *objects);

// Allow looking for keys as far as a sound heap needs it for one report. Damaged modules
// may share one large dict, which would else be gone through once for each.
void objects_allow_lookups(const struct objects *objects);

// Compute the offsets of all kinds' members anew, after a width was learned.
void objects_lay_out(struct objects *objects);

// --- blocks ---

// The head that an address lies in or behind: its block number; false when the
// address is in no area or in a free block. *ret_offset: bytes from the head.
bool objects_find_head(const struct objects *objects, uint64_t address, uint64_t *ret_block,
                       uint64_t *ret_offset);

// The block that begins at an address, if it is a head.
bool objects_head_at(const struct objects *objects, uint64_t address, uint64_t *ret_block);

// The number of a head, by its block, and the other way round.
uint64_t objects_head_number(const struct objects *objects, uint64_t block);
uint64_t objects_head_block(const struct objects *objects, uint64_t number);

uint64_t objects_block_address(const struct objects *objects, uint64_t block);
// Bytes of the allocation that begins with a head.
uint64_t objects_block_bytes(const struct objects *objects, uint64_t block);

// Bytes from an address to the end of the allocation that it lies in: 0 in a free block;
// outside the heap, where nothing tells, to the last address.
uint64_t objects_room(const struct objects *objects, uint64_t address);

// The number of a head's kind; 0: not known, or no head.
uint8_t objects_kind_number(const struct objects *objects, uint64_t block);

static inline const struct kind *objects_kind(const struct objects *objects, uint64_t block)
{
    uint8_t number = objects_kind_number(objects, block);

    return number ? kind_at(number) : NULL;
}

// Who holds a head: the number of a block, one beyond the last, or BLOCK_NOBODY.
uint32_t objects_owner(const struct objects *objects, uint64_t block);

// The object (or first holder) at the end of a block's chain of holders: the block
// itself when nobody holds it. Numbers beyond block_count are outside the heap.
uint64_t objects_top_owner(const struct objects *objects, uint64_t block);
const struct outside *objects_outside(const struct objects *objects, uint64_t owner);

// Calls `visit` for every head, in order of areas and addresses.
struct head_walk {
    int (*visit)(void *context, uint64_t block, uint64_t address, uint64_t bytes);
    void *context;
};
int objects_each_head(const struct objects *objects, const struct head_walk *walk);

// --- objects ---

// The type at an address, or NULL when there is none.
const struct type *objects_type(const struct objects *objects, uint64_t address);

// What is at an address; false (and a zeroed object) when no object begins there.
bool objects_get(const struct objects *objects, uint64_t address, struct object *ret);

// Whether an object begins there. What decides about an object's kind asks this of
// others, whose kind may depend on the first one's.
bool objects_is_object(const struct objects *objects, uint64_t address);

// A block of the kind that it has; for objects the same as objects_get.
void objects_get_block(const struct objects *objects, uint64_t block, struct object *ret);

// --- memory; false when it cannot be read ---

bool objects_read(const struct objects *objects, uint64_t address, void *bytes, size_t size);
bool objects_uint(const struct objects *objects, uint64_t address, size_t size, uint64_t *ret);
bool objects_word(const struct objects *objects, uint64_t address, uint64_t *ret);

// The word or object word of a member.
uint64_t field_address(const struct objects *objects, const struct object *object, size_t field);
size_t field_size(const struct objects *objects, enum form form);
bool field_get(const struct objects *objects, const struct object *object, size_t field,
               uint64_t *ret);

// --- what an object refers to ---

// How one gets from an object to what it refers to, in words that a reader of
// Python understands.
enum step_kind {
    STEP_FIELD,      // .name of the C structure
    STEP_INDEX,      // [index]
    STEP_KEY,        // [key], the object word `key`
    STEP_ATTR,       // .key, a member of an instance, a class or a module
    STEP_KEY_ITSELF, // the key of an entry
    STEP_LOCAL,      // local `index` of a frame of the function at `key`
};

struct step {
    enum step_kind kind;
    const char *name;
    uint64_t index;
    uint64_t key;
};

// A slot that holds a reference, and the block that holds it.
struct visitor {
    const struct objects *objects;
    void *context;
    bool wants_slots; // contents of tables and items; blocks alone cost less
    // An object word, or a plain pointer to an object, at an address.
    void (*slot)(struct visitor *visitor, uint64_t at, uint64_t value, const struct step *step);
    // A block held through the member `name`; at least `bytes` long if it is what
    // it should be. `is_shared`: it may belong to another.
    void (*block)(struct visitor *visitor, const struct kind *kind, uint64_t address,
                  uint64_t bytes, const struct field *field);
    uint64_t *budget; // slots that may still be looked at, counted down; NULL: no limit
    uint64_t only;    // address in the one slot of tables and items that is wanted; 0: all
};

void objects_visit(struct visitor *visitor, const struct object *object);

// For families: the parts that objects_visit is made of, and whether another slot may be
// looked at.
void visit_map(struct visitor *visitor, uint64_t map, enum step_kind step);
void visit_items(struct visitor *visitor, uint64_t at, uint64_t count, const char *name);
bool visit_spend(struct visitor *visitor);

// An mp_map_t in memory.
struct map_view {
    bool is_ordered, is_fixed;
    uint64_t used, alloc, table;
};
bool map_read(const struct objects *objects, uint64_t map, struct map_view *ret);

#endif
