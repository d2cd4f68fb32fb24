// SPDX-License-Identifier: MIT
#include "report/frame_words.h"

#include "object/value.h"

void frame_add_name(const struct objects *objects, uint64_t id, struct text *text)
{
    if (id)
        value_add_qstr(objects, id, text);
    else
        text_putc(text, '?');
}

// Code on the first line alone has an empty table, and so has code without lines; what
// was typed or given as text has them always.
bool frame_find_line(const struct objects *objects, const struct frame *frame, unsigned *ret)
{
    const struct code *code = &frame->code;
    char file[QSTR_TEXT_MAX + 1];
    uint8_t first = 0;

    if (code_line(objects->target, code, frame->ip, ret, NULL) < 0)
        return false;
    if (code->lines < code->lines_end &&
        (code->form == PRELUDE_V2 || (objects_read(objects, code->lines, &first, 1) && first)))
        return true;
    return qstr_text(&objects->layout->qstrs, objects->target, objects->word, code->file, file,
                     NULL) == 0 &&
           *file == '<';
}

static void add_file(const struct objects *objects, const struct frame *frame, struct text *text)
{
    text_puts(text, "File \"");
    frame_add_name(objects, frame->code.file, text);
    text_putc(text, '"');
}

static void add_function(const struct objects *objects, const struct frame *frame,
                         struct text *text)
{
    text_puts(text, ", in ");
    frame_add_name(objects, frame->code.name, text);
}

void frame_add_position(const struct objects *objects, const struct frame *frame, struct text *text)
{
    unsigned line;

    add_file(objects, frame, text);
    if (frame_find_line(objects, frame, &line))
        text_printf(text, ", line %u", line);
    add_function(objects, frame, text);
}

void frame_add_loop(const struct objects *objects, const struct frame *frame,
                    const struct loop *loop, struct text *text)
{
    struct frame start = *frame, end = *frame;
    unsigned first, last;

    start.ip = loop->start;
    end.ip = loop->jump;
    add_file(objects, frame, text);
    if (frame_find_line(objects, &start, &first) && frame_find_line(objects, &end, &last)) {
        if (first == last)
            text_printf(text, ", line %u", first);
        else
            text_printf(text, ", lines %u to %u", first < last ? first : last,
                        first < last ? last : first);
    }
    add_function(objects, frame, text);
}
