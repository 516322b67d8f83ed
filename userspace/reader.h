/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sections, keys and values of a file, by way of inih.
 *
 * inih as distributions build it cuts lines at 200 bytes, takes an indented line for the end of
 * the one before, knows ';' but not '#' for comments and tells neither lines nor repeated
 * sections. So it is fed lines that have been made harmless, and long values in pieces.
 */
#ifndef RELAYCTL_READER_H
#define RELAYCTL_READER_H

#include "refuse.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * struct reader_events - whom the reader tells
 *
 * Each returns 0, or -1 after refuse(), which ends the reading.
 *
 * @section: a section begins; its name as written, without blanks around it
 * @value: a key of the section; the value has no comment and no blanks around it, may be empty
 *	and may be changed
 * @keeps_semicolons: whether ';' belongs to the value of a key rather than start a comment
 * @goes_on: a line that is neither a section nor a setting is told of and passed over
 */
struct reader_events {
	int (*section)(void *user, const struct place *at, const char *name);
	int (*value)(void *user, const struct place *at, const char *key, char *value);
	int (*keeps_semicolons)(void *user, const char *key);
	bool goes_on;
};

/**
 * reader_run() - read a whole text
 * @file: its name, for refusals
 * @text: of @len bytes; may hold anything
 * @events: whom to tell
 * @user: for @events
 *
 * Leaves no copy of a value behind.
 *
 * Return: 0, or -1 after refuse().
 */
int reader_run(const char *file, const char *text, size_t len, const struct reader_events *events,
	       void *user);

#endif
