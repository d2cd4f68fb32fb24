// SPDX-License-Identifier: MIT
// The link to OpenOCD against a real one, whose target is a few lines of its own Tcl.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pattern.h"
#include "target/links.h"
#include "target/stream.h"
enum { MEMORY = 0x20000000, MEMORY_END = 0x20100000 };

static const char CONFIG[] =
    "adapter driver dummy\n"
    "adapter speed 100\n"
    "bindto 127.0.0.1\n"
    "gdb_port disabled\n"
    "telnet_port disabled\n"
    "tcl_port 0\n"
    "jtag newtap my cpu -irlen 4\n"
    "target create my.cpu testee -chain-position my.cpu\n"
    "init\n"
    "rename my.cpu {}\n"
    "proc word {a} { expr {($a * 2654435761) & 0xffffffff} }\n"
    "proc check {a n} {\n"
    "    if {$a < 0x20000000 || $a + 4 * $n > 0x20100000} { error {no memory\nthere} }\n"
    "}\n"
    "proc my.cpu {args} {\n"
    "    lassign $args verb a b c\n"
    "    switch $verb {\n"
    "    read_memory {\n"
    "        check $a $c\n"
    "        set out {}\n"
    "        for {set i 0} {$i < $c} {incr i} { lappend out [word [expr {$a + 4 * $i}]] }\n"
    "        return $out\n"
    "    }\n"
    "    mdw {\n"
    "        check $a $b\n"
    "        set out {}\n"
    "        for {set i 0} {$i < $b} {incr i} {\n"
    "            if {$i % 8 == 0} { append out [format \"\\n0x%08x: \" [expr {$a + 4 * $i}]] }\n"
    "            append out [format {%08x } [word [expr {$a + 4 * $i}]]]\n"
    "        }\n"
    "        return $out\n"
    "    }\n"
    "    get_reg {\n"
    "        if {[lindex $b 0] ni {pc sp r0}} { error {no such register} }\n"
    "        return [list [lindex $b 0] 0x[format %x [string length $b]]]\n"
    "    }\n"
    "    cget { return [dict get {-type cortex_m -endian little} $a] }\n"
    "    was_examined { return 1 }\n"
    "    arp_poll { return }\n"
    "    curstate { return halted }\n"
    "    default { error \"no $verb\" }\n"
    "    }\n"
    "}\n";

// As of 0.11: neither of the two commands, and `reg` prints what it finds.
static const char BEFORE_0_12[] =
    "rename read_memory {}\n"
    "rename get_reg {}\n"
    "proc reg {name force} {\n"
    "    if {$name ni {pc xPSR}} { return \"register $name not found in current target\\n\" }\n"
    "    return \"$name (/32): 0x0[string length $name]\\n\"\n"
    "}\n";

struct real {
    pid_t pid;
    char folder[64];
    char log[80];
    char endpoint[32];
};

static void write_file(const char *path, const char *text, const char *more)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fputs(more, file);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path, "r");

    assert_non_null(text);
    assert_non_null(file);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

static void run_openocd(const struct real *real)
{
    int log = open(real->log, O_WRONLY | O_APPEND);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (chdir(real->folder) == 0)
        execlp("openocd", "openocd", "-f", "openocd.cfg", (char *)NULL);
    _exit(127);
}

// The port that OpenOCD says it took, 0 when it ended instead.
static int wait_for_port(struct real *real)
{
    static const char words[] = "Listening on port ";
    double deadline = stream_now() + 20;
    int port = 0;

    while (port == 0 && stream_now() < deadline && waitpid(real->pid, NULL, WNOHANG) == 0) {
        char *log = read_file(real->log);
        const char *at = strstr(log, words);

        if (at && strchr(at, '\n'))
            port = atoi(at + strlen(words));
        free(log);
        usleep(10000);
    }
    return port;
}

static void real_start(struct real *real, const char *more_config)
{
    char path[100];

    strcpy(real->folder, "/tmp/mpheap-test-XXXXXX");
    assert_non_null(mkdtemp(real->folder));
    snprintf(real->log, sizeof real->log, "%s/log", real->folder);
    snprintf(path, sizeof path, "%s/openocd.cfg", real->folder);
    write_file(path, CONFIG, more_config);
    write_file(real->log, "", "");
    real->pid = fork();
    if (real->pid == 0)
        run_openocd(real);
    int port = wait_for_port(real);
    assert_int_not_equal(port, 0);
    snprintf(real->endpoint, sizeof real->endpoint, "127.0.0.1:%d", port);
}

