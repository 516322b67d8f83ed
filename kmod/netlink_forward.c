// SPDX-License-Identifier: GPL-2.0
#include "netlink_forward.h"

#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "bridge.h"
#include "compat/compat.h"
#include "device.h"
#include "event.h"
#include "forwards.h"
#include "netlink_common.h"
#include "peer.h"

enum {
	/* "udp/65535-65535 on 255.255.255.255" */
	TEXT_SIZE = 64,
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
};

/* A list of forwards in the making; holds a reference on each. */
struct list {
	struct krelay_forward **forwards;
	unsigned int count;
};

static int reserve(struct list *list, unsigned int room)
{
	list->forwards = kvcalloc(room, sizeof(*list->forwards), GFP_KERNEL);
	return list->forwards || !room ? 0 : -ENOMEM;
}

static void release(struct list *list)
{
	while (list->count)
		krelay_forwards_put(list->forwards[--list->count]);
	kvfree(list->forwards);
}

static void describe(const struct krelay_forward *forward, char text[TEXT_SIZE])
{
	int len;

	len = scnprintf(text, TEXT_SIZE, "%s/%u", forward->proto == IPPROTO_TCP ? "tcp" : "udp",
			forward->port_first);
	if (forward->port_last != forward->port_first)
		len += scnprintf(text + len, TEXT_SIZE - len, "-%u", forward->port_last);
	if (!forward->any_address)
		scnprintf(text + len, TEXT_SIZE - len, " on %pI4", &forward->public.ip);
}

/* The public side of a forward, which is also what names it. */
static int read_public(struct krelay_forward *forward, struct nlattr **attrs,
		       struct netlink_ext_ack *extack)
{
	const struct nlattr *address = attrs[KRELAY_FORWARD_A_PUBLIC_ADDRESS];

	if (!attrs[KRELAY_FORWARD_A_PROTO] || !attrs[KRELAY_FORWARD_A_PORT_FIRST])
		return krelay_netlink_refuse(extack, -EINVAL,
					     "a forward needs a protocol and a port");
	forward->family = NFPROTO_IPV4;
	forward->proto = nla_get_u8(attrs[KRELAY_FORWARD_A_PROTO]);
	forward->port_first = nla_get_u16(attrs[KRELAY_FORWARD_A_PORT_FIRST]);
	forward->port_last = forward->port_first;
	if (attrs[KRELAY_FORWARD_A_PORT_LAST])
		forward->port_last = nla_get_u16(attrs[KRELAY_FORWARD_A_PORT_LAST]);
	forward->any_address = !address;

	if (forward->proto != IPPROTO_TCP && forward->proto != IPPROTO_UDP)
		return krelay_netlink_refuse(extack, -EPROTONOSUPPORT,
					     "protocol %u cannot be forwarded: TCP and UDP can",
					     forward->proto);
	if (forward->port_last < forward->port_first)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the port range %u-%u ends before it begins",
					     forward->port_first, forward->port_last);
	if (address && nla_len(address) != KRELAY_CIDR_IPV4)
		return krelay_netlink_refuse(extack, -EAFNOSUPPORT,
					     "the public address of a forward has to be IPv4");
	if (address)
		nla_memcpy(&forward->public, address, sizeof(forward->public));
	return 0;
}

static int read_target(struct krelay_forward *forward, struct krelay_device *kdev,
		       struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct nlattr *address = attrs[KRELAY_FORWARD_A_TARGET_ADDRESS];
	struct krelay_cidr_owner *owner;
	char text[TEXT_SIZE];
	u32 last;

	describe(forward, text);
	if (!attrs[KRELAY_FORWARD_A_PEER] || !address)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the forward of %s needs a peer and a target address",
					     text);
	forward->peer = krelay_peer_find(kdev, nla_data(attrs[KRELAY_FORWARD_A_PEER]));
	if (!forward->peer)
		return krelay_netlink_refuse(extack, -ENOENT,
					     "the peer of the forward of %s is not on %s", text,
					     kdev->dev->name);
	if (nla_len(address) != KRELAY_CIDR_IPV4)
		return krelay_netlink_refuse(extack, -EAFNOSUPPORT,
					     "the target of the forward of %s has to be IPv4",
					     text);
	nla_memcpy(&forward->target, address, sizeof(forward->target));

	forward->target_first = forward->port_first;
	if (attrs[KRELAY_FORWARD_A_TARGET_PORT])
		forward->target_first = nla_get_u16(attrs[KRELAY_FORWARD_A_TARGET_PORT]);
	last = forward->target_first + forward->port_last - forward->port_first;
	if (last > U16_MAX)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the target ports of %s go up to %u, beyond 65535",
					     text, last);
	rcu_read_lock();
	owner = krelay_cidr_lookup(&kdev->allowed, &forward->target.ip, KRELAY_CIDR_IPV4);
	rcu_read_unlock();
	if (owner != &forward->peer->allowed)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the target %pI4 of %s is not among the peer's allowed IPs",
					     &forward->target.ip, text);
	return 0;
}

