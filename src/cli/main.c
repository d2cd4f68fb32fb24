// SPDX-License-Identifier: MIT
// The shell command.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "cli/screen.h"
#include "target/stream.h"

static int write_stream(void *context, const char *bytes, size_t size)
{
    FILE *stream = context;

    if (fwrite(bytes, 1, size, stream) == size && fflush(stream) == 0)
        return 0;
    // A reader that has seen enough, such as head, is no failure of ours.
    return errno == EPIPE ? MPH_ERR_INTERRUPTED : MPH_ERR_FILE;
}

static bool wants_color(void)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

// Someone looks and has keys.
static bool is_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

// OpenOCD hands its sockets down to what it starts. Held here they would stay open
// when it is gone, its ports with them.
static void drop_inherited(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--openocd=-"))
            closefrom(3);
}

// A first Ctrl-C ends the wait for an answer, so that a halted board is let go and
// temporary files go away; a second one ends the program. What nohup has turned off stays so.
static void on_signal(int number)
{
    (void)number;
    stream_interrupt();
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before;

        sigaction(numbers[i], &action, &before);
        if (numbers[i] == SIGHUP && before.sa_handler == SIG_IGN)
            sigaction(SIGHUP, &before, NULL);
    }
    signal(SIGPIPE, SIG_IGN); // a link that breaks is an error, not the end
}

int main(int argc, char **argv)
{
    struct mph_err err = {0};
    struct door door = {.out = {write_stream, stdout},
                        .notes = {write_stream, stderr},
                        .has_color = wants_color()};

    drop_inherited(argc, argv);
    catch_signals();
    struct screen *screen = is_terminal() ? screen_create() : NULL;
    door.view = screen ? screen_view(screen) : NULL;
    int rc = run_command(&door, argc, argv, &err);
    screen_destroy(screen);
    if (rc == MPH_ERR_INTERRUPTED && ferror(stdout))
        return 0;
    if (rc < 0)
        fprintf(stderr, "mpheap: %s\n", err.code ? err.text : "failed");
    return rc < 0 ? mph_exit_status(rc) : rc;
}
