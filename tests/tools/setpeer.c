// SPDX-License-Identifier: GPL-2.0
/*
 * setpeer IFACE PUBLIC-KEY add PREFIX... | replace PREFIX... | keepalive SECONDS |
 * psk KEY | remove, setpeer IFACE device key PRIVATE-KEY: what `wg set` does to a
 * WireGuard device and its peers, to a krelay device: the peer is made if it is not
 * there, IPv4 prefixes are added to its allowed IPs or replace them, its keepalive
 * interval or preshared key is set, or it is removed. Keys are base64.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/krelay.h>

static void die(const char *what)
{
	fprintf(stderr, "setpeer: %s\n", what);
	exit(1);
}

static void put_prefix(struct nl_msg *message, char *prefix)
{
	char *slash = strchr(prefix, '/');
	struct nlattr *nest = nla_nest_start(message, KRELAY_PEER_A_ALLOWEDIP);
	struct in_addr address;

	if (!slash)
		die(prefix);
	*slash = '\0';
	if (inet_pton(AF_INET, prefix, &address) != 1)
		die(prefix);
	nla_put(message, KRELAY_ALLOWEDIP_A_ADDRESS, sizeof(address), &address);
	nla_put_u8(message, KRELAY_ALLOWEDIP_A_PREFIX, atoi(slash + 1));
	nla_nest_end(message, nest);
}

static void put_allowed_ips(struct nl_msg *message, char **prefixes)
{
	struct nlattr *list = nla_nest_start(message, KRELAY_PEER_A_ALLOWEDIPS);

	while (*prefixes)
		put_prefix(message, *prefixes++);
	nla_nest_end(message, list);
}

static void put_key(struct nl_msg *message, int type, const char *base64)
{
	uint8_t key[KRELAY_KEY_LEN];

	if (sodium_base642bin(key, sizeof(key), base64, strlen(base64), NULL, NULL, NULL,
			      sodium_base64_VARIANT_ORIGINAL))
		die(base64);
	nla_put(message, type, sizeof(key), key);
}

/* What the words behind PUBLIC-KEY say. */
static void put_peer(struct nl_msg *message, char **words, int count)
{
	if (!strcmp(words[0], "replace"))
		nla_put_u32(message, KRELAY_PEER_A_SET_FLAGS, KRELAY_PEER_SET_REPLACE_ALLOWEDIPS);
	if (!strcmp(words[0], "keepalive") && count == 2)
		nla_put_u16(message, KRELAY_PEER_A_KEEPALIVE, atoi(words[1]));
	else if (!strcmp(words[0], "psk") && count == 2)
		put_key(message, KRELAY_PEER_A_PRESHARED_KEY, words[1]);
	else if (strcmp(words[0], "remove"))
		put_allowed_ips(message, words + 1);
}

int main(int argc, char **argv)
{
	bool is_device = argc == 5 && !strcmp(argv[2], "device") && !strcmp(argv[3], "key");
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *message = nlmsg_alloc();
	enum krelay_cmd cmd = KRELAY_CMD_PEER_SET;
	struct nlattr *nest;
	int family, err;

	if (argc < 4)
		die("IFACE PUBLIC-KEY add PREFIX... | replace PREFIX... | keepalive SECONDS | psk KEY | remove\n"
		    "setpeer: IFACE device key PRIVATE-KEY");
	family = genl_connect(sock) ? -1 : genl_ctrl_resolve(sock, KRELAY_GENL_NAME);
	if (family < 0)
		die("no krelay");
	if (is_device)
		cmd = KRELAY_CMD_DEVICE_SET;
	else if (!strcmp(argv[3], "remove"))
		cmd = KRELAY_CMD_PEER_DEL;
	genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_ACK, cmd,
		    KRELAY_GENL_VERSION);
	nla_put_u32(message, KRELAY_A_IFINDEX, if_nametoindex(argv[1]));
	nest = nla_nest_start(message, is_device ? KRELAY_A_DEVICE : KRELAY_A_PEER);
	if (is_device) {
		put_key(message, KRELAY_DEVICE_A_PRIVATE_KEY, argv[4]);
	} else {
		put_key(message, KRELAY_PEER_A_PUBLIC_KEY, argv[2]);
		put_peer(message, argv + 3, argc - 3);
	}
	nla_nest_end(message, nest);
	err = nl_send_sync(sock, message);
	if (err)
		die(nl_geterror(err));
	nl_socket_free(sock);
	return 0;
}
