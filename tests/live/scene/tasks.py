# SPDX-License-Identifier: MIT
"""Tasks of asyncio in every state, built in and in Python, and the board's own word on them.

`task_words` and `python_words` print, when they are asked, a list of what the board knows: for
each task its name in the scene, its address, whether it is done, its ph_key, and its place in the
run queue (0: not in it).
"""

from __future__ import annotations

from live.scene.batch import Batch

# What both batches begin with. Angle brackets: it is no value to be compared.
WORDS = """\
class TaskWords:
    def __init__(self, prefix, order):
        self.prefix = prefix
        self.order = order
    def __repr__(self):
        tasks = [name for name in scene if name.startswith(self.prefix)
                 and hasattr(scene[name], 'ph_key')]
        order = self.order()
        words = []
        for name in sorted(tasks):
            task = scene[name]
            place = order.index(id(task)) + 1 if id(task) in order else 0
            words.append((name, id(task), not task.state, task.ph_key, place))
        return '<tasks ' + repr(words) + '>'
"""

# The last two become ready when all others are where they are meant to be.
BUILT_IN = """\
import asyncio, jsffi
from asyncio import core as task_core
lock = asyncio.Lock()
event = asyncio.Event()
gate = asyncio.Event()
def task_parked():
    global scene_parked
    scene_parked += 1
async def holder():
    await lock.acquire()
    task_parked()
    await event.wait()
async def sleeper(seconds=3600):
    task_parked()
    await asyncio.sleep(seconds)
async def contender():
    task_parked()
    async with lock: pass
async def short():
    task_parked()
    return 'done'
async def failing():
    task_parked()
    raise ValueError('task')
async def watcher(task):
    try: await task
    except ValueError: task_parked()
async def joined(task):
    task_parked()
    await task
async def joiner(task):
    await joined(task)
async def gatherer(tasks):
    task_parked()
    await asyncio.gather(*tasks)
async def woken():
    task_parked()
    await gate.wait()
def task_create(coroutine):
    return asyncio.create_task(coroutine)
doomed = task_create(failing())
long_sleep = task_create(sleeper())
naps = [task_create(sleeper(seconds)) for seconds in (7200, 1800, 5400)]
to_cancel = task_create(sleeper(9000))
def scene_settled():
    if scene_parked < 13: return False
    if scene_parked == 13:
        task_parked()
        gate.set()
        to_cancel.cancel()
        scene['task_fresh'] = task_create(short())
    return True
def task_queue_order():
    queue = task_core._task_queue
    popped = []
    while queue.peek():
        task = queue.pop()
        popped.append((task, task.ph_key, task.data))
    for task, key, data in popped:
        queue.push(task, key)
        task.data = data
    return [id(task) for task, _, _ in popped]
"""

# A core in Python: the names are asyncio's, the rest is the least that gives its structures.
PYTHON_CORE = '''\
class TaskQueue:
    def __init__(self):
        self.heap = None
    def push(self, task, key=100):
        task.data = None
        task.ph_key = key
        top = self.heap
        if top is None:
            self.heap = task
        elif key < top.ph_key:
            task.ph_child = task.ph_child_last = top
            top.ph_rightmost_parent = task
            self.heap = task
        else:
            task.ph_next = top.ph_child
            top.ph_child = task
            if task.ph_next is None:
                top.ph_child_last = task
                task.ph_rightmost_parent = top
class Task:
    def __init__(self, coro):
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0
        self.ph_child = self.ph_child_last = None
        self.ph_next = self.ph_rightmost_parent = None
    def __iter__(self):
        if self.state is True:
            self.state = TaskQueue()
        return self
    def __next__(self):
        self.state.push(cur_task)
        cur_task.data = self
class SingletonGenerator:
    def __init__(self):
        self.state = None
    def __iter__(self):
        return self
    def __next__(self):
        _task_queue.push(cur_task, self.state)
sleep_generator = SingletonGenerator()
def sleep_until(ticks):
    sleep_generator.state = ticks
    return sleep_generator
class Event:
    def __init__(self):
        self.waiting = TaskQueue()
    async def wait(self):
        self.waiting.push(cur_task)
        cur_task.data = self.waiting
        yield
class IOQueue:
    def __init__(self):
        self.map = {}
    def enqueue(self, stream, index):
        entry = [None, None, stream]
        entry[index] = cur_task
        self.map[id(stream)] = entry
        cur_task.data = self
class Stream:
    def __init__(self, s):
        self.s = s
    async def read(self):
        yield _io_queue.enqueue(self.s, 0)
    async def drain(self):
        yield _io_queue.enqueue(self.s, 1)
cur_task = None
_task_queue = TaskQueue()
_io_queue = IOQueue()
def start(coro):
    global cur_task
    cur_task = Task(coro)
    try:
        coro.send(None)
    except StopIteration as end:
        cur_task.state = None
        cur_task.data = end
    task, cur_task = cur_task, None
    return task
def ready(coro):
    task = Task(coro)
    _task_queue.push(task)
    return task
'''

