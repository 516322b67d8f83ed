// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "forwards.h"
#include "kernel.h"
#include "message.h"
#include "process.h"

/* Bytes of a request that every socket can send. */
#define SEND_BUFFER (64 << 10)

/* How often to read a device that changes meanwhile. */
#define READ_TRIES 8

static bool find_family(struct kernel *kernel)
{
	int family = genl_ctrl_resolve(kernel->generic, KRELAY_GENL_NAME);

	kernel->family = family > 0 ? family : 0;
	return family > 0;
}

/* Why the module is not there, as far as one can tell. */
static int refuse_absent(const char *said)
{
	struct utsname host = { 0 };
	char folder[128];
	char *end;

	uname(&host);
	snprintf(folder, sizeof(folder), "/lib/modules/%s", host.release);
	if (access(folder, F_OK))
		return refuse(NULL, "the module krelay is not loaded, and there are no modules for the kernel %s here: in a container load it on the host, after a kernel update restart.",
			      host.release);
	if (strstr(said, "Key was rejected") || strstr(said, "Required key not available"))
		return refuse(NULL, "the kernel does not load the module krelay since Secure Boot does not know its signature: enrol the key that signed it with \"mokutil --import\", or turn Secure Boot off.");
	if (strstr(said, "Operation not permitted"))
		return refuse(NULL, "the module krelay is not loaded and may not be loaded from here: run as root, in a container load it on the host.");
	if (strstr(said, "not found"))
		return refuse(NULL, "there is no module krelay for the kernel %s: install its DKMS package and linux-headers-%s, or run \"make install\" in its sources.",
			      host.release, host.release);
	end = strchr(said, '\n');
	if (end)
		*end = '\0';
	if (*said)
		return refuse(NULL, "the module krelay cannot be loaded: modprobe says \"%.200s\", look into dmesg.",
			      said);
	return refuse(NULL, "the module krelay is not loaded: run \"modprobe krelay\" as root.");
}

int kernel_module(struct kernel *kernel, bool load)
{
	char *const modprobe[] = { "modprobe", KERNEL_KIND, NULL };
	char said[512] = "";
	int ret;

	if (find_family(kernel))
		return 0;
	if (!load || geteuid())
		return refuse_absent("");
	ret = process_run(modprobe, NULL, said, sizeof(said));
	if (ret == -ENOENT)
		snprintf(said, sizeof(said), "there is no program of that name");
	if (find_family(kernel))
		return 0;
	return refuse_absent(said);
}

/*
 * A large table is one message, and the kernel takes none larger than the socket's buffer. It
 * counts what it is told twice. Root may have as much as it wants.
 */
static int make_room(int fd, int size)
{
	socklen_t len = sizeof(size);
	int room = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &len);
	if (room >= size)
		return 0;
	return refuse(NULL, "the request has %d bytes, of which this process may send %d at a time: run as root on the host, raise the sysctl net.core.wmem_max there, or write fewer forwards and sources.",
		      size, room);
}

/*
 * Send a request that changes something. Gives 0, -1 with the kernel's refusal in @kernel, or 1
 * after refuse().
 */
static int change(struct kernel *kernel, struct nl_msg *message)
{
	int size = nlmsg_hdr(message)->nlmsg_len + 4096;
	int err;

	if (size > SEND_BUFFER && make_room(nl_socket_get_fd(kernel->generic), size))
		return 1;
	kernel_begin(kernel);
	err = nl_send_auto(kernel->generic, message);
	if (err >= 0)
		err = nl_wait_for_ack(kernel->generic);
	return kernel_failed(kernel, err);
}

struct reading {
	struct device *device;
	bool good;
};

static int on_answer(struct nl_msg *message, void *data)
{
	struct reading *reading = data;

	if (!message_read(nlmsg_hdr(message), reading->device))
		reading->good = false;
	return NL_OK;
}

/* Ask one thing and read all answers; 1 if the device changed in the midst of them. */
static int ask(struct kernel *kernel, const char *name, unsigned int ifindex,
	       enum krelay_cmd cmd, struct device *device)
{
	int flags = cmd == KRELAY_CMD_DEVICE_GET ? 0 : NLM_F_DUMP;
	struct reading reading = { .device = device, .good = true };
	struct nl_msg *message;
	int err;

