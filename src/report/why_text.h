// SPDX-License-Identifier: MIT
// The text form of `why`, from its JSON document.
#ifndef MPH_REPORT_WHY_TEXT_H
#define MPH_REPORT_WHY_TEXT_H

#include <jansson.h>

#include "base/text.h"

void why_text(const json_t *document, struct text *text);

#endif
