// SPDX-License-Identifier: MIT
#ifndef MPH_BASE_VERSION_H
#define MPH_BASE_VERSION_H

#define MPHEAP_VERSION "0.1.0"

#endif
