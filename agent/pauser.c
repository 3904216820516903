/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/pauser.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/qmp.h"
#include "base/report.h"

enum {
	PATH_SIZE = 4096,
	/* For an answer of QEMU's: it stops its CPUs first, and its machine may be busy. */
	MONITOR_MS = 1000,
	/* The monitor may be somebody else's just then: our own agent's, for a look at the registers. Each
	 * try waits up to QMP_TIMEOUT_MS for a greeting. */
	CONNECT_COUNT_MAX = 10,
	CONNECT_PAUSE_NS = 10000000,
	/* More than all of the above. */
	ANSWER_MS = 10000,
	NEXT_STEP_NS = 1000000,
	QUEUE_STEP_NS = 10000000,
};

/* An enclave believes for about 30 s that an answer comes (enclave/link/channel.c): a turn that comes later comes to
 * nobody. */
static const int64_t patience_ns = INT64_C(20) * 1000000000;

/* One at a time: each is milliseconds long. */
struct order {
	uint64_t number; /* its answer's, too */
	bool stop; /* else: go on */
	pid_t pid;
	char path[PATH_SIZE];
};

struct answer {
	uint64_t number;
	uint64_t stopped_ns;
	int32_t outcome; /* status */
	bool was_late; /* somebody else had let it go on before */
};

/* Memory of both processes. */
struct shared {
	_Atomic bool is_standing; /* as far as the helper knows; false as soon as it may go on */
	_Atomic pid_t held; /* whose monitor the helper uses for a pause; 0: nobody's */
	_Atomic pid_t stopped; /* whose guest it has stopped, and nobody let go on; 0: none */
	char path[PATH_SIZE]; /* of that one's monitor */
};

struct waiter {
	struct waiter *next;
};

static struct {
	int socket; /* to the helper; 0: none */
	uint32_t limit_ms;
	struct shared *shared;
	pthread_mutex_t lock; /* for the socket, and */
	uint64_t order_count;
	_Atomic bool is_late;
	pthread_mutex_t turn; /* for what follows */
	uint64_t holder; /* whose pause it is, or was last: each has a number */
	int64_t free_ns; /* from when on the next one may begin; INT64_MAX: not known yet */
	struct waiter *first; /* of those who want the next ones, in the order in which they came */
} pauser = {.lock = PTHREAD_MUTEX_INITIALIZER, .turn = PTHREAD_MUTEX_INITIALIZER};

/* This thread's pause, until it lets go; 0: none. Sessions are threads. */
static _Thread_local uint64_t own;

/* ---- the helper */

struct helper {
	int socket;
	int64_t limit_ns;
	struct shared *shared;
	struct qmp *qmp; /* NULL: nothing stands by us */
	struct order order; /* whom it is about */
	int64_t stopped_ns; /* when; */
	int64_t lasted_ns; /* of the last one, once it is over */
	bool stood_before; /* it stands by somebody else, and we hold no connection */
	bool was_late; /* it ran when we came to let it go on */
};

static status connect_to(const struct order *order, struct qmp **ret_qmp)
{
	const struct timespec pause = {.tv_nsec = CONNECT_PAUSE_NS};
	status result = STATUS_MISSING;

	for (int i = 0; i < CONNECT_COUNT_MAX; i++) {
		result = qmp_create(order->pid, order->path, ret_qmp);
		if (result != STATUS_MISSING)
			break;
		nanosleep(&pause, NULL);
	}
	if (result == STATUS_OK)
		qmp_timeout_set(*ret_qmp, MONITOR_MS);
	return result;
}

/* Once more by a new connection, if need be. */
static status say_go_on(struct qmp *qmp, const struct order *order)
{
	status result = qmp != NULL ? qmp_execute(qmp, "cont") : STATUS_MISSING;

	qmp_destroy(qmp);
	if (result == STATUS_OK)
		return STATUS_OK;
	result = connect_to(order, &qmp);
	if (result == STATUS_OK) {
		result = qmp_execute(qmp, "cont");
		qmp_destroy(qmp);
	}
	if (result != STATUS_OK)
		return report(STATUS_IO, "the guest of QEMU process %d stands still: say `cont` to its monitor",
			      (int)order->pid);
	return STATUS_OK;
}

/* Does it run, whose stop wasn't ours? Where that can't be known, it may. */
static bool may_run(const struct order *order)
{
	struct qmp *qmp;
	bool runs = true;

	if (connect_to(order, &qmp) != STATUS_OK)
		return true;
	if (qmp_runs(qmp, &runs) != STATUS_OK)
		runs = true;
	qmp_destroy(qmp);
	return runs;
}

