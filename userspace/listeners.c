// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "forwards.h"
#include "listeners.h"

struct reading {
	uint8_t proto;
	struct listener_array *listeners;
};

static bool is_any(const uint8_t *bytes, size_t len)
{
	while (len--) {
		if (*bytes++)
			return false;
	}
	return true;
}

/* An IPv6 socket serves IPv4, too, unless it was told not to. */
static void read_address(const struct inet_diag_msg *diag, bool v6only, struct listener *listener)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
	const uint8_t *bytes = (const uint8_t *)diag->id.idiag_src;
	int family = diag->idiag_family;

	if (family == AF_INET6 && !memcmp(bytes, mapped, sizeof(mapped))) {
		family = AF_INET;
		bytes += sizeof(mapped);
	}
	listener->families = family_bit(family);
	if (is_any(bytes, family == AF_INET ? 4 : 16)) {
		if (diag->idiag_family == AF_INET6 && !v6only)
			listener->families |= FAMILY_IPV4;
		return;
	}
	listener->address.family = family;
	memcpy(listener->address.bytes, bytes, family == AF_INET ? 4 : 16);
}

static int on_socket(struct nl_msg *message, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct reading *reading = data;
	struct listener listener = { .proto = reading->proto };
	struct inet_diag_msg *diag;
	struct nlattr *attr;

	if (nlmsg_datalen(header) < (int)sizeof(*diag))
		return NL_OK;
	diag = nlmsg_data(header);
	attr = nlmsg_find_attr(header, sizeof(*diag), INET_DIAG_SKV6ONLY);
	read_address(diag, attr && nla_len(attr) >= 1 && nla_get_u8(attr), &listener);
	listener.port = ntohs(diag->id.idiag_sport);
	listener.ifindex = diag->id.idiag_if;
	listener.inode = diag->idiag_inode;
	if (listener.port)
		*array_add(reading->listeners) = listener;
	return NL_OK;
}

/* What refuses is not worth a sentence: libnl gives its number. */
static int ask(struct nl_sock *sock, uint8_t proto, int family)
{
	bool stream = proto != IPPROTO_UDP && proto != IPPROTO_UDPLITE;
	struct inet_diag_req_v2 request = {
		.sdiag_family = family,
		.sdiag_protocol = proto,
		/* What is bound without being connected has the state of a closed one. */
		.idiag_states = 1 << (stream ? TCP_LISTEN : TCP_CLOSE),
	};
	int err;

	err = nl_send_simple(sock, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request));
	return err < 0 ? err : nl_recvmsgs_default(sock);
}

int listeners_read(uint8_t proto, struct listener_array *listeners)
{
	struct reading reading = { .proto = proto, .listeners = listeners };
	struct nl_sock *sock = nl_socket_alloc();
	int err;

	if (!sock)
		return -NLE_NOMEM;
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_socket, &reading);
	err = nl_connect(sock, NETLINK_SOCK_DIAG);
	if (!err)
		err = ask(sock, proto, AF_INET);
	if (!err)
		err = ask(sock, proto, AF_INET6);
	nl_socket_free(sock);
	return err;
}

static bool has_index(const struct index_array *indices, size_t index)
{
	const size_t *item;

	array_for_each(item, indices) {
		if (*item == index)
			return true;
	}
	return false;
}

/* True for an address of a public netdev. */
static bool is_public(const struct local_address_array *locals, const struct index_array *publics,
		      const struct address *address)
{
	const struct local_address *local;

	array_for_each(local, locals) {
		if (address_equal(&local->address, address) && has_index(publics, local->ifindex))
			return true;
	}
	return false;
}

const struct listener *listeners_find(const struct listener_array *listeners,
				      const struct local_address_array *locals,
				      const struct index_array *publics,
				      const struct forward *forward)
{
	const struct listener *listener;

	array_for_each(listener, listeners) {
		if (listener->proto != forward->proto || listener->port < forward->first ||
		    listener->port > forward->last ||
		    !(listener->families & family_bit(forward->family)))
			continue;
		if (listener->ifindex && !has_index(publics, listener->ifindex))
			continue;
		if (!listener->address.family)
			return listener;
		if (forward->public.family ? address_equal(&forward->public, &listener->address) :
		    is_public(locals, publics, &listener->address))
			return listener;
	}
	return NULL;
}

