// SPDX-License-Identifier: MIT
#include "stlink_server.h"

#include "le.h"

#include <string.h>

// First byte of a request
enum {
    REFRESH_DEVICE_LIST = 0,
    GET_DEVICE_COUNT = 1,
    GET_DEVICE_INFO = 2,
    OPEN_DEVICE = 3,
    CLOSE_DEVICE = 4,
    SEND_USB_COMMAND = 5,
    GET_SERVER_VERSION = 6,
};

#define STATUS_OK 1u
#define API_VERSION 2u
#define SERVER_MAJOR 2u

#define DEVICE_ID 1u
#define CONNECTION_ID 1u
#define SERIAL_NUMBER "4D50484541505F5445535431" // 24 digits in a field of 32 bytes
#define USB_VENDOR 0x0483
#define USB_PRODUCT 0x3748

// SEND_USB_COMMAND: 8 the command, 24 direction, 28 size of the data, 32 data to write
enum {
    USB_COMMAND_AT = 8,
    USB_DIRECTION_AT = 24,
    USB_SIZE_AT = 28,
    USB_HEADER_SIZE = 32,
    DIRECTION_WRITE = 0,
};

#define STATUS_SIZE 4
#define REPLY_MAX (STATUS_SIZE + STLINK_DATA_MAX)
#define BAD_REQUEST ((size_t)-1)

// Bytes of a USB request, 0 if too few are there to tell.
static size_t usb_request_size(const uint8_t *input, size_t length)
{
    if (length < USB_HEADER_SIZE)
        return 0;
    size_t data = le32_get(input + USB_SIZE_AT);
    if (data > STLINK_DATA_MAX)
        return BAD_REQUEST;
    return input[USB_DIRECTION_AT] == DIRECTION_WRITE ? USB_HEADER_SIZE + data : USB_HEADER_SIZE;
}

static size_t request_size(const uint8_t *input, size_t length)
{
    switch (input[0]) {
    case REFRESH_DEVICE_LIST:
        return 2;
    case GET_DEVICE_COUNT:
        return 1;
    case GET_DEVICE_INFO:
    case OPEN_DEVICE:
    case CLOSE_DEVICE:
        return 8;
    case SEND_USB_COMMAND:
        return usb_request_size(input, length);
    case GET_SERVER_VERSION:
        return 4;
    default:
        return BAD_REQUEST;
    }
}

// Room for `size` more bytes of reply, zeroed.
static uint8_t *extend(struct reply *reply, size_t size)
{
    uint8_t *bytes = reply->bytes + reply->length;
    memset(bytes, 0, size);
    reply->length += size;
    return bytes;
}

static void reply_words(struct reply *reply, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        le32_put(extend(reply, 4), words[i]);
}

static void reply_device_info(struct reply *reply)
{
    uint8_t *info = extend(reply, STATUS_SIZE + 41);
    le32_put(info, STATUS_OK);
    le32_put(info + 4, DEVICE_ID);
    memcpy(info + 8, SERIAL_NUMBER, strlen(SERIAL_NUMBER));
    le_put(info + 40, 2, USB_VENDOR);
    le_put(info + 42, 2, USB_PRODUCT);
}

static void serve_usb(struct stlink *stlink, const uint8_t *request, struct reply *reply)
{
    const uint8_t *command = request + USB_COMMAND_AT;
    size_t size = le32_get(request + USB_SIZE_AT);
    le32_put(extend(reply, STATUS_SIZE), STATUS_OK);
    if (request[USB_DIRECTION_AT] == DIRECTION_WRITE)
        stlink_write(stlink, command, request + USB_HEADER_SIZE, size);
    else
        stlink_read(stlink, command, extend(reply, size), size);
}

static enum fault_action serve_request(struct stlink *stlink, const uint8_t *request,
                                       struct reply *reply)
{
    enum fault_action action;
    switch (request[0]) {
    case GET_DEVICE_COUNT:
        reply_words(reply, (uint32_t[]){1}, 1);
        break;
    case GET_DEVICE_INFO:
        reply_device_info(reply);
        break;
    case OPEN_DEVICE:
        reply_words(reply, (uint32_t[]){STATUS_OK, CONNECTION_ID}, 2);
        break;
    case SEND_USB_COMMAND:
        action = faults_next_command(stlink->faults);
        if (action != FAULT_NONE)
            return action;
        serve_usb(stlink, request, reply);
        break;
    case GET_SERVER_VERSION:
        reply_words(reply, (uint32_t[]){API_VERSION, SERVER_MAJOR, 0, 0}, 4);
        break;
    default: // REFRESH_DEVICE_LIST, CLOSE_DEVICE
        reply_words(reply, (uint32_t[]){STATUS_OK}, 1);
        break;
    }
    return FAULT_NONE;
}

static enum fault_action serve(void *self, const uint8_t *input, size_t length,
                               struct reply *reply, size_t *ret_used)
{
    struct stlink_server *server = self;
    size_t used = 0;
    enum fault_action action = FAULT_NONE;
    while (action == FAULT_NONE && used < length && reply->length + REPLY_MAX <= REPLY_SIZE) {
        size_t size = request_size(input + used, length - used);
        if (size == BAD_REQUEST)
            return FAULT_DROP;
        if (size == 0 || size > length - used)
            break;
        action = serve_request(server->stlink, input + used, reply);
        used += size;
    }
    *ret_used = used;
    return action;
}

static void connect_debugger(void *self)
{
    (void)self; // an ST-Link keeps its mode between clients of the server
}

struct front_end stlink_server_front_end(struct stlink_server *server)
{
    return (struct front_end){.self = server, .connect = connect_debugger, .serve = serve};
}
