// SPDX-License-Identifier: MIT
// An ELF core, whoever wrote it. The whole input is the file.
#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_file file;
    struct session session;
    struct mph_err err = {0};

    memory_file_init(&file, data, size);
    session_init(&session);
    int rc = target_add_core(&session.target, file.path, &err);
    check_error(rc, &err);
    if (rc == 0)
        run_some_reports(&session, true, data, size);
    session_deinit(&session);
    memory_file_deinit(&file);
    return 0;
}
