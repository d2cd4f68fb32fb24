// SPDX-License-Identifier: MIT
// The link to OpenOCD against a peer that plays it, well and badly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_openocd.h"
#include "pattern.h"
#include "peer.h"
#include "target/links.h"
#include "target/stream.h"
static int open_link(const char *endpoint, const char *target, double timeout, struct link *ret,
                     struct mph_err *err)
{
    struct openocd_options options = {endpoint, target, timeout};

    return openocd_open(&options, ret, err);
}

static struct link open_fake(struct peer *peer, double timeout)
{
    struct mph_err err = {0};
    struct link link;

    if (open_link(peer_endpoint(peer), NULL, timeout, &link, &err) < 0)
        fail_msg("%s", err.text);
    return link;
}

static void close_fake(struct link *link, struct peer *peer)
{
    link->ops->close(link->context);
    peer_stop(peer);
}

static void test_read(void **state)
{
    struct fake fake = fake_openocd();
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 20);
    uint8_t a[7], b[1], c[100000], d[4];
    struct link_read reads[] = {{MEMORY + 3, sizeof a, a, 1},
                                {MEMORY + 0x41, sizeof b, b, 1},
                                {MEMORY + 0x10000, sizeof c, c, 1},
                                {MEMORY_END - 4, sizeof d, d, 1}};

    (void)state;
    assert_int_equal(link.ops->read(link.context, reads, 4, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(reads[i].status, 0);
        assert_pattern(reads[i].bytes, reads[i].address, reads[i].size, false);
    }
    assert_true(link.stats->bytes >= sizeof c);
    assert_int_equal(link.machine, EM_ARM);
    assert_int_equal(link.word_bytes, 4);
    close_fake(&link, peer);
}

static void test_big_endian_target(void **state)
{
    struct fake fake = fake_openocd();
    fake.big_endian = true;
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 20);
    uint8_t bytes[13];
    struct link_read read = {MEMORY + 2, sizeof bytes, bytes, 0};

    (void)state;
    assert_int_equal(link.ops->read(link.context, &read, 1, NULL), 0);
    assert_pattern(bytes, read.address, read.size, true);
    close_fake(&link, peer);
}

static void test_many_words_take_few_requests(void **state)
{
    struct fake fake = fake_openocd();
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 20);

    (void)state;
    assert_reads_heads(&link, MEMORY + 0x10000, 2000);
    assert_true(link.stats->requests <= 12);
    close_fake(&link, peer);
}

static void test_dear_runs_are_merged(void **state)
{
    struct fake fake = fake_openocd();
    fake.run_seconds = 0.004;
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 20);

    (void)state;
    assert_reads_heads(&link, MEMORY + 0x10000, 1000);
    assert_true(fake.runs < 300);
    close_fake(&link, peer);
}

static void test_refused_pieces_are_marked_alone(void **state)
{
    struct fake fake = fake_openocd();
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 20);
    uint8_t bytes[3][16];
    struct link_read reads[] = {{HOLE - 16, 16, bytes[0], 1},
                                {HOLE + 32, 16, bytes[1], 0},
                                {HOLE + 256, 16, bytes[2], 1}};

    (void)state;
    assert_int_equal(link.ops->read(link.context, reads, 3, NULL), 0);
    assert_int_equal(reads[0].status, 0);
    assert_int_equal(reads[1].status, MPH_ERR_READ);
    assert_int_equal(reads[2].status, 0);
    assert_pattern(bytes[2], HOLE + 256, 16, false);
    close_fake(&link, peer);
}

// Runs that cost 4 ms each are merged across the hole, which is then refused:
// what lies on both sides must come all the same.
static void test_refused_merge_is_taken_apart(void **state)
{
    enum { COUNT = 200, STRIDE = 16 };
    struct fake fake = fake_openocd();
    fake.run_seconds = 0.004;
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 20);
    uint8_t bytes[COUNT][4] = {{0}};
    struct link_read reads[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        reads[i] = (struct link_read){HOLE - 100 * STRIDE + i * STRIDE, 4, bytes[i], 1};
    assert_int_equal(link.ops->read(link.context, reads, COUNT, NULL), 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(reads[i].status, fake_is_readable(reads[i].address) ? 0 : MPH_ERR_READ);
        if (reads[i].status == 0)
            assert_pattern(bytes[i], reads[i].address, 4, false);
    }
    close_fake(&link, peer);
}

