// SPDX-License-Identifier: MIT
#include "vm/task_queue.h"

#include <stdlib.h>

#include "vm/task_object.h"
#include "vm/ticks.h"

enum { NONE = -1 };

// The heap copied out of the target: links are places in the list of tasks.
struct node {
    int64_t child, child_last, next;
    bool is_seen;
};

struct heap_copy {
    struct tasks *tasks;
    struct task_loop *loop;
    struct node *nodes; // one a task
    struct vec open;    // of int64_t: whose children are to be read
};

static int compare_address(const void *key, const void *element)
{
    uint64_t address = *(const uint64_t *)key, other = ((const struct task *)element)->address;

    return address < other ? -1 : address > other;
}

static void note_problem(struct task_loop *loop, const char *problem, uint64_t address)
{
    if (!loop->problem) {
        loop->problem = problem;
        loop->problem_address = address;
    }
}

// The place of the task that a link leads to, which nothing else led to so far.
static int64_t enter(struct heap_copy *copy, uint64_t address)
{
    const struct vec *list = &copy->tasks->list;
    const struct task *task = NULL;

    if (list->len)
        task = bsearch(&address, list->data, list->len, sizeof *task, compare_address);
    if (!task) {
        note_problem(copy->loop, "link", address);
        return NONE;
    }
    int64_t place = task - (const struct task *)list->data;
    if (copy->nodes[place].is_seen) {
        note_problem(copy->loop, "cycle", address);
        return NONE;
    }
    copy->nodes[place] = (struct node){NONE, NONE, NONE, true};
    int64_t *open = vec_add(&copy->open);
    if (open)
        *open = place;
    return open ? place : NONE;
}

// The place that a member of a task leads to; NONE at the end, or when it is damaged.
static int64_t follow(struct heap_copy *copy, int64_t place, enum task_member member)
{
    uint64_t task = task_of(copy->tasks, (size_t)place)->address, address;

    if (!task_link(copy->tasks->objects, task, member, &address)) {
        note_problem(copy->loop, "link", task);
        return NONE;
    }
    return address ? enter(copy, address) : NONE;
}

// Each task is entered once, which bounds all loops.
static void read_children(struct heap_copy *copy, int64_t parent)
{
    int64_t child = follow(copy, parent, TASK_CHILD);

    copy->nodes[parent].child = child;
    while (child != NONE) {
        copy->nodes[parent].child_last = child;
        copy->nodes[child].next = follow(copy, child, TASK_NEXT);
        child = copy->nodes[child].next;
    }
}

static int64_t read_heap(struct heap_copy *copy)
{
    uint64_t first;

    if (!task_queue_first(copy->tasks->objects, copy->loop->queue, &first)) {
        note_problem(copy->loop, "link", copy->loop->queue);
        return NONE;
    }
    int64_t root = first ? enter(copy, first) : NONE;
    while (copy->open.len)
        read_children(copy, *(int64_t *)vec_at(&copy->open, --copy->open.len));
    return root;
}

// --- py/pairheap.c, on the copy ---

static int64_t meld(const struct heap_copy *copy, int64_t a, int64_t b)
{
    struct node *nodes = copy->nodes;

    if (a == NONE || b == NONE)
        return a == NONE ? b : a;
    if (ticks_diff(copy->tasks->objects->layout, task_of(copy->tasks, (size_t)a)->wake,
                   task_of(copy->tasks, (size_t)b)->wake) < 0) {
        if (nodes[a].child == NONE)
            nodes[a].child = b;
        else
            nodes[nodes[a].child_last].next = b;
        nodes[a].child_last = b;
        nodes[b].next = NONE;
        return a;
    }
    nodes[a].next = nodes[b].child;
    nodes[b].child = a;
    if (nodes[a].next == NONE)
        nodes[b].child_last = a;
    return b;
}

static int64_t take_first(const struct heap_copy *copy, int64_t *child)
{
    int64_t first = *child;

    if (first != NONE) {
        *child = copy->nodes[first].next;
        copy->nodes[first].next = NONE;
    }
    return first;
}

// What is left when a root is taken away.
static int64_t pair(const struct heap_copy *copy, int64_t child)
{
    int64_t heap = NONE;

    while (child != NONE) {
        int64_t first = take_first(copy, &child);
        int64_t second = take_first(copy, &child);

        heap = meld(copy, heap, meld(copy, first, second));
    }
    return heap;
}

static void number(struct task *task, struct task_loop *loop, const struct tasks *tasks,
                   size_t position)
{
    task->position = position;
    task->loop = (size_t)(loop - tasks->loops);
    if (position == 1) {
        loop->first_wake = task->wake;
        loop->has_first = task->has_wake;
    }
}

int task_queue_number(struct tasks *tasks, struct task_loop *loop, struct mph_err *err)
{
    struct heap_copy copy = {tasks, loop, NULL, VEC_OF(int64_t)};
    size_t position = 0;

    copy.nodes = calloc(tasks->list.len + 1, sizeof *copy.nodes);
    if (!copy.nodes)
        return mph_fail_no_memory(err);
    for (int64_t root = read_heap(&copy); root != NONE; root = pair(&copy, copy.nodes[root].child))
        number(task_of(tasks, (size_t)root), loop, tasks, ++position);
    vec_deinit(&copy.open);
    free(copy.nodes);
    return 0;
}
