// SPDX-License-Identifier: GPL-2.0
#include "netlink_forward_request.h"

#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "buckets.h"
#include "forwards.h"
#include "krelay.h"
#include "netlink_common.h"
#include "peer.h"
#include "rewrite.h"
#include "sources.h"

enum {
	/* Of one catch-all: its dump is one message of a page. */
	MAX_EXCEPTS = 96,
};

static const struct nla_policy except_policy[KRELAY_EXCEPT_A_MAX + 1] = {
	[KRELAY_EXCEPT_A_PROTO] = NLA_POLICY_MIN(NLA_U8, 1),
	[KRELAY_EXCEPT_A_PORT_FIRST] = NLA_POLICY_MIN(NLA_U16, 1),
	[KRELAY_EXCEPT_A_PORT_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
};

static const struct nla_policy limit_policy[KRELAY_LIMIT_A_MAX + 1] = {
	[KRELAY_LIMIT_A_PACKETS] = { .type = NLA_U32 },
	[KRELAY_LIMIT_A_BYTES] = { .type = NLA_U64 },
};

const struct nla_policy krelay_netlink_forward_policy[KRELAY_FORWARD_A_MAX + 1] = {
	[KRELAY_FORWARD_A_PEER] = NLA_POLICY_EXACT_LEN(KRELAY_KEY_LEN),
	[KRELAY_FORWARD_A_PROTO] = { .type = NLA_U8 },
	[KRELAY_FORWARD_A_PUBLIC_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, KRELAY_CIDR_IPV4,
							     KRELAY_CIDR_IPV6),
	[KRELAY_FORWARD_A_PORT_FIRST] = NLA_POLICY_MIN(NLA_U16, 1),
	[KRELAY_FORWARD_A_PORT_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
	[KRELAY_FORWARD_A_TARGET_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, KRELAY_CIDR_IPV4,
							     KRELAY_CIDR_IPV6),
	[KRELAY_FORWARD_A_TARGET_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KRELAY_FORWARD_A_FAMILY] = { .type = NLA_U8 },
	[KRELAY_FORWARD_A_EXCEPTS] = NLA_POLICY_NESTED_ARRAY(except_policy),
	[KRELAY_FORWARD_A_SOURCES] = { .type = NLA_U32 },
	[KRELAY_FORWARD_A_LIMIT] = NLA_POLICY_NESTED(limit_policy),
	[KRELAY_FORWARD_A_SOURCE_LIMIT] = NLA_POLICY_NESTED(limit_policy),
};

static int describe_proto(u8 proto, char *text, size_t size)
{
	static const char *const names[] = {
		[IPPROTO_ICMP] = "icmp",
		[IPPROTO_TCP] = "tcp",
		[IPPROTO_UDP] = "udp",
		[IPPROTO_DCCP] = "dccp",
		[IPPROTO_GRE] = "gre",
		[IPPROTO_ESP] = "esp",
		[IPPROTO_ICMPV6] = "icmp",
		[IPPROTO_SCTP] = "sctp",
		[IPPROTO_UDPLITE] = "udplite",
	};

	if (!proto)
		return scnprintf(text, size, "all");
	if (proto < ARRAY_SIZE(names) && names[proto])
		return scnprintf(text, size, "%s", names[proto]);
	return scnprintf(text, size, "protocol %u", proto);
}

void krelay_netlink_forward_describe(const struct krelay_forward *forward,
				     char text[KRELAY_NETLINK_FORWARD_TEXT])
{
	const int size = KRELAY_NETLINK_FORWARD_TEXT;
	int len = describe_proto(forward->proto, text, size);

	if (!forward->whole)
		len += scnprintf(text + len, size - len, "/%u", forward->port_first);
	if (forward->port_last != forward->port_first && !forward->whole)
		len += scnprintf(text + len, size - len, "-%u", forward->port_last);
	if (forward->any_address)
		return;
	if (forward->family == NFPROTO_IPV6)
		scnprintf(text + len, size - len, " on %pI6c", &forward->public.in6);
	else
		scnprintf(text + len, size - len, " on %pI4", &forward->public.ip);
}

static u8 family_of(const struct nlattr *address)
{
	return nla_len(address) == KRELAY_CIDR_IPV6 ? AF_INET6 : AF_INET;
}

static int read_family(struct krelay_forward *forward, struct nlattr **attrs,
		       struct netlink_ext_ack *extack)
{
	static const enum krelay_forward_attr addresses[] = {
		KRELAY_FORWARD_A_PUBLIC_ADDRESS, KRELAY_FORWARD_A_TARGET_ADDRESS
	};
	u8 family = AF_UNSPEC;
	unsigned int i;

	if (attrs[KRELAY_FORWARD_A_FAMILY])
		family = nla_get_u8(attrs[KRELAY_FORWARD_A_FAMILY]);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		const struct nlattr *address = attrs[addresses[i]];

		if (!address)
			continue;
		if (nla_len(address) != KRELAY_CIDR_IPV4 && nla_len(address) != KRELAY_CIDR_IPV6)
			return krelay_netlink_refuse(extack, -EINVAL,
						     "an address has 4 or 16 bytes, not %d",
						     nla_len(address));
		if (!family)
			family = family_of(address);
		if (family != family_of(address))
			return krelay_netlink_refuse(extack, -EAFNOSUPPORT,
						     "the addresses of a forward are both IPv4 or both IPv6");
	}
	if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
		return krelay_netlink_refuse(extack, -EAFNOSUPPORT,
					     "the address family %u cannot be forwarded: IPv4 and IPv6 can",
					     family);
	forward->family = family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	return 0;
}

static int read_ports(struct krelay_forward *forward, struct nlattr **attrs,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *first = attrs[KRELAY_FORWARD_A_PORT_FIRST];
	const struct nlattr *last = attrs[KRELAY_FORWARD_A_PORT_LAST];

	if (!krelay_rewrite_has_ports(forward->proto)) {
		forward->whole = true;
		forward->port_last = U16_MAX;
		if (!first && !last && !attrs[KRELAY_FORWARD_A_TARGET_PORT])
			return 0;
		return krelay_netlink_refuse(extack, -EINVAL,
					     "protocol %u has no ports that could be forwarded",
					     forward->proto);
	}
	if (!first)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "a forward of protocol %u needs a port",
					     forward->proto);
	return krelay_netlink_read_ports(first, last, &forward->port_first, &forward->port_last,
					 extack);
}

