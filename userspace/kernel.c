// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"

static struct nla_policy extack_policy[NLMSGERR_ATTR_MAX + 1] = {
	[NLMSGERR_ATTR_MSG] = { .type = NLA_STRING },
	[NLMSGERR_ATTR_OFFS] = { .type = NLA_U32 },
};

/* Keep the kernel's own words: libnl would lose them. */
static int on_error(struct sockaddr_nl *who, struct nlmsgerr *error, void *data)
{
	struct nlmsghdr *header = (struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
	struct kernel *kernel = data;
	int skip = sizeof(*error);

	(void)who;
	kernel->error = -error->error;
	kernel->text[0] = '\0';
	kernel->offset = 0;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NL_STOP;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - NLMSG_HDRLEN;
	if (nlmsg_parse(header, skip, attrs, NLMSGERR_ATTR_MAX, extack_policy))
		return NL_STOP;
	if (attrs[NLMSGERR_ATTR_MSG])
		nla_strlcpy(kernel->text, attrs[NLMSGERR_ATTR_MSG], sizeof(kernel->text));
	if (attrs[NLMSGERR_ATTR_OFFS])
		kernel->offset = nla_get_u32(attrs[NLMSGERR_ATTR_OFFS]);
	return NL_STOP;
}

/* A dump that fails halfway says so in its last message. */
static int on_finish(struct nl_msg *message, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct kernel *kernel = data;
	int error = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(header), sizeof(error));
	if (error < 0)
		kernel->error = -error;
	return NL_OK;
}

static struct nl_sock *open_socket(struct kernel *kernel, int protocol)
{
	struct nl_sock *sock = nl_socket_alloc();
	int fd, on = 1;

	if (!sock)
		return NULL;
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, on_error, kernel);
	nl_socket_modify_cb(sock, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, kernel);
	if (nl_connect(sock, protocol)) {
		nl_socket_free(sock);
		return NULL;
	}
	fd = nl_socket_get_fd(sock);
	/* Older kernels know neither; then there are fewer words. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return sock;
}

int kernel_open(struct kernel *kernel)
{
	memset(kernel, 0, sizeof(*kernel));
	kernel->generic = open_socket(kernel, NETLINK_GENERIC);
	kernel->route = open_socket(kernel, NETLINK_ROUTE);
	if (!kernel->generic || !kernel->route)
		return refuse(NULL, "there is no netlink socket to be had, %s: run on Linux, outside of a sandbox that forbids it.",
			      strerror(errno));
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	nl_socket_free(kernel->generic);
	nl_socket_free(kernel->route);
	kernel->generic = NULL;
	kernel->route = NULL;
}

void kernel_begin(struct kernel *kernel)
{
	kernel->error = 0;
	kernel->offset = 0;
	kernel->text[0] = '\0';
}

int kernel_failed(struct kernel *kernel, int err)
{
	static const struct {
		int nle;
		int error;
	} map[] = {
		{ NLE_NODEV, ENODEV },
		{ NLE_OBJ_NOTFOUND, ENODEV },
		{ NLE_PERM, EPERM },
		{ NLE_NOACCESS, EPERM },
		{ NLE_EXIST, EEXIST },
		{ NLE_OPNOTSUPP, EOPNOTSUPP },
		{ NLE_NOMEM, ENOMEM },
	};
	size_t i;

	if (err >= 0)
		return 0;
	for (i = 0; i < ARRAY_SIZE(map) && !kernel->error; i++) {
		if (-err == map[i].nle)
			kernel->error = map[i].error;
	}
	if (!kernel->error) {
		kernel->error = EIO;
		snprintf(kernel->text, sizeof(kernel->text), "%s", nl_geterror(err));
	}
	return -1;
}

int kernel_refuse(const struct kernel *kernel, const struct place *at, const char *doing, ...)
{
	char what[256];
	va_list args;

	va_start(args, doing);
	vsnprintf(what, sizeof(what), doing, args);
	va_end(args);
	if (kernel->error == EPERM)
		return refuse(at, "%s needs CAP_NET_ADMIN%s%s%s: run as root.", what,
			      *kernel->text ? ", the kernel says \"" : "", kernel->text,
			      *kernel->text ? "\"" : "");
	if (*kernel->text)
		return refuse(at, "%s is refused, the kernel says \"%s\": correct that, nothing was changed.",
			      what, kernel->text);
	return refuse(at, "%s is refused, the kernel says no more than \"%s\": look into dmesg.",
		      what, strerror(kernel->error));
}
