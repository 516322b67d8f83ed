/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_EXPLAIN_H
#define RELAYCTL_EXPLAIN_H

#include <stddef.h>

/* Bytes of the longest name of a counter, with the closing NUL. */
#define STAT_NAME_LEN 40

/* The name of an enum krelay_stat in small letters; "counter_99" if it is not known. */
const char *stat_name(size_t stat, char name[STAT_NAME_LEN]);

/* The two halves of a sentence: what it means, and what to do. */
const char *stat_meaning(size_t stat);
const char *stat_advice(size_t stat);

#endif
