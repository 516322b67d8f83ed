// SPDX-License-Identifier: GPL-2.0
#include "netlink_sources.h"

#include <linux/rtnetlink.h>
#include <net/genetlink.h>

#include "forwards.h"
#include "krelay.h"
#include "netlink_common.h"
#include "sources.h"

static const struct nla_policy source_policy[KRELAY_SOURCE_A_MAX + 1] = {
	[KRELAY_SOURCE_A_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, KRELAY_CIDR_IPV4,
						     KRELAY_CIDR_IPV6),
	[KRELAY_SOURCE_A_PREFIX] = NLA_POLICY_MAX(NLA_U8, 128),
	[KRELAY_SOURCE_A_VERDICT] = NLA_POLICY_MAX(NLA_U8, KRELAY_SOURCE_ALLOW),
};

const struct nla_policy krelay_netlink_sources_policy[KRELAY_SOURCES_A_MAX + 1] = {
	[KRELAY_SOURCES_A_ID] = { .type = NLA_U32 },
	[KRELAY_SOURCES_A_SOURCE] = NLA_POLICY_NESTED(source_policy),
};

static int read_source(struct krelay_sources *sources, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[KRELAY_SOURCE_A_MAX + 1];
	const struct nlattr *address;
	u8 len, prefix;
	int ret;

	ret = nla_parse_nested(attrs, KRELAY_SOURCE_A_MAX, attr, source_policy, extack);
	if (ret)
		return ret;
	address = attrs[KRELAY_SOURCE_A_ADDRESS];
	if (!address || !attrs[KRELAY_SOURCE_A_PREFIX] || !attrs[KRELAY_SOURCE_A_VERDICT])
		return krelay_netlink_refuse(extack, -EINVAL,
					     "a source needs an address, a prefix and a verdict");
	len = nla_len(address);
	prefix = nla_get_u8(attrs[KRELAY_SOURCE_A_PREFIX]);
	ret = krelay_sources_add(sources, nla_data(address), len, prefix,
				 nla_get_u8(attrs[KRELAY_SOURCE_A_VERDICT]) ==
				 KRELAY_SOURCE_ALLOW);
	if (ret == -EINVAL)
		return krelay_netlink_refuse(extack, ret,
					     "a source of %u bytes has no prefix of %u bits", len,
					     prefix);
	return ret;
}

/* The list of this number, which may have begun in another nest of the message. */
static struct krelay_sources *find_or_make(struct xarray *lists, u32 id)
{
	struct krelay_sources *sources = xa_load(lists, id);
	int ret;

	if (sources)
		return sources;
	sources = krelay_sources_alloc();
	if (!sources)
		return ERR_PTR(-ENOMEM);
	ret = xa_insert(lists, id, sources, GFP_KERNEL);
	if (!ret)
		return sources;
	krelay_sources_put(sources);
	return ERR_PTR(ret);
}

static int read_list(struct xarray *lists, const struct nlattr *list,
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *attr, *id;
	struct krelay_sources *sources;
	int rem, ret = 0;

	id = nla_find_nested(list, KRELAY_SOURCES_A_ID);
	if (!id)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "a list of sources needs a number");
	sources = find_or_make(lists, nla_get_u32(id));
	if (IS_ERR(sources))
		return PTR_ERR(sources);
	nla_for_each_nested(attr, list, rem) {
		if (nla_type(attr) != KRELAY_SOURCES_A_SOURCE)
			continue;
		ret = read_source(sources, attr, extack);
		if (ret) {
			NL_SET_BAD_ATTR(extack, attr);
			return ret;
		}
	}
	cond_resched();
	return 0;
}

int krelay_netlink_sources_read(struct xarray *lists, struct genl_info *info)
{
	struct krelay_sources *sources;
	const struct nlattr *attr;
	unsigned long id;
	int rem, ret = 0;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == KRELAY_A_SOURCES && !ret)
			ret = read_list(lists, attr, info->extack);
	}
	if (ret)
		return ret;
	xa_for_each(lists, id, sources)
		krelay_sources_seal(sources);
	return 0;
}

void krelay_netlink_sources_release(struct xarray *lists)
{
	struct krelay_sources *sources;
	unsigned long id;

	xa_for_each(lists, id, sources)
		krelay_sources_put(sources);
	xa_destroy(lists);
}

static int put_source(struct sk_buff *skb, const struct krelay_cidr_entry *entry, u8 verdict)
{
	struct nlattr *nest = nla_nest_start(skb, KRELAY_SOURCES_A_SOURCE);

	if (!nest || nla_put(skb, KRELAY_SOURCE_A_ADDRESS, entry->len, entry->addr) ||
	    nla_put_u8(skb, KRELAY_SOURCE_A_PREFIX, entry->prefix) ||
	    nla_put_u8(skb, KRELAY_SOURCE_A_VERDICT, verdict)) {
		if (nest)
			nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* @at: how many have been put before; brought up to date. Return: whether all fitted. */
static bool put_owner(struct sk_buff *skb, const struct krelay_cidr_owner *owner, u8 verdict,
		      unsigned long *skip, long *at)
{
	const struct krelay_cidr_entry *entry;

	list_for_each_entry(entry, &owner->entries, list) {
		if (*skip) {
			--*skip;
			continue;
		}
		if (put_source(skb, entry, verdict))
			return false;
		++*at;
	}
	return true;
}

static bool put_sources(struct sk_buff *skb, const struct krelay_sources *sources, long *at)
{
	unsigned long skip = *at;

	return put_owner(skb, &sources->allowed, KRELAY_SOURCE_ALLOW, &skip, at) &&
	       put_owner(skb, &sources->denied, KRELAY_SOURCE_DENY, &skip, at);
}

/* A list goes out with the first forward that has it: the lowest index stays. */
static void note_first(const struct krelay_forwards *table)
{
	unsigned int i = krelay_forwards_count(table);
	const struct krelay_forward *forward;

	while (i--) {
		forward = krelay_forwards_at(table, i);
		if (forward->sources)
			forward->sources->first = i;
	}
}

/* args[0]: forward whose list is next, args[1]: entries of it that are out. */
int krelay_netlink_sources_dump(struct sk_buff *skb, struct netlink_callback *cb,
				const struct genl_family *family)
{
	const struct krelay_forwards *table;
	struct krelay_forward *forward;
	struct krelay_device *kdev;
	struct nlattr *nest;
	bool whole = true;
	void *header;
	int ret;

	rtnl_lock();
	kdev = krelay_netlink_dump_device(skb, cb);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (ret)
		goto out;
	table = rtnl_dereference(kdev->forwards);
	if (!cb->args[0] && !cb->args[1])
		note_first(table);
	for (; whole && (forward = krelay_forwards_at(table, cb->args[0])); ) {
		if (!forward->sources || forward->sources->first != cb->args[0]) {
			cb->args[0]++;
			continue;
		}
		header = krelay_netlink_put_header(skb, cb, family, KRELAY_CMD_SOURCES_GET, kdev);
		if (!header)
			break;
		nest = nla_nest_start(skb, KRELAY_A_SOURCES);
		if (!nest || nla_put_u32(skb, KRELAY_SOURCES_A_ID, forward->sources->id)) {
			genlmsg_cancel(skb, header);
			break;
		}
		whole = put_sources(skb, forward->sources, &cb->args[1]);
		nla_nest_end(skb, nest);
		genlmsg_end(skb, header);
		if (whole) {
			cb->args[0]++;
			cb->args[1] = 0;
		}
	}
	ret = skb->len;
out:
	rtnl_unlock();
	return ret;
}
