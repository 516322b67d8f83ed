// SPDX-License-Identifier: GPL-2.0
/*
 * failnth [NAME...]: what do the commands of the netlink contract do when the
 * kernel's first, second, third ... allocation for them fails, up to the one that
 * is not reached any more? (/proc/thread-self/fail-nth, which a kernel has that
 * was built for it.) In a network namespace of its own, in which the netdevs
 * pub0, pub1 and pub2 are.
 *
 * Each failure has to be told as one, and has to leave everything as it was; or
 * the command did without that memory, and everything is as it should be. What
 * may be lost for want of memory is the kernel's answer (ENOBUFS): then it is
 * either. Prints a line for each command and fails if one did anything else.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "contract.h"

#define LINK "fail0"
#define OTHER_LINK "fail1"
#define STATE_SIZE 65536
#define ANSWER_SIZE 65536
#define MAX_FAILURES 2000

static struct nl_sock *generic, *route;
static int fail_nth, control;
/* Touched before, so that no page of them is missing while allocations fail. */
static char answer[ANSWER_SIZE];

/* From now on, allocation @n of this thread fails; 0 for none. */
static void arm(unsigned int n)
{
	char text[16];

	check(pwrite(fail_nth, text, sprintf(text, "%u", n), 0) > 0, "fail-nth");
}

/* Return: whether the allocation that was to fail has been reached. */
static bool disarm(void)
{
	char text[16] = "";

	check(pread(fail_nth, text, sizeof(text) - 1, 0) > 0, "fail-nth");
	arm(0);
	return !atoi(text);
}

/* The state as text: each attribute, but for what changes by itself. */
struct state {
	size_t len;
	char text[STATE_SIZE];
};

static bool changes_by_itself(int parent, int type)
{
	switch (parent) {
	case 0:
		return type == KRELAY_A_IFINDEX;
	case KRELAY_A_DEVICE:
		return type == KRELAY_DEVICE_A_STATS || type == KRELAY_DEVICE_A_TIMESTAMP ||
		       type == KRELAY_DEVICE_A_PAD;
	case KRELAY_A_PEER:
		return type == KRELAY_PEER_A_LAST_HANDSHAKE || type == KRELAY_PEER_A_RX_BYTES ||
		       type == KRELAY_PEER_A_TX_BYTES || type == KRELAY_PEER_A_UNANSWERED ||
		       type == KRELAY_PEER_A_PAD;
	case KRELAY_A_FORWARD:
		return (type >= KRELAY_FORWARD_A_IN_PACKETS && type <= KRELAY_FORWARD_A_PAD) ||
		       type == KRELAY_FORWARD_A_IN_DROPS || type == KRELAY_FORWARD_A_OUT_DROPS;
	}
	return false;
}

/* A list of sources gets another number each time that it is made. */
static bool is_number_of_list(int parent, int type)
{
	return (parent == KRELAY_A_FORWARD && type == KRELAY_FORWARD_A_SOURCES) ||
	       (parent == KRELAY_A_SOURCES && type == KRELAY_SOURCES_A_ID);
}

static void say(struct state *state, const char *format, unsigned int value)
{
	int len = snprintf(state->text + state->len, STATE_SIZE - state->len, format, value);

	state->len += len;
	if (state->len >= STATE_SIZE) {
		errno = E2BIG;
		die("state");
	}
}

static void describe(struct state *state, struct nlattr *attr, int len, int parent)
{
	int i, type;

	for (; nla_ok(attr, len); attr = nla_next(attr, &len)) {
		type = nla_type(attr);
		if (changes_by_itself(parent, type))
			continue;
		say(state, " %u", type);
		if (is_number_of_list(parent, type))
			continue;
		if (attr->nla_type & NLA_F_NESTED) {
			say(state, "{", 0);
			/* Only the top level's lists hold what changes. */
			describe(state, nla_data(attr), nla_len(attr), parent ? -1 : type);
			say(state, "}", 0);
			continue;
		}
		say(state, "=", 0);
		for (i = 0; i < nla_len(attr); i++)
			say(state, "%02x", ((unsigned char *)nla_data(attr))[i]);
	}
}