/* The connection first: whoever finds nothing held may have it. */
static void let_go(struct helper *helper)
{
	qmp_destroy(helper->qmp);
	helper->qmp = NULL;
	atomic_store(&helper->shared->held, 0);
}

static void go_on(struct helper *helper)
{
	bool runs = false;

	if (helper->stood_before)
		helper->was_late = may_run(&helper->order);
	helper->stood_before = false;
	if (helper->qmp == NULL)
		return;
	atomic_store(&helper->shared->is_standing, false);
	/* Somebody else may have said `cont`. */
	helper->was_late = qmp_runs(helper->qmp, &runs) == STATUS_OK && runs;
	/* Else whoever we serve tries it again: pauser_retry(). */
	if (say_go_on(helper->qmp, &helper->order) == STATUS_OK)
		atomic_store(&helper->shared->stopped, 0);
	helper->qmp = NULL;
	let_go(helper);
	helper->lasted_ns = clock_ns() - helper->stopped_ns;
}

/* As soon as it has stopped, whoever we serve can let it go on without us. */
static status say_stop(struct helper *helper)
{
	helper->stopped_ns = clock_ns();
	memcpy(helper->shared->path, helper->order.path, sizeof helper->shared->path);
	atomic_store(&helper->shared->stopped, helper->order.pid);
	status result = qmp_execute(helper->qmp, "stop");
	atomic_store(&helper->shared->is_standing, result == STATUS_OK);
	/* It may have heard it nevertheless. */
	if (result != STATUS_OK)
		go_on(helper);
	return result;
}

static status stand(struct helper *helper, const struct order *order)
{
	bool runs = false;

	go_on(helper);
	helper->lasted_ns = 0;
	helper->was_late = false;
	helper->order = *order;
	/* Who asks for registers from now on would wait, while the guest stands perhaps. */
	atomic_store(&helper->shared->held, order->pid);
	status result = connect_to(order, &helper->qmp);
	if (result == STATUS_OK)
		result = qmp_runs(helper->qmp, &runs);
	if (result == STATUS_OK && runs) {
		result = say_stop(helper);
	} else {
		let_go(helper);
		helper->stood_before = result == STATUS_OK;
		atomic_store(&helper->shared->is_standing, helper->stood_before);
	}
	return result == STATUS_OK ? STATUS_OK : STATUS_UNSUPPORTED;
}

/* False: whom we serve has ended. */
static bool serve(struct helper *helper)
{
	struct answer answer = {0};
	static struct order order;
	ssize_t size = recv(helper->socket, &order, sizeof order, 0);

	if (size < 0 && errno == EINTR)
		return true;
	if (size != sizeof order)
		return false;
	answer.number = order.number;
	if (order.stop) {
		answer.outcome = stand(helper, &order);
	} else {
		go_on(helper);
		answer.stopped_ns = (uint64_t)helper->lasted_ns;
		answer.was_late = helper->was_late;
	}
	return send(helper->socket, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer;
}

static int left_ms(const struct helper *helper)
{
	int64_t stood = helper->qmp != NULL ? clock_ns() - helper->stopped_ns : 0;

	if (helper->qmp == NULL)
		return -1;
	return stood < helper->limit_ns ? (int)((helper->limit_ns - stood + 999999) / 1000000) : 0;
}

static _Noreturn void help(struct helper *helper, status (*confine)(void *context), void *context)
{
	struct pollfd listen = {.fd = helper->socket, .events = POLLIN};

	/* Signals to the group, a terminal's too, are for whom we serve; with its end ours comes. */
	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP && number != SIGCHLD && number != SIGSEGV &&
		    number != SIGBUS)
			signal(number, SIG_IGN);
	prctl(PR_SET_NAME, "pauser");
	if (confine != NULL && confine(context) != STATUS_OK)
		_exit(1);
	for (;;) {
		int ready = poll(&listen, 1, left_ms(helper));

		if (ready == 0)
			go_on(helper);
		else if (ready > 0 && !serve(helper))
			break;
	}
	go_on(helper);
	_exit(0);
}

/* ---- whom it serves */

/* Nothing of the parent's is kept open: who waits for the end of its pipes shall see it. */
static void close_all_but(int kept)
{
	/* Standard error stays, for words. */
	close(0);
	close(1);
	if (kept > 3)
		(void)close_range(3, (unsigned)kept - 1, 0);
	(void)close_range((unsigned)kept + 1, ~0u, 0);
}