/* Return: the forward of the old table that has the same public side, or NULL. */
static struct krelay_forward *find_same(const struct krelay_forwards *table,
					const struct krelay_forward *forward)
{
	struct krelay_forward *found;

	rcu_read_lock();
	found = krelay_forwards_by_public(table, forward->family, forward->proto,
					  &forward->public, htons(forward->port_first));
	rcu_read_unlock();
	if (!found || found->any_address != forward->any_address ||
	    found->port_first != forward->port_first || found->port_last != forward->port_last)
		return NULL;
	return found;
}

static bool leads_to_same(const struct krelay_forward *a, const struct krelay_forward *b)
{
	return a->peer == b->peer && a->target.ip == b->target.ip &&
	       a->target_first == b->target_first;
}

/* What was there before stays the same object, and keeps its counters. */
static int append(struct list *list, struct krelay_device *kdev, const struct nlattr *attr,
		  struct netlink_ext_ack *extack)
{
	const struct krelay_forwards *table = rtnl_dereference(kdev->forwards);
	struct nlattr *attrs[KRELAY_FORWARD_A_MAX + 1];
	struct krelay_forward *forward, *old;
	int ret;

	ret = nla_parse_nested(attrs, KRELAY_FORWARD_A_MAX, attr, krelay_netlink_forward_policy,
			       extack);
	if (ret)
		return ret;
	forward = krelay_forwards_alloc();
	if (!forward)
		return -ENOMEM;
	ret = read_public(forward, attrs, extack);
	if (!ret)
		ret = read_target(forward, kdev, attrs, extack);
	if (ret) {
		krelay_forwards_put(forward);
		return ret;
	}
	old = find_same(table, forward);
	if (old && leads_to_same(old, forward)) {
		krelay_forwards_put(forward);
		forward = krelay_forwards_get(old);
	}
	list->forwards[list->count++] = forward;
	return 0;
}

static bool is_forward(const struct nlattr *attr)
{
	return nla_type(attr) == KRELAY_A_FORWARD;
}

/* So that the asker can tell which of the request's forwards is meant. */
static void point_at(struct genl_info *info, unsigned int number)
{
	const struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (is_forward(attr) && !number--) {
			NL_SET_BAD_ATTR(info->extack, attr);
			return;
		}
	}
}

static int refuse_conflict(const struct list *list, const unsigned int conflict[2], int error,
			   struct netlink_ext_ack *extack)
{
	char first[TEXT_SIZE], second[TEXT_SIZE];

	describe(list->forwards[conflict[0]], first);
	describe(list->forwards[conflict[1]], second);
	if (error == -EEXIST)
		return krelay_netlink_refuse(extack, error,
					     "the forward of %s overlaps with that of %s",
					     second, first);
	return krelay_netlink_refuse(extack, error,
				     "the forwards of %s and %s have the same target, so that its replies could not be told apart",
				     second, first);
}

static bool shares_port(const struct krelay_forward *a, const struct krelay_forward *b)
{
	return a->family == b->family && a->proto == b->proto &&
	       a->port_first <= b->port_last && b->port_first <= a->port_last &&
	       (a->any_address || b->any_address ||
		!memcmp(&a->public, &b->public, sizeof(a->public)));
}

/* What two devices of a namespace forwarded, the one that came first would get. */
static int check_others(struct krelay_device *kdev, const struct krelay_forward *forward,
			struct netlink_ext_ack *extack)
{
	struct krelay_device *other;
	struct krelay_forward *theirs;
	char text[TEXT_SIZE];
	unsigned int i;

