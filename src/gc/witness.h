// SPDX-License-Identifier: MIT
// The heap as a witness for or against the ELF it is read with.
#ifndef MPH_GC_WITNESS_H
#define MPH_GC_WITNESS_H

#include "gc/heap.h"

// Whether the objects on the heap are of types that the ELF has. Looks at heads
// whose first word points into the ELF's flash: in the right firmware nearly all
// of these words are types. MPH_ERR_WRONG_ELF when hardly any is; too few such
// heads prove nothing. Only memory that is at hand is looked at.
int witness_types(const struct heap *heap, struct target *target, const struct firmware *firmware,
                  struct mph_err *err);

#endif
