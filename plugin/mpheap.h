/* SPDX-License-Identifier: MIT */
/*
 * libmpheap: the heap of a MicroPython board, read through a callback.
 *
 * This is the only promise to programs outside: everything else in the source
 * may change. The library never writes to a target: it has no call for it.
 *
 * A debugger that can read memory needs four steps:
 *
 *     struct mpheap_options options = {.size = sizeof options, .read = read_memory};
 *     mpheap_t *heap = mpheap_open(&options);
 *     const char *argv[] = {"map", "--legend"};
 *     int status = mpheap_run(heap, 2, argv, write_output, NULL);
 *     mpheap_close(heap);
 *
 * Each mpheap_run looks at the target anew, so a handle may be kept while the
 * target runs and stops. Questions about single words (mpheap_ask) are answered from
 * one look, until mpheap_forget. A handle may be used by one thread at a time; handles
 * do not share anything.
 */
#ifndef MPHEAP_H
#define MPHEAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mpheap mpheap_t;

/*
 * Read exactly `size` bytes of target memory at `address` into `bytes`.
 * Return 0 when all were read; MPHEAP_READ_REFUSED when some could not be (the
 * library then narrows down which); MPHEAP_READ_INTERRUPTED to end the report
 * because the user asked to.
 * Called from within mpheap_run and mpheap_ask, as often as needed, with `context` as given.
 */
typedef int (*mpheap_read_fn)(void *context, uint64_t address, void *bytes, size_t size);

enum {
    MPHEAP_READ_REFUSED = -1,
    MPHEAP_READ_INTERRUPTED = -2
};

/* What the target is doing while it is read. */
enum mpheap_state {
    MPHEAP_STATE_UNKNOWN = 0,
    MPHEAP_STATE_HALTED = 1,
    MPHEAP_STATE_RUNNING = 2,
    MPHEAP_STATE_DUMP = 3 /* not alive: a core, a memory image */
};

struct mpheap_register {
    const char *name; /* lower case, as GDB spells it: "sp", "pc", "xpsr" */
    uint64_t value;
};

/* A thread of the program that is not the selected one. */
struct mpheap_thread {
    const struct mpheap_register *registers;
    size_t register_count;
};

/* One C frame of the stopped program, as a debugger unwinds it. Set `size` to the size of
 * the structure that you compiled with. Strings are borrowed for the call. */
struct mpheap_frame {
    size_t size;
    uint64_t pc;          /* that the frame stands at, or returns to */
    uint64_t sp;          /* the stack pointer while it stands there, 0 when not known; that of
                             an inlined function is that of what it is part of */
    const char *function; /* its name, or NULL */
    const char *file;     /* the source file, or NULL */
    uint32_t line;        /* 0: not known */
};

/* Takes the next frame. Returns 0 to go on, anything else to end the walk. */
typedef int (*mpheap_take_frame_fn)(void *taker, const struct mpheap_frame *frame);

/*
 * Unwind the stack of the program as it was opened: call `take` with `taker` for each frame,
 * innermost first. Return NULL when the last one was the outermost, or else, in words, why
 * the walk went no further; that text must live until the function is called again, or until
 * mpheap_close. Called from within mpheap_run by reports that want C frames, at most once.
 */
typedef const char *(*mpheap_unwind_fn)(void *context, mpheap_take_frame_fn take, void *taker);

/*
 * All pointers are borrowed until mpheap_close. Set `size` to the size of the
 * structure that you compiled with: fields may be added at its end.
 */
struct mpheap_options {
    size_t size;
    mpheap_read_fn read; /* NULL: commands must name a target, as in the shell */
    void *context;       /* passed to `read` */
    const char *elf;     /* the firmware's ELF file, or NULL */
    uint16_t machine;    /* ELF e_machine, or 0 */
    uint8_t word_bytes;  /* 4 or 8, or 0 when not known */
    uint8_t big_endian;  /* 0 or 1; used when word_bytes is known */
    int state;           /* enum mpheap_state */
    const struct mpheap_register *registers;
    size_t register_count;
    uint64_t entry; /* where the entry point of a position-independent ELF is, or 0 */
    mpheap_unwind_fn unwind; /* NULL: C frames cannot be told; gets `context`, too */
    const char *core; /* the core whose first thread `registers` are of, or NULL: its own notes
                         have what debuggers leave out */
    const struct mpheap_thread *threads; /* the other ones, which a snapshot keeps */
    size_t thread_count;
};

