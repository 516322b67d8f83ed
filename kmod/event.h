/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens, for those who listen. The rooms below say it here; the netlink
 * room, above them all, sends it.
 */
#ifndef _KRELAY_EVENT_H
#define _KRELAY_EVENT_H

#include <linux/krelay.h>

struct krelay_device;
struct krelay_peer;

/* @peer is NULL where the event is not about one. Context: RCU; may be softirq. */
typedef void (*krelay_event_sink_t)(struct krelay_device *kdev, struct krelay_peer *peer,
				    enum krelay_cmd what);

/* NULL takes the sink away, and waits until nobody is in it. May sleep. */
void krelay_event_set_sink(krelay_event_sink_t sink);

/* @what is one of the KRELAY_CMD_*_NTF. Context: any but hard interrupts. */
void krelay_event_tell(struct krelay_device *kdev, struct krelay_peer *peer,
		       enum krelay_cmd what);

#endif /* _KRELAY_EVENT_H */
