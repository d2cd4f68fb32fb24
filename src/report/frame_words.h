// SPDX-License-Identifier: MIT
// A Python frame in the words of Python's tracebacks.
#ifndef MPH_REPORT_FRAME_WORDS_H
#define MPH_REPORT_FRAME_WORDS_H

#include "base/text.h"
#include "object/bytecode.h"
#include "object/frame.h"
#include "object/objects.h"

// A qstr, or "?" for none.
void frame_add_name(const struct objects *objects, uint64_t id, struct text *text);

// The line that a frame executes; false where its code has no line information.
bool frame_find_line(const struct objects *objects, const struct frame *frame, unsigned *ret);

// `File "main.py", line 12, in loop`.
void frame_add_position(const struct objects *objects, const struct frame *frame,
                        struct text *text);

// `File "main.py", lines 10 to 14, in loop`, or without lines where there are none. The
// condition of a loop may stand behind its body.
void frame_add_loop(const struct objects *objects, const struct frame *frame,
                    const struct loop *loop, struct text *text);

#endif