status pauser_start(uint32_t limit_ms, status (*confine)(void *context), void *context)
{
	int ends[2];
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "no memory for the process that lets guests stand: %m");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return report(STATUS_IO, "no socket for the process that lets guests stand: %m");
	pid_t child = fork();
	if (child == 0) {
		static struct helper helper;

		helper = (struct helper){.socket = ends[1], .limit_ns = limit_ms * INT64_C(1000000), .shared = shared};

		close_all_but(ends[1]);
		help(&helper, confine, context);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return report(STATUS_IO, "the process that lets guests stand can't be started: %m");
	}
	pauser.shared = shared;
	pauser.limit_ms = limit_ms;
	pauser.socket = ends[0];
	return STATUS_OK;
}

/* An answer to an order that we gave up may come first. */
static bool hear(uint64_t number, struct answer *ret_answer)
{
	struct pollfd listen = {.fd = pauser.socket, .events = POLLIN};
	const int64_t end_ns = clock_ns() + ANSWER_MS * INT64_C(1000000);

	do {
		const int64_t left_ms = (end_ns - clock_ns()) / 1000000;

		if (left_ms <= 0 || poll(&listen, 1, (int)left_ms) != 1)
			return false;
		/* NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): MSG_DONTWAIT */
		if (recv(pauser.socket, ret_answer, sizeof *ret_answer, MSG_DONTWAIT) != sizeof *ret_answer)
			return false;
	} while (ret_answer->number != number);
	return true;
}

