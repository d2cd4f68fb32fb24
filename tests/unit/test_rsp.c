// SPDX-License-Identifier: MIT
// The link to a GDB stub, against a peer that plays one well and badly. The
// stubs of QEMU and OpenOCD themselves are tried in tests/live.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "pattern.h"
#include "peer.h"
#include "target/links.h"
#include "target/stream.h"

enum { MEMORY = 0x20000000, MEMORY_END = 0x20100000 };

struct stub {
    const char *supported;
    const char *reads;    // an answer to every read instead of memory; "" hangs
    size_t most_bytes;    // served a request, 0 for all
    bool hangs_up;        // at the first read
    bool chatty;          // says what nobody asked for before every answer
    bool starts_stopping; // as QEMU does when a running machine is connected to
    unsigned damage;      // answers that arrive damaged at first
    unsigned refusals;    // commands that are asked for again
    bool acks;            // whether they are in use
    unsigned acked;
    unsigned reads_asked;
    size_t longest_read;
    char commands[4096]; // those that are no reads, one a line
};

static void put(int fd, const char *body, bool damaged)
{
    static char frame[70000];
    uint8_t sum = 0;

    for (const char *c = body; *c; c++)
        sum = (uint8_t)(sum + (uint8_t)*c);
    int size = sprintf(frame, "$%s#%02x", body, damaged ? sum ^ 1u : sum);
    peer_send(fd, frame, (size_t)size);
}

static void answer_read(struct stub *stub, const char *command, char *out)
{
    unsigned long long address;
    size_t size;

    stub->reads_asked++;
    if (stub->reads) {
        strcpy(out, stub->reads);
        return;
    }
    if (sscanf(command, "m%llx,%zx", &address, &size) != 2 || address < MEMORY ||
        address + size > MEMORY_END) {
        strcpy(out, "E14");
        return;
    }
    if (size > stub->longest_read)
        stub->longest_read = size;
    if (stub->most_bytes && size > stub->most_bytes)
        size = stub->most_bytes;
    for (size_t i = 0; i < size; i++) {
        uint64_t at = address + i;
        out += sprintf(out, "%02x", pattern_word(at & ~3ull) >> at % 4 * 8 & 255);
    }
}

static const char *answer_xfer(const char *command)
{
    if (strstr(command, ":target.xml:0,"))
        return "m<target><xi:include href=\"core.xml\"/>";
    if (strstr(command, ":target.xml:"))
        return "l<xi:include href=\"gone.xml\"/><xi:include href=\"no name\"/></target>";
    if (strstr(command, ":core.xml:0,"))
        return "l<feature name=\"org.gnu.gdb.arm.m-profile\"><reg name=\"r0\" bitsize=\"32\"/>"
               "<reg name=\"pc\" bitsize=\"32\" regnum=\"15\"/>"
               "<reg name=\"msp\" bitsize=\"32\"/><reg name=\"d0\" bitsize=\"64\"/></feature>";
    return "E00";
}

static void answer(struct stub *stub, const char *command, char *out)
{
    if (command[0] == 'm') {
        answer_read(stub, command, out);
        return;
    }
    size_t used = strlen(stub->commands);
    snprintf(stub->commands + used, sizeof stub->commands - used, "%s\n", command);
    if (strstr(command, "qSupported"))
        strcpy(out, stub->supported);
    else if (!strcmp(command, "QStartNoAckMode") || !strcmp(command, "D"))
        strcpy(out, "OK");
    else if (!strcmp(command, "?"))
        strcpy(out, "T05thread:1;");
    else if (strstr(command, "qXfer"))
        strcpy(out, answer_xfer(command));
    else if (!strcmp(command, "g"))
        strcpy(out, "01000000" "efbead0* "); // zeros by their run length
    else if (!strcmp(command, "p10"))
        strcpy(out, "00100020");
    else
        strcpy(out, "");
}

