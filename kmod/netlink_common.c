// SPDX-License-Identifier: GPL-2.0
#include "netlink_common.h"

#include <linux/rtnetlink.h>
#include <net/genetlink.h>

#include "compat/compat.h"
#include "device.h"
#include "peer.h"

enum {
	TEXT_SIZE = 256,
	TEXTS = 256,
	/* How long a text is left alone, in jiffies. */
	TEXT_AGE = 5 * HZ,
};

/**
 * struct text - why a request was refused
 * @until: nobody writes over it before, jiffies; 0 for none
 * @words: the kernel copies them into the answer soon after RTNL is given back,
 *	measured first, so that they must not change meanwhile
 *
 * Guarded by RTNL.
 */
static struct text {
	unsigned long until;
	char words[TEXT_SIZE];
} texts[TEXTS];

static unsigned int next_text;

int krelay_netlink_refuse(struct netlink_ext_ack *extack, int error, const char *format, ...)
{
	struct text *text = &texts[next_text % TEXTS];
	va_list args;

	ASSERT_RTNL();
	if (!extack)
		return error;
	if (text->until && time_before(jiffies, text->until)) {
		extack->_msg = "refused, as is so much at once that there is no room to say why";
		return error;
	}
	next_text++;
	text->until = (jiffies + TEXT_AGE) | 1;
	va_start(args, format);
	vscnprintf(text->words, TEXT_SIZE, format, args);
	va_end(args);
	extack->_msg = text->words;
	return error;
}

struct krelay_device *krelay_netlink_device(struct net *net, struct nlattr **attrs,
					    struct netlink_ext_ack *extack)
{
	struct krelay_device *kdev;
	struct net_device *dev;

	ASSERT_RTNL();
	if (attrs[KRELAY_A_IFINDEX])
		dev = __dev_get_by_index(net, nla_get_u32(attrs[KRELAY_A_IFINDEX]));
	else if (attrs[KRELAY_A_IFNAME])
		dev = __dev_get_by_name(net, nla_data(attrs[KRELAY_A_IFNAME]));
	else
		return ERR_PTR(krelay_netlink_refuse(extack, -EINVAL, "no interface is named"));
	if (!dev)
		return ERR_PTR(krelay_netlink_refuse(extack, -ENODEV,
						     "there is no such interface"));
	kdev = krelay_device_of(dev);
	if (!kdev)
		return ERR_PTR(krelay_netlink_refuse(extack, -EOPNOTSUPP,
						     "%s is not of kind krelay", dev->name));
	return kdev;
}

struct krelay_device *krelay_netlink_dump_device(const struct sk_buff *skb,
						 struct netlink_callback *cb)
{
	struct krelay_device *kdev;

	kdev = krelay_netlink_device(sock_net(skb->sk), krelay_compat_dump_attrs(cb),
				     cb->extack);
	if (!IS_ERR(kdev))
		cb->seq = kdev->generation;
	return kdev;
}

struct krelay_device *krelay_netlink_device_to_change(struct sk_buff *skb, struct genl_info *info)
{
	struct krelay_device *kdev;
	struct net *transit;

	kdev = krelay_netlink_device(genl_info_net(info), info->attrs, info->extack);
	if (IS_ERR(kdev))
		return kdev;
	transit = rtnl_dereference(kdev->transit);
	if (transit && !netlink_ns_capable(skb, transit->user_ns, CAP_NET_ADMIN))
		return ERR_PTR(krelay_netlink_refuse(info->extack, -EPERM,
						     "the UDP socket's namespace is another's"));
	return kdev;
}

int krelay_netlink_put_device(struct sk_buff *skb, const struct krelay_device *kdev)
{
	if (nla_put_u32(skb, KRELAY_A_IFINDEX, kdev->dev->ifindex) ||
	    nla_put_string(skb, KRELAY_A_IFNAME, kdev->dev->name))
		return -EMSGSIZE;
	return 0;
}

void *krelay_netlink_put_header(struct sk_buff *skb, struct netlink_callback *cb,
				const struct genl_family *family, u8 cmd,
				const struct krelay_device *kdev)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, family,
				   NLM_F_MULTI, cmd);

	if (!header)
		return NULL;
	genl_dump_check_consistent(cb, header);
	if (!krelay_netlink_put_device(skb, kdev))
		return header;
	genlmsg_cancel(skb, header);
	return NULL;
}

int krelay_netlink_read_ports(const struct nlattr *first, const struct nlattr *last,
			      u16 *port_first, u16 *port_last, struct netlink_ext_ack *extack)
{
	if (last && !first)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the last port, %u, is of a range without a first",
					     nla_get_u16(last));
	if (first) {
		*port_first = nla_get_u16(first);
		*port_last = *port_first;
	}
	if (last)
		*port_last = nla_get_u16(last);
	if (*port_last < *port_first)
		return krelay_netlink_refuse(extack, -EINVAL,
					     "the port range %u-%u ends before it begins",
					     *port_first, *port_last);
	return 0;
}

int krelay_netlink_put_endpoint(struct sk_buff *skb, const struct krelay_peer *peer)
{
	const struct krelay_endpoint *endpoint;
	int ret = 0;

	rcu_read_lock();
	endpoint = rcu_dereference(peer->endpoint);
	if (endpoint)
		ret = nla_put(skb, KRELAY_PEER_A_ENDPOINT,
			      endpoint->key.addr.sa_family == AF_INET6 ?
			      sizeof(endpoint->key.addr6) : sizeof(endpoint->key.addr4),
			      &endpoint->key.addr);
	rcu_read_unlock();
	return ret;
}

void krelay_netlink_wipe(struct nlattr *secret)
{
	if (secret)
		memzero_explicit(nla_data(secret), nla_len(secret));
}
