// SPDX-License-Identifier: MIT
#include "target/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "target/devices.h"
#include "target/elf_file.h"

struct mapping {
    void *bytes;
    size_t size;
};

void target_init(struct target *target)
{
    *target = (struct target){.state = RUN_DUMP};
    space_init(&target->space);
    target->mappings = VEC_OF(struct mapping);
    target->notes = NOTES;
    target->refused = VEC_OF(struct range);
    target->threads = VEC_OF(struct regs);
}

static void close_link(struct target *target)
{
    struct link *link = &target->link;

    if (!link->ops)
        return;
    if (target->was_running && link->ops->resume)
        link->ops->resume(link->context, NULL);
    cache_destroy(target->cache);
    link->ops->close(link->context);
    link->ops = NULL;
}

void target_deinit(struct target *target)
{
    close_link(target);
    for (size_t i = 0; i < target->mappings.len; i++) {
        struct mapping *mapping = vec_at(&target->mappings, i);
        munmap(mapping->bytes, mapping->size);
    }
    vec_deinit(&target->mappings);
    vec_deinit(&target->notes);
    vec_deinit(&target->refused);
    vec_deinit(&target->threads);
    space_deinit(&target->space);
}

// --- opening ---

static int map_open_file(struct target *target, int fd, const char *path, const uint8_t **bytes,
                         size_t *size, struct mph_err *err)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return mph_fail(err, MPH_ERR_FILE, "file: %s (%s)", strerror(errno), path);
    if (S_ISDIR(info.st_mode))
        return mph_fail(err, MPH_ERR_FILE, "file: is a directory (%s)", path);
    if (info.st_size == 0)
        return mph_fail(err, MPH_ERR_FILE, "file: is empty (%s)", path);

    struct mapping *mapping = vec_add(&target->mappings);
    if (!mapping)
        return mph_fail_no_memory(err);
    // Private and writable because libelf may swap bytes in place.
    void *map = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        target->mappings.len--;
        return mph_fail(err, MPH_ERR_FILE, "file: cannot map: %s (%s)", strerror(errno), path);
    }
    *mapping = (struct mapping){map, (size_t)info.st_size};
    *bytes = map;
    *size = (size_t)info.st_size;
    return 0;
}

int target_map_file(struct target *target, const char *path, const uint8_t **bytes, size_t *size,
                    struct mph_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return mph_fail(err, MPH_ERR_FILE, "file: %s (%s)", strerror(errno), path);

    int rc = map_open_file(target, fd, path, bytes, size, err);
    close(fd);
    return rc;
}

int target_open_elf(struct target *target, const char *path, struct elf_file *ret,
                    struct mph_err *err)
{
    const uint8_t *bytes;
    size_t size;
    int rc = target_map_file(target, path, &bytes, &size, err);

    return rc < 0 ? rc : elf_file_init(ret, bytes, size, path, err);
}

int target_add_bytes(struct target *target, uint64_t address, const uint8_t *bytes, uint64_t size,
                     bool writable, const char *name, struct mph_err *err)
{
    if (size == 0)
        return 0;
    if (size - 1 > UINT64_MAX - address)
        return mph_fail_at(err, MPH_ERR_FILE, address,
                           "file: %llu bytes at 0x%llx go beyond the address space (%s)",
                           (unsigned long long)size, (unsigned long long)address, name);

    struct segment segment = {
        .first = address, .last = address + size - 1, .bytes = bytes, .writable = writable};
    snprintf(segment.name, sizeof segment.name, "%s", name);
    return space_add(&target->space, &segment, err);
}

int target_add_image(struct target *target, const char *path, uint64_t address, struct mph_err *err)
{
    const uint8_t *bytes;
    size_t size;
    int rc = target_map_file(target, path, &bytes, &size, err);

    return rc < 0 ? rc : target_add_bytes(target, address, bytes, size, true, path, err);
}

// A small read that nobody declared takes its neighbours along, because what a
// pointer leads to is seldom one word: this costs less than the next request. Device
// registers are only ever read as asked.
enum { LINE_BYTES = 16 };

static int read_cached(void *context, uint64_t address, void *bytes, size_t size,
                       struct mph_err *err)
{
    struct target *target = context;
    uint64_t first = address & ~(uint64_t)(LINE_BYTES - 1);
    uint64_t last = (address + (size - 1)) | (LINE_BYTES - 1);