static void test_state(void **state)
{
    static const struct {
        const char *said;
        enum run_state expected;
    } rows[] = {{"running", RUN_RUNNING},
                {"halted", RUN_HALTED},
                {"reset", RUN_UNKNOWN},
                {"debug-running", RUN_UNKNOWN},
                {"unknown", RUN_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake fake = fake_openocd();
        fake.state = rows[i].said;
        struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
        struct link link = open_fake(peer, 20);
        enum run_state said = RUN_DUMP;

        assert_int_equal(link.ops->state(link.context, &said, NULL), 0);
        assert_int_equal(said, rows[i].expected);
        close_fake(&link, peer);
    }
}

static void test_nothing_is_halted_written_or_reset(void **state)
{
    static const char *const verbs[] = {"halt", "resume", "reset", "step", "write", "mww", "load"};
    struct fake fake = fake_openocd();
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 20);
    enum run_state said;
    struct regs regs;

    (void)state;
    assert_reads_heads(&link, MEMORY + 0x10000, 10);
    assert_int_equal(link.ops->state(link.context, &said, NULL), 0);
    assert_int_equal(link.ops->registers(link.context, &regs, NULL), 0);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strstr(fake.commands, verbs[i]))
            fail_msg("'%s' was sent: %s", verbs[i], fake.commands);
    assert_int_equal(link.ops->halt(link.context, NULL), 0);
    assert_non_null(strstr(fake.commands, "halt"));
    close_fake(&link, peer);
}

static void test_targets_by_name(void **state)
{
    struct fake fake = fake_openocd();
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct mph_err err = {0};
    struct link link;
    char expected[200];

    (void)state;
    assert_int_equal(open_link(peer_endpoint(peer), "b.cpu", 20, &link, &err), 0);
    assert_non_null(strstr(fake.commands, "b.cpu cget -type"));
    link.ops->close(link.context);

    assert_int_equal(open_link(peer_endpoint(peer), "c.cpu", 20, &link, &err), MPH_ERR_USAGE);
    snprintf(expected, sizeof expected, "openocd: no target 'c.cpu', there are: a.cpu b.cpu (%s)",
             peer_endpoint(peer));
    assert_string_equal(err.text, expected);
    peer_stop(peer);
}

static void assert_open_fails(struct fake *fake, const char *why)
{
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, fake);
    struct mph_err err = {0};
    struct link link;

    assert_int_equal(open_link(peer_endpoint(peer), NULL, 20, &link, &err), MPH_ERR_LINK);
    assert_non_null(strstr(err.text, why));
    assert_non_null(strstr(err.text, peer_endpoint(peer)));
    peer_stop(peer);
}

static void test_targets_that_are_of_no_use(void **state)
{
    struct fake none = fake_openocd(), dead = fake_openocd();

    (void)state;
    none.names = "";
    assert_open_fails(&none, "no target is configured");
    dead.not_examined = true;
    assert_open_fails(&dead, "a.cpu was not examined");
}

// --- badly ---

static void assert_read_fails(struct fake *fake, double timeout, const char *why)
{
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, fake);
    struct link link = open_fake(peer, timeout);
    struct mph_err err = {0}, again = {0};
    uint8_t bytes[8];
    struct link_read read = {MEMORY, sizeof bytes, bytes, 0};

    assert_int_equal(link.ops->read(link.context, &read, 1, &err), MPH_ERR_LINK);
    if (!strstr(err.text, why) || !strstr(err.text, peer_endpoint(peer)))
        fail_msg("'%s' does not say '%s' and where", err.text, why);

    // what comes next would be the answer to something else
    fake->reads = NULL;
    assert_int_equal(link.ops->read(link.context, &read, 1, &again), MPH_ERR_LINK);
    assert_non_null(strstr(again.text, "the connection was lost"));
    close_fake(&link, peer);
}

static void test_lies(void **state)
{
    const char *lies[] = {"0 {0x1;}",           // short
                          "0 {0x1 0x2 0x3;}",   // long
                          "0 {0x1 0x2;0x3;}",   // a run too many
                          "0 {0x1 zwei;}",      // no number
                          "0 {\xff\xfe \x80;}", // no text
                          "0 {}"};

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct fake fake = fake_openocd();
        fake.reads = lies[i];
        assert_read_fails(&fake, 20, "does not hold the memory asked for");
    }

    struct fake broken = fake_openocd();
    broken.reads = "0 {unbalanced";
    assert_read_fails(&broken, 20, "an answer makes no sense");
    broken.reads = "0 {0x1 0x2;}\x1a" "0 {0x1 0x2;}";
    assert_read_fails(&broken, 20, "more than one answer");
    broken.reads = "1 {invalid command name \"foreach\"}";
    assert_read_fails(&broken, 20, "cannot read memory");
}

static void test_time_out(void **state)
{
    struct fake fake = fake_openocd();
    double start = stream_now();

    (void)state;
    fake.reads = "";
    assert_read_fails(&fake, 0.2, "openocd: timed out after 0.2 s (");
    assert_true(stream_now() - start < 10);
}

static void test_dying_in_the_middle(void **state)
{
    struct fake fake = fake_openocd();

    (void)state;
    fake.cut = true;
    assert_read_fails(&fake, 20, "the other end closed the connection");
}

