/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_REFUSE_H
#define RELAYCTL_REFUSE_H

#define __printf(format_at, values_at) __attribute__((__format__(__printf__, format_at, values_at)))

/**
 * struct place - where something was read
 * @file: name of the file; NULL for the command line
 * @line: line in it, from 1; 0 for the file as a whole
 */
struct place {
	const char *file;
	unsigned int line;
};

/**
 * refuse() - say on stderr in one sentence why nothing is done
 * @at: where the cause stands; NULL for the command line
 * @fmt: names the value, the rule that it broke and the way out, without a newline
 *
 * Control characters become '?'.
 *
 * Return: always -1, so that callers can hand it up.
 */
__printf(2, 3) int refuse(const struct place *at, const char *fmt, ...);

/* The same for what is done all the same. */
__printf(2, 3) void warn(const struct place *at, const char *fmt, ...);

/* refuse() an empty element of a key's list. */
int refuse_empty(const struct place *at, const char *key);

/* Where the sentences go; stderr unless a test wants them. */
extern void (*refuse_sink)(const char *sentence);

#endif
