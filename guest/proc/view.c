/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/view.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/access.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/running.h"
#include "guest/proc/subject.h"
#include "guest/proc/view-question.h"

enum {
	WORDS_SIZE = PROC_VIEW_NAME_SIZE + 32,
};

static const struct proc_subject nothing;
static const char names_directory[] = "/run/netns/";

static struct {
	uint64_t pid_space, net; /* of this epoch, where the target keeps them; 0: the initial ones */
	bool net_is_chosen;
	/* What was found in this boot: inodes, 0: nothing yet; and what else they are known by. */
	uint64_t boot_id;
	uint32_t pid_inode, net_inode;
	uint64_t pid_mark, net_mark;
} view;

uint64_t subject_view_pid_space(void)
{
	return view.pid_space;
}

uint64_t subject_view_net(void)
{
	return view.net;
}

static bool user_memory_is_barred;

void proc_user_memory_allow(bool is_allowed)
{
	user_memory_is_barred = !is_allowed;
}

bool subject_user_memory_is_barred(void)
{
	return user_memory_is_barred;
}

bool subject_view_net_is_chosen(void)
{
	return view.net_is_chosen;
}

static void words_of(const struct proc_view_choice *choice, const char *kind, char words[WORDS_SIZE])
{
	switch (choice->kind) {
	case PROC_VIEW_OF_NAME: snprintf(words, WORDS_SIZE, "%s%s", names_directory, choice->name); break;
	case PROC_VIEW_OF_INODE: snprintf(words, WORDS_SIZE, "namespace %s:[%u]", kind, choice->number); break;
	default: snprintf(words, WORDS_SIZE, "process %u", choice->number);
	}
}

static status lacking(const struct proc_view *asked, uint32_t lacks, uint32_t pinned)
{
	bool is_net = lacks == VIEW_LACKS_NET;
	const char *option = is_net ? "--netns" : "--pid-namespace", *kind = is_net ? "net" : "pid";
	char words[WORDS_SIZE];

	if (is_net && asked->net.kind == PROC_VIEW_INITIAL)
		return report(STATUS_USAGE, "--pid-namespace: the namespace's first process has left its network");
	words_of(is_net ? &asked->net : &asked->pid, kind, words);
	if (pinned != 0)
		return report(STATUS_USAGE, "%s: the target has no namespace %s:[%u] (of %s) any more", option, kind,
			      pinned, words);
	return report(STATUS_USAGE, "%s: the target has no %s%s", option, words,
		      is_net && asked->net.kind == PROC_VIEW_OF_NAME
			      ? ", or nothing of a network namespace is mounted there"
			      : "; numbers are those of its initial PID namespace, or inodes as in /proc/PID/ns");
}

/* From the second time on the namespaces that were found count. */
static void pin(struct proc_view_choice *choice, uint32_t inode)
{
	if (choice->kind == PROC_VIEW_INITIAL || inode == 0)
		return;
	choice->kind = PROC_VIEW_OF_INODE;
	choice->number = inode;
}

static bool is_another(uint64_t mark, uint64_t before)
{
	return mark != before && mark != 0 && before != 0;
}

/* An inode's number is given anew when its namespace is gone. */
static uint32_t lack_of_pinned(const struct view_question *question)
{
	if (question->lacks != VIEW_LACKS_NOTHING)
		return question->lacks;
	if (view.pid_inode != 0 && is_another(question->pid_mark, view.pid_mark))
		return VIEW_LACKS_PID_SPACE;
	if (view.net_inode != 0 && is_another(question->net_mark, view.net_mark))
		return VIEW_LACKS_NET;
	return VIEW_LACKS_NOTHING;
}

static status ask(struct guest_kernel *kernel, struct view_question *question)
{
	status outcome;

	TRY(proc_enter(kernel, &nothing));
	outcome = guest_call(view_question_run, question, sizeof *question);
	if (outcome == STATUS_OK || outcome == STATUS_GONE || outcome == STATUS_NO_MEMORY)
		return outcome;
	return report(status_is_fault(outcome) ? outcome : STATUS_MALFORMED, "can't tell about namespaces: %s",
		      guest_fault_last()->text);
}

