// SPDX-License-Identifier: GPL-2.0
/*
 * torture DEVICE SEED [some]: change a device by random commands of the netlink
 * contract until killed, some dozen a second. Without `some`, everything: keys,
 * ports, publics, peers, forwards, up and down. With it only what leaves a relay
 * that is at work there alone: peers, and forwards to them, that are none of its.
 *
 * The device may come and go. What is refused is no failure here; what the
 * kernel must never answer is.
 */
#include "contract.h"

#define PEERS 6

static struct nl_sock *generic, *route;
static unsigned int state;

static unsigned int below(unsigned int bound)
{
	/* Knuth's: good enough, and the same everywhere. */
	state = state * 1664525 + 1013904223;
	return (state >> 16) % bound;
}

static struct nl_msg *random_peer_set(void)
{
	static const uint32_t flags[] = { 0, 0, KRELAY_PEER_SET_CREATE_ONLY,
					  KRELAY_PEER_SET_REPLACE_ALLOWEDIPS,
					  KRELAY_PEER_SET_REPLACE_ACCEPTS };

	return peer_set(1 + below(PEERS), flags[below(ARRAY_SIZE(flags))], below(3) == 0);
}

static struct nl_msg *random_some(void)
{
	switch (below(8)) {
	case 0:
	case 1:
	case 2:
		return random_peer_set();
	case 3:
		return peer_del(1 + below(PEERS));
	case 4:
	case 5:
		return forwards(KRELAY_CMD_FORWARD_ADD, 10000 + 500 * below(20), 1 + below(3));
	case 6:
		return forwards(KRELAY_CMD_FORWARD_DEL, 10000 + 500 * below(20), 1 + below(3));
	}
	return request(KRELAY_CMD_DEVICE_GET, NLM_F_ACK);
}

static struct nl_msg *random_any(void)
{
	switch (below(8)) {
	case 0:
		return device_set(below(20), below(3) ? 0 : 51830 + below(10), below(3), below(4));
	case 1:
		return forwards(KRELAY_CMD_FORWARD_SET, 10000 + 500 * below(20), below(5));
	case 2:
		return request(KRELAY_CMD_PEER_GET, NLM_F_DUMP);
	}
	return random_some();
}

/* Return: what the kernel has answered, 0 or a negative error. */
static int ask(struct nl_sock *sock, struct nl_msg *message)
{
	static char answer[1 << 16];
	struct nlmsghdr *header = nlmsg_hdr(message);
	int len, fd = nl_socket_get_fd(sock);

	if (send(fd, header, header->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		len = recv(fd, answer, sizeof(answer), 0);
		if (len < 0)
			return -errno;
		for (header = (struct nlmsghdr *)answer; nlmsg_ok(header, len);
		     header = nlmsg_next(header, &len)) {
			if (header->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)nlmsg_data(header))->error;
			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
		}
	}
}

static bool is_absurd(int ret)
{
	return ret == -EAGAIN || ret == -EFAULT || ret == -EBADMSG || ret == -EMSGSIZE;
}

static void open_sockets(void)
{
	struct timeval patience = { .tv_sec = 300 };

	generic = nl_socket_alloc();
	route = nl_socket_alloc();
	check(generic && route && !genl_connect(generic) && !nl_connect(route, NETLINK_ROUTE),
	      "netlink");
	/* An answer that never comes is -EAGAIN. */
	setsockopt(nl_socket_get_fd(generic), SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	setsockopt(nl_socket_get_fd(route), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

int main(int argc, char **argv)
{
	bool some = argc > 3 && !strcmp(argv[3], "some");
	struct nl_msg *message;
	int ret;

	if (argc < 3) {
		fprintf(stderr, "usage: torture DEVICE SEED [some]\n");
		return 2;
	}
	device = argv[1];
	dial = true;
	state = atoi(argv[2]);
	open_sockets();
	for (;;) {
		/* The module may come and go, and its number with it. */
		if (family <= 0)
			family = genl_ctrl_resolve(generic, KRELAY_GENL_NAME);
		if (family > 0 && (some || below(12))) {
			message = some ? random_some() : random_any();
			ret = ask(generic, message);
		} else {
			message = link_set(below(3));
			ret = some ? 0 : ask(route, message);
		}
		nlmsg_free(message);
		if (is_absurd(ret)) {
			errno = -ret;
			die("that is no answer");
		}
		/* No such family (any more). */
		if (ret == -ENOENT || ret == -EOPNOTSUPP)
			family = 0;
		usleep(1000 * below(40));
	}
}
