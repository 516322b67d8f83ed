// SPDX-License-Identifier: GPL-2.0
#include "event.h"

#include <linux/rcupdate.h>

/* Read under RCU. */
static krelay_event_sink_t current_sink;

void krelay_event_set_sink(krelay_event_sink_t sink)
{
	WRITE_ONCE(current_sink, sink);
	if (!sink)
		synchronize_rcu();
}

void krelay_event_tell(struct krelay_device *kdev, struct krelay_peer *peer, enum krelay_cmd what)
{
	krelay_event_sink_t sink;

	rcu_read_lock();
	sink = READ_ONCE(current_sink);
	if (sink)
		sink(kdev, peer, what);
	rcu_read_unlock();
}
