// SPDX-License-Identifier: MIT
#include "report/root_name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "object/lookup.h"
#include "object/value.h"
#include "report/bt_locals.h"
#include "vm/locals.h"

// --- Python frames ---

static bool is_on_stack(const struct trace_frame *frame)
{
    return frame->place == PLACE_STACK || frame->place == PLACE_PYSTACK;
}

static bool belongs_to(const struct objects *objects, const struct trace_frame *frame,
                       const struct root_word *word)
{
    if (is_on_stack(frame))
        return word->at >= frame->frame.address && word->at < frame->frame.end;
    return frame->frame.address - objects_block_address(objects, word->block) <
           objects_block_bytes(objects, word->block);
}

static bool find_thread(const struct root_names *names, const struct root_word *word, size_t *ret)
{
    for (size_t i = 0; i < names->threads.list.len; i++)
        if (threads_at(&names->threads, i)->id == word->thread) {
            *ret = i;
            return true;
        }
    return false;
}

static const struct trace *trace_of(const struct root_names *names, const struct root_word *word)
{
    size_t thread;

    if (word->set != ROOTS_THREADS)
        return &names->trace;
    return find_thread(names, word, &thread) ? &names->others[thread] : NULL;
}

// The frame in execution that a word of a stack belongs to, or leads to.
static const struct trace_frame *frame_of(const struct root_names *names,
                                          const struct root_word *word)
{
    const struct trace *trace = trace_of(names, word);

    for (size_t i = 0; trace && i < trace->frames.len; i++) {
        const struct trace_frame *frame = vec_at(&trace->frames, i);

        if (!frame->doubt && belongs_to(names->objects, frame, word))
            return frame;
    }
    return NULL;
}

// "f (main.py:12)"
static void add_function(const struct objects *objects, const struct frame *frame,
                         struct text *text)
{
    unsigned line;

    if (frame->code.name)
        value_add_qstr(objects, frame->code.name, text);
    else
        text_puts(text, "a function without a name");
    if (!frame->code.file)
        return;
    text_puts(text, " (");
    value_add_qstr(objects, frame->code.file, text);
    if (code_line(objects->target, &frame->code, frame->ip, &line, NULL) == 0)
        text_printf(text, ":%u", line);
    text_putc(text, ')');
}

static void add_local(const struct objects *objects, const struct frame *frame, uint64_t at,
                      struct text *text)
{
    uint64_t slot = (at - frame->state) / objects->obj;
    unsigned index = frame->n_state - 1 - (unsigned)slot;
    struct text local;
    bool is_certain;

    if (at < frame->state || slot >= frame->n_state) {
        text_puts(text, "frame");
    } else if (index >= locals_count(objects, frame, &is_certain)) {
        text_puts(text, is_certain ? "value stack" : "local or value stack");
    } else {
        text_init(&local, NULL);
        bt_add_local_name(objects, &frame->code, index, &local);
        const char *name = local.bytes ? local.bytes : "";
        text_printf(text, "%s%s", strchr(name, ' ') ? "" : "local ", name);
        text_deinit(&local);
    }
}

static bool add_frame(const struct root_names *names, const struct root_word *word,
                      struct text *text)
{
    const struct trace_frame *frame = frame_of(names, word);

    if (!frame)
        return false;
    if (is_on_stack(frame))
        add_local(names->objects, &frame->frame, word->at, text);
    else
        text_puts(text, frame->place == PLACE_GENERATOR ? "running generator" : "frame");
    text_puts(text, " of ");
    add_function(names->objects, &frame->frame, text);
    return true;
}

// --- C frames ---

// A frame begins at its stack pointer; the next outer one's ends it.
static bool add_native(const struct root_names *names, uint64_t at, struct text *text)
{
    const struct native_frame *found = NULL;

    for (size_t i = 0; i < names->native.frames.len; i++) {
        const struct native_frame *frame = native_frame_at(&names->native, i);

        if (frame->sp > at)
            break;
        if (frame->sp)
            found = frame;
    }
    if (!found || !found->function)
        return false;
    text_puts(text, "stack frame ");
    text_escaped(text, found->function, strlen(found->function));
    text_printf(text, " +%" PRIu64, at - found->sp);
    return true;
}