	message = message_get(kernel->family, ifindex, cmd, flags);
	nl_socket_modify_cb(kernel->generic, NL_CB_VALID, NL_CB_CUSTOM, on_answer, &reading);
	kernel_begin(kernel);
	err = nl_send_auto(kernel->generic, message);
	if (err >= 0)
		err = nl_recvmsgs_default(kernel->generic);
	/* A single answer is followed by the acknowledgment of the request. */
	if (err >= 0 && !flags)
		err = nl_wait_for_ack(kernel->generic);
	nl_socket_modify_cb(kernel->generic, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	message_free(message);
	if (err == -NLE_DUMP_INTR)
		return 1;
	kernel_failed(kernel, err);
	if (kernel->error)
		return kernel_refuse(kernel, NULL, "reading the interface %s", name);
	if (!reading.good)
		return refuse(NULL, "the module's answer about %s breaks its contract: install the relayctl of the module's version, this one is %s.",
			      name, RELAYCTL_VERSION);
	return 0;
}

int module_read_device(struct kernel *kernel, const char *name, struct device *device)
{
	unsigned int ifindex;

	memset(device, 0, sizeof(*device));
	if (link_find(kernel, name, &ifindex, &device->up) || kernel_module(kernel, false))
		return -1;
	return ask(kernel, name, ifindex, KRELAY_CMD_DEVICE_GET, device);
}

static bool refers_to_sources(const struct device *device)
{
	const struct forward *forward;

	array_for_each(forward, &device->forwards) {
		if (forward->has_sources)
			return true;
	}
	return false;
}

int module_read(struct kernel *kernel, const char *name, struct device *device)
{
	unsigned int tries;
	int ret = 0;

	for (tries = 0; tries < READ_TRIES; tries++) {
		ret = module_read_device(kernel, name, device);
		if (!ret)
			ret = ask(kernel, name, device->ifindex, KRELAY_CMD_PEER_GET, device);
		if (!ret)
			ret = ask(kernel, name, device->ifindex, KRELAY_CMD_FORWARD_GET, device);
		if (!ret && refers_to_sources(device))
			ret = ask(kernel, name, device->ifindex, KRELAY_CMD_SOURCES_GET, device);
		if (ret <= 0)
			return ret;
		device_free(device);
	}
	return refuse(NULL, "the interface %s changes faster than it can be read: try again.",
		      name);
}

int module_set_device(struct kernel *kernel, const struct config *config)
{
	struct place at = { .file = config->file };
	struct nl_msg *message;
	int ret;

	message = message_device_set(kernel->family, &config->device);
	ret = change(kernel, message);
	message_free(message);
	return ret < 0 ? kernel_refuse(kernel, &at, "[Interface]") : ret;
}

static int set_peer(struct kernel *kernel, const struct config *config, const struct peer *peer)
{
	struct place at = { .file = config->file, .line = peer->line };
	char label[KEY_TEXT_LEN];
	struct nl_msg *message;
	size_t next = 0;
	int ret = 0;

	while (!ret && (message = message_peer_set(kernel->family, config->device.ifindex, peer,
						   &next))) {
		ret = change(kernel, message);
		message_free(message);
	}
	return ret < 0 ? kernel_refuse(kernel, &at, "the peer %s", peer_label(peer, label)) : ret;
}

int module_set_peers(struct kernel *kernel, const struct config *config)
{
	const struct peer *peer;

	array_for_each(peer, &config->device.peers) {
		if (set_peer(kernel, config, peer))
			return -1;
	}
	return 0;
}

int module_set_endpoint(struct kernel *kernel, const struct place *at, unsigned int ifindex,
			const struct peer *peer)
{
	struct nl_msg *message = message_endpoint(kernel->family, ifindex, peer);
	int ret;

	ret = change(kernel, message);
	message_free(message);
	return ret ? kernel_refuse(kernel, at, "Endpoint") : 0;
}

static int set_keepalive(struct kernel *kernel, const struct config *config,
			 const struct peer *peer, uint16_t seconds)
{
	struct place at = { .file = config->file, .line = peer->line };
	char label[KEY_TEXT_LEN];
	struct nl_msg *message;
	int ret;

	message = message_keepalive(kernel->family, config->device.ifindex, peer, seconds);
	ret = change(kernel, message);
	message_free(message);
	return ret ? kernel_refuse(kernel, &at, "dialling the peer %s", peer_label(peer, label)) : 0;
}

int module_dial(struct kernel *kernel, const struct config *config, const struct peer *peer)
{
	/* The first keepalive leaves at once, and for it a session is made. */
	if (set_keepalive(kernel, config, peer, 1))
		return -1;
	return set_keepalive(kernel, config, peer, 0);
}

int module_forwards(struct kernel *kernel, enum krelay_cmd cmd, const char *file,
		    const struct device *device)
{
	const struct forward *forward;
	char text[FORWARD_TEXT_LEN];
	struct place at = { 0 };
	struct nl_msg *message;
	int index = -1;
	int ret;

	message = message_forwards(kernel->family, cmd, device);
	ret = change(kernel, message);
	if (ret < 0 && kernel->offset)
		index = message_forward_at(message, kernel->offset);
	if (device->forwards.count == 1)
		index = 0;
	message_free(message);
	if (ret >= 0)
		return ret;
	at.file = file;
	if (index < 0)
		return kernel_refuse(kernel, &at, "Forward");
	forward = &device->forwards.items[index];
	at.line = forward->line;
	return kernel_refuse(kernel, &at, "Forward \"%s\"", forward_format(forward, text));
}
