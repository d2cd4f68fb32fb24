// SPDX-License-Identifier: MIT
// The firmware's ELF: symbols, debug information, flash contents. The whole input
// is the file; RAM is zeros, so that whatever the ELF says is followed into it.
#include <stddef.h>

#include "support.h"

enum { RAM = 0x20000000, RAM_BYTES = 4096 };

static const uint8_t zeros[RAM_BYTES];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_file file;
    struct session session;
    struct target *target = &session.target;
    struct mph_err err = {0};

    memory_file_init(&file, data, size);
    session_init(&session);
    target_add_bytes(target, RAM, zeros, sizeof zeros, true, "ram", NULL);
    int rc = firmware_init(&session.firmware, file.path, target, &err);
    session.has_firmware = rc == 0;
    if (rc == 0)
        rc = firmware_check_flash(&session.firmware, target, &err);
    if (rc == 0)
        rc = target_add_elf(target, file.path, &err);
    check_error(rc, &err);
    if (session.has_firmware)
        run_some_reports(&session, false, data, size);
    session_deinit(&session);
    memory_file_deinit(&file);
    return 0;
}
