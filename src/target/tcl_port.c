// SPDX-License-Identifier: MIT
#include "target/tcl_port.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The files in the shared folder.
static const char ANSWER[] = "answer"; // results travel through it
static const char DATA[] = "data";     // whatever a script writes

enum {
    TCP_END = 0x1a,
    FIRST_CAPACITY = 4096,
    QUIET_LIMIT = 64 * 1024, // an answer that only says why the file was not written
};

static bool is_pipes(const struct tcl_port *port)
{
    return !strcmp(port->endpoint, "-");
}

static char end_byte(const struct tcl_port *port)
{
    return is_pipes(port) ? '\n' : TCP_END;
}

// --- opening and closing ---

// The standard streams are duplicated, so that closing ours leaves them be.
static int open_pipes(struct tcl_port *port, struct mph_err *err)
{
    int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

    if (in < 0 || out < 0) {
        if (in >= 0)
            close(in);
        if (out >= 0)
            close(out);
        return mph_fail(err, MPH_ERR_LINK, "openocd: stdin and stdout are not both open (-)");
    }
    stream_init_pipes(&port->stream, "openocd", "stdin, stdout", in, out, port->timeout);
    return 0;
}

static int open_stream(struct tcl_port *port, struct mph_err *err)
{
    if (is_pipes(port))
        return open_pipes(port, err);
    return stream_connect(&port->stream, "openocd", port->endpoint, port->timeout, err);
}

int tcl_port_open(struct tcl_port *ret, const char *endpoint, double timeout,
                  struct link_stats *stats, struct mph_err *err)
{
    struct tcl_port port = {.timeout = timeout, .stats = stats};

    if (strlen(endpoint) >= sizeof port.endpoint)
        return mph_fail(err, MPH_ERR_USAGE, "openocd: not [HOST]:PORT (%.64s...)", endpoint);
    strcpy(port.endpoint, endpoint);

    int rc = open_stream(&port, err);
    if (rc == 0)
        *ret = port;
    return rc;
}

static void file_path(const struct tcl_port *port, const char *name, char ret[128])
{
    snprintf(ret, 128, "%s/%s", port->folder, name);
}

static void remove_file(const struct tcl_port *port, const char *name)
{
    char path[128];

    file_path(port, name, path);
    unlink(path);
}

static void unshare(struct tcl_port *port)
{
    if (!port->folder[0])
        return;
    remove_file(port, ANSWER);
    remove_file(port, DATA);
    rmdir(port->folder);
    port->folder[0] = '\0';
}

void tcl_port_close(struct tcl_port *port)
{
    unshare(port);
    stream_close(&port->stream);
    free(port->answer);
    port->answer = NULL;
    port->capacity = 0;
}

int tcl_port_reopen(struct tcl_port *port, struct mph_err *err)
{
    stream_close(&port->stream);
    if (is_pipes(port))
        return stream_fail(&port->stream, err, "the connection was lost");
    return open_stream(port, err);
}

void tcl_port_share(struct tcl_port *port)
{
    const char *parent = getenv("TMPDIR");

    if (!port->stream.same_host || port->folder[0])
        return;
    int size = snprintf(port->folder, sizeof port->folder, "%s/mpheap-XXXXXX",
                        parent && parent[0] == '/' ? parent : "/tmp");
    if (size < 0 || (size_t)size >= sizeof port->folder || !mkdtemp(port->folder))
        port->folder[0] = '\0';
}

// --- scripts ---

void tcl_quote(struct text *script, const char *word)
{
    for (; *word; word++) {
        if (!isalnum((unsigned char)*word) && !strchr("_./-", *word))
            text_putc(script, '\\');
        text_putc(script, *word);
    }
}

static void quote_file(struct text *script, const struct tcl_port *port, const char *name)
{
    char path[128];

    file_path(port, name, path);
    tcl_quote(script, path);
}

void tcl_quote_data_file(struct text *script, const struct tcl_port *port)
{
    quote_file(script, port, DATA);
}

// Errors look like results in the protocol, so each script is caught and its
// outcome told as a list. The bytes that end a message must not be in it.
static void add_spoken(struct text *command, const struct text *script)
{
    text_puts(command, "lindex [list [list [catch {");
    text_add(command, script->bytes, script->len);
    text_puts(command, "} mph_r] [string map [list \"\\n\" { } \"\\x1a\" ?] $mph_r]]"
                       " [unset mph_r]] 0");
}

// The same outcome through a file; the spoken result is empty unless that failed.
static void add_quiet(struct text *command, const struct tcl_port *port,
                      const struct text *script)
{
    text_puts(command, "if {[catch {set mph_f [open ");
    quote_file(command, port, ANSWER);
    text_puts(command, " w]; puts -nonewline $mph_f [list [catch {");
    text_add(command, script->bytes, script->len);
    text_puts(command, "} mph_r] $mph_r]; close $mph_f; unset mph_f mph_r}]} {list 1 {}}"
                       " else list");
}

// --- answers ---

static int grow(struct tcl_port *port, size_t needed, struct mph_err *err)
{
    size_t capacity = port->capacity ? port->capacity : FIRST_CAPACITY;

    while (capacity < needed)
        capacity *= 2;
    if (capacity == port->capacity)
        return 0;

    char *answer = realloc(port->answer, capacity);
    if (!answer)
        return mph_fail_no_memory(err);
    port->answer = answer;
    port->capacity = capacity;
    return 0;
}

