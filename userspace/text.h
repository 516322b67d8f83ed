/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_TEXT_H
#define RELAYCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refuse.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A struct @name that holds an array which grows; all zeros is an empty one. */
#define DEFINE_ARRAY(name, type) \
	struct name { \
		type *items; \
		size_t count; \
		size_t room; \
	}

/* Add a zeroed item to an array and yield a pointer to it, good until the next one is added. */
#define array_add(a) \
	((typeof((a)->items))array_add_bytes((void **)&(a)->items, &(a)->count, &(a)->room, \
					     sizeof(*(a)->items)))
#define array_free(a) \
	array_free_bytes((void **)&(a)->items, &(a)->count, &(a)->room, sizeof(*(a)->items))

#define array_for_each(p, a) \
	for ((p) = (a)->items; (p) < (a)->items + (a)->count; (p)++)

/* These wipe what they leave: items may hold keys. Out of memory ends the program. */
void *array_add_bytes(void **items, size_t *count, size_t *room, size_t size);
void array_free_bytes(void **items, size_t *count, size_t *room, size_t size);

void *zalloc(size_t size);

/* tsearch(3), which cannot fail: out of memory ends the program. */
void *tree_add(void **root, const void *item, int (*compare)(const void *a, const void *b));

char *text_copy(const char *text);
char *text_copy_n(const char *text, size_t n);

/* Bytes of the byte order mark that some editors begin a file with, 0 without one. */
size_t text_mark_len(const char *text, size_t len);

/* Cut blanks off both ends, in place. */
char *text_trim(char *text);

/**
 * text_split() - walk the elements of a list
 * @rest: the list, which is cut up; NULL after the last element
 * @separator: between elements
 *
 * Return: the next element without blanks around it, maybe empty; NULL at the end.
 */
char *text_split(char **rest, char separator);

/**
 * text_number() - read a whole number, decimal or 0x hexadecimal
 * @text: nothing but the number
 * @max: largest allowed
 * @value: the number
 *
 * Return: false if it is no number or larger.
 */
bool text_number(const char *text, uint32_t max, uint32_t *value);

/* Decimal digits only. */
bool text_decimal(const char *text, uint32_t max, uint32_t *value);

/**
 * text_nearest() - the name that was perhaps meant
 * @text: what was written
 * @name: yields the i-th name, NULL after the last
 *
 * Return: the name with the fewest edits to @text, NULL if none is near.
 */
const char *text_nearest(const char *text, const char *(*name)(size_t i));

#endif
