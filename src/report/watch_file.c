// SPDX-License-Identifier: MIT
#include "report/watch_file.h"

#include <errno.h>
#include <string.h>

static int write_stream(void *context, const char *bytes, size_t size)
{
    FILE *stream = context;

    return fwrite(bytes, 1, size, stream) == size && fflush(stream) == 0 ? 0 : MPH_ERR_FILE;
}

static int flush(struct watch_file *file, struct mph_err *err)
{
    int rc = output_flush(file->output, file->stream ? NULL : err);

    return rc < 0 && file->stream ? mph_fail(err, rc, "watch: %s (%s)", strerror(errno), file->path)
                                  : rc;
}

int watch_file_adopt(struct watch_file *file, struct output *output,
                     const struct watch_format *format, struct mph_err *err)
{
    file->format = format;
    file->output = output;
    int rc = format->begin ? format->begin(output, err) : 0;

    return rc < 0 ? rc : flush(file, err);
}

int watch_file_open(struct watch_file *file, const char *path, const struct watch_format *format,
                    struct mph_err *err)
{
    file->stream = fopen(path, "we");
    if (!file->stream)
        return mph_fail(err, MPH_ERR_FILE, "watch: %s (%s)", strerror(errno), path);
    file->path = path;
    file->sink = (struct sink){write_stream, file->stream};
    text_init(&file->text, &file->sink);
    output_init(&file->own, &file->text, true, false);
    return watch_file_adopt(file, &file->own, format, err);
}

int watch_file_point(struct watch_file *file, const struct watch_point *point, struct mph_err *err)
{
    int rc = file->format->point ? file->format->point(file->output, point, err) : 0;

    return rc < 0 ? rc : flush(file, err);
}

int watch_file_event(struct watch_file *file, const struct watch_event *event, struct mph_err *err)
{
    int rc = file->format->event ? file->format->event(file->output, event, err) : 0;

    return rc < 0 ? rc : flush(file, err);
}

int watch_file_end(struct watch_file *file, const struct watch_totals *totals, struct mph_err *err)
{
    int rc = file->format && file->format->end ? file->format->end(file->output, totals, err) : 0;

    if (rc == 0 && file->output)
        rc = flush(file, err);
    if (!file->stream)
        return rc;
    output_deinit(&file->own);
    text_deinit(&file->text);
    if (fclose(file->stream) != 0 && rc == 0)
        rc = mph_fail(err, MPH_ERR_FILE, "watch: %s (%s)", strerror(errno), file->path);
    return rc;
}