int tcl_port_fail(struct tcl_port *port, struct mph_err *err, const char *why,
                  const char *text, size_t len)
{
    stream_close(&port->stream);
    return mph_fail(err, MPH_ERR_LINK, "openocd: %s: \"%.*s\" (%s)", why,
                    len < 60 ? (int)len : 60, text, port->stream.peer);
}

// Every answer is empty or begins with a number; a different service says
// something else, often without ever ending it.
static bool is_openocd(const char *answer, char end)
{
    return isdigit((unsigned char)*answer) || *answer == '-' || *answer == end;
}

// An answer up to its end byte, which is replaced by a NUL.
static int receive(struct tcl_port *port, size_t limit, double deadline, size_t *ret,
                   struct mph_err *err)
{
    char end = end_byte(port), *found = NULL;
    size_t len = 0, more;

    while (!found) {
        int rc = grow(port, len + FIRST_CAPACITY / 2, err);
        if (rc == 0)
            rc = stream_receive(&port->stream, port->answer + len, port->capacity - len, deadline,
                                &more, err);
        if (rc < 0)
            return rc;
        found = memchr(port->answer + len, end, more);
        len += more;
        if (!is_openocd(port->answer, end))
            return tcl_port_fail(port, err, "not OpenOCD's Tcl port, it says", port->answer, len);
        if (len > limit + 1)
            return tcl_port_fail(port, err, "an answer is far too long", port->answer, len);
    }
    if (found + 1 != port->answer + len)
        return tcl_port_fail(port, err, "more than one answer", port->answer, len);
    *found = '\0';
    *ret = len - 1;
    return 0;
}

static int exchange(struct tcl_port *port, struct text *command, size_t limit, size_t *ret,
                    struct mph_err *err)
{
    double start = stream_now(), deadline = start + port->stream.timeout;
    int rc = 0;

    text_putc(command, end_byte(port));
    if (command->failed)
        return mph_fail_no_memory(err);
    if (!stream_is_open(&port->stream))
        return stream_fail(&port->stream, err, "the connection was lost");

    port->stats->requests++;
    rc = stream_send(&port->stream, command->bytes, command->len, deadline, err);
    if (rc == 0)
        rc = receive(port, limit, deadline, ret, err);
    port->stats->seconds += stream_now() - start;
    if (rc < 0)
        stream_close(&port->stream);
    return rc;
}

// --- files OpenOCD wrote ---

// Open a file of the shared folder and let go of its name.
static int take_descriptor(const struct tcl_port *port, const char *name, size_t *size)
{
    char path[128];
    struct stat info;

    file_path(port, name, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    unlink(path);
    if (fd >= 0 && (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size < 0)) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        *size = (size_t)info.st_size;
    return fd;
}

static bool read_all(int fd, char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = read(fd, bytes, size);

        if (count <= 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

bool tcl_port_take_data(const struct tcl_port *port, void *bytes, size_t size)
{
    size_t found;
    int fd = take_descriptor(port, DATA, &found);
    bool whole = fd >= 0 && found == size && read_all(fd, bytes, size);

    if (fd >= 0)
        close(fd);
    return whole;
}

static bool take_answer(struct tcl_port *port, size_t limit, size_t *ret)
{
    size_t size;
    int fd = take_descriptor(port, ANSWER, &size);
    bool whole = fd >= 0 && size <= limit && grow(port, size + 1, NULL) == 0 &&
                 read_all(fd, port->answer, size);

    if (fd >= 0)
        close(fd);
    *ret = size;
    return whole;
}

// --- one script, one outcome ---

// Through the file. *ret stays 0 where the file did not work out.
static int eval_quietly(struct tcl_port *port, const struct text *script, size_t limit, size_t *ret,
                        struct mph_err *err)
{
    struct text command;
    size_t spoken;

    text_init(&command, NULL);
    add_quiet(&command, port, script);
    int rc = exchange(port, &command, QUIET_LIMIT, &spoken, err);
    text_deinit(&command);
    if (rc == 0 && (spoken || !take_answer(port, limit, ret))) {
        unshare(port);
        *ret = 0;
    }
    return rc;
}

static int eval_spoken(struct tcl_port *port, const struct text *script, size_t limit, size_t *ret,
                       struct mph_err *err)
{
    struct text command;

    text_init(&command, NULL);
    add_spoken(&command, script);
    int rc = exchange(port, &command, limit, ret, err);
    text_deinit(&command);
    return rc;
}

int tcl_port_eval(struct tcl_port *port, const struct text *script, size_t limit,
                  struct tcl_result *ret, struct mph_err *err)
{
    size_t len = 0;
    int rc = 0;

    if (script->failed)
        return mph_fail_no_memory(err);
    if (tcl_port_is_shared(port))
        rc = eval_quietly(port, script, limit, &len, err);
    if (rc == 0 && len == 0)
        rc = eval_spoken(port, script, limit, &len, err);
    if (rc == 0 && !tcl_result_parse(port->answer, len, ret))
        return tcl_port_fail(port, err, "an answer makes no sense", port->answer, len);
    return rc;
}
