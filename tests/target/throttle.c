// SPDX-License-Identifier: MIT
#include "throttle.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

int throttle_parse(const char *text, struct throttle *ret)
{
    char *end;
    double bytes_per_second = strtod(text, &end);
    if (end == text || *end != ',')
        return -1;
    const char *ms_text = end + 1;
    double ms_per_request = strtod(ms_text, &end);
    if (end == ms_text || *end || !isfinite(bytes_per_second) || bytes_per_second < 0 ||
        !isfinite(ms_per_request) || ms_per_request < 0)
        return -1;
    *ret = (struct throttle){bytes_per_second, ms_per_request};
    return 0;
}

void throttle_wait(const struct throttle *throttle, size_t bytes)
{
    double seconds = throttle->ms_per_request / 1000;
    if (throttle->bytes_per_second > 0)
        seconds += (double)bytes / throttle->bytes_per_second;
    struct timespec left = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (seconds > 0 && nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}
