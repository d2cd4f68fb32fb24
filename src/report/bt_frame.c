// SPDX-License-Identifier: MIT
#include "report/bt_frame.h"

#include <inttypes.h>
#include <string.h>

#include "object/value.h"
#include "report/bt_locals.h"
#include "report/frame_words.h"
#include "report/place.h"

void bt_write_frame(const struct objects *objects, const struct trace_frame *at, bool has_locals,
                    struct text *text)
{
    text_puts(text, "  ");
    frame_add_position(objects, &at->frame, text);
    if (at->frame.code.is_native)
        text_puts(text, "  (machine code)");
    if (at->doubt)
        text_printf(text, "  (uncertain: %s)", at->doubt);
    text_putc(text, '\n');
    if (has_locals)
        bt_write_locals(objects, &at->frame, text);
}

static void set_name(const struct objects *objects, json_t *document, const char *key, uint64_t id)
{
    struct text text;

    text_init(&text, NULL);
    if (id)
        value_add_qstr(objects, id, &text);
    if (text.len)
        json_object_set_new(document, key, json_text(text.bytes));
    text_deinit(&text);
}

json_t *bt_frame_json(const struct objects *objects, const struct trace_frame *at, bool has_locals)
{
    const struct frame *frame = &at->frame;
    json_t *document = json_pack("{s:s, s:o, s:s, s:b}", "kind", "python", "frame_address",
                                 json_address(frame->address), "place", trace_place_name(at->place),
                                 "is_native", frame->code.is_native);
    unsigned line;

    set_name(objects, document, "file", frame->code.file);
    if (frame_find_line(objects, frame, &line))
        json_object_set_new(document, "line", json_integer(line));
    set_name(objects, document, "function", frame->code.name);
    if (frame->ip)
        json_object_set_new(document, "opcode_address", json_address(frame->ip));
    if (at->doubt)
        json_object_set_new(document, "uncertain", json_string(at->doubt));
    if (has_locals)
        bt_add_locals_json(objects, frame, document);
    return document;
}

void bt_write_pc(const struct session *session, uint64_t pc, struct text *text)
{
    int digits = (int)session->objects.word * 2;
    bool is_python = heap_area_of(&session->heap, pc);
    struct place place;

    text_puts(text, is_python ? "  in machine code: " : "  in C: ");
    if (place_find(session, pc, &place)) {
        text_escaped(text, place.name, strlen(place.name));
        text_printf(text, " (0x%0*" PRIx64 ")\n", digits, pc);
    } else {
        text_printf(text, "0x%0*" PRIx64 "\n", digits, pc);
    }
}
