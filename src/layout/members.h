// SPDX-License-Identifier: MIT
// Offsets of members: from debug information by name, or from the eras table.
#ifndef MPH_LAYOUT_MEMBERS_H
#define MPH_LAYOUT_MEMBERS_H

#include "layout/area.h"
#include "layout/layout.h"

// Fill layout->members, ->area and ->era from the firmware's debug information.
// MPH_ERR_NO_SYMBOL when a member that every firmware has is missing.
int members_from_dwarf(struct layout *layout, const struct firmware *firmware,
                       struct mph_err *err);

// Fill the area's members from where its words were found.
void members_from_area(struct layout *layout, struct target *target,
                       const struct area_match *area, bool is_split);

// Fill the members of mp_state_ctx from the eras table, for the version the
// firmware says it has. A stack that makes no sense there is left unknown.
void members_from_version(struct layout *layout, struct target *target);

// Fill the members of mp_state_ctx that lie around its anchors: the pair
// dict_locals, dict_globals `dicts_back` words before last_pool.
void members_from_anchors(struct layout *layout, struct target *target, size_t dicts_back);

// Where the qstr pools were found after all, put what that says of the anchors in
// place of what the eras table says: options of a build move them.
void members_from_pools(struct layout *layout, size_t dicts_back);

// Find gc_lock_depth where it lies behind the mark stack (up to v1.15), if exactly
// one of the usual lengths of that stack leads to it.
void members_find_lock(struct layout *layout, struct target *target);

#endif
