// SPDX-License-Identifier: MIT
// Streams: in memory, and files with their file systems.
#include <inttypes.h>

#include "object/value.h"

// --- py/objstringio.c mp_obj_stringio_t, py/misc.h vstr_t ---

enum { VSTR_ALLOC, VSTR_LEN, VSTR_BUF };

const struct kind kind_vstr_buffer = {.name = "vstr buffer",
                                      .letter = 'v',
                                      .meaning = "buffer of a stream or of growing text",
                                      .is_block = true};

const struct kind kind_vstr = {
    .name = "vstr",
    .letter = 'v',
    .is_block = true,
    .fields = {{"alloc", FORM_SIZE},
               {"len", FORM_SIZE},
               {"buf", FORM_BLOCK, &kind_vstr_buffer, VSTR_ALLOC + 1}},
};

enum { STREAM_VSTR, STREAM_POS };

static void print_stream(struct printer *printer, const struct object *object, const char *name,
                         bool is_bytes)
{
    const struct objects *objects = printer->objects;
    uint64_t vstr, position, length, buffer;

    if (!print_get(printer, object, STREAM_VSTR, &vstr) ||
        !print_get(printer, object, STREAM_POS, &position))
        return;
    text_printf(printer->text, "<%s object at 0x%" PRIx64, name, object->address);
    if (!vstr) {
        text_puts(printer->text, ", closed>");
        return;
    }
    text_puts(printer->text, ": ");
    if (objects_word(objects, vstr + VSTR_LEN * objects->word, &length) &&
        objects_word(objects, vstr + VSTR_BUF * objects->word, &buffer))
        print_quoted(printer, buffer, length, is_bytes);
    else
        print_bad(printer, vstr, "unreadable vstr");
    text_printf(printer->text, ", position %" PRIu64 ">", position);
}

static void print_stringio(struct printer *printer, const struct object *object)
{
    print_stream(printer, object, "StringIO", false);
}

static void print_bytesio(struct printer *printer, const struct object *object)
{
    print_stream(printer, object, "BytesIO", true);
}

#define STREAM_FIELDS                                         \
    {                                                         \
        {"vstr", FORM_BLOCK, &kind_vstr}, {"pos", FORM_SIZE}, \
        {                                                     \
            "ref_obj", FORM_OBJ                               \
        }                                                     \
    }

static const struct kind kind_stringio = {
    .name = "StringIO",
    .letter = 'H',
    .meaning = "stream in memory",
    .type_names = (const char *const[]){"StringIO", NULL},
    .fields = STREAM_FIELDS,
    .print = print_stringio,
};

static const struct kind kind_bytesio = {
    .name = "BytesIO",
    .letter = 'H',
    .type_names = (const char *const[]){"BytesIO", NULL},
    .fields = STREAM_FIELDS,
    .print = print_bytesio,
};

// --- py/objringio.c micropython_ringio_obj_t, v1.24 and later; py/ringbuf.h ---

// Its own, or the data of the bytearray that it was made over.
static const struct kind kind_ring_buffer = {
    .name = "ring buffer", .letter = 'v', .is_block = true};

enum { RING_BUF };

static uint64_t positions_of(const struct objects *objects, const struct object *object)
{
    return field_address(objects, object, RING_BUF) + objects->word;
}

// Behind the buffer's address its size, and where reading and writing go on: 16 bits
// each, whatever a word has. One byte always stays empty.
static void print_ring(struct printer *printer, const struct object *object)
{
    uint64_t at = positions_of(printer->objects, object), size, get, put;

    if (!objects_uint(printer->objects, at, 2, &size) ||
        !objects_uint(printer->objects, at + 2, 2, &get) ||
        !objects_uint(printer->objects, at + 4, 2, &put) || get >= size || put >= size) {
        print_bad(printer, at, "positions of a RingIO");
        return;
    }
    text_printf(printer->text,
                "<RingIO object at 0x%" PRIx64 ": %" PRIu64 " of %" PRIu64 " bytes in use>",
                object->address, (put + size - get) % size, size - 1);
}

static bool add_ring_member(const struct objects *objects, const struct object *object,
                            uint64_t offset, struct text *text)
{
    uint64_t positions = positions_of(objects, object) - object->address;

    if (offset < positions)
        text_puts(text, "buf");
    else if (offset == positions)
        text_puts(text, objects->word == 4 ? "size, iget" : "size, iget, iput");
    else if (offset == positions + 4)
        text_puts(text, "iput");
    return offset < positions;
}

static const struct kind kind_ring = {
    .name = "RingIO",
    .letter = 'H',
    .type_names = (const char *const[]){"RingIO", NULL},
    .fields = {{"buf", FORM_BLOCK, &kind_ring_buffer, .is_shared = true}},
    .add_member = add_ring_member,
    .print = print_ring,
};

// --- files: structures of the port and of its file systems ---

static const struct kind kind_file = {
    .name = "file",
    .letter = 'f',
    .meaning = "file or file system",
    .type_names = (const char *const[]){"FileIO", "TextIOWrapper", "VfsFat", "VfsLfs1", "VfsLfs2",
                                        "VfsPosix", "VfsRom", "File", "MicroBitFile", NULL},
    .is_open = true,
};

const struct kind *const stream_family[] = {&kind_stringio,    &kind_bytesio, &kind_ring,
                                            &kind_file,        &kind_vstr,    &kind_vstr_buffer,
                                            &kind_ring_buffer, NULL};