// --- mp_state_ctx ---

// py/mpstate.h: nlr_top follows the pair of dicts in all releases.
static bool add_known_member(const struct layout *layout, uint64_t offset, uint64_t word,
                             struct text *text)
{
    static const char *const after_locals[] = {"dict_locals", "dict_globals", "nlr_top"};
    const struct member_at *locals = &layout->members[MEMBER_DICT_LOCALS];
    uint64_t index = (offset - (uint64_t)locals->offset) / word;

    if (locals->how && index < sizeof after_locals / sizeof *after_locals) {
        text_puts(text, after_locals[index]);
        return true;
    }
    for (enum member member = 0; member < MEMBER_AREA_NEXT; member++) {
        const struct member_at *at = &layout->members[member];

        if (at->how && offset - (uint64_t)at->offset < at->size) {
            text_puts(text, member_name(member));
            return true;
        }
    }
    return false;
}

static void note_module(struct visitor *visitor, uint64_t at, uint64_t value,
                        const struct step *step)
{
    struct module module;
    struct word word;

    (void)at, (void)step;
    word_decode(visitor->objects->layout, value, &word);
    *(bool *)visitor->context |=
        word.kind == WORD_POINTER && module_read(visitor->objects, word.pointer, &module);
}

static void ignore_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                         uint64_t bytes, const struct field *field)
{
    (void)visitor, (void)kind, (void)address, (void)bytes, (void)field;
}

// Whether a dict holds modules: of those in the state, sys.modules alone does.
static bool has_modules(const struct objects *objects, const struct object *dict)
{
    bool has = false;
    struct visitor visitor = {objects, &has, true, note_module, ignore_block, NULL, 0};

    objects_visit(&visitor, dict);
    return has;
}

// A dict or list that lies in the state itself, by one of its words.
static bool find_in_state(const struct objects *objects, uint64_t at, struct object *ret)
{
    enum { WORDS = 4 }; // of both

    for (uint64_t back = 0; back < WORDS * objects->word; back += objects->word)
        if (objects_get(objects, at - back, ret) &&
            (!strcmp(ret->kind->name, "dict") || !strcmp(ret->kind->name, "list")))
            return true;
    return false;
}

static bool add_object_in_state(const struct objects *objects, uint64_t at, struct text *text)
{
    struct object object;
    uint64_t name;

    if (!find_in_state(objects, at, &object))
        return false;
    if (strcmp(object.kind->name, "dict") != 0)
        return false;
    if (dict_find(objects, object.address, "__name__", &name) && key_is(objects, name, "__main__"))
        text_puts(text, "dict_main");
    else if (has_modules(objects, &object))
        text_puts(text, "mp_loaded_modules_dict");
    else
        return false;
    return true;
}

static void add_state(const struct root_names *names, uint64_t at, struct text *text)
{
    const struct objects *objects = names->objects;
    const struct layout *layout = objects->layout;
    uint64_t offset = at - layout->ctx;

    text_puts(text, "root ");
    if (names->dwarf && dwarf_add_member_at(names->dwarf, offset, text))
        return;
    if (add_known_member(layout, offset, objects->word, text) ||
        add_object_in_state(objects, at, text))
        return;
    if (layout->ctx_how != HOW_UNKNOWN)
        text_printf(text, "mp_state_ctx+0x%" PRIx64, offset);
    else
        text_printf(text, "mp_state_ctx, 0x%" PRIx64, at);
}

// --- other threads ---

static const struct thread *thread_of(const struct root_names *names, const struct root_word *word)
{
    size_t index;

    return find_thread(names, word, &index) ? threads_at(&names->threads, index) : NULL;
}

