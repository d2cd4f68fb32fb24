// SPDX-License-Identifier: MIT
#include "report/map_picture.h"

#include <inttypes.h>
#include <string.h>

#include "gc/numbers.h"
#include "report/map_letters.h"
#include "report/picture.h"

// --- what is in the picture ---

struct map_walk {
    struct session *session;
    struct output *output;
    bool is_rich;
};

static int walk_area(void *context, const struct gc_area *area, struct letters *letters,
                     struct mph_err *err)
{
    const struct map_walk *walk = context;
    int rc = map_letters_walk(walk->session, walk->is_rich, area, letters, err);

    map_letters_note_unread(letters, walk->output);
    return rc;
}

// A tail has its head's letter and colour; only those without one are left.
static void set_meaning(void *context, char letter, const char *meaning)
{
    struct picture *picture = context;

    picture->meanings[(size_t)letter] = letter == '=' ? "tails that follow no head" : meaning;
}

static void set_title(const struct session *session, char *title, size_t size)
{
    const char *version = session->layout.version;

    snprintf(title, size, "The heap of MicroPython %s", *version ? version : "of unknown version");
}

static void set_subtitle(const struct session *session, char *subtitle, size_t size)
{
    struct gc_numbers numbers;

    gc_numbers(&session->heap, &numbers);
    snprintf(subtitle, size,
             "%" PRIu64 " of %" PRIu64 " bytes in use (%.1f %%), %" PRIu64
             " free, of which the largest run has %" PRIu64,
             numbers.used_bytes, numbers.total_bytes,
             100.0 * (double)numbers.used_bytes / (double)numbers.total_bytes, numbers.free_bytes,
             numbers.max_free * session->layout.block_bytes);
}

// --- what is said of it ---

static const char *const forms[] = {[CANVAS_SVG] = "svg", [CANVAS_PNG] = "png"};

static json_t *picture_json(const struct picture *picture, enum canvas_form form, const char *path)
{
    struct picture_size size = picture_size(picture);

    return json_pack("{s:o, s:s, s:i, s:i, s:I}", "file", json_text(path), "form", forms[form],
                     "width_pixels", size.width, "height_pixels", size.height, "cell_bytes",
                     (json_int_t)(picture->cells->blocks_per_cell * picture->block_bytes));
}

static void say(const struct picture *picture, enum canvas_form form, const char *path,
                struct output *output)
{
    struct picture_size size = picture_size(picture);

    text_printf(output->text, "%s of %d x %d pixels, a cell is %" PRIu64 " bytes, in ", forms[form],
                size.width, size.height, picture->cells->blocks_per_cell * picture->block_bytes);
    text_escaped(output->text, path, strlen(path));
    text_putc(output->text, '\n');
}

// One file, if it is wanted; its row goes into `list`.
static int write_one(const struct picture *picture, enum canvas_form form, const char *path,
                     struct output *output, json_t *list, struct mph_err *err)
{
    int rc = path ? picture_write(picture, form, path, err) : 0;

    if (rc < 0 || !path)
        return rc;
    if (output->is_json)
        json_array_append_new(list, picture_json(picture, form, path));
    else
        say(picture, form, path, output);
    return 0;
}

static int write_all(const struct picture *picture, const struct map_pictures *pictures,
                     struct output *output, struct mph_err *err)
{
    json_t *list = json_array();
    int rc = write_one(picture, CANVAS_SVG, pictures->svg, output, list, err);

    if (rc == 0)
        rc = write_one(picture, CANVAS_PNG, pictures->png, output, list, err);
    if (rc == 0 && output->is_json)
        return output_json(output, json_pack("{s:o}", "pictures", list), err);
    json_decref(list);
    return rc;
}

int map_pictures_check(const struct map_pictures *pictures, struct mph_err *err)
{
    int rc = pictures->svg ? picture_check(pictures->svg, err) : 0;

    return rc == 0 && pictures->png ? picture_check(pictures->png, err) : rc;
}

int map_pictures_write(struct session *session, const struct map_pictures *pictures, bool is_rich,
                       struct output *output, struct mph_err *err)
{
    struct map_walk walk = {session, output, is_rich};
    char title[160], subtitle[200];
    struct cells cells;
    struct picture picture = {.cells = &cells,
                              .block_bytes = session->layout.block_bytes,
                              .title = title,
                              .subtitle = subtitle,
                              .notes = &output->notes};
    int rc = cells_init(&cells, &session->heap, walk_area, &walk, err);

    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    set_title(session, title, sizeof title);
    set_subtitle(session, subtitle, sizeof subtitle);
    map_letters_each(is_rich, &picture, set_meaning);
    rc = write_all(&picture, pictures, output, err);
    cells_deinit(&cells);
    return rc;
}
