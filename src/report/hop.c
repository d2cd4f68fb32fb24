// SPDX-License-Identifier: MIT
#include "report/hop.h"

#include <inttypes.h>
#include <string.h>

#include "graph/path.h"
#include "object/frame.h"
#include "object/meaning.h"
#include "object/slot.h"
#include "object/step.h"
#include "object/tally.h"
#include "vm/locals.h"

uint64_t hop_object(const struct objects *objects, uint64_t block)
{
    uint64_t top = objects_top_owner(objects, block);

    return top < objects->block_count ? top : block;
}

bool hop_is_inside(const struct objects *objects, uint64_t block, uint64_t head)
{
    const struct kind *kind = objects_kind(objects, head);

    return kind && kind->is_block && hop_object(objects, block) == hop_object(objects, head);
}

bool hop_is_namespace(const struct objects *objects, uint64_t block, uint64_t head)
{
    const struct kind *kind = objects_kind(objects, block);
    struct object object;
    uint64_t dict;

    if (!kind || kind->is_block)
        return false;
    objects_get_block(objects, block, &object);
    return object_namespace(objects, &object, &dict) &&
           dict == objects_block_address(objects, head);
}

// --- slots of frames ---

// The frame whose states an address of a block lies in: the block is one, or a generator,
// which has its frame behind a few words of its own.
static bool find_frame(const struct objects *objects, uint64_t block, uint64_t at,
                       struct frame *ret)
{
    enum { WORDS_BEFORE = 8 };
    uint64_t address = objects_block_address(objects, block);

    for (unsigned i = 0; i < WORDS_BEFORE; i++)
        if (frame_read(objects->layout, objects->target, address + i * objects->word, ret, NULL) ==
                0 &&
            at >= ret->state && (at - ret->state) / objects->obj < ret->n_state)
            return true;
    return false;
}

// Whether a slot that is above the value stack is no local: a value that was there before.
static bool is_left_over(const struct objects *objects, uint64_t block, uint64_t at,
                         const struct step *step)
{
    struct frame frame;
    bool is_certain;

    return step->kind == STEP_LOCAL && find_frame(objects, block, at, &frame) &&
           step->index >= locals_count(objects, &frame, &is_certain) && is_certain;
}

// --- words ---

static void add_name(const struct objects *objects, uint64_t block, struct text *text)
{
    const char *name = block_type_name(objects, block);

    if (strcmp(name, "?") != 0)
        text_escaped(text, name, strlen(name));
    else
        text_puts(text, "block of unknown kind");
}

// That of the object that a block belongs to.
static void add_holder_name(const struct objects *objects, uint64_t block, struct text *text)
{
    struct object holder;

    if (objects_outside(objects, objects_top_owner(objects, block)) &&
        slot_holder(objects, block, &holder))
        text_escaped(text, holder.kind->name, strlen(holder.kind->name));
    else
        add_name(objects, hop_object(objects, block), text);
}

static void add_step(const struct objects *objects, const struct step *step, bool is_bare,
                     struct text *text)
{
    bool has_dot = (step->kind == STEP_FIELD || (step->kind == STEP_INDEX && step->name));

    if (step->kind == STEP_KEY_ITSELF || step->kind == STEP_LOCAL)
        text_puts(text, is_bare ? "" : " ");
    else if (has_dot && !is_bare)
        text_putc(text, '.');
    if (step->kind == STEP_KEY_ITSELF || step->kind == STEP_LOCAL)
        step_add(objects, step, true, text);
    else
        step_add_alone(objects, step, text);
}

static void add_member(const struct names *names, uint64_t block, struct hop *hop)
{
    uint64_t offset = hop->at - objects_block_address(names->objects, block);
    struct text member;

    text_init(&member, NULL);
    bool is_plain = meaning_add_member(names, block, hop->at, &member);
    hop->is_exact = member.len && !is_plain;
    add_name(names->objects, block, &hop->by);
    if (hop->is_exact)
        text_printf(&hop->by, ".%s", member.bytes);
    else
        text_printf(&hop->by, " +0x%" PRIx64, offset);
    text_deinit(&member);
}

void hop_describe(const struct names *names, uint64_t block, uint64_t at, uint64_t of, bool is_bare,
                  struct hop *ret)
{
    const struct objects *objects = names->objects;
    struct step step;

    *ret = (struct hop){.at = at};
    text_init(&ret->by, NULL);
    if (!slot_find(objects, block, at, &step)) {
        add_member(names, block, ret);
        return;
    }
    if (is_left_over(objects, block, at, &step)) {
        add_name(objects, block, &ret->by);
        text_puts(&ret->by, " value stack, left over");
        return;
    }
    ret->is_exact = true;
    if (of != BLOCK_NOBODY && step.kind == STEP_KEY)
        step.kind = STEP_ATTR;
    if (!is_bare && of != BLOCK_NOBODY)
        add_name(objects, of, &ret->by);
    else if (!is_bare)
        add_holder_name(objects, block, &ret->by);
    add_step(objects, &step, is_bare, &ret->by);
}

void hop_deinit(struct hop *hop)
{
    text_deinit(&hop->by);
    *hop = (struct hop){0};
}

enum { WORDS_TRIED = 16 };

void hop_find(const struct names *names, uint64_t block, uint64_t head, uint64_t of, bool is_bare,
              struct hop *ret)
{
    uint64_t words[WORDS_TRIED] = {objects_block_address(names->objects, block)};
    size_t count = path_words(names->objects, block, head, words, WORDS_TRIED);

    hop_describe(names, block, words[0], of, is_bare, ret);
    for (size_t i = 1; i < count && !ret->is_exact; i++) {
        struct hop other;

        hop_describe(names, block, words[i], of, is_bare, &other);
        if (other.is_exact) {
            hop_deinit(ret);
            *ret = other;
            return;
        }
        hop_deinit(&other);
    }
}