/* The public side of a forward, which is also what names it. */
int krelay_netlink_forward_read_public(struct krelay_forward *forward, struct nlattr **attrs,
				       struct netlink_ext_ack *extack)
{
	const struct nlattr *address = attrs[KRELAY_FORWARD_A_PUBLIC_ADDRESS];
	int ret;

	if (!attrs[KRELAY_FORWARD_A_PROTO])
		return krelay_netlink_refuse(extack, -EINVAL, "a forward needs a protocol");
	ret = read_family(forward, attrs, extack);
	if (ret)
		return ret;
	forward->proto = nla_get_u8(attrs[KRELAY_FORWARD_A_PROTO]);
	if (forward->proto == (forward->family == NFPROTO_IPV6 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return krelay_netlink_refuse(extack, -EPROTONOSUPPORT,
					     "protocol %u is of the other address family",
					     forward->proto);
	forward->any_address = !address;
	if (address)
		nla_memcpy(&forward->public, address, sizeof(forward->public));
	return read_ports(forward, attrs, extack);
}

static int read_target_ports(struct krelay_forward *forward, struct nlattr **attrs,
			     const char *text, struct netlink_ext_ack *extack)
{
	u32 last;

	forward->target_first = forward->port_first;
	if (attrs[KRELAY_FORWARD_A_TARGET_PORT])
		forward->target_first = nla_get_u16(attrs[KRELAY_FORWARD_A_TARGET_PORT]);
	last = forward->target_first + forward->port_last - forward->port_first;
	if (last > U16_MAX)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the target ports of %s go up to %u, beyond 65535",
					     text, last);
	if (forward->target_first != forward->port_first &&
	    (forward->proto == IPPROTO_SCTP || forward->proto == IPPROTO_DCCP))
		return krelay_netlink_refuse(extack, -EPROTONOSUPPORT,
					     "%s cannot lead to another port: its checksum forbids that",
					     text);
	return 0;
}

static int read_target(struct krelay_forward *forward, struct krelay_device *kdev,
		       struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct nlattr *address = attrs[KRELAY_FORWARD_A_TARGET_ADDRESS];
	struct krelay_cidr_owner *owner;
	char text[KRELAY_NETLINK_FORWARD_TEXT];
	int ret;

	krelay_netlink_forward_describe(forward, text);
	if (!attrs[KRELAY_FORWARD_A_PEER] || !address)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the forward of %s needs a peer and a target address",
					     text);
	forward->peer = krelay_peer_find(kdev, nla_data(attrs[KRELAY_FORWARD_A_PEER]));
	if (!forward->peer)
		return krelay_netlink_refuse(extack, -ENOENT,
					     "the peer of the forward of %s is not on %s", text,
					     kdev->dev->name);
	nla_memcpy(&forward->target, address, sizeof(forward->target));
	ret = read_target_ports(forward, attrs, text, extack);
	if (ret)
		return ret;
	rcu_read_lock();
	owner = krelay_cidr_lookup(&kdev->allowed, &forward->target, nla_len(address));
	rcu_read_unlock();
	if (owner == &forward->peer->allowed)
		return 0;
	if (forward->family == NFPROTO_IPV6)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the target %pI6c of %s is not among the peer's allowed IPs",
					     &forward->target.in6, text);
	return krelay_netlink_refuse(extack, -EINVAL,
				     "the target %pI4 of %s is not among the peer's allowed IPs",
				     &forward->target.ip, text);
}

