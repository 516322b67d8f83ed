// SPDX-License-Identifier: GPL-2.0
#include "netlink_device.h"

#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "device.h"
#include "krelay.h"
#include "mark.h"
#include "netlink_common.h"
#include "peer.h"
#include "publics.h"

static const struct nla_policy public_policy[] = {
	[KRELAY_DEVICE_A_PUBLIC] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
};

const struct nla_policy krelay_netlink_device_policy[KRELAY_DEVICE_A_MAX + 1] = {
	[KRELAY_DEVICE_A_PRIVATE_KEY] = NLA_POLICY_EXACT_LEN(KRELAY_KEY_LEN),
	[KRELAY_DEVICE_A_LISTEN_PORT] = { .type = NLA_U16 },
	[KRELAY_DEVICE_A_FWMARK] = { .type = NLA_U32 },
	[KRELAY_DEVICE_A_PUBLICS] = NLA_POLICY_NESTED(public_policy),
	[KRELAY_DEVICE_A_TIMESTAMP] = { .type = NLA_U64 },
};

static int put_public(void *context, const char *name)
{
	return nla_put_string(context, KRELAY_DEVICE_A_PUBLIC, name);
}

static int put_publics(struct sk_buff *skb, struct krelay_device *kdev)
{
	struct nlattr *nest = nla_nest_start(skb, KRELAY_DEVICE_A_PUBLICS);

	if (!nest || krelay_publics_visit(kdev, put_public, skb))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_stats(struct sk_buff *skb, const struct krelay_device *kdev)
{
	struct nlattr *nest = nla_nest_start(skb, KRELAY_DEVICE_A_STATS);
	enum krelay_stat which;

	if (!nest)
		return -EMSGSIZE;
	for (which = KRELAY_STAT_UNSPEC + 1; which < __KRELAY_STAT_MAX; which++)
		if (nla_put_u64_64bit(skb, which, krelay_stats_sum(kdev->stats, which),
				      KRELAY_STAT_UNSPEC))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Not the private one: see <linux/krelay.h>. */
static int put_key(struct sk_buff *skb, struct krelay_device *kdev)
{
	int ret = 0;

	mutex_lock(&kdev->handshake_lock);
	if (kdev->identity.present)
		ret = nla_put(skb, KRELAY_DEVICE_A_PUBLIC_KEY, KRELAY_KEY_LEN,
			      kdev->identity.public_key);
	if (!ret)
		ret = nla_put_u64_64bit(skb, KRELAY_DEVICE_A_TIMESTAMP,
					kdev->identity.timestamp, KRELAY_DEVICE_A_PAD);
	mutex_unlock(&kdev->handshake_lock);
	return ret;
}

static int put_all(struct sk_buff *skb, struct krelay_device *kdev)
{
	struct nlattr *nest;

	if (krelay_netlink_put_device(skb, kdev))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, KRELAY_A_DEVICE);
	if (!nest || put_key(skb, kdev) ||
	    nla_put_u16(skb, KRELAY_DEVICE_A_LISTEN_PORT, kdev->port) ||
	    nla_put_u32(skb, KRELAY_DEVICE_A_FWMARK, kdev->fwmark) ||
	    nla_put_u32(skb, KRELAY_DEVICE_A_MARK_MASK, krelay_mark_mask()) ||
	    put_publics(skb, kdev) || put_stats(skb, kdev))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int krelay_netlink_device_get(struct genl_info *info, const struct genl_family *family)
{
	struct krelay_device *kdev;
	struct sk_buff *answer;
	void *header;
	int ret;

	answer = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	rtnl_lock();
	kdev = krelay_netlink_device(genl_info_net(info), info->attrs, info->extack);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (ret)
		goto err_unlock;
	ret = -EMSGSIZE;
	header = genlmsg_put_reply(answer, info, family, 0, KRELAY_CMD_DEVICE_GET);
	if (!header || put_all(answer, kdev))
		goto err_unlock;
	rtnl_unlock();
	genlmsg_end(answer, header);
	return genlmsg_reply(answer, info);

err_unlock:
	rtnl_unlock();
	nlmsg_free(answer);
	return ret;
}

static bool is_named(const char *name, const char **names, unsigned int count)
{
	while (count--)
		if (!strcmp(names[count], name))
			return true;
	return false;
}

static int read_publics(const struct nlattr *list, const char **names, unsigned int *count,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	const char *name;
	int rem;

	*count = 0;
	nla_for_each_nested(attr, list, rem) {
		if (nla_type(attr) != KRELAY_DEVICE_A_PUBLIC)
			continue;
		name = nla_data(attr);
		if (!dev_valid_name(name))
			return krelay_netlink_refuse(extack, -EINVAL,
						     "'%s' cannot be the name of an interface",
						     name);
		if (is_named(name, names, *count))
			return krelay_netlink_refuse(extack, -EINVAL,
						     "public interface %s is named twice", name);
		if (*count == KRELAY_MAX_PUBLICS)
			return krelay_netlink_refuse(extack, -E2BIG,
						     "more than %u public interfaces are named",
						     KRELAY_MAX_PUBLICS);
		names[(*count)++] = name;
	}
	return 0;
}

/* A key that a peer here has would make the device its own peer. */
static int check_key(struct krelay_device *kdev, const u8 *private_key,
		     struct netlink_ext_ack *extack)
{
	struct krelay_noise_identity identity;
	int ret = 0;

	krelay_noise_set_identity(&identity, private_key);
	if (identity.present && krelay_peer_find(kdev, identity.public_key))
		ret = krelay_netlink_refuse(extack, -EINVAL,
					    "the private key is that of a peer of %s",
					    kdev->dev->name);
	memzero_explicit(&identity, sizeof(identity));
	return ret;
}

static int set_port(struct krelay_device *kdev, const struct nlattr *attr,
		    struct netlink_ext_ack *extack)
{
	u16 port;
	int ret;

	if (!attr)
		return 0;
	port = nla_get_u16(attr);
	ret = krelay_device_set_port(kdev, port, port);
	if (ret == -EADDRINUSE)
		return krelay_netlink_refuse(extack, ret, "UDP port %u is in use", port);
	if (ret == -EACCES)
		return krelay_netlink_refuse(extack, ret,
					     "UDP port %u is for CAP_NET_BIND_SERVICE only", port);
	return ret;
}

/*
 * The list is replaced in two steps with the port between them, since nothing
 * that was done may have to be undone by something that can fail.
 */
static int set_publics_and_port(struct krelay_device *kdev, const struct nlattr *list,
				const struct nlattr *port, const char **names,
				struct netlink_ext_ack *extack)
{
	unsigned int count;
	int ret, added;

	ret = read_publics(list, names, &count, extack);
	if (ret)
		return ret;
	if (is_named(kdev->dev->name, names, count))
		return krelay_netlink_refuse(extack, -EINVAL,
					     "%s cannot be its own public interface",
					     kdev->dev->name);
	added = krelay_publics_add(kdev, names, count);
	if (added == -ENONET)
		return krelay_netlink_refuse(extack, added,
					     "the namespace in which %s was made is gone",
					     kdev->dev->name);
	if (added < 0)
		return added;
	ret = set_port(kdev, port, extack);
	if (ret)
		krelay_publics_remove_last(kdev, added);
	else
		krelay_publics_keep(kdev, names, count);
	return ret;
}

/* Either attribute may be missing. */
static int set_what_may_fail(struct krelay_device *kdev, const struct nlattr *list,
			     const struct nlattr *port, struct netlink_ext_ack *extack)
{
	const char **names;
	int ret;

	if (!list)
		return set_port(kdev, port, extack);
	names = kcalloc(KRELAY_MAX_PUBLICS, sizeof(*names), GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	ret = set_publics_and_port(kdev, list, port, names, extack);
	kfree(names);
	return ret;
}

static int apply(struct krelay_device *kdev, struct nlattr **attrs,
		 struct netlink_ext_ack *extack)
{
	int ret = 0;

	if (attrs[KRELAY_DEVICE_A_TIMESTAMP] &&
	    nla_get_u64(attrs[KRELAY_DEVICE_A_TIMESTAMP]) > S64_MAX)
		return krelay_netlink_refuse(extack, -ERANGE,
					     "the timestamp %llu is above %lld, in the year 2262",
					     nla_get_u64(attrs[KRELAY_DEVICE_A_TIMESTAMP]),
					     S64_MAX);
	if (attrs[KRELAY_DEVICE_A_PRIVATE_KEY])
		ret = check_key(kdev, nla_data(attrs[KRELAY_DEVICE_A_PRIVATE_KEY]), extack);
	if (!ret)
		ret = set_what_may_fail(kdev, attrs[KRELAY_DEVICE_A_PUBLICS],
					attrs[KRELAY_DEVICE_A_LISTEN_PORT], extack);
	if (ret)
		return ret;
	/* These cannot fail. */
	if (attrs[KRELAY_DEVICE_A_TIMESTAMP])
		krelay_device_set_timestamp(kdev, nla_get_u64(attrs[KRELAY_DEVICE_A_TIMESTAMP]));
	if (attrs[KRELAY_DEVICE_A_FWMARK])
		krelay_device_set_fwmark(kdev, nla_get_u32(attrs[KRELAY_DEVICE_A_FWMARK]));
	if (attrs[KRELAY_DEVICE_A_PRIVATE_KEY])
		krelay_device_set_private_key(kdev, nla_data(attrs[KRELAY_DEVICE_A_PRIVATE_KEY]));
	return 0;
}

int krelay_netlink_device_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[KRELAY_DEVICE_A_MAX + 1] = {};
	struct krelay_device *kdev;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, KRELAY_A_DEVICE)) {
		NL_SET_ERR_MSG(info->extack, "there is no device in the request");
		return -EINVAL;
	}
	ret = nla_parse_nested(attrs, KRELAY_DEVICE_A_MAX, info->attrs[KRELAY_A_DEVICE],
			       krelay_netlink_device_policy, info->extack);
	if (ret)
		goto out;

	rtnl_lock();
	kdev = krelay_netlink_device_to_change(skb, info);
	ret = PTR_ERR_OR_ZERO(kdev);
	if (!ret)
		ret = apply(kdev, attrs, info->extack);
	rtnl_unlock();
out:
	krelay_netlink_wipe(attrs[KRELAY_DEVICE_A_PRIVATE_KEY]);
	return ret;
}