static bool holds_socket(const char *pid, uint32_t inode)
{
	char path[320], link[64], wanted[64];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd/%s", pid, entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		found = !strcmp(link, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* "sshd (pid 612)"; of several that share it the one that was there first. */
static void name_listener(const struct listener *listener, char *text, size_t size)
{
	char path[64], name[32] = "?";
	uint32_t pid, first = 0;
	struct dirent *entry;
	FILE *file;
	DIR *dir;

	dir = listener->inode ? opendir("/proc") : NULL;
	while (dir && (entry = readdir(dir))) {
		if (text_decimal(entry->d_name, INT32_MAX, &pid) && (!first || pid < first) &&
		    holds_socket(entry->d_name, listener->inode))
			first = pid;
	}
	if (dir)
		closedir(dir);
	if (!first) {
		snprintf(text, size, listener->inode && geteuid() ?
			 "a process that this user may not see" :
			 "the kernel itself, as for WireGuard or krelay,");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%u/comm", first);
	file = fopen(path, "re");
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	snprintf(text, size, "%s (pid %u)", name, first);
}

static int refuse_listener(const char *file, const struct forward *forward,
			   const struct listener *listener)
{
	struct place at = { .file = file, .line = forward->line };
	struct accept what = {
		.proto = listener->proto, .first = listener->port, .last = listener->port,
	};
	char forward_name[FORWARD_TEXT_LEN];
	char address[ADDRESS_TEXT_LEN] = "any address";
	char what_text[ACCEPT_TEXT_LEN];
	bool other_on = listener->address.family && !forward->public.family;
	char name[96];

	if (listener->address.family)
		address_format(&listener->address, address);
	name_listener(listener, name, sizeof(name));
	return refuse(&at, "Forward \"%s\" takes %s, on which %s listens here on %s: forward another port%s, or write \"force\" behind the forward if visitors shall no longer reach that.",
		      forward_format(forward, forward_name), accept_format(&what, what_text),
		      name, address,
		      other_on ? ", name another address with \"on ADDRESS\"" : "");
}

static bool counts(const struct forward *forward)
{
	return forward->first && !forward->force;
}

/* What listens by the protocols of the forwards. */
static void read_all(const struct device *device, struct listener_array *listeners)
{
	bool seen[256] = { false };
	const struct forward *forward;
	char text[PROTO_TEXT_LEN];
	int err;

	array_for_each(forward, &device->forwards) {
		if (!counts(forward) || seen[forward->proto])
			continue;
		seen[forward->proto] = true;
		err = listeners_read(forward->proto, listeners);
		/* No listener can be of a protocol that the kernel has not got. */
		if (err && (forward->proto == IPPROTO_TCP || forward->proto == IPPROTO_UDP))
			warn(NULL, "the kernel does not tell what listens by %s here (%s): see for yourself that no forward takes a port which this host needs.",
			     proto_format(forward->proto, text), nl_geterror(err));
	}
}

int listeners_check(struct kernel *kernel, const char *file, const struct device *device)
{
	struct local_address_array locals = { 0 };
	struct listener_array listeners = { 0 };
	const struct listener *listener;
	struct index_array publics = { 0 };
	const struct netdev_name *public;
	const struct forward *forward;
	int ret = 0;

	read_all(device, &listeners);
	if (!listeners.count)
		goto cleanup;
	ret = link_addresses(kernel, &locals);
	array_for_each(public, &device->publics) {
		*array_add(&publics) = if_nametoindex(public->name);
	}
	array_for_each(forward, &device->forwards) {
		if (ret || !counts(forward))
			continue;
		listener = listeners_find(&listeners, &locals, &publics, forward);
		if (listener)
			ret = refuse_listener(file, forward, listener);
	}
cleanup:
	array_free(&listeners);
	array_free(&locals);
	array_free(&publics);
	return ret;
}
