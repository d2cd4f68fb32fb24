// SPDX-License-Identifier: MIT
// What is said of samples of which some are torn.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/watch.h"

enum { BLOCK = 16 };

struct course {
    struct follower follower;
    struct vec events;
    struct watch_point point; // the latest one
};

static void begin(struct course *course)
{
    *course = (struct course){.events = VEC_OF(struct watch_event)};
}

static void end(struct course *course)
{
    vec_deinit(&course->events);
}

// A sample each second.
static void add(struct course *course, uint64_t used, uint64_t gone, bool is_torn)
{
    double seconds = course->point.seconds + 1;

    course->point =
        (struct watch_point){.number = course->point.number + 1,
                             .seconds = seconds,
                             .sample = {.numbers = {.used_bytes = used, .free_bytes = BLOCK},
                                        .gone_heads = gone,
                                        .is_torn = is_torn}};
    course->events.len = 0;
    assert_int_equal(follower_add(&course->follower, &course->point, BLOCK, &course->events, NULL),
                     0);
}

static const char *only_event(const struct course *course)
{
    assert_int_equal(course->events.len, 1);
    return ((const struct watch_event *)vec_at(&course->events, 0))->text;
}

static void test_growth_is_measured_from_a_sure_sample(void **state)
{
    struct course course;

    (void)state;
    begin(&course);
    add(&course, 1000, 0, true);
    add(&course, 3000, 0, true);
    assert_true(course.point.has_rate); // it is as uncertain as this sample
    add(&course, 4000, 0, false);
    assert_false(course.point.has_rate);
    add(&course, 4500, 0, false);
    assert_true(course.point.has_rate);
    assert_int_equal(course.point.rate, 500);
    end(&course);
}

static void test_a_fall_from_a_torn_sample_has_no_number(void **state)
{
    struct course course;

    (void)state;
    begin(&course);
    add(&course, 9000, 0, false);
    add(&course, 1000, 20, false);
    assert_string_equal(only_event(&course),
                        "collection: 20 objects went, used fell by 8000 to 1000 bytes");
    add(&course, 8000, 0, true);
    add(&course, 2000, 30, false);
    assert_string_equal(only_event(&course), "collection: 30 objects went");
    end(&course);
}

static void test_a_torn_mark_is_marked(void **state)
{
    struct course course;

    (void)state;
    begin(&course);
    add(&course, 5000, 0, true);
    add(&course, 4000, 0, false);
    add(&course, 6000, 0, false);
    assert_string_equal(only_event(&course),
                        "high-water mark: 6000 bytes in use, more than the ~5000 before");
    assert_false(course.follower.totals.is_high_uncertain);
    end(&course);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth_is_measured_from_a_sure_sample),
        cmocka_unit_test(test_a_fall_from_a_torn_sample_has_no_number),
        cmocka_unit_test(test_a_torn_mark_is_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