// Wait for a command. False when the other end is gone.
static bool take_command(struct stub *stub, int fd, char *out, size_t capacity)
{
    size_t len = 0;
    bool inside = false;
    char c, sum[2];

    while (recv(fd, &c, 1, 0) == 1) {
        if (!inside) {
            inside = c == '$';
            stub->acked += c == '+';
        } else if (c == '#') {
            out[len] = '\0';
            return recv(fd, sum, 2, MSG_WAITALL) == 2;
        } else if (len < capacity - 1) {
            out[len++] = c;
        }
    }
    return false;
}

// Send an answer, damaged as often as is asked for, until it is acknowledged.
static bool deliver(struct stub *stub, int fd, const char *body)
{
    char ack = '+';

    do {
        bool damaged = stub->damage > 0;

        stub->damage -= damaged;
        put(fd, body, damaged);
        if (!stub->acks)
            return true;
        if (recv(fd, &ack, 1, 0) != 1)
            return false;
        stub->acked += ack == '+';
    } while (ack == '-');
    return true;
}

static bool serve_command(struct stub *stub, int fd, const char *command)
{
    static char out[65536];

    if (stub->acks && stub->refusals > 0) {
        stub->refusals--;
        return peer_send(fd, "-", 1);
    }
    if (stub->acks)
        peer_send(fd, "+", 1);
    answer(stub, command, out);
    if (command[0] == 'm' && stub->hangs_up)
        return false;
    if (command[0] == 'm' && stub->reads && !*stub->reads)
        return true;
    if (stub->chatty && !(deliver(stub, fd, "O48690a") && peer_send(fd, "%Stop:T05#aa", 12) &&
                          (command[0] == '?' || deliver(stub, fd, "T05thread:1;"))))
        return false;
    bool good = deliver(stub, fd, out);
    if (!strcmp(command, "QStartNoAckMode"))
        stub->acks = false;
    return good;
}

static void talk_stub(int fd, void *context)
{
    struct stub *stub = context;
    char command[512];

    stub->acks = true;
    if (stub->starts_stopping)
        put(fd, "T02thread:01;", false);
    while (take_command(stub, fd, command, sizeof command))
        if (!serve_command(stub, fd, command))
            return;
}

static struct stub stub_of_qemu(void)
{
    return (struct stub){.supported = "PacketSize=1000;qXfer:features:read+;vContSupported+"};
}

static struct link open_stub(struct peer *peer, double timeout)
{
    struct mph_err err = {0};
    struct link link;

    if (rsp_open(peer_endpoint(peer), timeout, &link, &err) < 0)
        fail_msg("%s", err.text);
    return link;
}

static void close_stub(struct link *link, struct peer *peer)
{
    link->ops->close(link->context);
    peer_stop(peer);
}

