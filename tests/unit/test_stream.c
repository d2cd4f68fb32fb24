// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"
#include "target/stream.h"

static void echo(int fd, void *context)
{
    char bytes[4096];
    ssize_t count;

    (void)context;
    while ((count = recv(fd, bytes, sizeof bytes, 0)) > 0)
        if (!peer_send(fd, bytes, (size_t)count))
            return;
}

static void say_nothing(int fd, void *context)
{
    (void)context;
    peer_wait_for_close(fd);
}

static void hang_up(int fd, void *context)
{
    (void)fd;
    (void)context;
}

static void never_stop(int fd, void *context)
{
    (void)context;
    while (peer_send(fd, "blah", 4))
        ;
}

static void assert_round_trip(const char *endpoint, const char *name)
{
    struct mph_err err = {0};
    struct stream stream;
    char byte = 0;
    size_t count;

    if (stream_connect(&stream, "test", endpoint, 5, &err) < 0)
        fail_msg("%s: %s", endpoint, err.text);
    assert_string_equal(stream.peer, name);
    assert_true(stream.same_host);
    assert_int_equal(stream_send(&stream, "x", 1, stream_now() + 5, NULL), 0);
    assert_int_equal(stream_receive(&stream, &byte, 1, stream_now() + 5, &count, NULL), 0);
    assert_int_equal(byte, 'x');
    stream_close(&stream);
    assert_false(stream_is_open(&stream));
    stream_close(&stream);
}

static void test_spellings_of_an_endpoint(void **state)
{
    struct peer *peer = peer_start(AF_INET, echo, NULL);
    const char *hosts[] = {"", ":", "127.0.0.1:", "[127.0.0.1]:"};
    char endpoint[64];

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        snprintf(endpoint, sizeof endpoint, "%s%d", hosts[i], peer_port(peer));
        assert_round_trip(endpoint, peer_endpoint(peer));
    }
    // a name may have an IPv6 address, too, on which nobody listens
    char name[64];
    snprintf(name, sizeof name, "localhost:%d", peer_port(peer));
    assert_round_trip(name, name);
    peer_stop(peer);
}

static void test_ipv6_in_brackets(void **state)
{
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    char endpoint[64];

    (void)state;
    if (probe < 0 || access("/proc/net/if_inet6", R_OK) < 0)
        skip();
    close(probe);
    struct peer *peer = peer_start(AF_INET6, echo, NULL);
    snprintf(endpoint, sizeof endpoint, "[::1]:%d", peer_port(peer));
    assert_round_trip(endpoint, endpoint);
    peer_stop(peer);
}

static void test_no_endpoint_at_all(void **state)
{
    const char *wrong[] = {"", ":", "host", "host:", ":0", ":65536", ":123456", ":12a",
                           "::1:80", ":-1", "host:80:90"};
    char longest[200], expected[300];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct mph_err err = {0};
        struct stream stream;

        assert_int_equal(stream_connect(&stream, "test", wrong[i], 5, &err), MPH_ERR_USAGE);
        snprintf(expected, sizeof expected, "test: not [HOST]:PORT (%s)", wrong[i]);
        assert_string_equal(err.text, expected);
    }

    struct stream stream;
    memset(longest, 'h', sizeof longest);
    strcpy(longest + sizeof longest - 4, ":80");
    assert_int_equal(stream_connect(&stream, "test", longest, 5, NULL), MPH_ERR_USAGE);
}

static void test_nobody_listens(void **state)
{
    struct peer *peer = peer_start(AF_INET, hang_up, NULL);
    struct mph_err err = {0};
    struct stream stream;
    char endpoint[64], expected[128];

    (void)state;
    strcpy(endpoint, peer_endpoint(peer));
    peer_stop(peer);
    assert_int_equal(stream_connect(&stream, "test", endpoint, 5, &err), MPH_ERR_LINK);
    snprintf(expected, sizeof expected, "test: Connection refused (%s)", endpoint);
    assert_string_equal(err.text, expected);
}

static void test_megabytes_both_ways(void **state)
{
    enum { SIZE = 1 << 20, CHUNK = 1 << 15 };
    struct peer *peer = peer_start(AF_INET, echo, NULL);
    struct stream stream;
    char *sent = malloc(SIZE), *received = malloc(SIZE);
    double deadline = stream_now() + 20;

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        sent[i] = (char)(i * 7 + i / 251);
    assert_int_equal(stream_connect(&stream, "test", peer_endpoint(peer), 20, NULL), 0);
    for (size_t out = 0, in = 0; in < SIZE;) {
        size_t count;

        if (out < SIZE) {
            assert_int_equal(stream_send(&stream, sent + out, CHUNK, deadline, NULL), 0);
            out += CHUNK;
        }
        assert_int_equal(stream_receive(&stream, received + in, SIZE - in, deadline, &count, NULL),
                         0);
        in += count;
    }
    assert_memory_equal(sent, received, SIZE);
    stream_close(&stream);
    peer_stop(peer);
    free(sent);
    free(received);
}