/* NULL when out of memory or when options->size is too small. */
mpheap_t *mpheap_open(const struct mpheap_options *options);

/* NULL is fine. */
void mpheap_close(mpheap_t *heap);

enum mpheap_stream {
    MPHEAP_REPORT = 1, /* the report, the same bytes as the shell command's stdout */
    MPHEAP_NOTES = 2   /* notes, statistics and errors, whole lines */
};

/*
 * Takes `size` bytes that are not NUL-terminated. Return 0 to go on, anything
 * else to end the report.
 */
typedef int (*mpheap_write_fn)(void *context, int stream, const char *bytes, size_t size);

/*
 * Run a report: `argv` holds `argc` words, its name first, as after `mpheap` in
 * the shell. Returns the exit status of the shell command, 0 to 5; an error has
 * been written to MPHEAP_NOTES as one line, and mpheap_error tells it again.
 */
int mpheap_run(mpheap_t *heap, int argc, const char *const *argv, mpheap_write_fn write,
               void *context);

/* What a debugger asks while it prints a program's variables. */
enum mpheap_question {
    MPHEAP_ASK_WORD = 1,   /* text: the value of an object word (mp_obj_t) */
    MPHEAP_ASK_OBJECT = 2, /* text: the value of the object at an address */
    MPHEAP_ASK_TYPE = 3,   /* text: the name of the type of an object word */
    MPHEAP_ASK_QSTR = 4,   /* text: the interned string of an id, without quotes */
    MPHEAP_ASK_GLOBAL = 5, /* word: the global `name` of __main__, or "module.name" */
    MPHEAP_ASK_MODULE = 6, /* word: the module `name`; where it has no object, its dict */
    MPHEAP_ASK_LONG = 256  /* may be added to the first two: as much as `show` prints */
};

/* Set `size` before the call to the size of the structure that you compiled with. */
struct mpheap_answer {
    size_t size;
    uint64_t word;    /* an object word, 0 where the answer is text */
    const char *text; /* NUL-terminated printable ASCII, NULL where it is a word; it lives
                         until the next mpheap_ask, mpheap_forget or mpheap_close */
};

/*
 * Ask about one word: `question` is of enum mpheap_question, `value` the object word,
 * address or id, `name` (UTF-8, else NULL) what to look up. Values are as repr() gives
 * them in Python, bounded to about 160 characters, with MPHEAP_ASK_LONG to 65536; what
 * makes no sense in the target is no error, its text begins with "<bad: ".
 *
 * The first question opens the target and reads the tables of its heap; the next ones
 * are answered from that and from memory already read, so the target must not have run
 * since. There is no heap, or no such name: that is an error.
 *
 * Returns 0, or what mpheap_run would as status of such an error, 2 to 5, with a line
 * for mpheap_error; `answer` is untouched then.
 */
int mpheap_ask(mpheap_t *heap, int question, uint64_t value, const char *name,
               struct mpheap_answer *answer);

/* The target has run, or its memory was written: look anew at the next question. */
void mpheap_forget(mpheap_t *heap);

/* The last error line of this handle, "" when the last call had none. It lives until
 * the next mpheap_run, mpheap_ask or mpheap_close. */
const char *mpheap_error(const mpheap_t *heap);

/* The version of the library, such as "0.1.0". Static. */
const char *mpheap_version(void);

/* Name and one-line summary of report `index`, from 0 on; NULL past the last.
 * Static strings. */
const char *mpheap_report_name(size_t index);
const char *mpheap_report_summary(size_t index);

#ifdef __cplusplus
}
#endif

#endif
