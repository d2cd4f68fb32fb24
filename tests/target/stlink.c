// SPDX-License-Identifier: MIT
#include "stlink.h"

#include "le.h"

#include <stdbool.h>

// First byte of a command
enum {
    GET_VERSION = 0xF1,
    DEBUG_COMMAND = 0xF2,
    GET_CURRENT_MODE = 0xF5,
    GET_TARGET_VOLTAGE = 0xF7,
};

// Second byte of a DEBUG_COMMAND
enum {
    READMEM_32BIT = 0x07,
    WRITEMEM_32BIT = 0x08,
    READMEM_8BIT = 0x0C,
    WRITEMEM_8BIT = 0x0D,
    DEBUG_EXIT = 0x21,
    DEBUG_ENTER = 0x30,
    READ_IDCODES = 0x31,
    WRITE_DEBUG_REGISTER = 0x35,
    READ_DEBUG_REGISTER = 0x36,
    GET_LAST_RW_STATUS = 0x3B,
    DRIVE_NRST = 0x3C,
    GET_LAST_RW_STATUS2 = 0x3E,
    READ_DAP_REGISTER = 0x45,
    WRITE_DAP_REGISTER = 0x46,
    READMEM_16BIT = 0x47,
    WRITEMEM_16BIT = 0x48,
    WRITEMEM_32BIT_NO_INCREMENT = 0x50,
    READMEM_32BIT_NO_INCREMENT = 0x54,
};

enum { MODE_MASS = 0x01, MODE_DEBUG = 0x02 };
enum { NRST_LOW = 0x00, NRST_PULSE = 0x02 };
enum { STATUS_OK = 0x80, AP_WAIT = 0x10, AP_FAULT = 0x11, DP_WAIT = 0x14, DP_ERROR = 0x16 };

#define DAP_PORT_DP 0xFFFF

#define USB_VENDOR 0x0483
#define USB_PRODUCT 0x3748
#define FIRMWARE_VERSION (2 << 12 | 37 << 6) // ST-Link 2, JTAG/SWD 37, no SWIM

// Readings of the reference voltage (1.2 V) and of half the target's: 3.3 V
#define REFERENCE_READING 1489
#define TARGET_READING 2047

#define ACK_WAIT 1
#define ABORT_STKERRCLR (1u << 2)

void stlink_init(struct stlink *stlink, struct dp *dp, struct bus *bus, struct faults *faults,
                 struct stats *stats)
{
    *stlink = (struct stlink){
        .dp = dp,
        .bus = bus,
        .faults = faults,
        .stats = stats,
        .mode = MODE_MASS,
        .last_status = STATUS_OK,
    };
}

// What the ST-Link makes of an acknowledge that is stuck, or of a WAIT that outlasts its patience.
static uint8_t link_status(struct stlink *stlink, bool is_dp)
{
    if (stlink->faults->armed && stlink->faults->stuck_ack >= 0)
        return stlink->faults->stuck_ack == ACK_WAIT ? DP_WAIT : DP_ERROR;
    if (is_dp || !faults_next_access_waits(stlink->faults))
        return STATUS_OK;
    stlink->stats->waits++;
    return AP_WAIT;
}

// One run of bus accesses, as the memory commands make them.
struct transfer {
    uint32_t address;
    unsigned unit;   // bytes of one access
    unsigned stride; // bytes to the next address
};

static struct transfer transfer_of(const uint8_t *command)
{
    struct transfer transfer = {.address = le32_get(command + 2), .unit = 4};
    switch (command[1]) {
    case READMEM_8BIT:
    case WRITEMEM_8BIT:
        transfer.unit = 1;
        break;
    case READMEM_16BIT:
    case WRITEMEM_16BIT:
        transfer.unit = 2;
        break;
    default:
        break;
    }
    bool fixed = command[1] == READMEM_32BIT_NO_INCREMENT ||
                 command[1] == WRITEMEM_32BIT_NO_INCREMENT;
    transfer.stride = fixed ? 0 : transfer.unit;
    return transfer;
}

static void fail_transfer(struct stlink *stlink, uint32_t address)
{
    stlink->last_status = AP_FAULT;
    stlink->last_address = address;
    stlink->dp->ctrl_stat |= DP_STICKYERR;
}

static void read_memory(struct stlink *stlink, struct transfer transfer, uint8_t *data, size_t size)
{
    stlink->last_status = link_status(stlink, false);
    if (stlink->last_status != STATUS_OK)
        return;
    for (size_t done = 0; done + transfer.unit <= size; done += transfer.unit) {
        uint32_t value;
        if (bus_read(stlink->bus, transfer.address, transfer.unit, &value) < 0) {
            fail_transfer(stlink, transfer.address);
            return;
        }
        le_put(data + done, transfer.unit, value);
        transfer.address += transfer.stride;
    }
}

static uint32_t get_unit(const uint8_t *bytes, unsigned size)
{
    if (size == 4)
        return le32_get(bytes);
    return size == 2 ? le16_get(bytes) : bytes[0];
}

static void write_memory(struct stlink *stlink, struct transfer transfer, const uint8_t *data,
                         size_t size)
{
    stlink->last_status = link_status(stlink, false);
    if (stlink->last_status != STATUS_OK)
        return;
    for (size_t done = 0; done + transfer.unit <= size; done += transfer.unit) {
        uint32_t value = get_unit(data + done, transfer.unit);
        if (bus_write(stlink->bus, transfer.address, transfer.unit, value) < 0) {
            fail_transfer(stlink, transfer.address);
            return;
        }
        transfer.address += transfer.stride;
    }
}

static uint32_t read_dp(struct stlink *stlink, unsigned address)
{
    switch (address) {
    case DP_DPIDR:
        return stlink->dp->core->swd_dpidr;
    case DP_CTRL_STAT:
        return dp_read_ctrl_stat(stlink->dp);
    default:
        return 0;
    }
}

