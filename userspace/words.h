/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_WORDS_H
#define RELAYCTL_WORDS_H

/**
 * words_join() - the words of a command line as lists for forwards_parse(), one a line
 *
 * A forward may come in one word, which was quoted, and is a list of its own then, or in several,
 * as in tcp/443 on 203.0.113.5.
 *
 * Return: to be freed.
 */
char *words_join(int argc, char *argv[]);

#endif
