// SPDX-License-Identifier: MIT
#include "layout/area.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { BLOCKS_PER_BYTE = 4, BLOCK_BYTES_MIN = 8, BLOCK_BYTES_MAX = 1024 };

// The table bytes that gc_setup_area gives to `total` bytes; py/gc.c, all eras.
static uint64_t table_bytes_for(uint64_t total, unsigned gap, unsigned tables, uint64_t block_bytes)
{
    return (total - gap) * 8 / (8 + 4 * tables + 8 * BLOCKS_PER_BYTE * block_bytes);
}

// I1 and I2: the pool is exactly as large as the table says, in blocks of a
// power of two, aligned.
static bool find_block_bytes(struct area_match *area)
{
    uint64_t pool = area->pool_end - area->pool_start;
    uint64_t blocks = area->table_bytes * BLOCKS_PER_BYTE;

    if (!blocks || area->pool_end <= area->pool_start || pool % blocks)
        return false;

    uint64_t block_bytes = pool / blocks;
    if (block_bytes < BLOCK_BYTES_MIN || block_bytes > BLOCK_BYTES_MAX ||
        block_bytes & (block_bytes - 1) || area->pool_start % block_bytes)
        return false;
    area->block_bytes = (uint16_t)block_bytes;
    return true;
}

// I5 and I6: the tables end just below the pool, and the formula gives the same
// number again. Two tables may end one byte inside the pool (odd table bytes).
static bool fits_formula(const struct area_match *area, unsigned gap)
{
    uint64_t bits = (area->table_bytes + 1) / 2;
    uint64_t end = area->table + area->table_bytes + gap + area->tables * bits;
    int64_t slack = (int64_t)(area->pool_start - end);
    int64_t least = area->tables == 2 ? -1 : 0;

    return slack >= least && slack <= 4 * area->block_bytes + 1 &&
           table_bytes_for(area->pool_end - area->table, gap, area->tables, area->block_bytes) ==
               area->table_bytes;
}

// I3 and I4: the one-bit tables follow the allocation table without a hole.
static bool find_gap(struct area_match *area)
{
    uint64_t end = area->table + area->table_bytes;

    if (area->tables == 0) {
        bool fits_0 = fits_formula(area, 0), fits_1 = fits_formula(area, 1);
        area->gap = !fits_0;
        area->gap_is_sure = fits_0 != fits_1;
        return fits_0 || fits_1;
    }
    if (area->finalisers < end || area->finalisers - end > 1)
        return false;
    if (area->tables == 2 && area->weakrefs != area->finalisers + (area->table_bytes + 1) / 2)
        return false;
    area->gap = (uint8_t)(area->finalisers - end);
    area->gap_is_sure = true;
    return fits_formula(area, area->gap);
}

bool area_match_words(const uint8_t *words, size_t word_bytes, bool big_endian, uint64_t address,
                      struct area_match *ret)
{
    uint64_t word[AREA_WORDS_MAX];

    // Nearly every word of a dump ends here.
    word[0] = bytes_get(words, word_bytes, big_endian);
    word[1] = bytes_get(words + word_bytes, word_bytes, big_endian);
    if (!word[0] || !word[1] || word[1] > UINT64_MAX / BLOCKS_PER_BYTE / BLOCK_BYTES_MAX ||
        word[0] > UINT64_MAX - word[1])
        return false;
    for (size_t i = 2; i < AREA_WORDS_MAX; i++)
        word[i] = bytes_get(words + i * word_bytes, word_bytes, big_endian);

    for (uint8_t tables = 0; tables <= 2; tables++) {
        struct area_match area = {.address = address,
                                  .table = word[0],
                                  .table_bytes = word[1],
                                  .finalisers = tables > 0 ? word[2] : 0,
                                  .weakrefs = tables > 1 ? word[3] : 0,
                                  .pool_start = word[2 + tables],
                                  .pool_end = word[3 + tables],
                                  .tables = tables};

        if (area.pool_start > area.table && find_block_bytes(&area) && find_gap(&area)) {
            *ret = area;
            return true;
        }
    }
    return false;
}

// --- scanning ---

struct scan {
    struct target *target;
    size_t word;
    struct vec *matches;
    uint64_t read_bytes;
};

// The end of a pool already found that holds `address`, or 0.
static uint64_t pool_around(const struct scan *scan, uint64_t address)
{
    for (size_t i = 0; i < scan->matches->len; i++) {
        const struct area_match *area = vec_at(scan->matches, i);
        if (address >= area->pool_start && address < area->pool_end)
            return area->pool_end;
    }
    return 0;
}

// Where the zeros that begin at `at` end, to eight bytes: most of a large memory was never
// written to, and no structure begins with a word of zeros.
static uint64_t skip_zeros(const uint8_t *bytes, uint64_t at, uint64_t size)
{
    uint64_t piece;

    for (; at + sizeof piece <= size; at += sizeof piece) {
        memcpy(&piece, bytes + at, sizeof piece);
        if (piece)
            break;
    }
    return at;
}

// Search `size` bytes at hand that were read from `address`; a structure may
// need up to AREA_WORDS_MAX words from its first one on.
static int scan_bytes(struct scan *scan, const uint8_t *bytes, uint64_t address, uint64_t size,
                      struct mph_err *err)
{
    uint64_t need = AREA_WORDS_MAX * scan->word;
    uint64_t at = skip_zeros(bytes, -address & (scan->word - 1), size);