static int read_except(struct krelay_except *except, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[KRELAY_EXCEPT_A_MAX + 1];
	int ret;

	ret = nla_parse_nested(attrs, KRELAY_EXCEPT_A_MAX, attr, except_policy, extack);
	if (ret)
		return ret;
	if (!attrs[KRELAY_EXCEPT_A_PROTO])
		return krelay_netlink_refuse(extack, -EINVAL, "an exception needs a protocol");
	except->proto = nla_get_u8(attrs[KRELAY_EXCEPT_A_PROTO]);
	except->port_last = U16_MAX;
	if (attrs[KRELAY_EXCEPT_A_PORT_FIRST] && !krelay_rewrite_has_ports(except->proto))
		return krelay_netlink_refuse(extack, -EINVAL,
					     "protocol %u has no ports that could be excepted",
					     except->proto);
	return krelay_netlink_read_ports(attrs[KRELAY_EXCEPT_A_PORT_FIRST],
					 attrs[KRELAY_EXCEPT_A_PORT_LAST],
					 &except->port_first, &except->port_last, extack);
}

static int read_excepts(struct krelay_forward *forward, const struct nlattr *excepts,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	unsigned int count = 0;
	int rem, ret;

	if (!excepts)
		return 0;
	if (forward->proto)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "only the catch-all can have exceptions");
	nla_for_each_nested(attr, excepts, rem)
		count++;
	if (count > MAX_EXCEPTS)
		return krelay_netlink_refuse(extack, -E2BIG,
					     "a catch-all has at most %u exceptions", MAX_EXCEPTS);
	if (!count)
		return 0;
	forward->excepts = kcalloc(count, sizeof(*forward->excepts), GFP_KERNEL_ACCOUNT);
	if (!forward->excepts)
		return -ENOMEM;
	nla_for_each_nested(attr, excepts, rem) {
		ret = read_except(&forward->excepts[forward->num_excepts], attr, extack);
		if (ret)
			return ret;
		forward->num_excepts++;
	}
	return 0;
}

static int read_limit(struct krelay_rate *rate, const struct nlattr *limit,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[KRELAY_LIMIT_A_MAX + 1];
	int ret;

	if (!limit)
		return 0;
	ret = nla_parse_nested(attrs, KRELAY_LIMIT_A_MAX, limit, limit_policy, extack);
	if (ret)
		return ret;
	if (attrs[KRELAY_LIMIT_A_PACKETS])
		rate->packets = nla_get_u32(attrs[KRELAY_LIMIT_A_PACKETS]);
	if (attrs[KRELAY_LIMIT_A_BYTES])
		rate->bytes = nla_get_u64(attrs[KRELAY_LIMIT_A_BYTES]);
	return 0;
}

/* Who may come, and how much of them. */
static int read_guard(struct krelay_forward *forward, struct xarray *lists,
		      struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct nlattr *number = attrs[KRELAY_FORWARD_A_SOURCES];
	struct krelay_sources *sources;
	int ret;

	if (number) {
		sources = xa_load(lists, nla_get_u32(number));
		if (!sources)
			return krelay_netlink_refuse(extack, -ENOENT,
						     "the list of sources %u is not in the request",
						     nla_get_u32(number));
		forward->sources = krelay_sources_get(sources);
	}
	ret = read_limit(&forward->limit, attrs[KRELAY_FORWARD_A_LIMIT], extack);
	if (!ret)
		ret = read_limit(&forward->source_limit, attrs[KRELAY_FORWARD_A_SOURCE_LIMIT],
				 extack);
	if (!ret && !krelay_rate_is_none(&forward->source_limit))
		ret = krelay_buckets_prepare();
	return ret;
}

int krelay_netlink_forward_read(struct krelay_forward *forward, struct krelay_device *kdev,
				struct xarray *lists, struct nlattr **attrs,
				struct netlink_ext_ack *extack)
{
	int ret;

	ret = krelay_netlink_forward_read_public(forward, attrs, extack);
	if (!ret)
		ret = read_target(forward, kdev, attrs, extack);
	if (!ret)
		ret = read_excepts(forward, attrs[KRELAY_FORWARD_A_EXCEPTS], extack);
	return ret ?: read_guard(forward, lists, attrs, extack);
}
