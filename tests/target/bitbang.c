// SPDX-License-Identifier: MIT
#include "bitbang.h"

static void connect_debugger(void *self)
{
    struct bitbang *bitbang = self;
    bitbang->tck = false;
    bitbang->srst = false;
    dp_jtag_reset(bitbang->jtag);
}

// '0' to '7': TCK, TMS and TDI are bits 2, 1 and 0.
static void set_pins(struct bitbang *bitbang, unsigned pins)
{
    bool tck = pins & 4;
    if (tck && !bitbang->tck)
        dp_jtag_clock(bitbang->jtag, pins & 2, pins & 1);
    bitbang->tck = tck;
}

// 'r' to 'u': TRST and SRST are bits 1 and 0, set when asserted.
static void set_resets(struct bitbang *bitbang, unsigned resets)
{
    bool srst = resets & 1;
    if (resets & 2)
        dp_jtag_reset(bitbang->jtag);
    if (srst && !bitbang->srst)
        cpu_reset(bitbang->cpu);
    bitbang->srst = srst;
}

// One character. FAULT_DROP: the debugger quits, or it is none of the protocol's.
static enum fault_action serve_character(struct bitbang *bitbang, uint8_t character,
                                         struct reply *reply)
{
    uint64_t scans_before = bitbang->stats->adapter_commands;
    if (character >= '0' && character <= '7')
        set_pins(bitbang, character - '0');
    else if (character == 'R')
        reply->bytes[reply->length++] = dp_jtag_tdo(bitbang->jtag) ? '1' : '0';
    else if (character >= 'r' && character <= 'u')
        set_resets(bitbang, character - 'r');
    else if (character != 'B' && character != 'b') // the LED
        return FAULT_DROP;
    if (bitbang->stats->adapter_commands != scans_before)
        return faults_next_command(bitbang->faults);
    return FAULT_NONE;
}

static enum fault_action serve(void *self, const uint8_t *input, size_t length,
                               struct reply *reply, size_t *ret_used)
{
    size_t used = 0;
    enum fault_action action = FAULT_NONE;
    while (action == FAULT_NONE && used < length && reply->length < REPLY_SIZE)
        action = serve_character(self, input[used++], reply);
    *ret_used = used;
    return action;
}

struct front_end bitbang_front_end(struct bitbang *bitbang)
{
    return (struct front_end){.self = bitbang, .connect = connect_debugger, .serve = serve};
}