    for (; at + need <= size; at = skip_zeros(bytes, at + scan->word, size)) {
        struct area_match area;
        bool is_match =
            area_match_words(bytes + at, scan->word, scan->target->big_endian, address + at, &area);

        if (!is_match)
            continue;
        uint64_t skip_to = pool_around(scan, address + at);
        if (skip_to) {
            if (skip_to - address >= size)
                return 0;
            at = ((skip_to - address + scan->word - 1) & ~(uint64_t)(scan->word - 1)) - scan->word;
            continue;
        }
        struct area_match *added = vec_add(scan->matches);
        if (!added)
            return mph_fail_no_memory(err);
        *added = area;
    }
    return 0;
}

// Small at first: on small boards the structure lies near the start of RAM.
enum { FIRST_CHUNK = 1024, CHUNK = 4096 };

// Over a link, memory below the first pool is what the linker placed: .data and
// .bss are there, and reading on into the pool would cost more than it can tell.
static bool is_past_first_heap(const struct scan *scan, uint64_t address)
{
    for (size_t i = 0; i < scan->matches->len; i++) {
        const struct area_match *area = vec_at(scan->matches, i);
        if (address >= area->table && area->address < area->table)
            return true;
    }
    return false;
}

// Read as much of *size bytes as there is; *size becomes less where memory ends or
// refuses in the middle.
static int read_chunk(struct scan *scan, uint64_t address, uint8_t *bytes, size_t *size,
                      struct mph_err *err)
{
    struct mph_err failed = {0};
    int rc = target_read(scan->target, address, bytes, *size, &failed);

    if (rc == 0)
        return 0;
    if (rc != MPH_ERR_READ)
        return mph_fail_again(err, &failed);
    *size = failed.has_address && failed.address > address ? (size_t)(failed.address - address) : 0;
    return *size ? target_read(scan->target, address, bytes, *size, err) : 0;
}

static int scan_link(struct scan *scan, const struct range *ram, struct mph_err *err)
{
    size_t overlap = (AREA_WORDS_MAX - 1) * scan->word;
    uint8_t bytes[CHUNK + AREA_WORDS_MAX * 8] = {0};
    size_t kept = 0; // bytes carried over from the previous chunk
    size_t wanted;

    for (uint64_t done = 0; done < ram->size; done += wanted) {
        wanted = done < CHUNK ? FIRST_CHUNK : CHUNK;
        if (wanted > ram->size - done)
            wanted = (size_t)(ram->size - done);
        size_t size = wanted;
        uint64_t address = ram->address + done;

        if (is_past_first_heap(scan, address))
            return 0;
        int rc = read_chunk(scan, address, bytes + kept, &size, err);
        scan->read_bytes += rc == 0 ? size : 0;
        if (rc == 0)
            rc = scan_bytes(scan, bytes, address - kept, kept + size, err);
        if (rc < 0 || size < wanted)
            return rc;
        size_t have = kept + size;
        kept = have < overlap ? have : overlap;
        memmove(bytes, bytes + have - kept, kept);
    }
    return 0;
}

static int compare_matches(const void *left, const void *right)
{
    const struct area_match *a = left, *b = right;

    return (a->address > b->address) - (a->address < b->address);
}

int area_scan(struct target *target, size_t word_bytes, const struct range *ram, size_t ram_count,
              struct vec *matches, uint64_t *ret_read, struct mph_err *err)
{
    struct scan scan = {.target = target, .word = word_bytes, .matches = matches};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < ram_count; i++) {
        const uint8_t *bytes = target_direct(target, ram[i].address, ram[i].size);

        if (bytes) {
            scan.read_bytes += ram[i].size;
            rc = scan_bytes(&scan, bytes, ram[i].address, ram[i].size, err);
        } else {
            rc = scan_link(&scan, &ram[i], err);
        }
    }
    if (ret_read)
        *ret_read = scan.read_bytes;
    if (matches->len)
        qsort(matches->data, matches->len, sizeof(struct area_match), compare_matches);
    return rc;
}

// --- chains ---

// gc_add puts the structure of a further area at the start of that area, and its
// allocation table right behind it (py/gc.c, v1.20 and later).
static bool is_secondary(const struct area_match *area, size_t word)
{
    return area->table > area->address && area->table - area->address <= 10 * word;
}

int area_head(const struct vec *matches, size_t word_bytes, struct area_match *ret,
              size_t *ret_further, struct mph_err *err)
{
    const struct area_match *head = NULL;
    size_t further = 0;

    for (size_t i = 0; i < matches->len; i++) {
        const struct area_match *area = vec_at(matches, i);

        if (is_secondary(area, word_bytes)) {
            further++;
            continue;
        }
        if (head)
            return mph_fail_at(err, MPH_ERR_AMBIGUOUS, area->address,
                               "heap: two heaps found, areas at 0x%llx and 0x%llx",
                               (unsigned long long)head->address,
                               (unsigned long long)area->address);
        head = area;
    }
    if (!head)
        return mph_fail(err, MPH_ERR_NO_HEAP, "heap: no MicroPython heap found");
    *ret = *head;
    if (ret_further)
        *ret_further = further;
    return 0;
}

bool area_leads_on(struct target *target, size_t word_bytes, const struct area_match *area)
{
    uint8_t words[AREA_WORDS_MAX * 8];
    struct area_match other;
    uint64_t next;

    return target_read_uint(target, area->address - word_bytes, word_bytes, &next, NULL) == 0 &&
           next && next % word_bytes == 0 &&
           target_read(target, next + word_bytes, words, AREA_WORDS_MAX * word_bytes, NULL) == 0 &&
           area_match_words(words, word_bytes, target->big_endian, next + word_bytes, &other) &&
           is_secondary(&other, word_bytes);
}