PYTHON = f"""\
import os, io
os.mkdir('uasyncio')
for name, text in (('__init__', ''), ('core', {PYTHON_CORE!r})):
    file = open('uasyncio/' + name + '.py', 'w')
    file.write(text)
    file.close()
import uasyncio.core as python_core
python_event = python_core.Event()
python_stream = python_core.Stream(io.BytesIO(b'stream'))
python_output = python_core.Stream(io.StringIO())
async def python_sleep(ticks):
    await python_core.sleep_until(ticks)
async def python_nap(ticks):
    await python_sleep(ticks)
async def python_waiter():
    await python_event.wait()
async def python_joiner(task):
    await task
async def python_reader():
    await python_stream.read()
async def python_writer():
    await python_output.drain()
async def python_short():
    return 7
python_start = python_core.start
python_target = python_start(python_nap(5000))
python_sleepers = [python_start(python_nap(ticks)) for ticks in (9000, 3000, 7000)]
def python_order():
    tasks = [scene[name] for name in scene if name.startswith('python_task_')]
    queued = [task for task in tasks if task.state and task.data is None]
    return [id(task) for task in sorted(queued, key=lambda task: task.ph_key)]
python_awaited = python_start(python_short())
python_awaited.state = False
"""

BATCHES = (
    Batch(
        "tasks",
        BUILT_IN + WORDS,
        {
            "asyncio_lock": "lock",
            "asyncio_event": "event",
            "task_holder": "task_create(holder())",
            "task_sleeper": "long_sleep",
            "task_contender": "task_create(contender())",
            "task_short": "task_create(short())",
            "task_failing": "doomed",
            "task_watcher": "task_create(watcher(doomed))",
            "task_joiner": "task_create(joiner(long_sleep))",
            "task_gatherer": "task_create(gatherer(naps))",
            "task_nap_7200": "naps[0]",
            "task_nap_1800": "naps[1]",
            "task_nap_5400": "naps[2]",
            "task_woken": "task_create(woken())",
            "task_cancelled": "to_cancel",
            "task_words": "TaskWords('task_', task_queue_order)",
        },
    ),
    Batch(
        "python_tasks",
        PYTHON + WORDS,
        {
            "python_task_sleeper_5000": "python_target",
            "python_task_sleeper_9000": "python_sleepers[0]",
            "python_task_sleeper_3000": "python_sleepers[1]",
            "python_task_sleeper_7000": "python_sleepers[2]",
            "python_task_waiter": "python_start(python_waiter())",
            "python_task_joiner": "python_start(python_joiner(python_target))",
            "python_task_reader": "python_start(python_reader())",
            "python_task_writer": "python_start(python_writer())",
            "python_task_short": "python_start(python_short())",
            "python_task_awaited": "python_awaited",
            "python_task_fresh": "python_core.ready(python_short())",
            "python_words": "TaskWords('python_task_', python_order)",
        },
    ),
)
