// SPDX-License-Identifier: MIT
#include "mem_ap.h"

// ADIv5.2 (IHI 0031E), C2.6
enum {
    CSW = 0x00,
    TAR = 0x04,
    DRW = 0x0C,
    BD0 = 0x10,
    BD3 = 0x1C,
    BASE = 0xF8,
    IDR = 0xFC,
};

#define CSW_SIZE 0x00000007u
#define CSW_ADDRINC 0x00000030u
#define CSW_ADDRINC_SINGLE 0x00000010u
#define CSW_ADDRINC_PACKED 0x00000020u
#define CSW_DEVICE_ENABLED 0x00000040u
#define CSW_PROTECTION 0xFF000000u
#define CSW_AT_RESET 0x23000000u // privileged data access, debugger master

#define BASE_NONE 0xFFFFFFFFu // no ROM table

#define SIZE_WORD 4u

void mem_ap_init(struct mem_ap *ap, const struct core *core, struct bus *bus)
{
    *ap = (struct mem_ap){.core = core, .bus = bus, .csw = CSW_AT_RESET | CSW_DEVICE_ENABLED};
}

static uint32_t make_csw(const struct mem_ap *ap, uint32_t value)
{
    uint32_t csw = (value & (CSW_PROTECTION | CSW_SIZE | CSW_ADDRINC)) | CSW_DEVICE_ENABLED;
    if (!ap->core->packed && (csw & CSW_ADDRINC) == CSW_ADDRINC_PACKED)
        csw = (csw & ~CSW_ADDRINC) | CSW_ADDRINC_SINGLE;
    return csw;
}

static void advance_tar(struct mem_ap *ap, unsigned size)
{
    uint32_t mask = ap->core->tar_wrap - 1;
    if (ap->csw & CSW_ADDRINC)
        ap->tar = (ap->tar & ~mask) | ((ap->tar + size) & mask);
}

// Bytes of one bus access, and how many of those one access to DRW makes.
static int transfer_shape(const struct mem_ap *ap, unsigned *ret_size, unsigned *ret_count)
{
    unsigned size = 1u << (ap->csw & CSW_SIZE);
    if (size > SIZE_WORD)
        return -1;
    *ret_size = size;
    *ret_count = (ap->csw & CSW_ADDRINC) == CSW_ADDRINC_PACKED ? SIZE_WORD / size : 1;
    return 0;
}

// Bytes travel in the lane that their address says.
static int read_drw(struct mem_ap *ap, uint32_t *ret)
{
    unsigned size, count;
    uint32_t word = 0;
    if (transfer_shape(ap, &size, &count) < 0)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        uint32_t value;
        if (bus_read(ap->bus, ap->tar, size, &value) < 0)
            return -1;
        word |= value << 8 * (ap->tar & 3);
        advance_tar(ap, size);
    }
    *ret = word;
    return 0;
}

static int write_drw(struct mem_ap *ap, uint32_t word)
{
    unsigned size, count;
    if (transfer_shape(ap, &size, &count) < 0)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        if (bus_write(ap->bus, ap->tar, size, word >> 8 * (ap->tar & 3)) < 0)
            return -1;
        advance_tar(ap, size);
    }
    return 0;
}

// The banked data registers reach the four words around TAR.
static uint32_t banked_address(const struct mem_ap *ap, unsigned offset)
{
    return (ap->tar & ~0xFu) | (offset & 0xCu);
}

int mem_ap_read(struct mem_ap *ap, unsigned offset, uint32_t *ret)
{
    if (offset >= BD0 && offset <= BD3)
        return bus_read(ap->bus, banked_address(ap, offset), SIZE_WORD, ret);
    switch (offset) {
    case CSW:
        *ret = ap->csw;
        return 0;
    case TAR:
        *ret = ap->tar;
        return 0;
    case DRW:
        return read_drw(ap, ret);
    case BASE:
        *ret = BASE_NONE;
        return 0;
    case IDR:
        *ret = ap->core->ap_idr;
        return 0;
    default:
        *ret = 0;
        return 0;
    }
}

int mem_ap_write(struct mem_ap *ap, unsigned offset, uint32_t value)
{
    if (offset >= BD0 && offset <= BD3)
        return bus_write(ap->bus, banked_address(ap, offset), SIZE_WORD, value);
    switch (offset) {
    case CSW:
        ap->csw = make_csw(ap, value);
        return 0;
    case TAR:
        ap->tar = value;
        return 0;
    case DRW:
        return write_drw(ap, value);
    default:
        return 0;
    }
}
