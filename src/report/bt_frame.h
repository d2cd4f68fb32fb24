// SPDX-License-Identifier: MIT
// One Python frame of a backtrace, and where a processor stands.
#ifndef MPH_REPORT_BT_FRAME_H
#define MPH_REPORT_BT_FRAME_H

#include "report/report.h"
#include "vm/trace.h"

// "  File "main.py", line 7, in loop" and a line for each local if they are wanted.
void bt_write_frame(const struct objects *objects, const struct trace_frame *at, bool has_locals,
                    struct text *text);
json_t *bt_frame_json(const struct objects *objects, const struct trace_frame *at, bool has_locals);

// "  in C: mp_hal_delay_ms+0x12 (0x08012344)"
void bt_write_pc(const struct session *session, uint64_t pc, struct text *text);

#endif
