// SPDX-License-Identifier: MIT
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "debugport: %s: %s\n", what, why);
    return -1;
}

static int load_file(struct region *region, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return complain(path, strerror(errno));
    size_t length = fread(region->bytes, 1, region->size, file);
    bool failed = ferror(file) || length == 0;
    fclose(file);
    return failed ? complain(path, "cannot be read, or is empty") : 0;
}

// Splits "BASE,SIZE[,FILE[,ro]]"; `*ret_path` is NULL without a file, the caller's to free.
static int parse_region(const char *text, struct region *ret, char **ret_path)
{
    char *end;
    unsigned long long base = strtoull(text, &end, 0);
    if (end == text || *end != ',' || base > UINT32_MAX)
        return -1;
    const char *size_text = end + 1;
    unsigned long long size = strtoull(size_text, &end, 0);
    if (end == size_text || size == 0 || size > (1ULL << 32) - base || (*end && *end != ','))
        return -1;
    *ret = (struct region){.base = (uint32_t)base, .size = size};
    *ret_path = NULL;
    if (*end == '\0')
        return 0;
    size_t length = strlen(end + 1);
    if (length > 3 && strcmp(end + 1 + length - 3, ",ro") == 0) {
        ret->read_only = true;
        length -= 3;
    }
    *ret_path = strndup(end + 1, length);
    return 0;
}

int memory_add(struct memory *memory, const char *text)
{
    struct region region;
    char *path;
    if (parse_region(text, &region, &path) < 0)
        return complain(text, "is not BASE,SIZE[,FILE[,ro]]");
    region.bytes = calloc(1, region.size);
    int result = 0;
    if (memory->count == MEMORY_REGIONS_MAX || !region.bytes)
        result = complain(text, "too many regions, or too large");
    else if (path)
        result = load_file(&region, path);
    free(path);
    if (result < 0) {
        free(region.bytes);
        return -1;
    }
    memory->regions[memory->count++] = region;
    return 0;
}

static int read_process(pid_t process, uint64_t host, void *ret, size_t size)
{
    struct iovec local = {.iov_base = ret, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)host, .iov_len = size};
    return process_vm_readv(process, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -1;
}

int memory_locate(struct memory *memory, struct qmp *qmp)
{
    memory->qemu = qmp->qemu;
    for (size_t i = 0; i < memory->count; i++) {
        struct region *region = &memory->regions[i];
        char what[32], probe;
        snprintf(what, sizeof(what), "memory at 0x%08x", region->base);
        if (qmp_host_address(qmp, region->base, &region->host) < 0)
            return complain(what, "the machine has none there");
        if (read_process(qmp->qemu, region->host + region->size - 1, &probe, 1) < 0)
            return complain(what, strerror(errno));
    }
    return 0;
}

void memory_deinit(struct memory *memory)
{
    for (size_t i = 0; i < memory->count; i++)
        free(memory->regions[i].bytes);
}

static const struct region *find_region(const struct memory *memory, uint32_t address, size_t size)
{
    for (size_t i = 0; i < memory->count; i++) {
        const struct region *region = &memory->regions[i];
        if (address >= region->base && address - region->base + (uint64_t)size <= region->size)
            return region;
    }
    return NULL;
}

bool memory_has(const struct memory *memory, uint32_t address, size_t size)
{
    return find_region(memory, address, size) != NULL;
}

int memory_read(const struct memory *memory, uint32_t address, void *ret, size_t size)
{
    const struct region *region = find_region(memory, address, size);
    if (memory->stub && region)
        return read_process(memory->qemu, region->host + (address - region->base), ret, size);
    if (memory->stub)
        return rsp_read_memory(memory->stub, address, ret, size);
    if (!region)
        return -1;
    memcpy(ret, region->bytes + (address - region->base), size);
    return 0;
}

static int write_bytes(struct memory *memory, uint32_t address, const void *bytes, size_t size)
{
    const struct region *region = find_region(memory, address, size);
    if (region && region->read_only)
        return -1;
    if (memory->stub)
        return rsp_write_memory(memory->stub, address, bytes, size);
    if (!region)
        return -1;
    memcpy(region->bytes + (address - region->base), bytes, size);
    return 0;
}

int memory_write(struct memory *memory, uint32_t address, const void *bytes, size_t size)
{
    if (write_bytes(memory, address, bytes, size) < 0)
        return -1;
    memory->stats->memory_writes++;
    memory->stats->memory_bytes_written += size;
    return 0;
}
