// SPDX-License-Identifier: GPL-2.0
#include "netlink_forward.h"

#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "bridge.h"
#include "device.h"
#include "event.h"
#include "forwards.h"
#include "netlink_common.h"
#include "netlink_forward_answer.h"
#include "netlink_forward_request.h"
#include "netlink_sources.h"
#include "peer.h"
#include "sources.h"

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

static bool same_excepts(const struct krelay_forward *a, const struct krelay_forward *b)
{
	unsigned int i;

	if (a->num_excepts != b->num_excepts)
		return false;
	for (i = 0; i < a->num_excepts; i++)
		if (a->excepts[i].proto != b->excepts[i].proto ||
		    a->excepts[i].port_first != b->excepts[i].port_first ||
		    a->excepts[i].port_last != b->excepts[i].port_last)
			return false;
	return true;
}

static bool same_rate(const struct krelay_rate *a, const struct krelay_rate *b)
{
	return a->packets == b->packets && a->bytes == b->bytes;
}

static bool same_sources(const struct krelay_sources *a, const struct krelay_sources *b)
{
	return a && b ? a->digest == b->digest : a == b;
}

/* Of two with the same public side. */
static bool is_same(const struct krelay_forward *a, const struct krelay_forward *b)
{
	return a->peer == b->peer && !memcmp(&a->target, &b->target, sizeof(a->target)) &&
	       a->target_first == b->target_first && same_excepts(a, b) &&
	       same_rate(&a->limit, &b->limit) &&
	       same_rate(&a->source_limit, &b->source_limit) &&
	       same_sources(a->sources, b->sources);
}

/* What was there before stays the same object, and keeps its counters. */
static int append(struct list *list, struct krelay_device *kdev, struct xarray *lists,
		  const struct nlattr *attr, struct netlink_ext_ack *extack)
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
	ret = krelay_netlink_forward_read(forward, kdev, lists, attrs, extack);
	if (ret) {
		krelay_forwards_put(forward);
		return ret;
	}
	old = krelay_forwards_find(table, forward);
	if (old && is_same(old, forward)) {
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
	char second[KRELAY_NETLINK_FORWARD_TEXT];
	char first[KRELAY_NETLINK_FORWARD_TEXT];

	krelay_netlink_forward_describe(list->forwards[conflict[0]], first);
	krelay_netlink_forward_describe(list->forwards[conflict[1]], second);
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
	return a->family == b->family &&
	       (a->proto == b->proto || !a->proto || !b->proto) &&
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
	char text[KRELAY_NETLINK_FORWARD_TEXT];
	unsigned int i;

	for (other = krelay_device_next(kdev, NULL); other;
	     other = krelay_device_next(kdev, other)) {
		const struct krelay_forwards *table = rtnl_dereference(other->forwards);

		/* Both may have as many as there are ports. */
		if (fatal_signal_pending(current))
			return -EINTR;
		for (i = 0; (theirs = krelay_forwards_at(table, i)); i++) {
			if (!shares_port(theirs, forward))
				continue;
			krelay_netlink_forward_describe(forward, text);
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
		/* Of many with many others it takes long. */
		cond_resched();
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
	struct xarray lists;
	int rem, ret;

	xa_init(&lists);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		more += is_forward(attr);
	ret = begin_with_present(&list, rtnl_dereference(kdev->forwards), kept, more);
	if (!ret)
		ret = krelay_netlink_sources_read(&lists, info);
	if (ret)
		goto out;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (!is_forward(attr))
			continue;
		ret = append(&list, kdev, &lists, attr, info->extack);
		if (ret) {
			NL_SET_BAD_ATTR(info->extack, attr);
			goto out;
		}
	}
	ret = publish(kdev, &list, kept, info);
out:
	release(&list);
	krelay_netlink_sources_release(&lists);
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
	char text[KRELAY_NETLINK_FORWARD_TEXT];
	unsigned int i;
	int ret;

	ret = nla_parse_nested(attrs, KRELAY_FORWARD_A_MAX, attr, krelay_netlink_forward_policy,
			       extack);
	if (!ret)
		ret = krelay_netlink_forward_read_public(&named, attrs, extack);
	if (ret)
		return ret;
	found = krelay_forwards_find(table, &named);
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
	krelay_netlink_forward_describe(&named, text);
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

int krelay_netlink_forward_dump(struct sk_buff *skb, struct netlink_callback *cb,
				const struct genl_family *family)
{
	struct krelay_forward *forward;
	const struct krelay_forwards *table;
	struct krelay_device *kdev;
	void *header;
	int ret;

	rtnl_lock();
	kdev = krelay_netlink_dump_device(skb, cb);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (ret)
		goto out;
	table = rtnl_dereference(kdev->forwards);
	for (; (forward = krelay_forwards_at(table, cb->args[0])); cb->args[0]++) {
		header = krelay_netlink_put_header(skb, cb, family, KRELAY_CMD_FORWARD_GET, kdev);
		if (!header)
			break;
		if (krelay_netlink_forward_put(skb, forward)) {
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
