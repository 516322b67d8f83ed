/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_LIMITS_H
#define RELAYCTL_LIMITS_H

#include "model.h"

/* "4294967295pps 18446744073709551615bit" */
#define LIMIT_TEXT_LEN 48

/**
 * limit_parse() - read one rate, of packets or of bytes
 * @at: for the refusal
 * @what: begins the refusal, "limit"
 * @text: a number and its unit: pps, or one of tc(8), in which "bit" is bits and "bps" bytes a
 *	second
 * @limit: gets it; must not have one of the kind
 *
 * Return: 0, or -1 after refuse().
 */
int limit_parse(const struct place *at, const char *what, const char *text, struct limit *limit);

/* Both rates in the form in which they can be read. */
const char *limit_format(const struct limit *limit, char text[LIMIT_TEXT_LEN]);

static inline bool limit_is_set(const struct limit *limit)
{
	return limit->packets || limit->bytes;
}

#endif
