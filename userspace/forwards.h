/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of a forward:
 *
 *   PROTO/PORT[-PORT] [on PUBLIC] [-> TARGET]
 *
 * PROTO is tcp, udp or tcp+udp; PUBLIC is an address of the bridge; TARGET is PORT[-PORT],
 * ADDRESS, or ADDRESS:PORT[-PORT], with an IPv6 address in brackets.
 */
#ifndef RELAYCTL_FORWARDS_H
#define RELAYCTL_FORWARDS_H

#include "model.h"

#define FORWARD_TEXT_LEN (2 * ADDRESS_TEXT_LEN + 64)

/**
 * forwards_parse() - read a list of forwards, with commas between them
 * @at: its line goes into the forwards
 * @text: is cut up
 * @device: the forwards are added to it; tcp+udp makes two
 *
 * Their peer and target are still open.
 *
 * Return: 0, or -1 after refuse().
 */
int forwards_parse(const struct place *at, char *text, struct device *device);

/**
 * forward_aim() - settle where a forward leads
 * @at: for the refusal
 * @device: with all peers and their allowed IPs
 * @peer: one of them
 * @forward: gets the peer's key, and its first host address unless it has a target
 *
 * Return: 0, or -1 after refuse().
 */
int forward_aim(const struct place *at, const struct device *device, const struct peer *peer,
		struct forward *forward);

/**
 * forwards_check() - refuse forwards that stand in each other's way
 * @file: for the refusal, NULL for the command line
 * @device: its forwards have been aimed
 *
 * Return: 0, or -1 after refuse().
 */
int forwards_check(const char *file, const struct device *device);

/* As written on the bridge, with the target if there is one. */
const char *forward_format(const struct forward *forward, char text[FORWARD_TEXT_LEN]);

#endif
