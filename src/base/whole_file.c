// SPDX-License-Identifier: MIT
#include "base/whole_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 4096 };

// The file is put in place by renaming, which would take the place of a device, too.
static bool is_replaceable(const char *path)
{
    struct stat existing;

    return stat(path, &existing) < 0 || S_ISREG(existing.st_mode);
}

// Where it is to go, by way of which file beside it, and how errors begin.
struct place {
    const char *path, *what;
    char temporary[NAME_BYTES];
};

static int fail(const struct place *place, const char *doing, struct mph_err *err)
{
    return mph_fail(err, MPH_ERR_FILE, "%s: %s%s (%s)", place->what, doing, strerror(errno),
                    place->path);
}

static int find_place(const char *path, const char *what, struct place *ret, struct mph_err *err)
{
    ret->path = path;
    ret->what = what;
    if (snprintf(ret->temporary, NAME_BYTES, "%s.part%d", path, (int)getpid()) >= NAME_BYTES)
        return mph_fail(err, MPH_ERR_FILE, "%s: name too long (%s)", what, path);
    if (!is_replaceable(path))
        return mph_fail(err, MPH_ERR_FILE, "%s: not a regular file (%s)", what, path);
    return 0;
}

static int fill(const struct place *place, const struct whole_file_content *content,
                struct mph_err *err)
{
    FILE *file = fopen(place->temporary, "wbxe");

    if (!file)
        return fail(place, "", err);
    int rc = content->write(content->context, file, err);
    bool has_failed = ferror(file) || fflush(file) != 0 || fsync(fileno(file)) != 0;

    has_failed |= fclose(file) != 0;
    return rc == 0 && has_failed ? fail(place, "cannot write: ", err) : rc;
}

int whole_file_write(const char *path, const char *what, const struct whole_file_content *content,
                     struct mph_err *err)
{
    struct place place;
    int rc = find_place(path, what, &place, err);

    if (rc < 0)
        return rc;
    rc = fill(&place, content, err);
    if (rc == 0 && rename(place.temporary, path) < 0)
        rc = fail(&place, "", err);
    if (rc < 0)
        unlink(place.temporary);
    return rc;
}

int whole_file_check(const char *path, const char *what, struct mph_err *err)
{
    struct place place;
    int rc = find_place(path, what, &place, err);
    FILE *file;

    if (rc < 0)
        return rc;
    file = fopen(place.temporary, "wbxe");
    if (!file)
        return fail(&place, "", err);
    fclose(file);
    unlink(place.temporary);
    return 0;
}
