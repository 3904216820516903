/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/page/page.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "base/steady-clock.h"
#include "verifier/page/files.h"
#include "verifier/page/login.h"

struct page {
	struct page_sources sources;
	struct MHD_Daemon *daemon;
	struct login login;
	bool has_login;
	/* Of ten thousand targets it costs what two thousand heartbeats do, and each reader asks every other second. */
	struct MHD_Response *state; /* NULL: none yet */
	uint64_t state_until_ns;
};

/* Nothing from anywhere else, no scripts but the one file, in nobody's frame. */
static const char content_policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
				     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* What this thread has worked. */
static uint64_t worked_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static const char device_name[] = "bartizan-verifier-device";

static void add_headers(struct MHD_Response *response, const char *type)
{
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Content-Security-Policy", content_policy);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cache-Control", "no-store");
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int code, const char *type,
			      struct MHD_Response *response)
{
	if (response == NULL)
		return MHD_NO;
	add_headers(response, type);
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_words(struct MHD_Connection *connection, unsigned int code, const char *words)
{
	return answer(connection, code, "text/plain; charset=utf-8",
		      MHD_create_response_from_buffer(strlen(words), (void *)(uintptr_t)words, MHD_RESPMEM_PERSISTENT));
}

/* `text` is given away; NULL: it couldn't be made. */
static enum MHD_Result answer_text(struct MHD_Connection *connection, const char *type, char *text)
{
	if (text == NULL)
		return answer_words(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the store can't be read\n");
	return answer(connection, MHD_HTTP_OK, type,
		      MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE));
}

static void forget_state(struct page *page)
{
	if (page->state != NULL)
		MHD_destroy_response(page->state);
	page->state = NULL;
}

static void make_state(struct page *page)
{
	const uint64_t before_ns = worked_ns();
	char *text = page_state_text(&page->sources);

	forget_state(page);
	if (text == NULL)
		return;
	page->state = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (page->state == NULL) {
		free(text);
		return;
	}
	add_headers(page->state, "application/json");
	const uint64_t took_ns = worked_ns() - before_ns;
	page->state_until_ns = took_ns < PAGE_STATE_CHEAP_NS ? 0 : steady_clock_ns() + (PAGE_STATE_SHARE - 1) * took_ns;
}

/* The same for all who ask while it is good. */
static enum MHD_Result answer_state(struct page *page, struct MHD_Connection *connection)
{
	if (page->state == NULL || steady_clock_ns() >= page->state_until_ns)
		make_state(page);
	if (page->state == NULL)
		return answer_words(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the store can't be read\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, page->state);
}

/* Each browser comes here first: strangers who try passwords can't hold up who was here once. */
static void note_device(const struct page *page, struct MHD_Response *response)
{
	char cookie[sizeof device_name + LOGIN_DEVICE_SIZE + 80];

	snprintf(cookie, sizeof cookie, "%s=%s; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict", device_name,
		 page->login.device);
	if (page->has_login)
		MHD_add_response_header(response, "Set-Cookie", cookie);
}

static enum MHD_Result answer_file(const struct page *page, struct MHD_Connection *connection,
				   const struct page_file *file)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(file->size, (void *)(uintptr_t)file->bytes, MHD_RESPMEM_PERSISTENT);

	if (response != NULL)
		note_device(page, response);
	return answer(connection, MHD_HTTP_OK, file->type, response);
}

static enum MHD_Result answer_path(struct page *page, struct MHD_Connection *connection, const char *path)
{
	if (strcmp(path, "/api/state") == 0)
		return answer_state(page, connection);
	if (strcmp(path, "/metrics") == 0)
		return answer_text(connection, "text/plain; version=0.0.4", page_metrics_text(&page->sources));
	for (size_t i = 0; i < page_file_count; i++)
		if (strcmp(path, page_files[i].path) == 0)
			return answer_file(page, connection, &page_files[i]);
	return answer_words(connection, MHD_HTTP_NOT_FOUND, "there is no such page\n");
}

static enum MHD_Result ask_login(struct MHD_Connection *connection)
{
	static const char words[] = "a user's name and password are wanted\n";
	struct MHD_Response *response =
		MHD_create_response_from_buffer(sizeof words - 1, (void *)(uintptr_t)words, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_basic_auth_fail_response(connection, "bartizan-verifier", response);

	MHD_destroy_response(response);
	return result;
}

static status check_login(struct page *page, struct MHD_Connection *connection)
{
	char *password = NULL;
	char *user = MHD_basic_auth_get_username_password(connection, &password);
	status result = STATUS_DENIED;

	if (user != NULL && password != NULL)
		result = login_check(&page->login, user, password,
				     MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, device_name),
				     steady_clock_ns());
	MHD_free(user);
	MHD_free(password);
	return result;
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection, const char *path,
				    const char *method, const char *version, const char *upload, size_t *upload_size,
				    void **state)
{
	static int seen;
	struct page *page = context;

	(void)version, (void)upload;
	/* The first call is for the head alone. What would be uploaded is refused then, unread. */
	if (*state == NULL && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		*state = &seen;
		return answer_words(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "this page is for reading\n");
	}
	if (*state == NULL) {
		*state = &seen;
		return MHD_YES;
	}
	*upload_size = 0;
	status login = page->has_login ? check_login(page, connection) : STATUS_OK;
	if (login == STATUS_TORN)
		return answer_words(connection, MHD_HTTP_TOO_MANY_REQUESTS, "one wrong password a second\n");
	if (login != STATUS_OK)
		return ask_login(connection);
	return answer_path(page, connection, path);
}

static status start(struct page *page, int listener)
{
	/* Its words about broken connections go nowhere: each client could write our log. */
	page->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, take_request, page, MHD_OPTION_LISTEN_SOCKET,
					listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)PAGE_CLIENT_COUNT_MAX,
					MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)PAGE_CLIENT_SECONDS_MAX,
					MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_END);
	return page->daemon != NULL ? STATUS_OK : report(STATUS_IO, "libmicrohttpd doesn't start");
}

status page_create(const struct page_sources *sources, int listener, const char *login, struct page **ret_page)
{
	struct page *page = calloc(1, sizeof *page);
	status result = page != NULL ? STATUS_OK : report(STATUS_NO_MEMORY, "out of memory");

	if (result == STATUS_OK) {
		page->sources = *sources;
		page->has_login = login != NULL;
	}
	if (result == STATUS_OK && login != NULL)
		result = login_init(&page->login, login);
	if (result == STATUS_OK)
		result = start(page, listener);
	if (result != STATUS_OK) {
		close(listener);
		free(page);
		return result;
	}
	*ret_page = page;
	return STATUS_OK;
}

void page_destroy(struct page *page)
{
	if (page == NULL)
		return;
	MHD_stop_daemon(page->daemon);
	forget_state(page);
	free(page);
}

int page_file(const struct page *page)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(page->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info->epoll_fd;
}

void page_serve(struct page *page)
{
	MHD_run(page->daemon);
}
