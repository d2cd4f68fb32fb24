// SPDX-License-Identifier: MIT
#include "fake_openocd.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pattern.h"
#include "peer.h"

struct fake fake_openocd(void)
{
    return (struct fake){.names = "a.cpu b.cpu", .state = "running"};
}

bool fake_is_readable(uint64_t address)
{
    return address >= MEMORY && address < MEMORY_END && !(address >= HOLE && address < HOLE + 256);
}

static void add_run(char **out, uint64_t address, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!fake_is_readable(address + 4 * i)) {
            *out += sprintf(*out, "!;");
            return;
        }
    }
    for (size_t i = 0; i < count; i++)
        *out += sprintf(*out, "0x%x ", pattern_word(address + 4 * i));
    *out += sprintf(*out, ";");
}

static void gather(struct fake *fake, const char *pairs, char *out)
{
    unsigned long long address;
    size_t count;
    int used;

    out += sprintf(out, "0 {");
    for (; sscanf(pairs, " %llx %zu%n", &address, &count, &used) == 2; pairs += used) {
        add_run(&out, address, count);
        fake->runs++;
        if (fake->run_seconds > 0)
            usleep((useconds_t)(fake->run_seconds * 1e6));
    }
    strcpy(out, "}");
}

// The answer to a command; false to say nothing.
static bool answer(struct fake *fake, const char *command, char *out)
{
    const char *pairs = strstr(command, "foreach {mph_a mph_n} {");

    if (pairs) {
        if (fake->reads)
            strcpy(out, fake->reads);
        else
            gather(fake, pairs + strlen("foreach {mph_a mph_n} {"), out);
        return !fake->reads || *fake->reads;
    }
    size_t used = strlen(fake->commands);
    snprintf(fake->commands + used, sizeof fake->commands - used, "%s\n", command);
    if (strstr(command, "[open "))
        strcpy(out, "1 {}"); // no files here
    else if (strstr(command, "capture version"))
        sprintf(out, "0 {{Open On-Chip Debugger 0.12.0} {%s} 0 a.cpu}", fake->names);
    else if (strstr(command, "cget -type"))
        sprintf(out, "0 {cortex_m %s 0 %d 1 1}", fake->big_endian ? "big" : "little",
                !fake->not_examined);
    else if (strstr(command, "arp_poll"))
        sprintf(out, "0 %s", fake->state);
    else if (strstr(command, "get_reg"))
        strcpy(out, "0 {pc 0x123;sp 0x20000100;}");
    else
        strcpy(out, "0 {0 {}}");
    return true;
}

void fake_talk(struct fake *fake, int in, int out, char end)
{
    static char command[65536], reply[1 << 20];
    size_t len = 0;
    char c;

    while (read(in, &c, 1) == 1) {
        if (c != end) {
            if (len < sizeof command - 1)
                command[len++] = c;
            continue;
        }
        command[len] = '\0';
        len = 0;
        if (!answer(fake, command, reply))
            continue;
        size_t size = strlen(reply);
        if (fake->cut && strstr(command, "foreach")) {
            peer_send(out, reply, size / 2);
            return;
        }
        reply[size] = end;
        if (end == '\n' ? write(out, reply, size + 1) < 0 : !peer_send(out, reply, size + 1))
            return;
    }
}

void fake_talk_tcl(int fd, void *context)
{
    fake_talk(context, fd, fd, 0x1a);
}
