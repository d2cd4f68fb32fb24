// SPDX-License-Identifier: MIT
// What RAM the chip has: by --ram, by --chip, by its own word, by probing.
#include <inttypes.h>
#include <stdio.h>

#include "report/bounds.h"
#include "target/chip.h"

static int add_banks(struct bounds *bounds, const struct chip_bank *banks, enum ram_source source,
                     const char *who, struct mph_err *err)
{
    struct extent extent;
    int rc = 0;

    for (const struct chip_bank *bank = banks; rc == 0 && bank->name; bank++)
        if (extent_set(&extent, bank->address, bank->size))
            rc = bounds_add_bank(bounds, extent, source, err, "%s of %s", bank->name, who);
    return rc;
}

static int add_given(struct bounds *bounds, const struct session *session, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < session->ram.len; i++) {
        const struct range *range = vec_at(&session->ram, i);
        struct extent extent;

        if (extent_set(&extent, range->address, range->size))
            rc = bounds_add_bank(bounds, extent, RAM_GIVEN, err, "--ram");
    }
    return rc;
}

static int add_named(struct bounds *bounds, const char *name, struct mph_err *err)
{
    const struct chip *chip = name ? chip_find(name) : NULL;
    char who[BOUNDS_NAME_MAX];

    if (!chip)
        return 0;
    snprintf(who, sizeof who, "%.40s (--chip)", chip->title);
    snprintf(bounds->chip, sizeof bounds->chip, "%s", chip->title);
    return add_banks(bounds, chip->banks, RAM_NAMED, who, err);
}

static int add_identified(struct bounds *bounds, struct session *session, struct mph_err *err)
{
    struct chip_identity identity;
    char who[BOUNDS_NAME_MAX];
    int rc = chip_identify(&session->target, &identity, err);

    if (rc < 0 || !identity.reg)
        return rc;
    if (!identity.chip) {
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "%s at 0x%08" PRIX64 " is 0x%" PRIx64 ", of no chip in the table (--chip)",
                    identity.reg, identity.address, identity.value);
        return 0;
    }
    snprintf(who, sizeof who, "%.40s (%s)", identity.chip->title, identity.reg);
    if (!bounds->chip[0])
        snprintf(bounds->chip, sizeof bounds->chip, "%.40s (%s 0x%08" PRIx64 ")",
                 identity.chip->title, identity.reg, identity.value);
    bounds->flash_bytes = identity.flash_bytes;
    bounds->is_assumed = identity.doubt != NULL;
    if (identity.doubt)
        verdict_add(bounds, VERDICT_UNSURE, 0, "%s: %s", identity.chip->title, identity.doubt);
    return add_banks(bounds, identity.banks, RAM_IDENTIFIED, who, err);
}

int bounds_gather_chip(struct bounds *bounds, const struct bounds_options *options,
                       struct session *session, struct mph_err *err)
{
    int rc = add_given(bounds, session, err);

    if (rc == 0)
        rc = add_named(bounds, options->chip, err);
    if (rc == 0 && !options->is_offline)
        rc = add_identified(bounds, session, err);
    if (rc == 0 && options->wants_probe && !options->is_offline)
        rc = bounds_probe(bounds, options, session, err);
    return rc;
}
