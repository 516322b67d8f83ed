// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "text.h"

static void *must(void *p)
{
	if (!p) {
		refuse(NULL, "there is no memory left: free some and try again.");
		exit(1);
	}
	return p;
}

void *zalloc(size_t size)
{
	return must(calloc(1, size));
}

void *tree_add(void **root, const void *item, int (*compare)(const void *a, const void *b))
{
	return must(tsearch(item, root, compare));
}

char *text_copy(const char *text)
{
	return must(strdup(text));
}

char *text_copy_n(const char *text, size_t n)
{
	return must(strndup(text, n));
}

void *array_add_bytes(void **items, size_t *count, size_t *room, size_t size)
{
	if (*count == *room) {
		size_t larger = *room ? *room * 2 : 4;
		void *fresh = must(calloc(larger, size));

		if (*count) {
			memcpy(fresh, *items, *count * size);
			sodium_memzero(*items, *count * size);
		}
		free(*items);
		*items = fresh;
		*room = larger;
	}
	return (char *)*items + (*count)++ * size;
}

void array_free_bytes(void **items, size_t *count, size_t *room, size_t size)
{
	if (*items)
		sodium_memzero(*items, *room * size);
	free(*items);
	*items = NULL;
	*count = 0;
	*room = 0;
}

size_t text_mark_len(const char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t n = strlen(mark);

	return len >= n && !memcmp(text, mark, n) ? n : 0;
}

char *text_trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

char *text_split(char **rest, char separator)
{
	char *start = *rest;
	char *end;

	if (!start)
		return NULL;
	end = strchr(start, separator);
	if (end)
		*end++ = '\0';
	*rest = end;
	return text_trim(start);
}

bool text_decimal(const char *text, uint32_t max, uint32_t *value)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		n = n * 10 + (*text - '0');
		if (n > max)
			return false;
	}
	*value = n;
	return true;
}

static unsigned int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

bool text_number(const char *text, uint32_t max, uint32_t *value)
{
	uint64_t n = 0;

	if (text[0] != '0' || (text[1] | 0x20) != 'x')
		return text_decimal(text, max, value);
	text += 2;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isxdigit((unsigned char)*text))
			return false;
		n = n * 16 + digit(*text);
		if (n > max)
			return false;
	}
	*value = n;
	return true;
}

/* Levenshtein distance without regard to case, in one row. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	size_t row[64];
	size_t i, j;

	if (n >= ARRAY_SIZE(row) || strlen(a) >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= n; j++) {
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[j - 1]);
			size_t best = diagonal + !same;

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

const char *text_nearest(const char *text, const char *(*name)(size_t i))
{
	size_t best = SIZE_MAX;
	const char *nearest = NULL;
	const char *candidate;
	size_t i, d;

	for (i = 0; (candidate = name(i)); i++) {
		d = distance(text, candidate);
		if (d < best) {
			best = d;
			nearest = candidate;
		}
	}
	/* Half of the letters wrong is another word. */
	return nearest && best * 2 <= strlen(nearest) ? nearest : NULL;
}
