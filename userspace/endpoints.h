/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From where peers called last, kept in STATE_FOLDER while an interface is down: for a while the
 * NAT of a peer without an Endpoint still lets us call it there.
 */
#ifndef RELAYCTL_ENDPOINTS_H
#define RELAYCTL_ENDPOINTS_H

#include "model.h"

/* Keep those of a device that is about to go; what fails is warned of and hinders nothing. */
void endpoints_keep(struct device *device);

/**
 * endpoints_recall() - give peers that have none the endpoints that were kept
 * @public_key: the device's own
 * @device: whose peers get an endpoint and are marked as recalled
 *
 * What is old, damaged or not from this user is left alone.
 */
void endpoints_recall(const uint8_t public_key[KRELAY_KEY_LEN], struct device *device);

#endif