// What belongs to the list rather than to a stack: its words are never left over.
static const char *place_in_list(const struct root_names *names, const struct root_word *word)
{
    const struct thread *thread = word->reg ? NULL : thread_of(names, word);

    if (!thread)
        return NULL;
    if (word->at == thread->cell)
        return "list of threads, entry";
    if (word->at == thread->argument)
        return "arguments";
    return word->at == thread->holder ? "stack's block" : NULL;
}

static void add_thread(const struct root_names *names, const struct root_word *word,
                       struct text *text)
{
    const struct thread *thread = thread_of(names, word);
    const char *place = place_in_list(names, word);

    bool has_frame = !place && add_frame(names, word, text);
    if (!place)
        place = word->reg ? word->reg : "stack";
    text_printf(text, has_frame ? ", %s of " : "%s of ", place);
    if (!thread)
        text_puts(text, "a thread");
    else
        thread_add_name(thread, text);
    if (thread && !strcmp(place, "stack") && word->at >= thread->stack)
        text_printf(text, " +%" PRIu64, word->at - thread->stack);
}

// --- all ---

static void add_stack(const struct root_names *names, const struct root_word *word,
                      struct text *text)
{
    if (add_frame(names, word, text))
        return;
    if (word->set == ROOTS_STACK && add_native(names, word->at, text))
        return;
    text_printf(text, "%s 0x%" PRIx64, word->set == ROOTS_STACK ? "stack" : "pystack", word->at);
}

void root_names_add(const struct root_names *names, const struct root_word *word, struct text *text)
{
    switch (word->set) {
    case ROOTS_STATE:
        add_state(names, word->at, text);
        break;
    case ROOTS_REGISTERS:
        text_escaped(text, word->reg, strlen(word->reg));
        if (frame_of(names, word)) {
            text_puts(text, ", ");
            add_frame(names, word, text);
        }
        break;
    case ROOTS_TIMERS:
        text_puts(text, "root soft_timer_heap");
        break;
    case ROOTS_THREADS:
        add_thread(names, word, text);
        break;
    default:
        add_stack(names, word, text);
    }
    if (word->is_doubtful)
        text_puts(text, word->set == ROOTS_STATE ? " (may be no root)" : " (may be out of use)");
}

enum path_rank root_names_rank(void *context, const struct root_word *word)
{
    if (word->set == ROOTS_STATE || word->set == ROOTS_TIMERS ||
        (word->set == ROOTS_THREADS && place_in_list(context, word)))
        return PATH_SURE;
    return frame_of(context, word) ? PATH_LOOSE : PATH_WEAK;
}

static int load_others(struct root_names *names, struct mph_err *err)
{
    int rc = threads_load(names->objects, &names->threads, err);
    size_t count = names->threads.list.len;

    if (rc < 0)
        return rc;
    names->others = calloc(count + 1, sizeof *names->others);
    if (!names->others)
        return mph_fail_no_memory(err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (!threads_at(&names->threads, i)->is_current)
            rc = trace_make_thread(names->objects, threads_at(&names->threads, i),
                                   &names->others[i], err);
    return rc;
}

int root_names_init(struct root_names *ret, const struct session *session, struct mph_err *err)
{
    *ret = (struct root_names){.objects = &session->objects,
                               .dwarf = session->has_firmware ? session->firmware.dwarf : NULL,
                               .native = {.frames = VEC_OF(struct native_frame)}};
    int rc = load_others(ret, err);

    if (rc == 0)
        rc = trace_make(&session->objects, &ret->trace, err);
    if (rc == 0 && session->unwinder)
        native_stack_load(session->unwinder, &ret->native, NULL); // names are less exact without
    if (rc < 0)
        root_names_deinit(ret);
    return rc;
}

void root_names_deinit(struct root_names *names)
{
    for (size_t i = 0; names->others && i < names->threads.list.len; i++)
        trace_deinit(&names->others[i]);
    free(names->others);
    threads_deinit(&names->threads);
    trace_deinit(&names->trace);
    native_stack_deinit(&names->native);
    *names = (struct root_names){0};
}
