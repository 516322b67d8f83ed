// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kernel.h"
#include "key.h"
#include "message.h"
#include "output.h"
#include "verbs.h"

/**
 * struct watch - what is watched
 * @kernel: for what events do not say
 * @sock: on which they come. Of its own: at any time, also between question and answer.
 * @only: name of the one interface that counts, NULL for all
 * @json: an object a line instead of words
 * @failed: the output cannot be written
 */
struct watch {
	struct kernel kernel;
	struct nl_sock *sock;
	const char *only;
	bool json;
	bool failed;
};

static const struct event {
	enum krelay_cmd cmd;
	const char *name;
	const char *text;
} events[] = {
	{ KRELAY_CMD_PEER_NTF, "peer_added", "peer added" },
	{ KRELAY_CMD_PEER_DEL_NTF, "peer_removed", "peer removed" },
	{ KRELAY_CMD_HANDSHAKE_NTF, "handshake", "handshake" },
	{ KRELAY_CMD_ENDPOINT_NTF, "endpoint_changed", "endpoint changed" },
	{ KRELAY_CMD_FORWARD_NTF, "forwards_changed", "forwards changed" },
};

static const struct event *find_event(int cmd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if ((int)events[i].cmd == cmd)
			return &events[i];
	}
	return NULL;
}

/* What its owner calls the peer, or its public key. */
static void name_peer(struct watch *watch, const char *ifname, const struct peer *peer,
		      char name[KEY_TEXT_LEN])
{
	struct device device;
	const struct peer *known;

	key_format(peer->public_key, name);
	if (!module_read(&watch->kernel, ifname, &device)) {
		array_for_each(known, &device.peers) {
			if (!memcmp(known->public_key, peer->public_key, KRELAY_KEY_LEN) &&
			    *known->name)
				snprintf(name, KEY_TEXT_LEN, "%s", known->name);
		}
	}
	device_free(&device);
}

static void print_json(const struct event *event, const struct device *device, const char *peer,
		       const char *endpoint)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(json, "event", json_object_new_string(event->name));
	json_object_object_add(json, "interface", json_object_new_string(device->name));
	if (peer)
		json_object_object_add(json, "peer", json_object_new_string(peer));
	if (endpoint)
		json_object_object_add(json, "endpoint", json_object_new_string(endpoint));
	printf("%s\n", json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	json_object_put(json);
}

static void print_text(const struct event *event, const struct device *device, const char *peer,
		       const char *endpoint)
{
	char when[sizeof("2000-01-01 00:00:00")];
	time_t now = time(NULL);
	struct tm local;

	strftime(when, sizeof(when), "%F %T", localtime_r(&now, &local));
	printf("%s %s: %s%s%s%s%s\n", when, device->name, event->text, peer ? ": " : "",
	       peer ?: "", endpoint ? " at " : "", endpoint ?: "");
}

static void print(struct watch *watch, const struct event *event, const struct device *device)
{
	const struct peer *peer = device->peers.count ? device->peers.items : NULL;
	char endpoint[ENDPOINT_TEXT_LEN];
	char name[KEY_TEXT_LEN];
	bool located;

	if (peer)
		name_peer(watch, device->name, peer, name);
	located = peer && peer->endpoint.ss_family;
	if (located)
		endpoint_format(&peer->endpoint, endpoint);
	(watch->json ? print_json : print_text)(event, device, peer ? name : NULL,
						located ? endpoint : NULL);
	watch->failed = output_end();
}

static int join(struct watch *watch, const char *family, const char *name)
{
	int group = genl_ctrl_resolve_grp(watch->kernel.generic, family, name);

	return group < 0 ? group : nl_socket_add_membership(watch->sock, group);
}

/* A module that is loaded again has a group that nobody is in. */
static void on_family(struct watch *watch, struct nlmsghdr *header)
{
	const struct nlattr *name = nlmsg_find_attr(header, GENL_HDRLEN, CTRL_ATTR_FAMILY_NAME);

	if (name && !nla_strcmp(name, KRELAY_GENL_NAME))
		join(watch, KRELAY_GENL_NAME, KRELAY_MCGRP_EVENTS);
}

static int on_event(struct nl_msg *message, void *data)
{
	const struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(message));
	const struct event *event = find_event(header->cmd);
	struct watch *watch = data;
	struct device device;

	if (nlmsg_hdr(message)->nlmsg_type == GENL_ID_CTRL) {
		if (header->cmd == CTRL_CMD_NEWFAMILY)
			on_family(watch, nlmsg_hdr(message));
		return NL_OK;
	}
	memset(&device, 0, sizeof(device));
	if (event && !watch->failed && message_read(nlmsg_hdr(message), &device) &&
	    (!watch->only || !strcmp(watch->only, device.name)))
		print(watch, event, &device);
	device_free(&device);
	return NL_OK;
}

static int subscribe(struct watch *watch)
{
	int err = -NLE_NOMEM;

	watch->sock = nl_socket_alloc();
	if (!watch->sock)
		goto refuse;
	nl_socket_disable_seq_check(watch->sock);
	nl_socket_modify_cb(watch->sock, NL_CB_VALID, NL_CB_CUSTOM, on_event, watch);
	err = genl_connect(watch->sock);
	if (err >= 0)
		err = join(watch, KRELAY_GENL_NAME, KRELAY_MCGRP_EVENTS);
	if (err >= 0)
		err = join(watch, "nlctrl", "notify");
	if (err >= 0)
		return 0;

refuse:
	return refuse(NULL, "events of the module cannot be had (%s): run as root, with CAP_NET_ADMIN.",
		      nl_geterror(err));
}

static int watch_events(struct watch *watch)
{
	int err = subscribe(watch);

	if (err)
		return err;
	do {
		err = nl_recvmsgs_default(watch->sock);
		if (err == -NLE_NOMEM)
			warn(NULL, "events came faster than they could be read, and some are lost.");
	} while (!watch->failed && (err >= 0 || err == -NLE_NOMEM || err == -NLE_INTR));
	if (watch->failed)
		return -1;
	return refuse(NULL, "no more events come from the module (%s): start again.",
		      nl_geterror(err));
}

int monitor_main(int argc, char *argv[])
{
	struct watch watch = { .kernel = { 0 } };
	unsigned int ifindex;
	struct options options;
	const char *wrong;
	int ret;

	wrong = options_parse(argc, argv, "j", &options);
	if (wrong)
		return usage("monitor", wrong);
	watch.json = options.json;
	watch.only = options.name;
	ret = kernel_open(&watch.kernel);
	if (!ret)
		ret = kernel_module(&watch.kernel, false);
	if (!ret && watch.only)
		ret = link_find(&watch.kernel, watch.only, &ifindex, NULL);
	if (!ret)
		ret = watch_events(&watch);
	nl_socket_free(watch.sock);
	kernel_close(&watch.kernel);
	return ret ? 1 : 0;
}