	for (other = krelay_device_next(kdev, NULL); other;
	     other = krelay_device_next(kdev, other)) {
		const struct krelay_forwards *table = rtnl_dereference(other->forwards);

		for (i = 0; (theirs = krelay_forwards_at(table, i)); i++) {
			if (!shares_port(theirs, forward))
				continue;
			describe(forward, text);
			return krelay_netlink_refuse(extack, -EEXIST,
						     "the forward of %s overlaps with one of %s",
						     text, other->dev->name);
		}
	}
	return 0;
}

/* @kept: how many of the list were there before, the others are the request's. */
static int publish(struct krelay_device *kdev, const struct list *list, unsigned int kept,
		   struct genl_info *info)
{
	struct krelay_forwards *table = NULL;
	unsigned int conflict[2] = {};
	unsigned int i;
	int ret = 0;

	for (i = kept; i < list->count && !ret; i++) {
		ret = check_others(kdev, list->forwards[i], info->extack);
		if (ret)
			point_at(info, i - kept);
	}
	if (ret)
		return ret;
	if (list->count)
		ret = krelay_forwards_build(list->forwards, list->count, &table, conflict);
	if (ret == -EEXIST || ret == -EADDRINUSE) {
		point_at(info, conflict[1] - kept);
		return refuse_conflict(list, conflict, ret, info->extack);
	}
	if (ret == -E2BIG)
		return krelay_netlink_refuse(info->extack, ret,
					     "a device holds at most %u forwards",
					     KRELAY_FORWARDS_MAX);
	if (ret)
		return ret;
	krelay_bridge_set_forwards(kdev, table);
	kdev->generation++;
	krelay_event_tell(kdev, NULL, KRELAY_CMD_FORWARD_NTF);
	return 0;
}

/* The first @kept of the present forwards, with room for @more. */
static int begin_with_present(struct list *list, const struct krelay_forwards *table,
			      unsigned int kept, unsigned int more)
{
	int ret = reserve(list, kept + more);

	for (; !ret && list->count < kept; list->count++)
		list->forwards[list->count] =
			krelay_forwards_get(krelay_forwards_at(table, list->count));
	return ret;
}

/* The request's forwards behind @kept of the present ones, all of them or none. */
static int put_together(struct krelay_device *kdev, struct genl_info *info, unsigned int kept)
{
	const struct nlattr *attr;
	struct list list = {};
	unsigned int more = 0;
	int rem, ret;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		more += is_forward(attr);
	ret = begin_with_present(&list, rtnl_dereference(kdev->forwards), kept, more);
	if (ret)
		return ret;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (!is_forward(attr))
			continue;
		ret = append(&list, kdev, attr, info->extack);
		if (ret) {
			NL_SET_BAD_ATTR(info->extack, attr);
			goto out;
		}
	}
	ret = publish(kdev, &list, kept, info);
out:
	release(&list);
	return ret;
}

static int replace_all(struct krelay_device *kdev, struct genl_info *info)
{
	return put_together(kdev, info, 0);
}

static int add_to_present(struct krelay_device *kdev, struct genl_info *info)
{
	return put_together(kdev, info, krelay_forwards_count(rtnl_dereference(kdev->forwards)));
}

static int strike(struct list *list, const struct krelay_forwards *table,
		  const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[KRELAY_FORWARD_A_MAX + 1];
	struct krelay_forward named = {}, *found;
	char text[TEXT_SIZE];
	unsigned int i;
	int ret;

	ret = nla_parse_nested(attrs, KRELAY_FORWARD_A_MAX, attr, krelay_netlink_forward_policy,
			       extack);
	if (!ret)
		ret = read_public(&named, attrs, extack);
	if (ret)
		return ret;
	found = find_same(table, &named);
	for (i = 0; found && i < list->count; i++) {
		if (list->forwards[i] != found)
			continue;
		krelay_forwards_put(found);
		/* The order is what a dump shows: it stays. */
		list->count--;
		memmove(&list->forwards[i], &list->forwards[i + 1],
			(list->count - i) * sizeof(*list->forwards));
		return 0;
	}
	describe(&named, text);
	return krelay_netlink_refuse(extack, -ENOENT, "there is no forward of %s", text);
}