static void real_stop(struct real *real)
{
    char path[100];

    kill(real->pid, SIGKILL);
    waitpid(real->pid, NULL, 0);
    unlink(real->log);
    snprintf(path, sizeof path, "%s/openocd.cfg", real->folder);
    unlink(path);
    assert_int_equal(rmdir(real->folder), 0); // nothing else was left there
}

static bool has_openocd(void)
{
    return system("command -v openocd >/dev/null 2>&1") == 0;
}

// With a folder for temporary files that OpenOCD can, or cannot, write to.
static struct link open_real(const struct real *real, bool shared)
{
    struct openocd_options options = {real->endpoint, NULL, 20};
    struct mph_err err = {0};
    struct link link;

    setenv("TMPDIR", shared ? real->folder : "/nonexistent", 1);
    int rc = openocd_open(&options, &link, &err);
    unsetenv("TMPDIR");
    if (rc < 0)
        fail_msg("%s", err.text);
    return link;
}

static void check_reads(struct link *link)
{
    static uint8_t bytes[3][40000];
    struct link_read reads[] = {{MEMORY + 1, 9, bytes[0], 1},
                                {MEMORY_END - 4, 8, bytes[1], 0},
                                {MEMORY + 0x3002, 40000, bytes[2], 1}};
    struct mph_err err = {0};

    if (link->ops->read(link->context, reads, 3, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(reads[0].status, 0);
    assert_int_equal(reads[1].status, MPH_ERR_READ);
    assert_int_equal(reads[2].status, 0);
    assert_pattern(bytes[0], reads[0].address, reads[0].size, false);
    assert_pattern(bytes[2], reads[2].address, reads[2].size, false);
    assert_reads_heads(link, MEMORY + 0x10000, 300);
}

static void test_real_openocd_stays_quiet(void **state)
{
    struct real real;
    struct regs regs;
    enum run_state said;

    (void)state;
    if (!has_openocd())
        skip();
    real_start(&real, "");
    struct link link = open_real(&real, true);
    check_reads(&link);
    assert_int_equal(link.ops->registers(link.context, &regs, NULL), 0);
    assert_int_equal(regs.count, 3);
    assert_register(&regs, "pc", 2);
    assert_int_equal(link.ops->state(link.context, &said, NULL), 0);
    assert_int_equal(said, RUN_HALTED);
    link.ops->close(link.context);

    char *log = read_file(real.log);
    const char *talk = strstr(log, "accepting 'tcl' connection");
    assert_non_null(talk);
    assert_null(strstr(talk, "0x")); // neither words nor registers
    free(log);
    real_stop(&real);
}

static void test_real_openocd_without_files(void **state)
{
    struct real real;

    (void)state;
    if (!has_openocd())
        skip();
    real_start(&real, "");
    struct link link = open_real(&real, false);
    check_reads(&link);
    link.ops->close(link.context);
    real_stop(&real);
}

static void test_real_openocd_before_0_12(void **state)
{
    struct real real;
    struct regs regs;

    (void)state;
    if (!has_openocd())
        skip();
    real_start(&real, BEFORE_0_12);
    for (int shared = 0; shared < 2; shared++) {
        struct link link = open_real(&real, shared);
        check_reads(&link);
        assert_int_equal(link.ops->registers(link.context, &regs, NULL), 0);
        assert_register(&regs, "pc", 2);
        link.ops->close(link.context);
    }
    real_stop(&real);
}

static void test_real_openocd_dies(void **state)
{
    struct real real;
    struct mph_err err = {0};
    uint8_t bytes[4];
    struct link_read read = {MEMORY, 4, bytes, 0};

    (void)state;
    if (!has_openocd())
        skip();
    real_start(&real, "");
    struct link link = open_real(&real, true);
    kill(real.pid, SIGKILL);
    assert_int_equal(link.ops->read(link.context, &read, 1, &err), MPH_ERR_LINK);
    assert_non_null(strstr(err.text, real.endpoint));
    link.ops->close(link.context);
    real_stop(&real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_openocd_stays_quiet),
        cmocka_unit_test(test_real_openocd_without_files),
        cmocka_unit_test(test_real_openocd_before_0_12),
        cmocka_unit_test(test_real_openocd_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
