// SPDX-License-Identifier: MIT
// Streams: in memory, and files with their file systems.
#include <inttypes.h>

#include "object/value.h"

// --- py/objstringio.c mp_obj_stringio_t, py/misc.h vstr_t ---

enum { VSTR_ALLOC, VSTR_LEN, VSTR_BUF };

const struct kind kind_vstr_buffer = {
    .name = "vstr buffer", .letter = 'v', .meaning = "buffer of growing text", .is_block = true};

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

// --- files: structures of the port and of its file systems ---

static const struct kind kind_file = {
    .name = "file",
    .letter = 'f',
    .meaning = "file or file system",
    .type_names = (const char *const[]){"FileIO", "TextIOWrapper", "VfsFat", "VfsLfs1", "VfsLfs2",
                                        "VfsPosix", "VfsRom", "File", "MicroBitFile", NULL},
    .is_open = true,
};

const struct kind *const stream_family[] = {&kind_stringio, &kind_bytesio,     &kind_file,
                                            &kind_vstr,     &kind_vstr_buffer, NULL};
