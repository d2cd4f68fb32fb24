// SPDX-License-Identifier: MIT
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int close_keeping_errno(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int unix_address(const char *path, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(ret->sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(ret->sun_path, path);
    return 0;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address;
    if (unix_address(path, &address) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return close_keeping_errno(fd);
    return fd;
}

static int connect_tcp(const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return close_keeping_errno(fd);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

int endpoint_connect(const char *endpoint)
{
    if (strchr(endpoint, '/'))
        return connect_unix(endpoint);
    char host[64] = "127.0.0.1";
    const char *colon = strrchr(endpoint, ':');
    if (colon && colon != endpoint)
        snprintf(host, sizeof(host), "%.*s", (int)(colon - endpoint), endpoint);
    char *end;
    unsigned long port = strtoul(colon ? colon + 1 : endpoint, &end, 10);
    if (*end || port == 0 || port > UINT16_MAX)
        return connect_unix(endpoint); // a relative path
    return connect_tcp(host, (uint16_t)port);
}

int endpoint_listen_tcp(uint16_t port, uint16_t *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return close_keeping_errno(fd);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

int endpoint_listen_unix(const char *path)
{
    struct sockaddr_un address;
    if (unix_address(path, &address) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
        return close_keeping_errno(fd);
    return fd;
}
