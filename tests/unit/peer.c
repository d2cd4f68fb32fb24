// SPDX-License-Identifier: MIT
#include "peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
    pthread_t thread;
    peer_talk_fn *talk;
    void *context;
    int listener;
    int port;
    char endpoint[32];
    pthread_mutex_t lock;
    int connection; // -1 for none; guarded by the lock
    bool stopping;  // guarded by the lock
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

static void set_connection(struct peer *peer, int fd)
{
    pthread_mutex_lock(&peer->lock);
    peer->connection = fd;
    if (peer->stopping && fd >= 0)
        shutdown(fd, SHUT_RDWR);
    pthread_mutex_unlock(&peer->lock);
}

static void *serve(void *context)
{
    struct peer *peer = context;
    int fd;

    while ((fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        set_connection(peer, fd);
        peer->talk(fd, peer->context);
        set_connection(peer, -1);
        close(fd);
    }
    return NULL;
}

static int bind_loopback(int fd, int family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *address = family == AF_INET6 ? (void *)&v6 : (void *)&v4;
    socklen_t size = family == AF_INET6 ? sizeof v6 : sizeof v4;

    must(bind(fd, address, size) == 0 && getsockname(fd, address, &size) == 0, "bind");
    return ntohs(family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

struct peer *peer_start(int family, peer_talk_fn *talk, void *context)
{
    struct peer *peer = calloc(1, sizeof *peer);

    must(peer != NULL, "calloc");
    peer->talk = talk;
    peer->context = context;
    peer->connection = -1;
    pthread_mutex_init(&peer->lock, NULL);
    peer->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(peer->listener >= 0, "socket");
    peer->port = bind_loopback(peer->listener, family);
    snprintf(peer->endpoint, sizeof peer->endpoint, "127.0.0.1:%d", peer->port);
    must(listen(peer->listener, 4) == 0, "listen");
    must(pthread_create(&peer->thread, NULL, serve, peer) == 0, "pthread_create");
    return peer;
}

void peer_stop(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->stopping = true;
    shutdown(peer->listener, SHUT_RDWR);
    if (peer->connection >= 0)
        shutdown(peer->connection, SHUT_RDWR);
    pthread_mutex_unlock(&peer->lock);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    pthread_mutex_destroy(&peer->lock);
    free(peer);
}

int peer_port(const struct peer *peer)
{
    return peer->port;
}

const char *peer_endpoint(const struct peer *peer)
{
    return peer->endpoint;
}

void peer_wait_for_close(int fd)
{
    char bytes[4096];

    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        ;
}

bool peer_send(int fd, const void *bytes, size_t size)
{
    const char *next = bytes;

    while (size > 0) {
        ssize_t count = send(fd, next, size, MSG_NOSIGNAL);
        if (count <= 0)
            return false;
        next += count;
        size -= (size_t)count;
    }
    return true;
}