/* STATUS_IO: it has ended, or does nothing. Guests that stood go on then, unless it was killed. */
static status ask(struct order *order, struct answer *ret_answer)
{
	pthread_mutex_lock(&pauser.lock);
	order->number = ++pauser.order_count;
	/* One that does nothing leaves its orders where they are. */
	bool is_answered = send(pauser.socket, order, sizeof *order, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof *order &&
			   hear(order->number, ret_answer);
	pthread_mutex_unlock(&pauser.lock);
	if (is_answered)
		return STATUS_OK;
	return report(STATUS_IO, "the process that lets guests stand has ended, or doesn't answer");
}

/* The helper was killed: its connection is free again, and nobody's monitor is held any more, also where a guest's
 * doesn't answer just then (pauser_retry()). */
static void go_on_without_helper(void)
{
	struct order order = {.pid = atomic_exchange(&pauser.shared->stopped, 0)};

	atomic_store(&pauser.shared->is_standing, false);
	memcpy(order.path, pauser.shared->path, sizeof order.path);
	if (order.pid != 0 && say_go_on(NULL, &order) != STATUS_OK)
		atomic_store(&pauser.shared->stopped, order.pid);
	atomic_store(&pauser.shared->held, 0);
}

static int64_t limit_ns(void)
{
	return pauser.limit_ms * INT64_C(1000000);
}

/* The longest pause, and the time after it. */
static int64_t turn_ns(void)
{
	return 2 * limit_ns();
}

/* Nobody begins a pause before that. */
static void set_free(int64_t free_ns)
{
	pthread_mutex_lock(&pauser.turn);
	pauser.free_ns = free_ns;
	pthread_mutex_unlock(&pauser.turn);
}

/* At the end of the queue, unless there are more before it than there is time for. */
static bool enter_queue(struct waiter *waiter)
{
	int64_t wait_ns = turn_ns(); /* for whose pause it is now, if any */
	struct waiter **last = &pauser.first;

	for (; *last != NULL; last = &(*last)->next)
		wait_ns += turn_ns();
	/* Whoever is the first waits in any case. */
	if (last != &pauser.first && wait_ns > patience_ns)
		return false;
	*last = waiter;
	return true;
}

static void leave_queue(const struct waiter *waiter)
{
	struct waiter **at = &pauser.first;

	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
}

/* True: its turn has come, or it has waited long enough. */
static bool is_done_waiting(const struct waiter *waiter, int64_t end_ns, bool *ret_is_taken)
{
	const int64_t now_ns = clock_ns();

	*ret_is_taken = pauser.first == waiter && now_ns >= pauser.free_ns;
	if (*ret_is_taken) {
		own = ++pauser.holder;
		pauser.free_ns = INT64_MAX;
	}
	return *ret_is_taken || now_ns >= end_ns;
}

/* Only who is next must be quick. */
static void wait_a_little(const struct waiter *waiter)
{
	const struct timespec step = {.tv_nsec = pauser.first == waiter ? NEXT_STEP_NS : QUEUE_STEP_NS};

	pthread_mutex_unlock(&pauser.turn);
	nanosleep(&step, NULL);
	pthread_mutex_lock(&pauser.turn);
}

/* Somebody else's is over soon; and as long as it was, guests run before the next one, which is whose turn it is. */
static bool take(void)
{
	const int64_t end_ns = clock_ns() + (turn_ns() > patience_ns ? turn_ns() : patience_ns);
	struct waiter waiter = {0};
	bool is_taken = false;

	pthread_mutex_lock(&pauser.turn);
	if (enter_queue(&waiter)) {
		while (!is_done_waiting(&waiter, end_ns, &is_taken))
			wait_a_little(&waiter);
		leave_queue(&waiter);
	}
	pthread_mutex_unlock(&pauser.turn);
	return is_taken;
}

/* False: its time was over, and somebody else has taken it. A thread that has begun none speaks of the present one:
 * in one process with the program it needn't be the same thread. */
static bool is_still_own(void)
{
	pthread_mutex_lock(&pauser.turn);
	bool is_own = own == 0 || own == pauser.holder;
	if (is_own)
		pauser.free_ns = INT64_MAX;
	pthread_mutex_unlock(&pauser.turn);
	own = 0;
	return is_own;
}

status pauser_stop(pid_t pid, const char *path)
{
	struct order order = {.stop = true, .pid = pid};
	struct answer answer;

	if (pauser.socket == 0)
		return report(STATUS_UNSUPPORTED, "guests aren't let stand here: bartizan-agent serve --allow-pause");
	if (path[0] == '\0' || (size_t)snprintf(order.path, sizeof order.path, "%s", path) >= sizeof order.path)
		return report(STATUS_UNSUPPORTED, "QEMU process %d has no QMP socket: it can't be let stand", (int)pid);
	if (!take())
		return report(STATUS_IO,
			      "too many sessions want to let a guest stand: with %u ms each, this one's turn comes too "
			      "late; pause less often",
			      pauser.limit_ms);
	status result = ask(&order, &answer);
	atomic_store(&pauser.is_late, false);
	if (result != STATUS_OK)
		go_on_without_helper();
	if (result == STATUS_OK && answer.outcome != STATUS_OK)
		result = report(STATUS_UNSUPPORTED,
				"the QMP socket of QEMU process %d can't be used to let it stand (somebody else's, or "
				"without an answer)",
				(int)pid);
	/* Where nobody says that it may go on it does so when the time is over, and runs for as long. */
	set_free(result == STATUS_OK ? clock_ns() + turn_ns() : 0);
	return result;
}

status pauser_continue(struct source_pause *ret_pause)
{
	struct order order = {.stop = false};
	struct answer answer = {0};

	if (!is_still_own()) {
		*ret_pause = (struct source_pause){(uint64_t)limit_ns(), true};
		return STATUS_OK;
	}
	/* Whoever paused has read by now. What others read while the guest goes on makes nothing late. */
	const bool is_late = atomic_load(&pauser.is_late);
	status result = ask(&order, &answer);
	if (result != STATUS_OK)
		go_on_without_helper();
	*ret_pause = (struct source_pause){answer.stopped_ns, is_late || answer.was_late};
	set_free(clock_ns() + (int64_t)answer.stopped_ns);
	return result;
}

uint32_t pauser_waiter_count(void)
{
	uint32_t count = 0;

	pthread_mutex_lock(&pauser.turn);
	for (const struct waiter *waiter = pauser.first; waiter != NULL; waiter = waiter->next)
		count++;
	pthread_mutex_unlock(&pauser.turn);
	return count;
}

bool pauser_holds(pid_t pid)
{
	return pauser.shared != NULL && atomic_load(&pauser.shared->held) == pid;
}

void pauser_retry(pid_t pid, struct qmp *qmp)
{
	pid_t stopped = pid;

	/* While the helper has the monitor it isn't for us to end its pause. */
	if (pauser.shared == NULL || pauser_holds(pid) ||
	    !atomic_compare_exchange_strong(&pauser.shared->stopped, &stopped, 0))
		return;
	if (qmp_execute(qmp, "cont") != STATUS_OK)
		atomic_store(&pauser.shared->stopped, pid);
}

void pauser_note_read(void)
{
	/* Where nobody's pause is under way it says nothing: each begins in time. */
	if (pauser.shared != NULL && !atomic_load_explicit(&pauser.is_late, memory_order_relaxed) &&
	    !atomic_load_explicit(&pauser.shared->is_standing, memory_order_acquire))
		atomic_store(&pauser.is_late, true);
}