/* Return: 1 to go on reading, 0 at the end, or the error that was told. */
static int read_message(struct nlmsghdr *header, struct state *state)
{
	int error = 0;

	switch (header->nlmsg_type) {
	case NLMSG_ERROR:
		return ((struct nlmsgerr *)nlmsg_data(header))->error;
	case NLMSG_DONE:
		if (nlmsg_datalen(header) >= (int)sizeof(error))
			memcpy(&error, nlmsg_data(header), sizeof(error));
		return error;
	}
	if (state) {
		describe(state, genlmsg_attrdata(nlmsg_data(header), 0),
			 genlmsg_attrlen(nlmsg_data(header), 0), 0);
		say(state, "\n", 0);
	}
	return 1;
}

/* Sends @message and reads what is answered. Return: 0 or a negative error. */
static int exchange(struct nl_sock *sock, struct nl_msg *message, struct state *state)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	int fd = nl_socket_get_fd(sock);
	int ret = 1, len;

	if (send(fd, header, header->nlmsg_len, 0) < 0)
		return -errno;
	while (ret > 0) {
		len = recv(fd, answer, sizeof(answer), 0);
		if (len < 0)
			return -errno;
		for (header = (struct nlmsghdr *)answer; ret > 0 && nlmsg_ok(header, len);
		     header = nlmsg_next(header, &len))
			ret = read_message(header, state);
	}
	return ret;
}

/* Forgets what was not read, and errors of the socket. */
static void drain(struct nl_sock *sock)
{
	int fd = nl_socket_get_fd(sock);

	while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
}

/* Has to succeed: nothing fails on purpose. */
static void must(struct nl_sock *sock, struct nl_msg *message, struct state *state)
{
	int ret = exchange(sock, message, state);

	nlmsg_free(message);
	errno = -ret;
	check(!ret, "refused without a failure");
}

/* Not by an ioctl, which calls modprobe for a name that is not there. */
static bool exists(const char *name)
{
	struct nl_msg *message = link_message(RTM_GETLINK, 0, name, false);
	int ret = exchange(route, message, NULL);

	nlmsg_free(message);
	return !ret;
}

static void read_state(struct state *state)
{
	struct ifreq link = { .ifr_name = LINK };

	state->len = 0;
	if (exists(OTHER_LINK))
		say(state, "another link\n", 0);
	if (!exists(LINK))
		return;
	check(!ioctl(control, SIOCGIFFLAGS, &link), LINK);
	say(state, "link, flags %x\n", link.ifr_flags & 0xffff);
	must(generic, get(KRELAY_CMD_DEVICE_GET), state);
	must(generic, get(KRELAY_CMD_PEER_GET), state);
	must(generic, get(KRELAY_CMD_FORWARD_GET), state);
	must(generic, get(KRELAY_CMD_SOURCES_GET), state);
}

/* What every command begins with: a device with two peers, forwards to both. */
static void begin(void)
{
	if (exists(OTHER_LINK))
		must(route, link_del(OTHER_LINK), NULL);
	if (exists(LINK))
		must(route, link_del(LINK), NULL);
	must(route, link_add(LINK), NULL);
	must(generic, device_set(1, 5555, 1, 1), NULL);
	must(generic, peer_set(1, 0, false), NULL);
	must(generic, peer_set(2, 0, false), NULL);
	must(generic, forwards(KRELAY_CMD_FORWARD_SET, 1000, 3), NULL);
	must(route, link_set(true), NULL);
}

static void begin_down(void)
{
	begin();
	must(route, link_set(false), NULL);
}

static void begin_with_bridge(void)
{
	begin();
	must(generic, peer_set(9, 0, true), NULL);
}

static void begin_with_catch_all(void)
{
	begin();
	must(generic, catch_all(KRELAY_CMD_FORWARD_ADD, 1), NULL);
}

static void begin_with_other_link(void)
{
	begin();
	must(route, link_add(OTHER_LINK), NULL);
}

enum {
	REPLACE = KRELAY_PEER_SET_REPLACE_ALLOWEDIPS | KRELAY_PEER_SET_REPLACE_ACCEPTS,
};

