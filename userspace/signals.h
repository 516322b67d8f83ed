/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_SIGNALS_H
#define RELAYCTL_SIGNALS_H

/* From here on an interruption must leave nothing half done, so it waits until it is asked for. */
void signals_hold(void);

/* The number of one that waits, 0 if there is none. */
int signals_pending(void);

#endif
