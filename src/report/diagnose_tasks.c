// SPDX-License-Identifier: MIT
// What a diagnosis says of asyncio's tasks.
#include <inttypes.h>

#include "report/diagnosis.h"
#include "report/task_words.h"

// A task that is due is resumed within milliseconds, unless another does not give way.
enum { LATE_MS = 1000 };

static size_t count_in(const struct tasks *tasks, enum task_state state)
{
    size_t sum = 0;

    for (size_t i = 0; i < tasks->list.len; i++)
        sum += task_of(tasks, i)->state == state;
    return sum;
}

static void add_task(json_t *finding, const char *name, const struct task_listing *listing,
                     const struct task *task)
{
    struct text text;

    text_init(&text, NULL);
    text_printf(&text, "0x%08" PRIx64 " ", task->address);
    words_add_coroutine(listing, task, &text);
    if (!task_is_done(task)) {
        text_printf(&text, ", %s", task_state_name(task->state));
        if (task->state == TASK_WAITING) {
            text_puts(&text, " for ");
            words_add_wait(listing, task, &text);
        }
    }
    evidence_text(finding, name, text.bytes);
    text_deinit(&text);
}

// --- a task that does not give way ---

static const struct task *find_latest(const struct task_listing *listing, int64_t *ret_late)
{
    const struct tasks *tasks = &listing->tasks;
    const struct task *latest = NULL;

    for (size_t i = 0; tasks->has_now && i < tasks->list.len; i++) {
        const struct task *task = task_of(tasks, i);
        int64_t late = task->has_wake ? -task_wakes_after(listing, task, tasks->now) : 0;

        if ((task->state == TASK_READY || task->state == TASK_SLEEPING) && late >= LATE_MS &&
            (!latest || late > *ret_late)) {
            latest = task;
            *ret_late = late;
        }
    }
    return latest;
}

static void find_blocked(struct diagnosis *diagnosis, const struct task_listing *listing)
{
    int64_t late = 0;
    const struct task *latest = find_latest(listing, &late);

    if (!latest)
        return;
    json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "asyncio",
                                  "a task is due for %" PRId64
                                  " ms and is not resumed: another does not await, or the loop "
                                  "has ended",
                                  late);
    add_task(finding, "due", listing, latest);
    for (size_t i = 0; i < listing->tasks.list.len; i++) {
        const struct task *task = task_of(&listing->tasks, i);

        if (task->is_current || task->state == TASK_RUNNING)
            add_task(finding, "ran last", listing, task);
    }
}

// --- tasks that nothing can wake ---

static bool waits_for_stream(const struct task *task)
{
    return task->wait.kind == WAIT_READ || task->wait.kind == WAIT_WRITE;
}

static void find_deadlock(struct diagnosis *diagnosis, const struct task_listing *listing)
{
    enum { SHOWN_MAX = 8 };
    const struct tasks *tasks = &listing->tasks;
    size_t waiting = count_in(tasks, TASK_WAITING), shown = 0;

    if (!waiting || count_in(tasks, TASK_READY) || count_in(tasks, TASK_SLEEPING) ||
        count_in(tasks, TASK_RUNNING))
        return;
    for (size_t i = 0; i < tasks->list.len; i++)
        if (task_of(tasks, i)->state == TASK_WAITING && waits_for_stream(task_of(tasks, i)))
            return;
    json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "asyncio",
                                  "no task can run: all wait for one another, or for events that "
                                  "no task is left to set");
    for (size_t i = 0; i < tasks->list.len && shown < SHOWN_MAX; i++)
        if (task_of(tasks, i)->state == TASK_WAITING) {
            add_task(finding, "task", listing, task_of(tasks, i));
            shown++;
        }
    if (waiting > shown)
        evidence_count(finding, "further tasks", (int64_t)(waiting - shown));
}

static void find_damage(struct diagnosis *diagnosis, const struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->loop_count; i++) {
        const struct task_loop *loop = &tasks->loops[i];

        if (!loop->problem)
            continue;
        json_t *finding =
            finding_add(diagnosis, FINDING_TROUBLE, "asyncio", "the run queue of %s is damaged: %s",
                        loop->module, loop->problem);
        evidence_address(diagnosis, finding, "at", loop->problem_address);
    }
}

static void find_counts(struct diagnosis *diagnosis, const struct tasks *tasks)
{
    if (!tasks->loop_count && !tasks->list.len)
        return;
    json_t *finding =
        finding_add(diagnosis, FINDING_FACT, "asyncio", "asyncio has %zu tasks", tasks->list.len);
    for (int state = 0; state <= TASK_AWAITED; state++) {
        size_t number = count_in(tasks, (enum task_state)state);

        if (number)
            evidence_count(finding, task_state_name((enum task_state)state), (int64_t)number);
    }
}

int diagnose_tasks(struct diagnosis *diagnosis, struct mph_err *err)
{
    struct task_listing listing;
    int rc = task_listing_init(&listing, &diagnosis->session->objects, err);

    if (rc < 0)
        return rc;
    find_blocked(diagnosis, &listing);
    find_deadlock(diagnosis, &listing);
    find_damage(diagnosis, &listing.tasks);
    find_counts(diagnosis, &listing.tasks);
    task_listing_deinit(&listing);
    return 0;
}
