// SPDX-License-Identifier: MIT
#include "cli/screen.h"

#include <curses.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/screen_map.h"
#include "target/stream.h"

// Samples that are kept for the curves, and events for the list.
enum { HISTORY = 512, EVENTS = 5, KEY_MS = 50 };

struct screen {
    struct watch_view view;
    bool has_colors;
    struct sigaction stops[4];                // what they did before
    uint64_t used[HISTORY], largest[HISTORY]; // rings
    bool torn[HISTORY];
    size_t samples; // seen so far
    struct watch_event events[EVENTS];
    size_t event_count;
    // The latest sample, for when the terminal changes its size.
    struct watch_point point;
    struct watch_totals totals;
    uint64_t alarm_bytes;
    struct screen_map map;
};

// --- numbers ---

// A line of text, cut at the terminal's edge.
static void draw_line(int row, const struct text *text)
{
    mvaddnstr(row, 0, text->bytes ? text->bytes : "", COLS);
    clrtoeol();
}

static void add_use(const struct watch_point *point, struct text *text)
{
    const struct gc_numbers *numbers = &point->sample.numbers;

    text_printf(text,
                "%c%9.1f s  used %" PRIu64 "  free %" PRIu64 "  of %" PRIu64
                " bytes  1-blocks %" PRIu64 "  2-blocks %" PRIu64,
                point->sample.is_torn ? '~' : ' ', point->seconds, numbers->used_bytes,
                numbers->free_bytes, numbers->total_bytes, numbers->one_blocks,
                numbers->two_blocks);
}

static void add_runs(const struct watch_point *point, struct text *text)
{
    const struct gc_state *state = &point->sample.state;

    text_printf(text, "largest free run %" PRIu64 "  fragmentation %.0f%%  collections %" PRIu64,
                point->largest_run_bytes, 100 * point->fragmentation, point->collections);
    if (point->has_rate)
        text_printf(text, "  growth %.0f bytes/s", point->rate);
    text_puts(text, state->is_collecting ? "  collecting" : "");
    text_puts(text, state->has_lock_depth && state->lock_depth ? "  heap locked" : "");
}

static void add_cost(const struct screen *screen, struct text *text)
{
    const struct sample *sample = &screen->point.sample;

    text_printf(text,
                "%" PRIu64 " samples, %" PRIu64 " torn, %" PRIu64 " taken again; link %" PRIu64
                " bytes, %.1f ms",
                screen->totals.samples, screen->totals.torn, screen->totals.retaken,
                sample->link_bytes, sample->link_seconds * 1e3);
}

static void draw_numbers(const struct screen *screen)
{
    enum { ROWS = 3 };
    struct text lines[ROWS];

    for (int row = 0; row < ROWS; row++)
        text_init(&lines[row], NULL);
    add_use(&screen->point, &lines[0]);
    add_runs(&screen->point, &lines[1]);
    add_cost(screen, &lines[2]);
    for (int row = 0; row < ROWS; row++) {
        draw_line(row, &lines[row]);
        text_deinit(&lines[row]);
    }
}

// --- curves ---