static void check_reads(struct stub *stub)
{
    struct peer *peer = peer_start(AF_INET, talk_stub, stub);
    struct link link = open_stub(peer, 20);
    static uint8_t bytes[3][10000];
    struct link_read reads[] = {{MEMORY + 3, 10000, bytes[0], 1},
                                {MEMORY_END - 2, 3, bytes[1], 0},
                                {MEMORY_END - 1, 1, bytes[2], 1}};
    struct mph_err err = {0};

    if (link.ops->read(link.context, reads, 3, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(reads[0].status, 0);
    assert_int_equal(reads[1].status, MPH_ERR_READ);
    assert_int_equal(reads[2].status, 0);
    assert_pattern(bytes[0], reads[0].address, reads[0].size, false);
    assert_pattern(bytes[2], reads[2].address, reads[2].size, false);
    assert_int_equal(link.stats->bytes, 10001);
    assert_int_equal(link.stats->pieces, 2);
    close_stub(&link, peer);
    assert_non_null(strstr(stub->commands, "\nD\n"));
}

static void test_read(void **state)
{
    struct stub stub = stub_of_qemu();

    (void)state;
    check_reads(&stub);
    assert_int_equal(stub.longest_read, (0x1000 - 4) / 2);
    assert_true(stub.acked > stub.reads_asked);
}

static void test_packet_sizes(void **state)
{
    static const struct {
        const char *supported;
        size_t longest;
    } rows[] = {{"", (400 - 4) / 2},
                {"PacketSize=ffffffff", 2048},
                {"hwbreak+;PacketSize=80;x+", (0x80 - 4) / 2},
                {"PacketSize=0", 30},
                {"PacketSize=zz", 30}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stub stub = {.supported = rows[i].supported};

        check_reads(&stub);
        assert_int_equal(stub.longest_read, rows[i].longest);
    }
}

static void test_without_acknowledgements(void **state)
{
    struct stub stub = {.supported = "PacketSize=4000;QStartNoAckMode+"};

    (void)state;
    check_reads(&stub);
    assert_false(stub.acks);
    assert_true(stub.acked <= 2);
}

static void test_stub_that_serves_less_than_asked(void **state)
{
    struct stub stub = stub_of_qemu();

    (void)state;
    stub.most_bytes = 100;
    check_reads(&stub);
}

static void test_stub_that_talks_by_itself(void **state)
{
    struct stub stub = stub_of_qemu();

    (void)state;
    stub.chatty = stub.starts_stopping = true;
    check_reads(&stub);
}

static void test_damaged_packets_are_repeated(void **state)
{
    struct stub stub = stub_of_qemu();

    (void)state;
    stub.damage = 3;
    stub.refusals = 2;
    check_reads(&stub);
}

static void test_registers(void **state)
{
    struct stub stub = stub_of_qemu();
    struct peer *peer = peer_start(AF_INET, talk_stub, &stub);
    struct link link = open_stub(peer, 20);
    enum run_state said;
    struct regs regs;

    (void)state;
    assert_int_equal(link.machine, EM_ARM);
    assert_int_equal(link.word_bytes, 4);
    assert_int_equal(link.ops->state(link.context, &said, NULL), 0);
    assert_int_equal(said, RUN_HALTED);
    assert_int_equal(link.ops->registers(link.context, &regs, NULL), 0);
    assert_int_equal(regs.count, 3);
    assert_register(&regs, "r0", 1);
    assert_register(&regs, "pc", 0x00adbeef);
    assert_register(&regs, "msp", 0x20001000);
    assert_null(strstr(stub.commands, "no name"));
    close_stub(&link, peer);
}

static void test_nothing_is_written_or_resumed(void **state)
{
    struct stub stub = stub_of_qemu();
    struct peer *peer = peer_start(AF_INET, talk_stub, &stub);
    struct link link = open_stub(peer, 20);
    struct regs regs;

    (void)state;
    assert_null(link.ops->halt);
    assert_null(link.ops->resume);
    assert_int_equal(link.ops->registers(link.context, &regs, NULL), 0);
    close_stub(&link, peer);
    for (char *line = strtok(stub.commands, "\n"); line; line = strtok(NULL, "\n"))
        if (!strchr("q?gpD", *line))
            fail_msg("'%s' was sent", line);
}

// --- badly ---

static void assert_read_fails(struct stub *stub, double timeout, const char *why)
{
    struct peer *peer = peer_start(AF_INET, talk_stub, stub);
    struct link link = open_stub(peer, timeout);
    struct mph_err err = {0}, again = {0};
    uint8_t bytes[8];
    struct link_read read = {MEMORY, sizeof bytes, bytes, 0};

    assert_int_equal(link.ops->read(link.context, &read, 1, &err), MPH_ERR_LINK);
    if (!strstr(err.text, why) || !strstr(err.text, peer_endpoint(peer)))
        fail_msg("'%s' does not say '%s' and where", err.text, why);
    assert_int_equal(link.ops->read(link.context, &read, 1, &again), MPH_ERR_LINK);
    assert_non_null(strstr(again.text, "the connection was lost"));
    close_stub(&link, peer);
}

static void test_lies(void **state)
{
    const char *lies[] = {"00112233445566778899", "001", "zz", "hello", "OK"};

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct stub stub = stub_of_qemu();
        stub.reads = lies[i];
        assert_read_fails(&stub, 20, "does not hold the memory asked for");
    }

    struct stub bomb = stub_of_qemu();
    bomb.reads = "*~";
    assert_read_fails(&bomb, 20, "a packet is malformed");
}

static void test_hanging_stub_is_still_told_to_let_go(void **state)
{
    struct stub stub = stub_of_qemu();

    (void)state;
    stub.reads = "";
    assert_read_fails(&stub, 0.2, "gdb: timed out after 0.2 s (");
    assert_non_null(strstr(stub.commands, "\nD\n"));
}

static void test_dying_stub(void **state)
{
    struct stub stub = stub_of_qemu();

    (void)state;
    stub.hangs_up = true;
    assert_read_fails(&stub, 20, "the other end closed the connection");
}

static void test_damage_for_ever(void **state)
{
    struct stub stub = stub_of_qemu();
    struct peer *peer = peer_start(AF_INET, talk_stub, &stub);
    struct mph_err err = {0};
    struct link link;

    (void)state;
    stub.damage = 1000;
    assert_int_equal(rsp_open(peer_endpoint(peer), 20, &link, &err), MPH_ERR_LINK);
    assert_non_null(strstr(err.text, "packets arrive damaged"));
    peer_stop(peer);
}

static void talk_flood(int fd, void *context)
{
    const char *bytes = context;

    while (peer_send(fd, bytes, strlen(bytes)))
        ;
}

static void test_floods(void **state)
{
    static const struct {
        const char *flood;
        const char *why;
    } rows[] = {{"+", "timed out after 0.3 s"},
                {"$O4869#2a", "timed out after 0.3 s"},
                {"$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a packet is far too long"},
                {"HTTP/1.1 400 Bad Request", "timed out after 0.3 s"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct peer *peer = peer_start(AF_INET, talk_flood, (void *)rows[i].flood);
        struct mph_err err = {0};
        struct link link;
        double start = stream_now();

        assert_int_equal(rsp_open(peer_endpoint(peer), 0.3, &link, &err), MPH_ERR_LINK);
        if (!strstr(err.text, rows[i].why) || !strstr(err.text, peer_endpoint(peer)))
            fail_msg("'%s' does not say '%s' and where", err.text, rows[i].why);
        assert_true(stream_now() - start < 10);
        peer_stop(peer);
    }
}

static void talk_endless_description(int fd, void *context)
{
    struct stub stub = {.supported = "PacketSize=100;qXfer:features:read+", .acks = true};
    char command[512];

    (void)context;
    while (take_command(&stub, fd, command, sizeof command)) {
        peer_send(fd, "+", 1);
        put(fd, strstr(command, "qXfer") ? "m<xi:include href=\"target.xml\"/><reg "
            : *command == '?'            ? "S05"
            : *command == 'D'            ? "OK"
                                         : stub.supported,
            false);
    }
}

static void test_endless_description(void **state)
{
    struct peer *peer = peer_start(AF_INET, talk_endless_description, NULL);
    struct link link = open_stub(peer, 20);

    (void)state;
    assert_true(link.stats->requests < 1000);
    close_stub(&link, peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_packet_sizes),
        cmocka_unit_test(test_without_acknowledgements),
        cmocka_unit_test(test_stub_that_serves_less_than_asked),
        cmocka_unit_test(test_stub_that_talks_by_itself),
        cmocka_unit_test(test_damaged_packets_are_repeated),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_nothing_is_written_or_resumed),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_hanging_stub_is_still_told_to_let_go),
        cmocka_unit_test(test_dying_stub),
        cmocka_unit_test(test_damage_for_ever),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_endless_description),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
