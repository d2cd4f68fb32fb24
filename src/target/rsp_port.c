// SPDX-License-Identifier: MIT
#include "target/rsp_port.h"

#include <string.h>

#include "target/rsp_packet.h"

enum { MOST_COMMAND = 250, MOST_RETRIES = 5 };

static const double DETACH_SECONDS = 1;

int rsp_port_fail(struct rsp_port *port, struct mph_err *err, const char *why)
{
    int len = port->body_len < 60 ? (int)port->body_len : 60;

    port->lost = true;
    return mph_fail(err, MPH_ERR_LINK, "gdb: %s: \"%.*s\" (%s)", why, len, port->body,
                    port->stream.peer);
}

static int send_packet(struct rsp_port *port, const char *command, double deadline,
                       struct mph_err *err)
{
    char frame[MOST_COMMAND + 4];
    size_t len = strlen(command);

    if (len > MOST_COMMAND)
        return mph_fail(err, MPH_ERR_INTERNAL, "gdb: a command is too long");
    return stream_send(&port->stream, frame, rsp_frame(command, len, frame), deadline, err);
}

static int send_ack(struct rsp_port *port, char ack, double deadline, struct mph_err *err)
{
    return port->acks ? stream_send(&port->stream, &ack, 1, deadline, err) : 0;
}

static void drop(struct rsp_port *port, size_t size)
{
    port->in_len -= size;
    memmove(port->in, port->in + size, port->in_len);
}

static int receive_more(struct rsp_port *port, double deadline, struct mph_err *err)
{
    size_t more;

    if (port->in_len == sizeof port->in)
        return stream_fail(&port->stream, err, "a packet is far too long");

    int rc = stream_receive(&port->stream, port->in + port->in_len, sizeof port->in - port->in_len,
                            deadline, &more, err);
    if (rc == 0)
        port->in_len += more;
    return rc;
}

// What one piece of input asks of us. 1 when port->body is a packet.
static int take_piece(struct rsp_port *port, const struct rsp_piece *piece, const char *command,
                      int *retries, double deadline, struct mph_err *err)
{
    bool again = piece->kind == RSP_NACK || piece->kind == RSP_DAMAGED;

    if (again && (!port->acks || ++*retries > MOST_RETRIES))
        return stream_fail(&port->stream, err, "packets arrive damaged");
    switch (piece->kind) {
    case RSP_NACK:
        return send_packet(port, command, deadline, err);
    case RSP_DAMAGED:
        return send_ack(port, '-', deadline, err);
    case RSP_PACKET:
        if (!rsp_expand(piece->body, piece->len, port->body, sizeof port->body, &port->body_len))
            return stream_fail(&port->stream, err, "a packet is malformed");
        if (send_ack(port, '+', deadline, err) < 0)
            return MPH_ERR_LINK;
        return 1;
    default:
        return 0;
    }
}

// The next packet, which becomes port->body. `command` is sent again on request.
static int receive_packet(struct rsp_port *port, const char *command, double deadline,
                          struct mph_err *err)
{
    int retries = 0, rc = 0;

    while (rc == 0) {
        struct rsp_piece piece;

        rsp_scan(port->in, port->in_len, &piece);
        if (piece.kind == RSP_MORE) {
            rc = receive_more(port, deadline, err);
            continue;
        }
        rc = take_piece(port, &piece, command, &retries, deadline, err);
        drop(port, piece.used);
    }
    return rc < 0 ? rc : 0;
}

// Send a command and wait for its answer, passing over console output and stop
// replies that come by themselves. A stop reply is the answer to "?" only.
static int ask_until(struct rsp_port *port, const char *command, double deadline,
                     struct mph_err *err)
{
    bool wants_stop = !strcmp(command, "?");
    int rc = send_packet(port, command, deadline, err);

    while (rc == 0) {
        rc = receive_packet(port, command, deadline, err);
        if (rc == 0 && !rsp_is_output(port->body, port->body_len) &&
            (wants_stop || !rsp_is_stop(port->body, port->body_len)))
            return 0;
    }
    return rc;
}

int rsp_port_ask(struct rsp_port *port, const char *command, struct mph_err *err)
{
    double start = stream_now();

    if (port->lost)
        return stream_fail(&port->stream, err, "the connection was lost");
    port->stats->requests++;
    int rc = ask_until(port, command, start + port->stream.timeout, err);
    port->stats->seconds += stream_now() - start;
    if (rc < 0)
        port->lost = true;
    return rc;
}

bool rsp_port_says(const struct rsp_port *port, const char *text)
{
    return port->body_len == strlen(text) && !memcmp(port->body, text, port->body_len);
}

int rsp_port_open(struct rsp_port *port, const char *endpoint, double timeout,
                  struct link_stats *stats, struct mph_err *err)
{
    int rc = stream_connect(&port->stream, "gdb", endpoint, timeout, err);

    if (rc < 0)
        return rc;
    port->stats = stats;
    port->lost = false;
    port->acks = true;
    port->in_len = port->body_len = 0;
    return 0;
}

void rsp_port_close(struct rsp_port *port)
{
    double deadline = stream_now() + DETACH_SECONDS;

    if (port->lost)
        send_packet(port, "D", deadline, NULL);
    else
        ask_until(port, "D", deadline, NULL);
    stream_close(&port->stream);
}