static void write_dp(struct stlink *stlink, unsigned address, uint32_t value)
{
    if (address == DP_ABORT && (value & ABORT_STKERRCLR))
        stlink->dp->ctrl_stat &= ~DP_STICKYERR;
    else if (address == DP_CTRL_STAT)
        dp_write_ctrl_stat(stlink->dp, value);
    else if (address == DP_SELECT)
        stlink->dp->select = value;
}

// Command bytes: 2 port (an AP's number, or the DP), 4 register, 6 value.
static uint8_t read_dap(struct stlink *stlink, const uint8_t *command, uint32_t *ret)
{
    unsigned port = le16_get(command + 2), address = le16_get(command + 4);
    uint8_t status = link_status(stlink, port == DAP_PORT_DP);
    if (status != STATUS_OK)
        return status;
    if (port != DAP_PORT_DP)
        return dp_read_ap(stlink->dp, port, address, ret) < 0 ? AP_FAULT : STATUS_OK;
    *ret = read_dp(stlink, address);
    return STATUS_OK;
}

static uint8_t write_dap(struct stlink *stlink, const uint8_t *command)
{
    unsigned port = le16_get(command + 2), address = le16_get(command + 4);
    uint32_t value = le32_get(command + 6);
    uint8_t status = link_status(stlink, port == DAP_PORT_DP);
    if (status != STATUS_OK)
        return status;
    if (port != DAP_PORT_DP)
        return dp_write_ap(stlink->dp, port, address, value) < 0 ? AP_FAULT : STATUS_OK;
    write_dp(stlink, address, value);
    return STATUS_OK;
}

// The commands that carry out something and answer a status, and perhaps a word at byte 4.
static uint8_t debug_command(struct stlink *stlink, const uint8_t *command, uint32_t *word)
{
    switch (command[1]) {
    case DEBUG_EXIT:
        stlink->mode = MODE_MASS;
        return STATUS_OK;
    case DEBUG_ENTER:
        stlink->mode = MODE_DEBUG;
        return STATUS_OK;
    case READ_IDCODES:
        *word = stlink->dp->core->swd_dpidr;
        return STATUS_OK;
    case DRIVE_NRST:
        if (command[2] == NRST_LOW || command[2] == NRST_PULSE)
            cpu_reset(stlink->bus->cpu);
        return STATUS_OK;
    case READ_DAP_REGISTER:
        return read_dap(stlink, command, word);
    case WRITE_DAP_REGISTER:
        return write_dap(stlink, command);
    case READ_DEBUG_REGISTER:
        return bus_read(stlink->bus, le32_get(command + 2), 4, word) < 0 ? AP_FAULT : STATUS_OK;
    case WRITE_DEBUG_REGISTER:
        return bus_write(stlink->bus, le32_get(command + 2), 4, le32_get(command + 6)) < 0
                   ? AP_FAULT
                   : STATUS_OK;
    case GET_LAST_RW_STATUS:
    case GET_LAST_RW_STATUS2:
        *word = stlink->last_address;
        return stlink->last_status;
    default: // clock rates, opening and closing an AP
        return STATUS_OK;
    }
}

static void answer_debug_command(struct stlink *stlink, const uint8_t *command, uint8_t *answer,
                                 size_t size)
{
    uint32_t word = 0;
    uint8_t status = debug_command(stlink, command, &word);
    if (size >= 1)
        answer[0] = status;
    if (size >= 8)
        le32_put(answer + 4, word);
}

static void answer_version(uint8_t *answer, size_t size)
{
    if (size < 6)
        return;
    answer[0] = FIRMWARE_VERSION >> 8; // the only big-endian number of the protocol
    answer[1] = FIRMWARE_VERSION & 0xFF;
    le_put(answer + 2, 2, USB_VENDOR);
    le_put(answer + 4, 2, USB_PRODUCT);
}

static void answer_voltage(uint8_t *answer, size_t size)
{
    if (size < 8)
        return;
    le32_put(answer, REFERENCE_READING);
    le32_put(answer + 4, TARGET_READING);
}

static bool is_memory_read(uint8_t code)
{
    return code == READMEM_8BIT || code == READMEM_16BIT || code == READMEM_32BIT ||
           code == READMEM_32BIT_NO_INCREMENT;
}

void stlink_read(struct stlink *stlink, const uint8_t command[STLINK_COMMAND_SIZE],
                 uint8_t *answer, size_t size)
{
    stlink->stats->adapter_commands++;
    if (command[0] == GET_VERSION)
        answer_version(answer, size);
    else if (command[0] == GET_TARGET_VOLTAGE)
        answer_voltage(answer, size);
    else if (command[0] == GET_CURRENT_MODE && size >= 1)
        answer[0] = stlink->mode;
    else if (command[0] == DEBUG_COMMAND && is_memory_read(command[1]))
        read_memory(stlink, transfer_of(command), answer, size);
    else if (command[0] == DEBUG_COMMAND)
        answer_debug_command(stlink, command, answer, size);
}

void stlink_write(struct stlink *stlink, const uint8_t command[STLINK_COMMAND_SIZE],
                  const uint8_t *data, size_t size)
{
    stlink->stats->adapter_commands++;
    if (command[0] != DEBUG_COMMAND)
        return;
    switch (command[1]) {
    case WRITEMEM_8BIT:
    case WRITEMEM_16BIT:
    case WRITEMEM_32BIT:
    case WRITEMEM_32BIT_NO_INCREMENT:
        write_memory(stlink, transfer_of(command), data, size);
        break;
    default: // DEBUG_EXIT is sent as a write without data
        answer_debug_command(stlink, command, NULL, 0);
        break;
    }
}
