// SPDX-License-Identifier: MIT
// The text form of `show`, from its JSON document.
#ifndef MPH_REPORT_SHOW_TEXT_H
#define MPH_REPORT_SHOW_TEXT_H

#include <jansson.h>

#include "base/text.h"

void show_text(const json_t *document, struct text *text);

#endif
