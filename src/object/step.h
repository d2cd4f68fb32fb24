// SPDX-License-Identifier: MIT
// How one gets from an object to what it refers to, in words: ".name", "[3]", "['key']".
#ifndef MPH_OBJECT_STEP_H
#define MPH_OBJECT_STEP_H

#include "base/text.h"
#include "object/objects.h"

// Add a step. As the first word of a name it has no dot.
void step_add(const struct objects *objects, const struct step *step, bool is_first,
              struct text *text);

// The same by itself: of all steps, an attribute alone has its dot there.
void step_add_alone(const struct objects *objects, const struct step *step, struct text *text);

#endif