    if (size < LINE_BYTES && !cache_holds(target->cache, address, size) &&
        !devices_contain(target, address)) {
        struct range lines = {first, last - first + 1};
        int rc = cache_fetch(target->cache, &lines, 1, err);

        if (rc < 0)
            return rc;
    }
    return cache_read(target->cache, address, bytes, size, err);
}

// Registers are read only from a halted target: elsewhere a link's answer may
// be stale without saying so.
static int learn_state(struct target *target, bool may_halt, struct mph_err *err)
{
    const struct link_ops *ops = target->link.ops;
    void *context = target->link.context;

    target->state = RUN_UNKNOWN;
    if (ops->state) {
        int rc = ops->state(context, &target->state, err);
        if (rc < 0)
            return rc;
    }
    if (target->state == RUN_RUNNING && may_halt) {
        if (!ops->halt)
            return mph_fail(err, MPH_ERR_UNSUPPORTED, "--halt: this link cannot halt (%s)",
                            ops->name);
        int rc = ops->halt(context, err);
        if (rc < 0)
            return rc;
        target->was_running = true;
        target->state = RUN_HALTED;
    }
    if (target->state != RUN_RUNNING && ops->registers)
        return ops->registers(context, &target->regs, err);
    return 0;
}

int target_add_link(struct target *target, const struct link *link, bool may_halt,
                    struct mph_err *err)
{
    target->link = *link;
    target->cache = cache_create(&target->link);
    if (!target->machine)
        target->machine = link->machine;
    if (!target->word_bytes)
        target->word_bytes = link->word_bytes;

    int rc = target->cache ? learn_state(target, may_halt, err) : mph_fail_no_memory(err);
    if (rc < 0)
        return rc;

    struct segment all = {
        .first = 0, .last = UINT64_MAX, .read = read_cached, .context = target, .writable = true};
    snprintf(all.name, sizeof all.name, "%s", link->ops->name);
    return space_add(&target->space, &all, err);
}

// --- reading ---

int target_read(struct target *target, uint64_t address, void *bytes, size_t size,
                struct mph_err *err)
{
    return space_read(&target->space, address, bytes, size, err);
}

int target_read_uint(struct target *target, uint64_t address, size_t size, uint64_t *ret,
                     struct mph_err *err)
{
    uint8_t bytes[8];
    int rc = space_read(&target->space, address, bytes, size, err);

    if (rc == 0)
        *ret = bytes_get(bytes, size, target->big_endian);
    return rc;
}

// Only the ranges that the link answers for are worth declaring.
static bool comes_over_link(const struct target *target, uint64_t address)
{
    uint64_t last;
    const struct segment *segment = space_find(&target->space, address, &last);

    return segment && segment->read == read_cached;
}

int target_fetch(struct target *target, const struct range *ranges, size_t count,
                 struct mph_err *err)
{
    struct vec wanted = VEC_OF(struct range);
    int rc = 0;

    if (!target->cache)
        return 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!comes_over_link(target, ranges[i].address))
            continue;
        struct range *range = vec_add(&wanted);
        if (!range)
            rc = mph_fail_no_memory(err);
        else
            *range = ranges[i];
    }
    if (rc == 0)
        rc = cache_fetch(target->cache, wanted.data, wanted.len, err);
    vec_deinit(&wanted);
    return rc;
}

void target_forget(struct target *target, uint64_t address, uint64_t size)
{
    if (target->cache)
        cache_forget(target->cache, address, size);
}

void target_forget_all(struct target *target)
{
    if (target->cache)
        cache_clear(target->cache);
}

int target_read_anew(struct target *target, struct link_read *reads, size_t count,
                     struct mph_err *err)
{
    int rc = target->cache ? cache_read_anew(target->cache, reads, count, err) : 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!target->cache)
            rc = target_read(target, reads[i].address, reads[i].bytes, reads[i].size, err);
        else if (reads[i].status < 0)
            rc = mph_fail_at(err, MPH_ERR_READ, reads[i].address, "memory: cannot read (0x%llx)",
                             (unsigned long long)reads[i].address);
    }
    return rc;
}

bool target_has_refused(const struct target *target, uint64_t address)
{
    for (size_t i = 0; i < target->refused.len; i++) {
        const struct range *range = vec_at(&target->refused, i);

        if (address >= range->address && address - range->address < range->size)
            return true;
    }
    return false;
}

const uint8_t *target_direct(const struct target *target, uint64_t address, uint64_t size)
{
    return space_direct(&target->space, address, size);
}
