/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What handshakes have to be later than, kept in STATE_FOLDER across restarts of the machine: its
 * clock may start in the past, and a peer takes no handshake that is earlier than one before.
 */
#ifndef RELAYCTL_CLOCK_H
#define RELAYCTL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/krelay.h>

/**
 * clock_read() - what was kept for a key
 * @public_key: the device's own
 *
 * Return: nanoseconds since 1970; 0 if nothing was kept, and after warn().
 */
uint64_t clock_read(const uint8_t public_key[KRELAY_KEY_LEN]);

/**
 * clock_keep() - keep it
 * @public_key: the device's own
 * @last: timestamp of the last handshake, nanoseconds since 1970
 * @ends: there will be no other; else a day is added for those that come before it is kept
 *	again, and nothing is written while half of that is left
 *
 * Return: 0, or -1 after warn(), which hinders nothing.
 */
int clock_keep(const uint8_t public_key[KRELAY_KEY_LEN], uint64_t last, bool ends);

#endif
