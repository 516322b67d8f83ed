// SPDX-License-Identifier: GPL-2.0
#include "netlink_peer.h"

#include <linux/ctype.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "device.h"
#include "event.h"
#include "handshake.h"
#include "home.h"
#include "mark.h"
#include "netlink_common.h"
#include "origin.h"
#include "outer.h"
#include "peer.h"
#include "rewrite.h"

enum {
	MAX_PEERS = 1 << 16,
};

static const struct nla_policy allowedip_policy[KRELAY_ALLOWEDIP_A_MAX + 1] = {
	[KRELAY_ALLOWEDIP_A_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, KRELAY_CIDR_IPV4,
							KRELAY_CIDR_IPV6),
	[KRELAY_ALLOWEDIP_A_PREFIX] = NLA_POLICY_MAX(NLA_U8, 8 * KRELAY_CIDR_IPV6),
};

static const struct nla_policy accept_policy[KRELAY_ACCEPT_A_MAX + 1] = {
	[KRELAY_ACCEPT_A_PROTO] = { .type = NLA_U8 },
	[KRELAY_ACCEPT_A_PORT_FIRST] = NLA_POLICY_MIN(NLA_U16, 1),
	[KRELAY_ACCEPT_A_PORT_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
	[KRELAY_ACCEPT_A_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, KRELAY_CIDR_IPV4,
						     KRELAY_CIDR_IPV6),
};

static const struct nla_policy allowedips_policy[KRELAY_PEER_A_MAX + 1] = {
	[KRELAY_PEER_A_ALLOWEDIP] = NLA_POLICY_NESTED(allowedip_policy),
};

static const struct nla_policy accepts_policy[KRELAY_PEER_A_MAX + 1] = {
	[KRELAY_PEER_A_ACCEPT] = NLA_POLICY_NESTED(accept_policy),
};

const struct nla_policy krelay_netlink_peer_policy[KRELAY_PEER_A_MAX + 1] = {
	[KRELAY_PEER_A_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(KRELAY_KEY_LEN),
	[KRELAY_PEER_A_PRESHARED_KEY] = NLA_POLICY_EXACT_LEN(KRELAY_KEY_LEN),
	[KRELAY_PEER_A_NAME] = { .type = NLA_NUL_STRING, .len = KRELAY_NAME_LEN - 1 },
	[KRELAY_PEER_A_SET_FLAGS] = NLA_POLICY_MASK(NLA_U32, __KRELAY_PEER_SET_ALL),
	[KRELAY_PEER_A_BRIDGE] = NLA_POLICY_MAX(NLA_U8, 1),
	[KRELAY_PEER_A_ENDPOINT] = NLA_POLICY_RANGE(NLA_BINARY, sizeof(struct sockaddr_in),
						    sizeof(struct sockaddr_in6)),
	[KRELAY_PEER_A_KEEPALIVE] = { .type = NLA_U16 },
	[KRELAY_PEER_A_ALLOWEDIPS] = NLA_POLICY_NESTED(allowedips_policy),
	[KRELAY_PEER_A_ACCEPTS] = NLA_POLICY_NESTED(accepts_policy),
};

/* Where a dump stands. Numbers, no pointers: nothing in it can dangle. */
struct cursor {
	unsigned int peer;
	unsigned int accept;
	unsigned int allowedip;
};

static int put_allowedip(struct sk_buff *skb, const struct krelay_cidr_entry *entry)
{
	struct nlattr *nest = nla_nest_start(skb, KRELAY_PEER_A_ALLOWEDIP);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put(skb, KRELAY_ALLOWEDIP_A_ADDRESS, entry->len, entry->addr) ||
	    nla_put_u8(skb, KRELAY_ALLOWEDIP_A_PREFIX, entry->prefix)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Return: 0, or -EMSGSIZE with @first moved behind the last that found room. */
static int put_allowedips(struct sk_buff *skb, const struct krelay_peer *peer,
			  unsigned int *first)
{
	const struct krelay_cidr_entry *entry;
	unsigned int i = 0;
	struct nlattr *nest;
	int ret = 0;

	nest = nla_nest_start(skb, KRELAY_PEER_A_ALLOWEDIPS);
	if (!nest)
		return -EMSGSIZE;
	list_for_each_entry(entry, &peer->allowed.entries, list) {
		if (i++ < *first)
			continue;
		ret = put_allowedip(skb, entry);
		if (ret)
			break;
		(*first)++;
	}
	nla_nest_end(skb, nest);
	return ret;
}

static int put_accept(struct sk_buff *skb, const struct krelay_accept *accept)
{
	u8 len = accept->family == NFPROTO_IPV6 ? KRELAY_CIDR_IPV6 : KRELAY_CIDR_IPV4;
	struct nlattr *nest = nla_nest_start(skb, KRELAY_PEER_A_ACCEPT);

	if (!nest)
		return -EMSGSIZE;
	/* From 0 on: every port, and what has none. */
	if (nla_put_u8(skb, KRELAY_ACCEPT_A_PROTO, accept->proto) ||
	    (accept->port_first &&
	     (nla_put_u16(skb, KRELAY_ACCEPT_A_PORT_FIRST, accept->port_first) ||
	      nla_put_u16(skb, KRELAY_ACCEPT_A_PORT_LAST, accept->port_last))) ||
	    (accept->family != NFPROTO_UNSPEC &&
	     nla_put(skb, KRELAY_ACCEPT_A_ADDRESS, len, &accept->address))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* As put_allowedips(). */
static int put_accepts(struct sk_buff *skb, const struct krelay_peer *peer, unsigned int *first)
{
	const struct krelay_accepts *accepts = rtnl_dereference(peer->accepts);
	struct nlattr *nest;
	int ret = 0;

	if (!accepts || *first >= accepts->count)
		return 0;
	nest = nla_nest_start(skb, KRELAY_PEER_A_ACCEPTS);
	if (!nest)
		return -EMSGSIZE;
	for (; *first < accepts->count; (*first)++) {
		ret = put_accept(skb, &accepts->list[*first]);
		if (ret)
			break;
	}
	nla_nest_end(skb, nest);
	return ret;
}

static int put_preshared(struct sk_buff *skb, struct krelay_peer *peer)
{
	bool present;

	mutex_lock(&peer->device->handshake_lock);
	present = memchr_inv(peer->handshake.preshared, 0, KRELAY_KEY_SIZE);
	mutex_unlock(&peer->device->handshake_lock);
	return present ? nla_put_flag(skb, KRELAY_PEER_A_HAS_PRESHARED_KEY) : 0;
}

static int put_facts(struct sk_buff *skb, struct krelay_peer *peer)
{
	u64 rx_bytes, tx_bytes;

	krelay_peer_totals(peer, &rx_bytes, &tx_bytes);
	if ((peer->name[0] && nla_put_string(skb, KRELAY_PEER_A_NAME, peer->name)) ||
	    nla_put_u8(skb, KRELAY_PEER_A_BRIDGE, peer->bridge) ||
	    nla_put_u16(skb, KRELAY_PEER_A_KEEPALIVE, peer->timers.interval) ||
	    nla_put_u16(skb, KRELAY_PEER_A_LOCAL_PORT, krelay_outer_port(peer)) ||
	    nla_put_u32(skb, KRELAY_PEER_A_UNANSWERED, READ_ONCE(peer->timers.unanswered)) ||
	    nla_put_u64_64bit(skb, KRELAY_PEER_A_LAST_HANDSHAKE,
			      READ_ONCE(peer->timers.last_handshake), KRELAY_PEER_A_PAD) ||
	    nla_put_u64_64bit(skb, KRELAY_PEER_A_RX_BYTES, rx_bytes, KRELAY_PEER_A_PAD) ||
	    nla_put_u64_64bit(skb, KRELAY_PEER_A_TX_BYTES, tx_bytes, KRELAY_PEER_A_PAD) ||
	    (peer->mark &&
	     nla_put_u32(skb, KRELAY_PEER_A_MARK, krelay_mark_of(peer))) ||
	    put_preshared(skb, peer) || krelay_netlink_put_endpoint(skb, peer))
		return -EMSGSIZE;
	return 0;
}

/* Whether a message with some of the peer has been sent. */
static bool has_begun(const struct cursor *cursor)
{
	return cursor->accept || cursor->allowedip;
}

/* Return: 0, or -EMSGSIZE with @cursor where to go on. */
static int put_peer(struct sk_buff *skb, struct krelay_peer *peer, struct cursor *cursor)
{
	struct nlattr *nest = nla_nest_start(skb, KRELAY_A_PEER);
	int ret;

	if (!nest)
		return -EMSGSIZE;
	if (nla_put(skb, KRELAY_PEER_A_PUBLIC_KEY, KRELAY_KEY_LEN, peer->public_key) ||
	    (!has_begun(cursor) && put_facts(skb, peer))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	ret = put_accepts(skb, peer, &cursor->accept);
	if (!ret)
		ret = put_allowedips(skb, peer, &cursor->allowedip);
	nla_nest_end(skb, nest);
	return ret;
}

int krelay_netlink_peer_dump(struct sk_buff *skb, struct netlink_callback *cb,
			     const struct genl_family *family)
{
	struct cursor *cursor = (struct cursor *)cb->ctx;
	unsigned int number = 0;
	struct krelay_device *kdev;
	struct krelay_peer *peer;
	struct cursor before;
	void *header;
	int ret;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	rtnl_lock();
	kdev = krelay_netlink_dump_device(skb, cb);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (ret)
		goto out;
	list_for_each_entry(peer, &kdev->peers, list) {
		if (number++ < cursor->peer)
			continue;
		header = krelay_netlink_put_header(skb, cb, family, KRELAY_CMD_PEER_GET, kdev);
		ret = -EMSGSIZE;
		if (!header)
			break;
		before = *cursor;
		ret = put_peer(skb, peer, cursor);
		if (ret && !memcmp(cursor, &before, sizeof(before))) {
			genlmsg_cancel(skb, header);
			break;
		}
		genlmsg_end(skb, header);
		if (ret)
			break;
		*cursor = (struct cursor){ .peer = number };
	}
	/* What did not fit comes with the next message. */
	if (ret == -EMSGSIZE && skb->len)
		ret = 0;
	ret = ret ?: skb->len;
out:
	rtnl_unlock();
	return ret;
}

/* A PEER_SET that has been read and found good. */
struct change {
	struct nlattr *attrs[KRELAY_PEER_A_MAX + 1];
	struct krelay_endpoint_key endpoint_key;
	struct krelay_endpoint *endpoint;
	struct krelay_accepts *accepts;
	u32 flags;
};

static int check_name(struct krelay_device *kdev, const u8 *key, const char *name,
		      struct netlink_ext_ack *extack)
{
	struct krelay_peer *peer;
	const char *p;

	for (p = name; *p; p++)
		if (!isalnum(*p) && !strchr("._-", *p))
			return krelay_netlink_refuse(extack, -EINVAL,
						     "'%s' is no peer's name: letters, digits, '.', '_' and '-' are allowed",
						     name);
	list_for_each_entry(peer, &kdev->peers, list)
		if (*name && !strcmp(peer->name, name) &&
		    memcmp(peer->public_key, key, KRELAY_KEY_LEN))
			return krelay_netlink_refuse(extack, -EEXIST,
						     "another peer is named %s", name);
	return 0;
}

static int read_endpoint(struct change *change, const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	struct krelay_endpoint_key *key = &change->endpoint_key;
	int len = nla_len(attr);

	memcpy(&key->addr6, nla_data(attr), min_t(int, len, sizeof(key->addr6)));
	if (key->addr.sa_family == AF_INET && len == sizeof(key->addr4)) {
		memset(key->addr4.sin_zero, 0, sizeof(key->addr4.sin_zero));
		if (key->addr4.sin_port && key->addr4.sin_addr.s_addr)
			return 0;
	} else if (key->addr.sa_family == AF_INET6 && len == sizeof(key->addr6)) {
		key->addr6.sin6_flowinfo = 0;
		if (key->addr6.sin6_port && !ipv6_addr_any(&key->addr6.sin6_addr))
			return 0;
	}
	return krelay_netlink_refuse(extack, -EINVAL,
				     "an endpoint is an IPv4 or IPv6 address and a port above 0");
}

static int check_allowedip(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[KRELAY_ALLOWEDIP_A_MAX + 1];
	u8 len, prefix;
	int ret;

	ret = nla_parse_nested(attrs, KRELAY_ALLOWEDIP_A_MAX, attr, allowedip_policy, extack);
	if (ret)
		return ret;
	if (!attrs[KRELAY_ALLOWEDIP_A_ADDRESS] || !attrs[KRELAY_ALLOWEDIP_A_PREFIX])
		return krelay_netlink_refuse(extack, -EINVAL,
					     "an allowed IP needs an address and a prefix");
	len = nla_len(attrs[KRELAY_ALLOWEDIP_A_ADDRESS]);
	prefix = nla_get_u8(attrs[KRELAY_ALLOWEDIP_A_PREFIX]);
	if ((len != KRELAY_CIDR_IPV4 && len != KRELAY_CIDR_IPV6) || prefix > 8 * len)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "an allowed IP of %u bytes cannot have the prefix /%u",
					     len, prefix);
	return 0;
}

static int check_allowedips(const struct nlattr *list, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rem, ret;

	nla_for_each_nested(attr, list, rem) {
		ret = check_allowedip(attr, extack);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_accept_address(struct krelay_accept *accept, const struct nlattr *address,
			       struct netlink_ext_ack *extack)
{
	if (!address)
		return 0;
	switch (nla_len(address)) {
	case KRELAY_CIDR_IPV4:
		accept->family = NFPROTO_IPV4;
		accept->address.ip = nla_get_in_addr(address);
		if (!krelay_origin4_is_martian(accept->address.ip))
			return 0;
		return krelay_netlink_refuse(extack, -EINVAL,
					     "%pI4 in an accept list is no address of a host",
					     &accept->address.ip);
	case KRELAY_CIDR_IPV6:
		accept->family = NFPROTO_IPV6;
		accept->address.in6 = nla_get_in6_addr(address);
		if (!krelay_origin6_is_martian(&accept->address.in6))
			return 0;
		return krelay_netlink_refuse(extack, -EINVAL,
					     "%pI6c in an accept list is no address of a host",
					     &accept->address.in6);
	default:
		return krelay_netlink_refuse(extack, -EINVAL,
					     "an address has 4 or 16 bytes, not %d",
					     nla_len(address));
	}
}

static int read_accept(struct krelay_accept *accept, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[KRELAY_ACCEPT_A_MAX + 1];
	int ret;

	ret = nla_parse_nested(attrs, KRELAY_ACCEPT_A_MAX, attr, accept_policy, extack);
	if (ret)
		return ret;
	if (!attrs[KRELAY_ACCEPT_A_PROTO])
		return krelay_netlink_refuse(extack, -EINVAL, "an accept entry needs a protocol");
	accept->proto = nla_get_u8(attrs[KRELAY_ACCEPT_A_PROTO]);
	accept->port_first = 0;
	accept->port_last = U16_MAX;
	if (attrs[KRELAY_ACCEPT_A_PORT_FIRST] && !krelay_rewrite_has_ports(accept->proto))
		return krelay_netlink_refuse(extack, -EINVAL,
					     "protocol %u has no ports that could be accepted",
					     accept->proto);
	ret = read_accept_address(accept, attrs[KRELAY_ACCEPT_A_ADDRESS], extack);
	if (ret)
		return ret;
	return krelay_netlink_read_ports(attrs[KRELAY_ACCEPT_A_PORT_FIRST],
					 attrs[KRELAY_ACCEPT_A_PORT_LAST],
					 &accept->port_first, &accept->port_last, extack);
}

/* The old list first, unless it is replaced. */
static int read_accepts(struct change *change, const struct krelay_peer *peer,
			const struct nlattr *list, struct netlink_ext_ack *extack)
{
	const struct krelay_accepts *old = NULL;
	struct krelay_accepts *new;
	const struct nlattr *attr;
	unsigned int count = 0;
	int rem, ret;

	if (peer && !(change->flags & KRELAY_PEER_SET_REPLACE_ACCEPTS))
		old = rtnl_dereference(peer->accepts);
	nla_for_each_nested(attr, list, rem)
		count++;
	count += old ? old->count : 0;
	if (count > KRELAY_MAX_ACCEPTS)
		return krelay_netlink_refuse(extack, -E2BIG,
					     "an accept list holds at most %u entries",
					     KRELAY_MAX_ACCEPTS);
	new = kzalloc(struct_size(new, list, count), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	if (old) {
		memcpy(new->list, old->list, flex_array_size(old, list, old->count));
		new->count = old->count;
	}
	nla_for_each_nested(attr, list, rem) {
		ret = read_accept(&new->list[new->count++], attr, extack);
		if (ret) {
			kfree(new);
			return ret;
		}
	}
	change->accepts = new;
	return 0;
}

static int check_existence(struct krelay_device *kdev, const struct krelay_peer *peer,
			   const struct change *change, struct netlink_ext_ack *extack)
{
	const u8 *key = nla_data(change->attrs[KRELAY_PEER_A_PUBLIC_KEY]);

	if (peer && (change->flags & KRELAY_PEER_SET_CREATE_ONLY))
		return krelay_netlink_refuse(extack, -EEXIST, "the peer exists on %s already",
					     kdev->dev->name);
	if (!peer && (change->flags & KRELAY_PEER_SET_UPDATE_ONLY))
		return krelay_netlink_refuse(extack, -ENOENT, "there is no such peer on %s",
					     kdev->dev->name);
	if (!peer && kdev->num_peers >= MAX_PEERS)
		return krelay_netlink_refuse(extack, -ENFILE, "a device holds at most %u peers",
					     MAX_PEERS);
	if (!memcmp(key, kdev->identity.public_key, KRELAY_KEY_LEN))
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the peer's public key is that of %s itself",
					     kdev->dev->name);
	return 0;
}

/* Reads and checks everything, so that what follows fails for want of memory only. */
static int read_change(struct change *change, struct krelay_device *kdev,
		       const struct krelay_peer *peer, struct netlink_ext_ack *extack)
{
	struct nlattr **attrs = change->attrs;
	int ret;

	if (attrs[KRELAY_PEER_A_SET_FLAGS])
		change->flags = nla_get_u32(attrs[KRELAY_PEER_A_SET_FLAGS]);
	ret = check_existence(kdev, peer, change, extack);
	if (!ret && attrs[KRELAY_PEER_A_NAME])
		ret = check_name(kdev, nla_data(attrs[KRELAY_PEER_A_PUBLIC_KEY]),
				 nla_data(attrs[KRELAY_PEER_A_NAME]), extack);
	if (!ret && attrs[KRELAY_PEER_A_ENDPOINT])
		ret = read_endpoint(change, attrs[KRELAY_PEER_A_ENDPOINT], extack);
	if (!ret && attrs[KRELAY_PEER_A_ALLOWEDIPS])
		ret = check_allowedips(attrs[KRELAY_PEER_A_ALLOWEDIPS], extack);
	if (!ret && attrs[KRELAY_PEER_A_ACCEPTS])
		ret = read_accepts(change, peer, attrs[KRELAY_PEER_A_ACCEPTS], extack);
	return ret;
}

static int set_bridge(struct krelay_peer *peer, bool bridge, struct netlink_ext_ack *extack)
{
	int ret = 0;

	/* A bridge without a mark did not find its place in a new namespace. */
	if (peer->bridge == bridge && !!peer->mark == bridge)
		return 0;
	if (bridge)
		ret = krelay_home_attach(peer);
	else
		krelay_home_detach(peer);
	if (!ret)
		WRITE_ONCE(peer->bridge, bridge);
	if (ret == -EOPNOTSUPP)
		return krelay_netlink_refuse(extack, ret,
					     "a bridge needs the module nf_conntrack, which this kernel does not have");
	if (ret == -ENOSPC)
		return krelay_netlink_refuse(extack, ret,
					     "the mark mask %#x has no number left for another bridge",
					     krelay_mark_mask());
	return ret;
}

static int visit_allowedips(struct krelay_peer *peer, const struct nlattr *list,
			    int (*visit)(struct krelay_peer *peer, const void *addr, u8 len,
					 u8 prefix))
{
	struct nlattr *attrs[KRELAY_ALLOWEDIP_A_MAX + 1], *address;
	const struct nlattr *attr;
	int rem, ret;

	if (!list)
		return 0;
	nla_for_each_nested(attr, list, rem) {
		ret = nla_parse_nested(attrs, KRELAY_ALLOWEDIP_A_MAX, attr, allowedip_policy,
				       NULL);
		if (ret)
			return ret;
		address = attrs[KRELAY_ALLOWEDIP_A_ADDRESS];
		ret = visit(peer, nla_data(address), nla_len(address),
			    nla_get_u8(attrs[KRELAY_ALLOWEDIP_A_PREFIX]));
		if (ret)
			return ret;
	}
	return 0;
}

static int reserve_allowedip(struct krelay_peer *peer, const void *addr, u8 len, u8 prefix)
{
	return krelay_cidr_reserve(&peer->device->allowed, addr, len, prefix);
}

static int unreserve_allowedip(struct krelay_peer *peer, const void *addr, u8 len, u8 prefix)
{
	krelay_cidr_unreserve(&peer->device->allowed, addr, len, prefix);
	return 0;
}

static int insert_allowedip(struct krelay_peer *peer, const void *addr, u8 len, u8 prefix)
{
	return krelay_cidr_insert(&peer->device->allowed, addr, len, prefix, &peer->allowed);
}

/*
 * Of what is reserved, so that it cannot fail. The new ones first, so that what
 * stays is never missing.
 */
static void set_allowedips(struct krelay_peer *peer, const struct nlattr *list, u32 flags)
{
	struct krelay_cidr_entry *entry;
	LIST_HEAD(marker);
	int ret;

	/* What is added, and what was there and is named again, goes behind it. */
	list_add_tail(&marker, &peer->allowed.entries);
	ret = visit_allowedips(peer, list, insert_allowedip);
	while (!ret && flags & KRELAY_PEER_SET_REPLACE_ALLOWEDIPS &&
	       peer->allowed.entries.next != &marker) {
		entry = list_first_entry(&peer->allowed.entries, struct krelay_cidr_entry, list);
		ret = krelay_cidr_remove(&peer->device->allowed, entry->addr, entry->len,
					 entry->prefix, &peer->allowed);
	}
	list_del(&marker);
	WARN_ON_ONCE(ret);
}

static void set_preshared(struct krelay_peer *peer, const u8 *key)
{
	mutex_lock(&peer->device->handshake_lock);
	memcpy(peer->handshake.preshared, key, KRELAY_KEY_SIZE);
	mutex_unlock(&peer->device->handshake_lock);
}

/* The other list is in @change then. */
static void swap_accepts(struct krelay_peer *peer, struct change *change)
{
	if (change->attrs[KRELAY_PEER_A_ACCEPTS])
		change->accepts = rcu_replace_pointer(peer->accepts, change->accepts,
						      lockdep_rtnl_is_held());
}

/* All that can fail, and of that first what can be taken back. */
static int prepare(struct krelay_peer *peer, struct change *change,
		   struct netlink_ext_ack *extack)
{
	struct nlattr **attrs = change->attrs;
	int ret;

	ret = visit_allowedips(peer, attrs[KRELAY_PEER_A_ALLOWEDIPS], reserve_allowedip);
	if (ret)
		goto err_allowedips;
	if (attrs[KRELAY_PEER_A_ENDPOINT]) {
		ret = -ENOMEM;
		change->endpoint = krelay_peer_make_endpoint(&change->endpoint_key, 0,
							     GFP_KERNEL);
		if (!change->endpoint)
			goto err_allowedips;
	}
	/* Of a bridge without a list everything would get in. */
	swap_accepts(peer, change);
	if (attrs[KRELAY_PEER_A_BRIDGE]) {
		ret = set_bridge(peer, nla_get_u8(attrs[KRELAY_PEER_A_BRIDGE]), extack);
		if (ret)
			goto err_accepts;
	}
	return 0;

err_accepts:
	swap_accepts(peer, change);
	krelay_peer_free_endpoint(change->endpoint);
err_allowedips:
	visit_allowedips(peer, attrs[KRELAY_PEER_A_ALLOWEDIPS], unreserve_allowedip);
	return ret;
}

/* Where nothing answers, the new address is dialled at once. */
static void set_endpoint(struct krelay_peer *peer, struct krelay_endpoint *endpoint)
{
	krelay_peer_put_endpoint(peer, endpoint);
	peer->located = true;
	if (READ_ONCE(peer->timers.unanswered))
		krelay_timers_dial_anew(&peer->timers);
}

static int apply(struct krelay_peer *peer, struct change *change,
		 struct netlink_ext_ack *extack)
{
	struct nlattr **attrs = change->attrs;
	int ret;

	ret = prepare(peer, change, extack);
	if (ret)
		return ret;
	set_allowedips(peer, attrs[KRELAY_PEER_A_ALLOWEDIPS], change->flags);
	if (change->endpoint)
		set_endpoint(peer, change->endpoint);
	if (attrs[KRELAY_PEER_A_PRESHARED_KEY])
		set_preshared(peer, nla_data(attrs[KRELAY_PEER_A_PRESHARED_KEY]));
	if (attrs[KRELAY_PEER_A_NAME])
		strscpy(peer->name, nla_data(attrs[KRELAY_PEER_A_NAME]), sizeof(peer->name));
	if (attrs[KRELAY_PEER_A_KEEPALIVE])
		krelay_timers_set_interval(&peer->timers,
					   nla_get_u16(attrs[KRELAY_PEER_A_KEEPALIVE]));
	krelay_timers_set_dials(&peer->timers,
				peer->located && (peer->bridge || peer->timers.interval));
	return 0;
}

static int change_peer(struct krelay_device *kdev, struct change *change,
		       struct netlink_ext_ack *extack)
{
	const struct nlattr *preshared = change->attrs[KRELAY_PEER_A_PRESHARED_KEY];
	const u8 *key = nla_data(change->attrs[KRELAY_PEER_A_PUBLIC_KEY]);
	struct krelay_peer *peer = krelay_peer_find(kdev, key), *created = NULL;
	int ret;

	ret = read_change(change, kdev, peer, extack);
	if (ret)
		return ret;
	if (!peer) {
		created = krelay_peer_create(kdev, key, preshared ? nla_data(preshared) : NULL,
					     krelay_handshake_init_works);
		peer = created;
	}
	ret = peer ? apply(peer, change, extack) : -ENOMEM;
	if (ret && created)
		krelay_device_remove_peer(created);
	else if (created)
		krelay_event_tell(kdev, created, KRELAY_CMD_PEER_NTF);
	kdev->generation++;
	return ret;
}

static int parse_peer(struct nlattr **attrs, struct genl_info *info)
{
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, KRELAY_A_PEER)) {
		NL_SET_ERR_MSG(info->extack, "there is no peer in the request");
		return -EINVAL;
	}
	ret = nla_parse_nested(attrs, KRELAY_PEER_A_MAX, info->attrs[KRELAY_A_PEER],
			       krelay_netlink_peer_policy, info->extack);
	if (ret)
		return ret;
	if (!attrs[KRELAY_PEER_A_PUBLIC_KEY]) {
		NL_SET_ERR_MSG(info->extack, "a peer is named by its public key");
		return -EINVAL;
	}
	return 0;
}

int krelay_netlink_peer_set(struct sk_buff *skb, struct genl_info *info)
{
	struct krelay_device *kdev;
	struct change change = {};
	int ret;

	ret = parse_peer(change.attrs, info);
	if (ret)
		goto out;
	if (change.attrs[KRELAY_PEER_A_BRIDGE] && nla_get_u8(change.attrs[KRELAY_PEER_A_BRIDGE]))
		krelay_home_prepare();

	rtnl_lock();
	kdev = krelay_netlink_device_to_change(skb, info);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (!ret)
		ret = change_peer(kdev, &change, info->extack);
	rtnl_unlock();
	kfree_rcu(change.accepts, rcu);
out:
	krelay_netlink_wipe(change.attrs[KRELAY_PEER_A_PRESHARED_KEY]);
	return ret;
}

int krelay_netlink_peer_del(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[KRELAY_PEER_A_MAX + 1] = {};
	struct krelay_device *kdev;
	struct krelay_peer *peer;
	int ret;

	ret = parse_peer(attrs, info);
	if (ret)
		goto out_wipe;
	rtnl_lock();
	kdev = krelay_netlink_device_to_change(skb, info);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (ret)
		goto out;
	peer = krelay_peer_find(kdev, nla_data(attrs[KRELAY_PEER_A_PUBLIC_KEY]));
	if (!peer) {
		ret = krelay_netlink_refuse(info->extack, -ENOENT, "there is no such peer on %s",
					    kdev->dev->name);
		goto out;
	}
	ret = krelay_device_forget_forwards(peer);
	if (ret < 0)
		goto out;
	if (ret)
		krelay_event_tell(kdev, NULL, KRELAY_CMD_FORWARD_NTF);
	ret = 0;
	krelay_event_tell(kdev, peer, KRELAY_CMD_PEER_DEL_NTF);
	krelay_device_remove_peer(peer);
	kdev->generation++;
out:
	rtnl_unlock();
out_wipe:
	krelay_netlink_wipe(attrs[KRELAY_PEER_A_PRESHARED_KEY]);
	return ret;
}
