// SPDX-License-Identifier: GPL-2.0
/*
 * setpeer IFACE PUBLIC-KEY add PREFIX... | replace PREFIX... | keepalive SECONDS |
 * remove: what `wg set` does to a peer of a WireGuard device, to one of a krelay
 * device: the peer is made if it is not there, IPv4 prefixes are added to its
 * allowed IPs or replace them, its keepalive interval is set, or it is removed. Keys
 * are base64.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sodium.h>
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

int main(int argc, char **argv)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *message = nlmsg_alloc();
	struct nlattr *peer;
	uint8_t key[KRELAY_KEY_LEN];
	int family, remove, err;

	if (argc < 4 || sodium_base642bin(key, sizeof(key), argv[2], strlen(argv[2]), NULL, NULL,
					  NULL, sodium_base64_VARIANT_ORIGINAL))
		die("IFACE PUBLIC-KEY add PREFIX... | replace PREFIX... | keepalive SECONDS | remove");
	family = genl_connect(sock) ? -1 : genl_ctrl_resolve(sock, KRELAY_GENL_NAME);
	if (family < 0)
		die("no krelay");
	remove = !strcmp(argv[3], "remove");
	genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_ACK,
		    remove ? KRELAY_CMD_PEER_DEL : KRELAY_CMD_PEER_SET, KRELAY_GENL_VERSION);
	nla_put_u32(message, KRELAY_A_IFINDEX, if_nametoindex(argv[1]));
	peer = nla_nest_start(message, KRELAY_A_PEER);
	nla_put(message, KRELAY_PEER_A_PUBLIC_KEY, sizeof(key), key);
	if (!strcmp(argv[3], "replace"))
		nla_put_u32(message, KRELAY_PEER_A_SET_FLAGS, KRELAY_PEER_SET_REPLACE_ALLOWEDIPS);
	if (!strcmp(argv[3], "keepalive") && argc == 5)
		nla_put_u16(message, KRELAY_PEER_A_KEEPALIVE, atoi(argv[4]));
	else if (!remove)
		put_allowed_ips(message, argv + 4);
	nla_nest_end(message, peer);
	err = nl_send_sync(sock, message);
	if (err)
		die(nl_geterror(err));
	nl_socket_free(sock);
	return 0;
}