/* A command: what it begins with, and its message. */
struct command {
	const char *name;
	void (*begin)(void);
	struct nl_msg *(*make)(void);
	bool reads;
	bool link;
};

#define MAKE(name, message) \
	static struct nl_msg *make_##name(void) \
	{ \
		return message; \
	}

MAKE(device_get, get(KRELAY_CMD_DEVICE_GET))
MAKE(peer_get, get(KRELAY_CMD_PEER_GET))
MAKE(forward_get, get(KRELAY_CMD_FORWARD_GET))
MAKE(sources_get, get(KRELAY_CMD_SOURCES_GET))
MAKE(device_set, device_set(2, 5556, 2, 3))
MAKE(device_set_fewer, device_set(1, 5555, 1, 0))
MAKE(peer_add, peer_set(3, KRELAY_PEER_SET_CREATE_ONLY, false))
MAKE(peer_add_bridge, peer_set(4, KRELAY_PEER_SET_CREATE_ONLY, true))
MAKE(peer_set, peer_set(2, REPLACE, false))
MAKE(peer_set_bridge, peer_set(2, REPLACE, true))
MAKE(peer_set_no_bridge, peer_set(9, REPLACE, false))
MAKE(peer_del, peer_del(1))
MAKE(forward_set, forwards(KRELAY_CMD_FORWARD_SET, 2000, 4))
MAKE(forward_add, forwards(KRELAY_CMD_FORWARD_ADD, 7000, 3))
MAKE(forward_del, forwards(KRELAY_CMD_FORWARD_DEL, 1000, 2))
MAKE(catch_all_set, catch_all(KRELAY_CMD_FORWARD_SET, 2))
MAKE(catch_all_add, catch_all(KRELAY_CMD_FORWARD_ADD, 1))
MAKE(catch_all_del, catch_all(KRELAY_CMD_FORWARD_DEL, 1))
MAKE(link_add, link_add(OTHER_LINK))
MAKE(link_del, link_del(OTHER_LINK))
MAKE(link_del_full, link_del(LINK))
MAKE(link_up, link_set(true))
MAKE(link_down, link_set(false))

#define COMMAND(text, start, ...) { .name = text, .begin = start, __VA_ARGS__ }

static const struct command commands[] = {
	COMMAND("device-get", begin, .make = make_device_get, .reads = true),
	COMMAND("peer-get", begin, .make = make_peer_get, .reads = true),
	COMMAND("forward-get", begin, .make = make_forward_get, .reads = true),
	COMMAND("catch-all-get", begin_with_catch_all, .make = make_forward_get, .reads = true),
	COMMAND("sources-get", begin_with_catch_all, .make = make_sources_get, .reads = true),
	COMMAND("device-set", begin, .make = make_device_set),
	COMMAND("device-set-fewer", begin, .make = make_device_set_fewer),
	COMMAND("peer-add", begin, .make = make_peer_add),
	COMMAND("peer-add-bridge", begin, .make = make_peer_add_bridge),
	COMMAND("peer-add-second-bridge", begin_with_bridge, .make = make_peer_add_bridge),
	COMMAND("peer-set", begin, .make = make_peer_set),
	COMMAND("peer-set-bridge", begin, .make = make_peer_set_bridge),
	COMMAND("peer-set-no-bridge", begin_with_bridge, .make = make_peer_set_no_bridge),
	COMMAND("peer-del", begin, .make = make_peer_del),
	COMMAND("forward-set", begin, .make = make_forward_set),
	COMMAND("forward-add", begin, .make = make_forward_add),
	COMMAND("forward-del", begin, .make = make_forward_del),
	COMMAND("catch-all-set", begin_with_catch_all, .make = make_catch_all_set),
	COMMAND("catch-all-add", begin, .make = make_catch_all_add),
	COMMAND("catch-all-del", begin_with_catch_all, .make = make_catch_all_del),
	COMMAND("link-add", begin, .make = make_link_add, .link = true),
	COMMAND("link-del", begin_with_other_link, .make = make_link_del, .link = true),
	COMMAND("link-del-full", begin_with_bridge, .make = make_link_del_full, .link = true),
	COMMAND("link-up", begin_down, .make = make_link_up, .link = true),
	COMMAND("link-down", begin, .make = make_link_down, .link = true),
};

