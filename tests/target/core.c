// SPDX-License-Identifier: MIT
#include "core.h"

#include <stddef.h>
#include <string.h>

/*
 * Sources: CPUID, FP_CTRL, DWT_CTRL, AP IDR and DP IDs from each core's Technical Reference Manual
 * (chapters "System control" and "Debug"). TAR increments over 10 bits at least (ADIv5.2, C2.2.1);
 * the AHB-AP of M3 and M4 implements 12.
 */
static const struct core cores[] = {
    {
        .name = "m0",
        .cpuid = 0x410CC200,
        .swd_dpidr = 0x0BB11477,
        .jtag_idcode = 0x0BB11477,
        .ap_idr = 0x04770021,
        .fp_ctrl = 0x00000040,
        .dwt_ctrl = 0x20000000,
        .tar_wrap = 1024,
        .packed = false,
    },
    {
        .name = "m0p",
        .cpuid = 0x410CC601,
        .swd_dpidr = 0x0BC11477,
        .jtag_idcode = 0x0BC11477,
        .ap_idr = 0x04770031,
        .fp_ctrl = 0x00000040,
        .dwt_ctrl = 0x20000000,
        .tar_wrap = 1024,
        .packed = false,
    },
    {
        .name = "m3",
        .cpuid = 0x412FC231,
        .swd_dpidr = 0x2BA01477,
        .jtag_idcode = 0x4BA00477,
        .ap_idr = 0x24770011,
        .fp_ctrl = 0x00000260,
        .dwt_ctrl = 0x40000000,
        .tar_wrap = 4096,
        .packed = true,
    },
    {
        .name = "m4",
        .cpuid = 0x410FC241,
        .swd_dpidr = 0x2BA01477,
        .jtag_idcode = 0x4BA00477,
        .ap_idr = 0x24770011,
        .fp_ctrl = 0x00000260,
        .dwt_ctrl = 0x40000000,
        .tar_wrap = 4096,
        .packed = true,
    },
    {
        .name = "m7",
        .cpuid = 0x411FC270,
        .swd_dpidr = 0x5BA02477,
        .jtag_idcode = 0x5BA00477,
        .ap_idr = 0x74770001,
        .fp_ctrl = 0x10000080,
        .dwt_ctrl = 0x40000000,
        .tar_wrap = 1024,
        .packed = false,
    },
};

const struct core *core_find(const char *name)
{
    for (size_t i = 0; i < sizeof(cores) / sizeof(cores[0]); i++)
        if (strcmp(cores[i].name, name) == 0)
            return &cores[i];
    return NULL;
}