static const char *bar(uint64_t value, uint64_t most)
{
    static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const plain[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
    size_t step = most ? (size_t)(value * 7 / most) : 0;

    step = step < 8 ? step : 7;
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? blocks[step] : plain[step];
}

static void draw_curve(const struct screen *screen, int row, const char *name,
                       const uint64_t *values)
{
    enum { NAME_COLUMNS = 9 };
    size_t room = COLS > NAME_COLUMNS + 1 ? (size_t)(COLS - NAME_COLUMNS - 1) : 0;
    size_t kept = screen->samples < HISTORY ? screen->samples : HISTORY;
    size_t count = kept < room ? kept : room;

    mvprintw(row, 0, "%-*s", NAME_COLUMNS, name);
    for (size_t i = screen->samples - count; i < screen->samples; i++) {
        if (screen->torn[i % HISTORY])
            attron(A_DIM);
        addstr(bar(values[i % HISTORY], screen->point.sample.numbers.total_bytes));
        attroff(A_DIM);
    }
    clrtoeol();
}

// --- all of it ---

static void draw_event(const struct watch_event *event, int row)
{
    struct text line;

    text_init(&line, NULL);
    text_printf(&line, "%c%9.1f  %s", event->is_uncertain ? '~' : ' ', event->seconds, event->text);
    if (event->kind == WATCH_ALARM)
        attron(A_BOLD);
    draw_line(row, &line);
    attroff(A_BOLD);
    text_deinit(&line);
}

static void draw_foot(const struct screen *screen)
{
    struct text line;

    text_init(&line, NULL);
    text_puts(&line, "q ends");
    if (screen->alarm_bytes)
        text_printf(&line, "; alarm below %" PRIu64 " bytes", screen->alarm_bytes);
    draw_line(LINES - 1, &line);
    text_deinit(&line);
}

static void draw(struct screen *screen)
{
    enum { TOP = 7, BOTTOM = EVENTS + 2 };

    draw_numbers(screen);
    draw_curve(screen, 4, "used", screen->used);
    draw_curve(screen, 5, "largest", screen->largest);
    screen_map_draw(&screen->map, TOP, LINES - TOP - BOTTOM, screen->has_colors);
    for (size_t i = 0; i < screen->event_count; i++)
        draw_event(&screen->events[i], LINES - BOTTOM + 1 + (int)i);
    draw_foot(screen);
    refresh();
}

static void draw_again(struct screen *screen)
{
    erase();
    draw(screen);
}

// --- the view ---

// None of these, however often it comes, may end the program while the terminal is not its own.
static const int STOPS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void on_stop(int number)
{
    (void)number;
    stream_interrupt();
}

static void hold_stops(struct screen *screen)
{
    struct sigaction held = {.sa_handler = on_stop};

    sigemptyset(&held.sa_mask);
    for (size_t i = 0; i < sizeof STOPS / sizeof *STOPS; i++)
        sigaction(STOPS[i], &held, &screen->stops[i]);
}

static void release_stops(const struct screen *screen)
{
    for (size_t i = 0; i < sizeof STOPS / sizeof *STOPS; i++)
        sigaction(STOPS[i], &screen->stops[i], NULL);
}

// A terminal that cannot move its cursor gets lines.
static bool can_draw(void)
{
    const char *moves = tigetstr("cup");

    return moves && moves != (const char *)-1;
}

static void close_terminal(void)
{
    endwin();
    delscreen(set_term(NULL));
}

static bool begin(void *context)
{
    struct screen *screen = context;

    setlocale(LC_CTYPE, "");
    if (!newterm(NULL, stdout, stdin))
        return false;
    if (!can_draw()) {
        close_terminal();
        return false;
    }
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    screen->has_colors = has_colors() && start_color() == OK && use_default_colors() == OK;
    if (screen->has_colors)
        screen_map_colors();
    hold_stops(screen);
    return true;
}

static void show(void *context, const struct watch_scene *scene)
{
    struct screen *screen = context;
    size_t at = screen->samples++ % HISTORY;

    screen->point = *scene->point;
    screen->totals = *scene->totals;
    screen->alarm_bytes = scene->alarm_bytes;
    screen->used[at] = scene->point->sample.numbers.used_bytes;
    screen->largest[at] = scene->point->largest_run_bytes;
    screen->torn[at] = scene->point->sample.is_torn;
    screen_map_take(&screen->map, scene->sampler);
    draw(screen);
}

// The newest stands first.
static void add_event(void *context, const struct watch_event *event)
{
    struct screen *screen = context;

    memmove(screen->events + 1, screen->events, (EVENTS - 1) * sizeof *screen->events);
    screen->events[0] = *event;
    screen->event_count += screen->event_count < EVENTS;
    draw(screen);
}

// Keys and changes of size are seen within KEY_MS, signals at once or at the next look.
static int pause_view(void *context, double seconds, struct mph_err *err)
{
    struct screen *screen = context;
    double end = stream_now() + seconds;

    for (;;) {
        double left = (end - stream_now()) * 1e3;
        int rc = stream_pause(0, err), key;

        if (rc < 0)
            return rc;
        timeout(left < 1 ? 0 : left < KEY_MS ? (int)left : KEY_MS);
        key = getch();
        bool is_gone = key == ERR && !isatty(STDIN_FILENO); // hung up: it has no keys, at once

        if (is_gone || key == 'q' || key == 'Q')
            return mph_fail(err, MPH_ERR_INTERRUPTED, "interrupted");
        if (key == KEY_RESIZE)
            draw_again(screen);
        else if (left < 1)
            return 0;
    }
}

static void end(void *context)
{
    struct screen *screen = context;

    close_terminal();
    release_stops(screen);
}

// --- making one ---

struct screen *screen_create(void)
{
    struct screen *screen = calloc(1, sizeof *screen);

    if (!screen)
        return NULL;
    screen->view = (struct watch_view){screen, begin, show, add_event, pause_view, end};
    return screen;
}

void screen_destroy(struct screen *screen)
{
    if (!screen)
        return;
    screen_map_deinit(&screen->map);
    free(screen);
}

const struct watch_view *screen_view(const struct screen *screen)
{
    return &screen->view;
}
