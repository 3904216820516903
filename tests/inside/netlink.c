/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What NETLINK_ROUTE answers to one request, to the byte: the same program runs in the guest and outside
 * (tests/test_ask.py). `netlink TYPE FLAGS BODY`, each in hexadecimal; a line "TYPE BODY" for each message. */
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_SIZE_MAX = 1024, ANSWER_SIZE = 65536 };

static size_t decode(const char *text, unsigned char *ret_bytes)
{
	size_t size = 0;

	for (unsigned value; size < BODY_SIZE_MAX && sscanf(text + 2 * size, "%2x", &value) == 1; size++)
		ret_bytes[size] = (unsigned char)value;
	return size;
}

static int send_request(int fd, char **words)
{
	struct {
		struct nlmsghdr head;
		unsigned char body[BODY_SIZE_MAX];
	} request = {.head = {.nlmsg_seq = 1}};

	request.head.nlmsg_type = (unsigned short)strtoul(words[0], NULL, 16);
	request.head.nlmsg_flags = (unsigned short)strtoul(words[1], NULL, 16);
	request.head.nlmsg_len = (unsigned)(NLMSG_HDRLEN + decode(words[2], request.body));
	return send(fd, &request, request.head.nlmsg_len, 0) < 0;
}

/* The number of an error or of the end; −1: another message, which is printed. */
static int tell(const struct nlmsghdr *message)
{
	const unsigned char *body = NLMSG_DATA(message);
	int error;

	if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
		memcpy(&error, body, sizeof error);
		return -error;
	}
	printf("%x ", message->nlmsg_type);
	for (size_t i = 0; i < NLMSG_PAYLOAD(message, 0); i++)
		printf("%02x", body[i]);
	putchar('\n');
	return -1;
}

int main(int argc, char **argv)
{
	static _Alignas(struct nlmsghdr) unsigned char answer[ANSWER_SIZE];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), end = -1;

	if (argc != 4 || fd < 0 || send_request(fd, argv + 1) != 0)
		return 2;
	while (end < 0) {
		ssize_t size = recv(fd, answer, sizeof answer, 0);

		if (size <= 0)
			return 2;
		for (struct nlmsghdr *at = (void *)answer; end < 0 && NLMSG_OK(at, size); at = NLMSG_NEXT(at, size))
			end = tell(at);
	}
	if (end != 0)
		printf("error %d\n", end);
	return end != 0;
}