struct result {
	unsigned int refused;
	unsigned int done_without;
	unsigned int answers_lost;
};

static struct state before, wanted, answer_now, after;

static bool same(const struct state *a, const struct state *b)
{
	return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static bool complain(const char *name, unsigned int n, int ret, const char *what)
{
	printf("%s: failure %u (%s): %s\n", name, n, strerror(-ret), what);
	printf("-- before\n%.*s-- after\n%.*s-- wanted\n%.*s", (int)before.len, before.text,
	       (int)after.len, after.text, (int)wanted.len, wanted.text);
	return false;
}

/* Return: whether what has come of failure @n is allowed. */
static bool judge(const struct command *command, unsigned int n, int ret, struct result *result)
{
	if (!ret) {
		result->done_without++;
		return same(command->reads ? &answer_now : &after, &wanted) ||
		       complain(command->name, n, ret, "it was not told");
	}
	/*
	 * -ENFILE is what a socket without memory is. The kernel's own part of a
	 * link has other words yet, such as -EINVAL for a name that found no room.
	 */
	if (!command->link && ret != -ENOMEM && ret != -ENOBUFS && ret != -ENFILE)
		return complain(command->name, n, ret, "that is not what it died of");
	if (same(&after, &before)) {
		result->refused++;
		return true;
	}
	if (ret == -ENOBUFS && same(&after, &wanted)) {
		result->answers_lost++;
		return true;
	}
	return complain(command->name, n, ret, "half done");
}

static bool run(const struct command *command)
{
	struct nl_sock *sock = command->link ? route : generic;
	struct result result = { 0 };
	struct nl_msg *message;
	bool hit = true;
	unsigned int n;
	int ret;

	command->begin();
	wanted.len = 0;
	must(sock, command->make(), command->reads ? &wanted : NULL);
	if (!command->reads)
		read_state(&wanted);
	command->begin();
	read_state(&before);
	for (n = 1; hit && n < MAX_FAILURES; n++) {
		message = command->make();
		answer_now.len = 0;
		arm(n);
		ret = exchange(sock, message, command->reads ? &answer_now : NULL);
		hit = disarm();
		nlmsg_free(message);
		drain(sock);
		read_state(&after);
		if (!hit && ret)
			return complain(command->name, n, ret, "nothing failed");
		if (!judge(command, n, ret, &result))
			return false;
		if (!same(&after, &before)) {
			command->begin();
			read_state(&after);
			if (!same(&after, &before))
				return complain(command->name, n, ret, "it cannot be repeated");
		}
	}
	printf("%s: %u failures: %u refused, %u done without, %u answers lost\n", command->name,
	       n - 2, result.refused, result.done_without - !hit, result.answers_lost);
	/* A kernel that lets nothing fail would pass. */
	return !hit && n > 2;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	struct timeval patience = { .tv_sec = 10 };
	bool good = true;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	control = socket(AF_INET, SOCK_DGRAM, 0);
	check(fail_nth >= 0 && control >= 0, "/proc/thread-self/fail-nth");
	generic = nl_socket_alloc();
	route = nl_socket_alloc();
	check(generic && route && !genl_connect(generic) && !nl_connect(route, NETLINK_ROUTE),
	      "netlink");
	family = genl_ctrl_resolve(generic, KRELAY_GENL_NAME);
	check(family > 0, KRELAY_GENL_NAME);
	drain(generic);
	setsockopt(nl_socket_get_fd(generic), SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	setsockopt(nl_socket_get_fd(route), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	memset(answer, 1, sizeof(answer));
	memset(&answer_now, 1, sizeof(answer_now));

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (is_wanted(commands[i].name, argc, argv))
			good &= run(&commands[i]);
	if (exists(LINK))
		must(route, link_del(LINK), NULL);
	return good ? 0 : 1;
}
