// SPDX-License-Identifier: MIT
// What --map and --ld say of memory.
#include "elf/regions.h"
#include "report/bounds.h"

static bool has_one_in(const struct vec *sections, struct extent extent)
{
    for (size_t i = 0; i < sections->len; i++)
        if (extent_has(extent, ((const struct named_extent *)vec_at(sections, i))->extent.first))
            return true;
    return false;
}

// Scripts that do not say which of their regions is flash have code there, and no variables.
static bool is_ram(const struct bounds *bounds, const struct region *region)
{
    return region->is_writable &&
           (region->has_attributes || has_one_in(&bounds->sections, region->extent) ||
            !has_one_in(&bounds->constants, region->extent));
}

static int add_regions(struct bounds *bounds, const struct vec *regions, const char *option,
                       struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < regions->len; i++) {
        const struct region *region = vec_at(regions, i);

        if (is_ram(bounds, region))
            rc =
                bounds_name(&bounds->regions, region->extent, err, "%s (%s)", region->name, option);
    }
    return rc;
}

static int read_file(struct bounds *bounds, const char *path, bool is_map, struct session *session,
                     struct mph_err *err)
{
    struct vec regions = VEC_OF(struct region);
    const uint8_t *bytes;
    size_t size, unknown = 0;
    int rc = target_map_file(&session->target, path, &bytes, &size, err);

    if (rc == 0 && is_map)
        rc = regions_from_map((const char *)bytes, size, &regions, err);
    else if (rc == 0)
        rc = regions_from_script((const char *)bytes, size,
                                 session->has_firmware ? &session->firmware.symbols : NULL,
                                 &regions, &unknown, err);
    if (rc == 0)
        rc = add_regions(bounds, &regions, is_map ? "--map" : "--ld", err);
    if (unknown)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "--ld: regions whose place or size is not known from the script and the ELF "
                    "alone: %zu (--map has them)",
                    unknown);
    vec_deinit(&regions);
    return rc;
}

int bounds_gather_files(struct bounds *bounds, const struct bounds_options *options,
                        struct session *session, struct mph_err *err)
{
    int rc = options->map ? read_file(bounds, options->map, true, session, err) : 0;

    return rc == 0 && options->ld ? read_file(bounds, options->ld, false, session, err) : rc;
}
