/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of visitors' addresses that a forward lets through, or does not. */
#ifndef RELAYCTL_SOURCES_H
#define RELAYCTL_SOURCES_H

#include "model.h"

/**
 * sources_parse() - read a prefix, or a file of prefixes
 * @at: for the refusal; its file's folder is where other files are looked for
 * @text: PREFIX, or @FILE with one prefix a line and comments behind '#'
 * @allow: what becomes of them
 * @list: gets them
 *
 * Return: 0, or -1 after refuse().
 */
int sources_parse(const struct place *at, const char *text, bool allow,
		  struct source_array *list);

/**
 * sources_settle() - give a forward its list
 * @at: for the refusal
 * @whole: the forward, for the refusal
 * @list: is sorted, each prefix once; then the device's, if it has none that is equal
 * @device: whose lists are numbered from 1
 * @id: gets the number
 *
 * Return: 0, or -1 after refuse() if the same prefix is allowed and denied.
 */
int sources_settle(const struct place *at, const char *whole, struct source_array *list,
		   struct device *device, uint32_t *id);

#endif
