// SPDX-License-Identifier: MIT
#include "target/stream.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

double stream_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int stream_fail(const struct stream *stream, struct mph_err *err, const char *why)
{
    return mph_fail(err, MPH_ERR_LINK, "%s: %s (%s)", stream->what, why, stream->peer);
}

static int fail_timeout(const struct stream *stream, struct mph_err *err)
{
    return mph_fail(err, MPH_ERR_LINK, "%s: timed out after %g s (%s)", stream->what,
                    stream->timeout, stream->peer);
}

// The signals that may end a wait: those that ask to stop, unless the caller
// keeps them from this thread.
static void block_others(sigset_t *ret)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    sigfillset(ret);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (!sigismember(&blocked, stops[i]))
            sigdelset(ret, stops[i]);
}

// Wait until the descriptor is ready.
// Set by a signal handler: a signal that comes between two waits ends the next one.
static volatile sig_atomic_t has_interrupt;

void stream_interrupt(void)
{
    has_interrupt = 1;
}

static int fail_interrupted(const struct stream *stream, struct mph_err *err)
{
    has_interrupt = 0; // told once: what cleans up after it may talk again
    return mph_fail(err, MPH_ERR_INTERRUPTED, "%s: interrupted (%s)", stream->what, stream->peer);
}

static int wait_ready(const struct stream *stream, int fd, short events, double deadline,
                      struct mph_err *err)
{
    double left = deadline - stream_now();
    struct timespec limit = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    struct pollfd ready = {.fd = fd, .events = events};
    sigset_t blocked;

    if (left <= 0)
        return fail_timeout(stream, err);
    if (has_interrupt)
        return fail_interrupted(stream, err);
    block_others(&blocked);
    int count = ppoll(&ready, 1, &limit, &blocked);
    if (count > 0)
        return 0;
    if (count == 0)
        return fail_timeout(stream, err);
    if (errno == EINTR)
        return fail_interrupted(stream, err);
    return stream_fail(stream, err, strerror(errno));
}

int stream_pause(double seconds, struct mph_err *err)
{
    struct timespec limit = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    sigset_t blocked;

    block_others(&blocked);
    if (!has_interrupt && ppoll(NULL, 0, &limit, &blocked) == 0)
        return 0;
    has_interrupt = 0;
    return mph_fail(err, MPH_ERR_INTERRUPTED, "interrupted");
}

// --- connecting ---

struct endpoint {
    char host[64];
    char port[6];
};

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long value = strtol(text, NULL, 10);

    return digits > 0 && digits < 6 && text[digits] == '\0' && value > 0 && value <= UINT16_MAX;
}

// Split "[HOST]:PORT"; the host may be in brackets, missing, or the colon too.
static bool parse_endpoint(const char *text, struct endpoint *ret)
{
    const char *colon = strrchr(text, ':');
    const char *port = colon ? colon + 1 : text;
    const char *host = text;
    size_t length = colon ? (size_t)(colon - text) : 0;

    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (memchr(host, ':', length)) {
        return false;
    }
    if (!is_port(port) || length >= sizeof ret->host)
        return false;
    if (length == 0) {
        host = "127.0.0.1";
        length = strlen(host);
    }
    memcpy(ret->host, host, length);
    ret->host[length] = '\0';
    strcpy(ret->port, port);
    return true;
}

static bool has_same_address(int fd)
{
    struct sockaddr_storage ours = {0}, theirs = {0};
    socklen_t our_size = sizeof ours, their_size = sizeof theirs;

    if (getsockname(fd, (struct sockaddr *)&ours, &our_size) < 0 ||
        getpeername(fd, (struct sockaddr *)&theirs, &their_size) < 0 ||
        ours.ss_family != theirs.ss_family)
        return false;
    if (ours.ss_family == AF_INET6)
        return !memcmp(&((struct sockaddr_in6 *)&ours)->sin6_addr,
                       &((struct sockaddr_in6 *)&theirs)->sin6_addr, sizeof(struct in6_addr));
    return ((struct sockaddr_in *)&ours)->sin_addr.s_addr ==
           ((struct sockaddr_in *)&theirs)->sin_addr.s_addr;
}

