// SPDX-License-Identifier: MIT
#include "dp.h"

#define STICKY_FLAGS 0x000000B2u // WDATAERR, STICKYERR, STICKYCMP, STICKYORUN
#define CONTROL_BITS 0x54FFFF0Du // requests, counters and ORUNDETECT
#define CDBGPWRUPREQ (1u << 28)
#define POWER_REQUESTS (1u << 30 | 1u << 28)
#define RESET_REQUEST (1u << 26)

void dp_init(struct dp *dp, const struct core *core, struct mem_ap *ap,
             const struct faults *faults)
{
    *dp = (struct dp){.core = core, .ap = ap, .faults = faults};
}

// Each acknowledge is the bit above its request.
uint32_t dp_read_ctrl_stat(struct dp *dp)
{
    uint32_t acknowledged = dp->ctrl_stat & RESET_REQUEST;
    if (dp->power_ack_delay > 0)
        dp->power_ack_delay--;
    else
        acknowledged |= dp->ctrl_stat & POWER_REQUESTS;
    return dp->ctrl_stat | acknowledged << 1;
}

void dp_write_ctrl_stat(struct dp *dp, uint32_t value)
{
    uint32_t new_requests = value & ~dp->ctrl_stat & POWER_REQUESTS;
    if (new_requests && dp->faults->armed)
        dp->power_ack_delay = dp->faults->power_ack_delay;
    dp->ctrl_stat = (dp->ctrl_stat & STICKY_FLAGS) | (value & CONTROL_BITS);
}

static bool ap_is_reachable(const struct dp *dp)
{
    return !(dp->ctrl_stat & DP_STICKYERR) && (dp->ctrl_stat & CDBGPWRUPREQ);
}

static int fail(struct dp *dp)
{
    dp->ctrl_stat |= DP_STICKYERR;
    return -1;
}

int dp_read_ap(struct dp *dp, unsigned ap, unsigned offset, uint32_t *ret)
{
    *ret = 0;
    if (!ap_is_reachable(dp))
        return fail(dp);
    if (ap != 0)
        return 0;
    return mem_ap_read(dp->ap, offset, ret) < 0 ? fail(dp) : 0;
}

int dp_write_ap(struct dp *dp, unsigned ap, unsigned offset, uint32_t value)
{
    if (!ap_is_reachable(dp))
        return fail(dp);
    if (ap != 0)
        return 0;
    return mem_ap_write(dp->ap, offset, value) < 0 ? fail(dp) : 0;
}
