// SPDX-License-Identifier: MIT
#include "qmp.h"

#include "endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_SIZE 4096

// Reads on to the answer of the last command; events and the greeting are passed over.
static int read_answer(struct qmp *qmp, char *line)
{
    while (fgets(line, LINE_SIZE, qmp->stream)) {
        if (strstr(line, "\"return\""))
            return 0;
        if (strstr(line, "\"error\""))
            return -1;
    }
    return -1;
}

// Past the stream, which is for reading only.
static int send_command(struct qmp *qmp, const char *command)
{
    size_t length = strlen(command);
    return write(fileno(qmp->stream), command, length) == (ssize_t)length ? 0 : -1;
}

int qmp_open(struct qmp *qmp, const char *path)
{
    int fd = endpoint_connect(path);
    if (fd < 0) {
        fprintf(stderr, "debugport: %s: %s\n", path, strerror(errno));
        return -1;
    }
    struct ucred peer;
    socklen_t length = sizeof(peer);
    char line[LINE_SIZE];
    qmp->stream = fdopen(fd, "r");
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 ||
        send_command(qmp, "{\"execute\": \"qmp_capabilities\"}\n") < 0 ||
        read_answer(qmp, line) < 0) {
        fprintf(stderr, "debugport: %s: QEMU does not answer\n", path);
        fclose(qmp->stream);
        return -1;
    }
    qmp->qemu = peer.pid;
    return 0;
}

void qmp_close(struct qmp *qmp)
{
    fclose(qmp->stream);
}

int qmp_host_address(struct qmp *qmp, uint32_t guest, uint64_t *ret)
{
    char line[LINE_SIZE];
    snprintf(line, sizeof(line),
             "{\"execute\": \"human-monitor-command\","
             " \"arguments\": {\"command-line\": \"gpa2hva 0x%x\"}}\n",
             guest);
    if (send_command(qmp, line) < 0 || read_answer(qmp, line) < 0)
        return -1;
    // "Host virtual address for 0x20000000 (nrf51.sram) is 0x7f…"
    const char *address = strstr(line, " is 0x");
    if (!address)
        return -1;
    *ret = strtoull(address + 4, NULL, 16);
    return 0;
}
