// SPDX-License-Identifier: MIT
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

int server_open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

// Whether to go on.
static bool take_signal(struct server *server)
{
    struct signalfd_siginfo info;
    if (read(server->signals, &info, sizeof(info)) != sizeof(info))
        return true;
    if (info.ssi_signo == SIGUSR2)
        server->faults->armed = !server->faults->armed;
    else if (info.ssi_signo == SIGUSR1 && server->stats_path)
        stats_write(server->stats, server->stats_path);
    return info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGUSR2;
}

static void accept_client(struct server *server)
{
    int on = 1;
    server->client = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (server->client < 0)
        return;
    setsockopt(server->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // fails on a unix socket
    server->input_length = 0;
    server->stats->connections++;
    server->front_end.connect(server->front_end.self);
}

static void drop_client(struct server *server)
{
    close(server->client);
    server->client = -1;
    server->stalled = false;
}

static bool send_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

// Serves what has arrived, as far as it is complete.
static void serve_input(struct server *server)
{
    size_t used;
    do {
        used = 0;
        server->reply.length = 0;
        enum fault_action action = server->front_end.serve(
            server->front_end.self, server->input, server->input_length, &server->reply, &used);
        if (used > 0)
            throttle_wait(&server->throttle, used + server->reply.length);
        server->input_length -= used;
        memmove(server->input, server->input + used, server->input_length);
        if (!send_all(server->client, server->reply.bytes, server->reply.length))
            action = FAULT_DROP;
        server->stalled = action == FAULT_STALL;
        if (action == FAULT_DROP)
            drop_client(server);
    } while (used > 0 && server->client >= 0 && !server->stalled && server->input_length > 0);
}

static void read_client(struct server *server)
{
    ssize_t length = read(server->client, server->input + server->input_length,
                          SERVER_INPUT_SIZE - server->input_length);
    if (length <= 0) {
        drop_client(server);
        return;
    }
    server->input_length += (size_t)length;
    serve_input(server);
}

static void take_client_event(struct server *server, short events)
{
    if (server->client < 0)
        accept_client(server);
    else if (server->stalled && (events & (POLLRDHUP | POLLHUP | POLLERR)))
        drop_client(server);
    else if (!server->stalled)
        read_client(server);
}

int server_run(struct server *server)
{
    struct rsp *stub = server->cpu->stub;
    while (!stub || !stub->lost) {
        int peer = server->client < 0 ? server->listener : server->client;
        struct pollfd pollfds[] = {
            {.fd = server->signals, .events = POLLIN},
            {.fd = peer, .events = server->stalled ? POLLRDHUP : POLLIN},
            {.fd = stub && stub->running ? stub->fd : -1, .events = POLLIN},
        };
        if (poll(pollfds, 3, -1) < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        if (pollfds[0].revents && !take_signal(server))
            return 0;
        if (pollfds[2].revents)
            cpu_update(server->cpu);
        if (pollfds[1].revents)
            take_client_event(server, pollfds[1].revents);
    }
    return -1;
}
