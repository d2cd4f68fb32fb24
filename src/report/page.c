// SPDX-License-Identifier: MIT
#include "report/page.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/whole_file.h"
#include "report/page_template.h"

// The best level takes four times as long for one percent less.
enum { CHUNK = 64 * 1024, LEVEL = 7 };

struct packer {
    z_stream zlib;
    struct base64 base64; // without a file where only the size matters
    uint8_t packed[CHUNK];
};

static int pack(struct packer *packer, const char *bytes, size_t size, int flush)
{
    z_stream *zlib = &packer->zlib;

    zlib->next_in = (z_const Bytef *)bytes;
    zlib->avail_in = (uInt)size;
    do {
        zlib->next_out = packer->packed;
        zlib->avail_out = CHUNK;
        if (deflate(zlib, flush) == Z_STREAM_ERROR)
            return -1;
        if (packer->base64.stream)
            base64_add(&packer->base64, packer->packed, CHUNK - zlib->avail_out);
    } while (!zlib->avail_out);
    return 0;
}

static int pack_piece(const char *bytes, size_t size, void *context)
{
    return pack(context, bytes, size, Z_NO_FLUSH);
}

static int pack_document(struct packer *packer, json_t *document)
{
    size_t flags = JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII;

    if (json_dump_callback(document, pack_piece, packer, flags) < 0 ||
        pack(packer, "", 0, Z_FINISH) < 0)
        return -1;
    base64_end(&packer->base64);
    return 0;
}

static int write_data(json_t *document, FILE *file, struct mph_err *err)
{
    struct packer *packer = calloc(1, sizeof *packer);
    int rc = -1;

    if (packer && deflateInit(&packer->zlib, LEVEL) == Z_OK) {
        base64_init(&packer->base64, file);
        rc = pack_document(packer, document);
        deflateEnd(&packer->zlib);
    }
    free(packer);
    return rc < 0 ? mph_fail_no_memory(err) : 0;
}

static int write_page(void *document, FILE *file, struct mph_err *err)
{
    struct page_template page = page_template();

    fwrite(page.head, 1, page.head_size, file);
    int rc = write_data(document, file, err);
    fwrite(page.tail, 1, page.tail_size, file);
    return rc;
}

size_t page_packed_bytes(const char *text, size_t size)
{
    struct packer *packer = calloc(1, sizeof *packer);
    size_t bytes = size;

    if (packer && deflateInit(&packer->zlib, LEVEL) == Z_OK) {
        pack(packer, text, size, Z_FINISH);
        bytes = packer->zlib.total_out / 3 * 4;
        deflateEnd(&packer->zlib);
    }
    free(packer);
    return bytes;
}

size_t page_room(void)
{
    struct page_template page = page_template();
    size_t used = page.head_size + page.tail_size;

    return used < PAGE_BYTES_MAX ? PAGE_BYTES_MAX - used : 0;
}

static const char what[] = "report";

int page_check(const char *path, struct mph_err *err)
{
    return whole_file_check(path, what, err);
}

int page_write(const char *path, json_t *document, struct mph_err *err)
{
    return whole_file_write(path, what, &(struct whole_file_content){write_page, document}, err);
}
