// SPDX-License-Identifier: MIT
// Put in front of every source by the static analysers, which look at one file at a
// time: it tells them what error.c alone knows, that a failure returns its code.
#ifndef LINT_RETURNS_H
#define LINT_RETURNS_H

#include "base/error.h"

#define mph_fail(err, code, ...) ((mph_fail)(err, code, __VA_ARGS__), (code))
#define mph_fail_at(err, code, ...) ((mph_fail_at)(err, code, __VA_ARGS__), (code))
#define mph_fail_no_memory(err) ((mph_fail_no_memory)(err), MPH_ERR_NO_MEMORY)

#endif
