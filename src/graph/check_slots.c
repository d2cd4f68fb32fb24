// SPDX-License-Identifier: MIT
// Slots of objects, and what they refer to; findings about an object.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "graph/check_object.h"
#include "object/step.h"

// --- findings ---

struct finding *object_finding(struct object_check *one, enum damage kind, bool may_be_work,
                               uint64_t address, const char *text)
{
    struct check *check = one->check;
    bool is_unsettled = may_be_work && (check->worker->may_allocate || check->is_collecting) &&
                        is_in_work(check, one->object);
    struct finding *finding = damage_add(check, kind, is_unsettled, address, "%s", text);

    if (one->block == CHECK_NO_BLOCK)
        finding->name = one->name;
    else
        damage_about(check, finding, one->block);
    if (is_unsettled)
        finding_explain(finding,
                        "a register or the innermost stack leads to it: a change may be under way");
    return finding;
}

const char *spot_text(enum spot spot)
{
    return spot == SPOT_FREE     ? "a free block"
           : spot == SPOT_TABLES ? "the heap's own tables"
           : spot == SPOT_TAIL   ? "the middle of an allocation"
                                 : "outside of the heap";
}

// What was freed was hardly written over; the block below has no part in it.
void explain_spot(struct finding *finding, enum spot spot)
{
    if (spot == SPOT_FREE)
        finding->below = CHECK_NO_BLOCK;
    finding_explain(finding, spot == SPOT_FREE
                                 ? "it was freed while in use (C code that keeps a pointer where "
                                   "the collector does not look, or frees too early), or the "
                                   "pointer was overwritten"
                                 : "the pointer was overwritten");
}

// --- slots ---

// What stands in frames, and behind the members up to the end of an allocation, may be left
// over from something else.
static bool is_exact(const struct step *step)
{
    if (step->kind == STEP_INDEX && step->name)
        return !strcmp(step->name, "closed") || !strcmp(step->name, "iters");
    return step->kind != STEP_LOCAL;
}

static void set_step(struct object_check *one, struct finding *finding, const struct step *step)
{
    struct text text;

    text_init(&text, NULL);
    step_add_alone(one->check->objects, step, &text);
    snprintf(finding->step, sizeof finding->step, "%s", text.len ? text.bytes : "");
    text_deinit(&text);
}

// First bytes that are text say whose they are.
static void explain_header(struct check *check, struct finding *finding, uint64_t address)
{
    uint8_t bytes[16];
    char shown[sizeof bytes + 1];
    size_t count = 0;

    if (!objects_read(check->objects, address, bytes, sizeof bytes))
        return;
    while (count < sizeof bytes && bytes[count] >= ' ' && bytes[count] < 0x7f)
        count++;
    memcpy(shown, bytes, count);
    shown[count] = '\0';
    if (count >= check->objects->word)
        finding_explain(finding, "its first bytes read as text: \"%s\"", shown);
}

static void add_header(struct object_check *one, uint64_t block, const struct step *step)
{
    struct check *check = one->check;
    uint64_t address = objects_block_address(check->objects, block), word = 0;

    if (bit_get(check->worker->reported, block))
        return;
    bit_set(check->worker->reported, block);
    objects_word(check->objects, address, &word);
    // Before it has a type, memory is cleared or, with a finaliser, its first word is.
    bool is_unsettled = !word && bit_get(check->worker->touched, block);
    struct finding *finding = damage_add(check, DAMAGE_HEADER, is_unsettled, address,
                                         "its first word 0x%" PRIx64 " is no type", word);
    damage_about(check, finding, block);
    finding->from = one->block;
    finding->name = one->name;
    set_step(one, finding, step);
    explain_header(check, finding, address);
}

static struct finding *add_bad_slot(struct object_check *one, uint64_t at, const struct step *step,
                                    const char *text)
{
    struct finding *finding = object_finding(one, DAMAGE_REFERENCE, true, at, text);

    set_step(one, finding, step);
    return finding;
}

static void check_pointer(struct object_check *one, uint64_t at, uint64_t address,
                          const struct step *step)
{
    struct check *check = one->check;
    uint64_t block;
    enum spot spot = spot_of(check, address, &block);
    char text[CHECK_TEXT];

    if (spot == SPOT_OUTSIDE || (spot == SPOT_TAIL && objects_is_object(check->objects, address)))
        return;
    if (spot != SPOT_HEAD) {
        snprintf(text, sizeof text, "the reference to 0x%" PRIx64 " leads to %s", address,
                 spot_text(spot));
        explain_spot(add_bad_slot(one, at, step, text), spot);
    } else if (objects_is_object(check->objects, address)) {
        bit_set(check->worker->exact, block);
    } else if (one->is_list && !check->worker->is_loose_pass) {
        one->has_bad_item = true;
    } else {
        add_header(one, block, step);
    }
}

static void check_qstr_word(struct object_check *one, uint64_t at, uint64_t id,
                            const struct step *step)
{
    const struct qstrs *qstrs = &one->check->objects->layout->qstrs;
    uint64_t count = qstrs->pool_count ? qstrs->pools[0].first_id + qstrs->pools[0].count : 0;
    char text[CHECK_TEXT];

    if (!count || id < count)
        return;
    snprintf(text, sizeof text, "interned string %" PRIu64 ", and there are only %" PRIu64, id,
             count);
    finding_explain(add_bad_slot(one, at, step, text), "the word was overwritten");
}

// Objects outside of the heap are short, and what they hold is further away.
enum { OUTSIDE_BYTES = 64 };

static bool is_inside(const struct object_check *one, uint64_t address)
{
    uint64_t bytes = one->object->bytes ? one->object->bytes : OUTSIDE_BYTES;

    return address - one->object->address < bytes;
}

void check_slot(struct visitor *visitor, uint64_t at, uint64_t value, const struct step *step)
{
    struct object_check *one = visitor->context;
    struct word word;

    if (!is_exact(step) || (one->has_bad_block && !is_inside(one, at)))
        return;
    one->check->references++;
    word_decode(visitor->objects->layout, value, &word);
    if (word.kind == WORD_POINTER)
        check_pointer(one, at, word.pointer, step);
    else if (word.kind == WORD_QSTR)
        check_qstr_word(one, at, word.id, step);
}