static int receive_until_failure(peer_talk_fn *talk, double timeout, struct mph_err *err)
{
    struct peer *peer = peer_start(AF_INET, talk, NULL);
    struct stream stream;
    double deadline;
    char bytes[4096];
    size_t count;
    int rc;

    assert_int_equal(stream_connect(&stream, "test", peer_endpoint(peer), timeout, NULL), 0);
    deadline = stream_now() + timeout;
    do
        rc = stream_receive(&stream, bytes, sizeof bytes, deadline, &count, err);
    while (rc == 0);
    assert_true(stream_now() < deadline + 5);
    assert_non_null(strstr(err->text, peer_endpoint(peer)));
    stream_close(&stream);
    peer_stop(peer);
    return rc;
}

static void test_silence_times_out(void **state)
{
    struct mph_err err = {0};

    (void)state;
    assert_int_equal(receive_until_failure(say_nothing, 0.05, &err), MPH_ERR_LINK);
    assert_non_null(strstr(err.text, "test: timed out after 0.05 s ("));
}

static void test_nobody_talks_past_the_deadline(void **state)
{
    struct mph_err err = {0};

    (void)state;
    assert_int_equal(receive_until_failure(never_stop, 0.05, &err), MPH_ERR_LINK);
    assert_non_null(strstr(err.text, "timed out"));
}

static void test_other_end_hangs_up(void **state)
{
    struct mph_err err = {0};

    (void)state;
    assert_int_equal(receive_until_failure(hang_up, 5, &err), MPH_ERR_LINK);
    assert_non_null(strstr(err.text, "test: the other end closed the connection ("));
}

static void test_pipe_without_a_reader_is_an_error(void **state)
{
    struct mph_err err = {0};
    struct stream stream;
    int in[2], out[2];

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    stream_init_pipes(&stream, "test", "a pipe", in[0], out[1], 5);
    close(out[0]);
    assert_int_equal(stream_send(&stream, "x", 1, stream_now() + 5, &err), MPH_ERR_LINK);
    assert_string_equal(err.text, "test: Broken pipe (a pipe)");

    sigset_t pending;
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
    close(in[1]);
    stream_close(&stream);
}

static void ignore_signal(int number)
{
    (void)number;
}

struct signaller {
    pthread_t thread;
    int number;
};

// Send a signal again and again, as nobody can tell when the wait has begun.
static void send_signals(int fd, void *context)
{
    const struct signaller *signaller = context;
    struct pollfd closed = {.fd = fd, .events = POLLIN};

    while (poll(&closed, 1, 5) == 0)
        pthread_kill(signaller->thread, signaller->number);
}

// How a wait for a silent peer ends under a signal that has a handler.
static int wait_under_signal(int number, double timeout)
{
    struct signaller signaller = {pthread_self(), number};
    struct sigaction action = {.sa_handler = ignore_signal}, before;
    struct stream stream;
    size_t count;
    char byte;

    sigaction(number, &action, &before);
    struct peer *peer = peer_start(AF_INET, send_signals, &signaller);
    assert_int_equal(stream_connect(&stream, "test", peer_endpoint(peer), timeout, NULL), 0);
    int rc = stream_receive(&stream, &byte, 1, stream_now() + timeout, &count, NULL);
    stream_close(&stream);
    peer_stop(peer);
    sigaction(number, &before, NULL);
    return rc;
}

static void test_interrupt_ends_a_wait(void **state)
{
    (void)state;
    assert_int_equal(wait_under_signal(SIGINT, 20), MPH_ERR_INTERRUPTED);
    assert_int_equal(wait_under_signal(SIGTERM, 20), MPH_ERR_INTERRUPTED);
}

static void test_other_signals_do_not_end_a_wait(void **state)
{
    (void)state;
    assert_int_equal(wait_under_signal(SIGWINCH, 0.2), MPH_ERR_LINK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings_of_an_endpoint),
        cmocka_unit_test(test_ipv6_in_brackets),
        cmocka_unit_test(test_no_endpoint_at_all),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_megabytes_both_ways),
        cmocka_unit_test(test_silence_times_out),
        cmocka_unit_test(test_nobody_talks_past_the_deadline),
        cmocka_unit_test(test_other_end_hangs_up),
        cmocka_unit_test(test_pipe_without_a_reader_is_an_error),
        cmocka_unit_test(test_interrupt_ends_a_wait),
        cmocka_unit_test(test_other_signals_do_not_end_a_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