status proc_view_enter(struct guest_kernel *kernel, const struct proc_view *asked)
{
	static struct view_question question; /* guest C's stack is what the caller's must have free */

	view.pid_space = view.net = 0;
	view.net_is_chosen = false;
	if (asked->pid.kind == PROC_VIEW_INITIAL && asked->net.kind == PROC_VIEW_INITIAL)
		return STATUS_OK;
	if (view.boot_id != kernel->boot_id)
		view.pid_inode = view.net_inode = 0;
	memset(&question, 0, sizeof question);
	question.view = *asked;
	pin(&question.view.pid, view.pid_inode);
	pin(&question.view.net, view.net_inode);
	TRY(ask(kernel, &question));
	uint32_t lack = lack_of_pinned(&question);
	if (lack != VIEW_LACKS_NOTHING)
		return lacking(asked, lack, lack == VIEW_LACKS_NET ? view.net_inode : view.pid_inode);
	view.boot_id = kernel->boot_id;
	view.pid_inode = question.pid_inode;
	view.pid_mark = question.pid_mark;
	/* Not chosen, it is the one of whoever is the first process then. */
	view.net_is_chosen = asked->net.kind != PROC_VIEW_INITIAL;
	view.net_inode = view.net_is_chosen ? question.net_inode : 0;
	view.net_mark = question.net_mark;
	view.pid_space = question.pid_space;
	view.net = question.net;
	return STATUS_OK;
}

/* Decimal, nothing else, at most what 32 bits hold; 0 where it isn't. */
static uint32_t number_of(const char *word, size_t length)
{
	uint64_t number = 0;

	if (length == 0 || length > 10)
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (word[i] < '0' || word[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(word[i] - '0');
	}
	return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static bool is_number(const char *word)
{
	return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* KIND:[INODE], as links in /proc/PID/ns read. */
static uint32_t bracketed(const char *kind, const char *word)
{
	size_t length = strlen(word), kind_length = strlen(kind);

	if (length < kind_length + 3 || strncmp(word, kind, kind_length) != 0 ||
	    strncmp(word + kind_length, ":[", 2) != 0 || word[length - 1] != ']')
		return 0;
	return number_of(word + kind_length + 2, length - kind_length - 3);
}

static bool is_name(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length < PROC_VIEW_NAME_SIZE && strchr(word, '/') == NULL && strcmp(word, ".") != 0 &&
	       strcmp(word, "..") != 0 && strchr(word, ':') == NULL;
}

/* As it is, or as the path where `ip netns` keeps it: digits alone are a process or an inode. */
static const char *name_in(const char *word)
{
	const char *name = strncmp(word, names_directory, sizeof names_directory - 1) == 0
				   ? word + sizeof names_directory - 1
				   : word;

	return is_name(name) && (name != word || !is_number(word)) ? name : NULL;
}

status proc_view_parse(const char *option, const char *kind, const char *word, struct proc_view_choice *ret_choice)
{
	uint32_t inode = bracketed(kind, word), number = is_number(word) ? number_of(word, strlen(word)) : 0;
	const char *name = strcmp(kind, "net") == 0 ? name_in(word) : NULL;
	struct proc_view_choice choice = {0};

	if (number >= PROC_VIEW_INODE_MIN)
		inode = number;
	if (inode != 0) {
		choice.kind = PROC_VIEW_OF_INODE;
		choice.number = inode;
	} else if (number != 0 && number <= PROC_PID_MAX) {
		choice.kind = PROC_VIEW_OF_PROCESS;
		choice.number = number;
	} else if (name != NULL) {
		choice.kind = PROC_VIEW_OF_NAME;
		memcpy(choice.name, name, strlen(name) + 1);
	} else {
		return report(STATUS_USAGE,
			      "%s takes a process's number, %s:[INODE] or an inode's number%s; not '%.80s'", option,
			      kind, strcmp(kind, "net") == 0 ? ", or a name from `ip netns`" : "", word);
	}
	*ret_choice = choice;
	return STATUS_OK;
}
