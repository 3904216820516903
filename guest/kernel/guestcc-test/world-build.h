/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds a world in layout LAYOUT; included once for each. */
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TASK struct JOIN(LAYOUT, _task)
#define THING struct JOIN(LAYOUT, _thing)
#define CRED struct JOIN(LAYOUT, _cred)

static uint64_t JOIN(LAYOUT, _add_task)(struct world *world, uint64_t parent, int number)
{
	uint64_t address = take(world, sizeof(TASK)), things = take(world, 3 * sizeof(THING));
	uint64_t cred = take(world, sizeof(CRED));
	TASK *task = world_at(world, address);
	THING *more = world_at(world, things);

	task->pid = 100 + number;
	task->flags = 2;
	task->state = 77;
	task->nice = -9;
	task->prio = 0xabcde;
	task->parent = parent;
	memcpy(task->comm, "kthreadd", sizeof "kthreadd");
	task->cred = cred;
	((CRED *)world_at(world, cred))->uid = 1000 + number;
	task->in.deep = -5;
	task->in.whole = 0x123456789abcfff0;
	for (uint32_t i = 0; i < 3; i++) {
		task->things[i] = (THING){.weight = (uint16_t)(10 + i), .price = 20 + i};
		more[i] = (THING){.weight = (uint16_t)(30 + i), .price = 40 + i};
	}
	task->more = things;
	task->usage.counter = 6;
	task->is_kernel = 2;
	task->other_size = 5;
	task->last = 0xfedcba9876543210;
	return address;
}

/* A ring of tasks, which are all in hash chain 1 too. */
static void JOIN(LAYOUT, _add_tasks)(struct world *world)
{
	uint64_t tasks[WORLD_TASK_COUNT];

	for (int i = 0; i < WORLD_TASK_COUNT; i++)
		tasks[i] = JOIN(LAYOUT, _add_task)(world, i == 0 ? 0 : tasks[0], i);
	((TASK *)world_at(world, tasks[0]))->parent = tasks[0];
	for (int i = 0; i < WORLD_TASK_COUNT; i++) {
		TASK *task = world_at(world, tasks[i]);
		uint64_t next = tasks[(i + 1) % WORLD_TASK_COUNT];
		task->tasks.next = next + offsetof(TASK, tasks);
		task->node.next = i + 1 < WORLD_TASK_COUNT ? next + offsetof(TASK, node) : 7;
	}
	world->init_task = tasks[0];
	world->table = take(world, 4 * sizeof(uint64_t));
	uint64_t *table = world_at(world, world->table);
	table[0] = table[2] = table[3] = 1;
	table[1] = tasks[0] + offsetof(TASK, node);
}

#undef TASK
#undef THING
#undef CRED
#undef JOIN
#undef JOIN_
