/* SPDX-License-Identifier: GPL-2.0 */
/* Events to the multicast group. */
#ifndef _KRELAY_NETLINK_EVENT_H
#define _KRELAY_NETLINK_EVENT_H

#include <linux/krelay.h>

struct genl_family;
struct krelay_device;
struct krelay_peer;

/* To listeners in the device's namespace. Context: RCU; may be softirq. */
void krelay_netlink_event_send(const struct genl_family *family, struct krelay_device *kdev,
			       struct krelay_peer *peer, enum krelay_cmd what);

#endif /* _KRELAY_NETLINK_EVENT_H */
