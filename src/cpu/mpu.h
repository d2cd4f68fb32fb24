// SPDX-License-Identifier: MIT
// The memory protection unit of ARM's M profile, as far as reading tells of it.
//
// Its registers show the region that MPU_RNR selects; to see another one, MPU_RNR would have to
// be written, which is not done. ARMv8-M Mainline shows the neighbours of that region, too
// (MPU_RBAR_A1 to _A3); in ARMv7-M those registers are the same region once more.
//
// Sources: ARMv6-M Architecture Reference Manual (DDI 0419E), B3.5; ARMv7-M (DDI 0403E), B3.5;
// ARMv8-M (DDI 0553B), D1.2: MPU_TYPE to MPU_RLAR_A3.
#ifndef MPH_CPU_MPU_H
#define MPH_CPU_MPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/extent.h"
#include "target/target.h"

enum { MPU_REGIONS_MAX = 4, MPU_SUBREGIONS = 8, MPU_TEXT_MAX = 80 };

// What privileged code may do, as which MicroPython runs on all ports for Cortex-M.
enum mpu_access { MPU_NONE, MPU_READ, MPU_WRITE };

struct mpu_region {
    unsigned number;
    bool is_on;
    struct extent extent;
    uint8_t disabled; // bit i: of its eight equal parts, number i does not belong to it
    enum mpu_access access;
    bool is_never_executed;
};

struct mpu {
    unsigned region_count; // that the MPU has; 0: there is no MPU
    bool is_on;
    struct mpu_region regions[MPU_REGIONS_MAX]; // by rising number: those that could be read
    size_t count;
};

// Read what there is. True when there is an MPU whose registers answer; of other processors
// they are not asked for. Only a lost link is an error, which is negative.
int mpu_read(struct target *target, struct mpu *ret, struct mph_err *err);

// The first part of a range that a region covers. A region has no more than eight parts.
bool mpu_region_covers(const struct mpu_region *region, struct extent range, struct extent *ret);

// "read-only, no execution".
void mpu_region_text(const struct mpu_region *region, char ret[MPU_TEXT_MAX]);

#endif