static int take_away(struct krelay_device *kdev, struct genl_info *info)
{
	struct krelay_forwards *table = rtnl_dereference(kdev->forwards);
	const struct nlattr *attr;
	struct list list = {};
	int rem, ret;

	ret = begin_with_present(&list, table, krelay_forwards_count(table), 0);
	if (ret)
		return ret;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (!is_forward(attr))
			continue;
		ret = strike(&list, table, attr, info->extack);
		if (ret) {
			NL_SET_BAD_ATTR(info->extack, attr);
			goto out;
		}
	}
	ret = publish(kdev, &list, list.count, info);
out:
	release(&list);
	return ret;
}

static int change(struct sk_buff *skb, struct genl_info *info,
		  int (*how)(struct krelay_device *kdev, struct genl_info *info))
{
	struct krelay_device *kdev;
	int ret;

	rtnl_lock();
	kdev = krelay_netlink_device_to_change(skb, info);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (!ret)
		ret = how(kdev, info);
	rtnl_unlock();
	return ret;
}

int krelay_netlink_forward_set(struct sk_buff *skb, struct genl_info *info)
{
	return change(skb, info, replace_all);
}

int krelay_netlink_forward_add(struct sk_buff *skb, struct genl_info *info)
{
	return change(skb, info, add_to_present);
}

int krelay_netlink_forward_del(struct sk_buff *skb, struct genl_info *info)
{
	return change(skb, info, take_away);
}

static int put_forward(struct sk_buff *skb, const struct krelay_forward *forward)
{
	const unsigned int len = KRELAY_CIDR_IPV4;
	struct krelay_forward_totals totals;
	struct nlattr *nest;

	krelay_forwards_totals(forward, &totals);
	nest = nla_nest_start(skb, KRELAY_A_FORWARD);
	if (!nest ||
	    nla_put(skb, KRELAY_FORWARD_A_PEER, KRELAY_KEY_LEN, forward->peer->public_key) ||
	    nla_put_u8(skb, KRELAY_FORWARD_A_PROTO, forward->proto) ||
	    (!forward->any_address &&
	     nla_put(skb, KRELAY_FORWARD_A_PUBLIC_ADDRESS, len, &forward->public)) ||
	    nla_put_u16(skb, KRELAY_FORWARD_A_PORT_FIRST, forward->port_first) ||
	    nla_put_u16(skb, KRELAY_FORWARD_A_PORT_LAST, forward->port_last) ||
	    nla_put(skb, KRELAY_FORWARD_A_TARGET_ADDRESS, len, &forward->target) ||
	    nla_put_u16(skb, KRELAY_FORWARD_A_TARGET_PORT, forward->target_first) ||
	    nla_put_u64_64bit(skb, KRELAY_FORWARD_A_IN_PACKETS, totals.in_packets,
			      KRELAY_FORWARD_A_PAD) ||
	    nla_put_u64_64bit(skb, KRELAY_FORWARD_A_IN_BYTES, totals.in_bytes,
			      KRELAY_FORWARD_A_PAD) ||
	    nla_put_u64_64bit(skb, KRELAY_FORWARD_A_OUT_PACKETS, totals.out_packets,
			      KRELAY_FORWARD_A_PAD) ||
	    nla_put_u64_64bit(skb, KRELAY_FORWARD_A_OUT_BYTES, totals.out_bytes,
			      KRELAY_FORWARD_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int krelay_netlink_forward_dump(struct sk_buff *skb, struct netlink_callback *cb,
				const struct genl_family *family)
{
	struct krelay_forward *forward;
	const struct krelay_forwards *table;
	struct krelay_device *kdev;
	void *header;
	int ret;

	rtnl_lock();
	kdev = krelay_netlink_device(sock_net(skb->sk), krelay_compat_dump_attrs(cb),
				     cb->extack);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (ret)
		goto out;
	table = rtnl_dereference(kdev->forwards);
	cb->seq = kdev->generation;
	for (; (forward = krelay_forwards_at(table, cb->args[0])); cb->args[0]++) {
		header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, family,
				     NLM_F_MULTI, KRELAY_CMD_FORWARD_GET);
		if (!header)
			break;
		genl_dump_check_consistent(cb, header);
		if (krelay_netlink_put_device(skb, kdev) || put_forward(skb, forward)) {
			genlmsg_cancel(skb, header);
			break;
		}
		genlmsg_end(skb, header);
	}
	ret = skb->len;
out:
	rtnl_unlock();
	return ret;
}