static int connect_address(struct stream *stream, const struct addrinfo *address, double deadline,
                           struct mph_err *err)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    address->ai_protocol);
    int rc = 0;

    if (fd < 0)
        return stream_fail(stream, err, strerror(errno));
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
        int failure = errno;
        socklen_t size = sizeof failure;

        if (failure == EINPROGRESS) {
            rc = wait_ready(stream, fd, POLLOUT, deadline, err);
            if (rc == 0)
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
        }
        if (rc == 0 && failure)
            rc = stream_fail(stream, err, strerror(failure));
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    stream->in = stream->out = fd;
    stream->same_host = has_same_address(fd);
    return 0;
}

int stream_connect(struct stream *ret, const char *what, const char *endpoint, double timeout,
                   struct mph_err *err)
{
    struct stream stream = {.in = -1, .out = -1, .what = what, .timeout = timeout};
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses;
    struct endpoint parts;
    double deadline = stream_now() + timeout;

    if (!parse_endpoint(endpoint, &parts))
        return mph_fail(err, MPH_ERR_USAGE, "%s: not [HOST]:PORT (%s)", what, endpoint);
    snprintf(stream.peer, sizeof stream.peer, strchr(parts.host, ':') ? "[%s]:%s" : "%s:%s",
             parts.host, parts.port);

    int failure = getaddrinfo(parts.host, parts.port, &hints, &addresses);
    if (failure)
        return stream_fail(&stream, err, gai_strerror(failure));

    struct mph_err last = {0};
    int rc = MPH_ERR_LINK;
    for (struct addrinfo *at = addresses; at && rc == MPH_ERR_LINK; at = at->ai_next) {
        last = (struct mph_err){0};
        rc = connect_address(&stream, at, deadline, &last);
    }
    freeaddrinfo(addresses);
    if (rc < 0)
        return mph_fail(err, rc, "%s", last.text);
    *ret = stream;
    return 0;
}

void stream_init_pipes(struct stream *stream, const char *what, const char *peer, int in, int out,
                       double timeout)
{
    *stream = (struct stream){.in = in, .out = out, .what = what, .timeout = timeout};
    snprintf(stream->peer, sizeof stream->peer, "%s", peer);
}

void stream_close(struct stream *stream)
{
    if (!stream_is_open(stream))
        return;
    close(stream->in);
    if (stream->out != stream->in)
        close(stream->out);
    stream->in = stream->out = -1;
}

// --- bytes ---

// As write, but the reader of a pipe having gone is EPIPE and never a signal. A
// pipe that polls as writable takes PIPE_BUF bytes without blocking.
static ssize_t write_quietly(int fd, const void *bytes, size_t size)
{
    ssize_t count = send(fd, bytes, size, MSG_NOSIGNAL);
    sigset_t pipe_only, before;

    if (count >= 0 || errno != ENOTSOCK)
        return count;

    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    count = write(fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
    int failure = errno;
    if (count < 0 && failure == EPIPE && !sigismember(&before, SIGPIPE))
        sigtimedwait(&pipe_only, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return count;
}

int stream_send(struct stream *stream, const void *bytes, size_t size, double deadline,
                struct mph_err *err)
{
    const char *next = bytes;

    while (size > 0) {
        int rc = wait_ready(stream, stream->out, POLLOUT, deadline, err);
        if (rc < 0)
            return rc;

        ssize_t count = write_quietly(stream->out, next, size);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return stream_fail(stream, err, strerror(errno));
        if (count > 0) {
            next += count;
            size -= (size_t)count;
        }
    }
    return 0;
}

int stream_receive(struct stream *stream, void *bytes, size_t size, double deadline, size_t *ret,
                   struct mph_err *err)
{
    ssize_t count;

    do {
        // A peer that answers in two writes holds back the second until the first is
        // acknowledged, which Linux would do 40 ms later. Fails on a pipe, where it does
        // not matter; must be set again before each read (tcp(7)).
        setsockopt(stream->in, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
        int rc = wait_ready(stream, stream->in, POLLIN, deadline, err);
        if (rc < 0)
            return rc;
        count = read(stream->in, bytes, size);
    } while (count < 0 && (errno == EAGAIN || errno == EINTR));

    if (count < 0)
        return stream_fail(stream, err, strerror(errno));
    if (count == 0)
        return stream_fail(stream, err, "the other end closed the connection");
    *ret = (size_t)count;
    return 0;
}