static void test_resume_survives_a_lost_connection(void **state)
{
    struct fake fake = fake_openocd();
    fake.reads = "";
    struct peer *peer = peer_start(AF_INET, fake_talk_tcl, &fake);
    struct link link = open_fake(peer, 0.2);
    uint8_t bytes[8];
    struct link_read read = {MEMORY, sizeof bytes, bytes, 0};

    (void)state;
    assert_int_equal(link.ops->halt(link.context, NULL), 0);
    assert_int_equal(link.ops->read(link.context, &read, 1, NULL), MPH_ERR_LINK);
    assert_int_equal(link.ops->resume(link.context, NULL), 0);
    assert_non_null(strstr(fake.commands, "resume"));
    close_fake(&link, peer);
}

static void talk_http(int fd, void *context)
{
    (void)context;
    peer_send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    peer_wait_for_close(fd);
}

static void talk_endlessly(int fd, void *context)
{
    (void)context;
    peer_send(fd, "0 {", 3);
    while (peer_send(fd, "0x12345678 0x12345678 0x12345678 0x12345678 ", 44))
        ;
}

static void talk_refusal(int fd, void *context)
{
    static const char reply[] = "1 {invalid command name \"version\"}\x1a";

    (void)context;
    peer_send(fd, reply, strlen(reply));
    peer_wait_for_close(fd);
}

static void test_what_is_not_openocd(void **state)
{
    static const struct {
        peer_talk_fn *talk;
        const char *why;
    } rows[] = {{talk_http, "not OpenOCD's Tcl port, it says: \"HTTP/1.1 400 Bad"},
                {talk_endlessly, "an answer is far too long: \"0 {0x12345678"},
                {talk_refusal, "does not answer as OpenOCD does: \"invalid command"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct peer *peer = peer_start(AF_INET, rows[i].talk, NULL);
        struct mph_err err = {0};
        struct link link;

        assert_int_equal(open_link(peer_endpoint(peer), NULL, 20, &link, &err), MPH_ERR_LINK);
        if (!strstr(err.text, rows[i].why) || !strstr(err.text, peer_endpoint(peer)))
            fail_msg("'%s' does not say '%s' and where", err.text, rows[i].why);
        peer_stop(peer);
    }
}

// --- through pipes ---

struct pipes {
    int commands[2]; // from the link
    int results[2];  // to the link
    struct fake *fake;
};

static void talk_lines(int fd, void *context)
{
    struct pipes *pipes = context;

    (void)fd;
    fake_talk(pipes->fake, pipes->commands[0], pipes->results[1], '\n');
}

// As stdin and stdout of the process, which the link then has copies of.
static int open_pipes(struct pipes *pipes, struct link *ret, struct mph_err *err)
{
    int in = dup(STDIN_FILENO), out = dup(STDOUT_FILENO);

    fflush(stdout);
    dup2(pipes->results[0], STDIN_FILENO);
    dup2(pipes->commands[1], STDOUT_FILENO);
    int rc = open_link("-", NULL, 20, ret, err);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    close(in);
    close(out);
    close(pipes->results[0]);
    close(pipes->commands[1]);
    return rc;
}

static void test_pipes(void **state)
{
    struct fake fake = fake_openocd();
    struct pipes pipes = {.fake = &fake};
    struct mph_err err = {0};
    struct link link;

    (void)state;
    assert_int_equal(pipe(pipes.commands), 0);
    assert_int_equal(pipe(pipes.results), 0);
    struct peer *peer = peer_start(AF_INET, talk_lines, &pipes);
    int call = socket(AF_INET, SOCK_STREAM, 0); // sets the peer to work
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons((uint16_t)peer_port(peer))};
    assert_int_equal(connect(call, (struct sockaddr *)&address, sizeof address), 0);

    assert_int_equal(open_pipes(&pipes, &link, &err), 0);
    assert_reads_heads(&link, MEMORY + 0x10000, 500);
    assert_null(strstr(fake.commands, "[open ")); // files are for the port only

    fake.reads = "0 {gone;}";
    uint8_t bytes[4];
    struct link_read read = {MEMORY, 4, bytes, 0};
    assert_int_equal(link.ops->read(link.context, &read, 1, &err), MPH_ERR_LINK);
    assert_non_null(strstr(err.text, "(stdin, stdout)"));
    link.ops->close(link.context);
    close(call);
    peer_stop(peer);
    close(pipes.commands[0]);
    close(pipes.results[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_big_endian_target),
        cmocka_unit_test(test_many_words_take_few_requests),
        cmocka_unit_test(test_dear_runs_are_merged),
        cmocka_unit_test(test_refused_pieces_are_marked_alone),
        cmocka_unit_test(test_refused_merge_is_taken_apart),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_nothing_is_halted_written_or_reset),
        cmocka_unit_test(test_targets_by_name),
        cmocka_unit_test(test_targets_that_are_of_no_use),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_dying_in_the_middle),
        cmocka_unit_test(test_resume_survives_a_lost_connection),
        cmocka_unit_test(test_what_is_not_openocd),
        cmocka_unit_test(test_pipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
