// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"

/* Bytes of a line; more is no prefix. */
#define ROW_MAX 256

/* Lines of a file; a device like /dev/zero has no end. */
#define ROWS_MAX 1000000

static int parse_prefix(const struct place *at, const char *text, bool allow,
			struct source_array *list)
{
	struct source *source;
	struct prefix prefix;

	if (!prefix_parse(text, &prefix))
		return refuse(at, "%s \"%.64s\" is neither an IP address with an optional prefix length nor the name of a file of such behind an @: write it as in 203.0.113.0/24, 2001:db8::/32 or @friends.txt.",
			      allow ? "allow" : "deny", text);
	prefix_mask(&prefix);
	source = array_add(list);
	source->prefix = prefix;
	source->allow = allow;
	return 0;
}

static int parse_line(const struct place *at, char *line, bool allow, struct source_array *list)
{
	char *text;

	if (strlen(line) == ROW_MAX - 1 && line[ROW_MAX - 2] != '\n')
		return refuse(at, "the line is longer than %u bytes: write one prefix a line.",
			      ROW_MAX - 2);
	line[strcspn(line, "#")] = '\0';
	text = text_trim(line);
	if (!*text)
		return 0;
	if (*text == '@')
		return refuse(at, "%s \"%.64s\" is the name of a file in a file: write prefixes, one a line.",
			      allow ? "allow" : "deny", text);
	return parse_prefix(at, text, allow, list);
}

/* fgets() goes on behind a zero byte, of which strlen() knows nothing. */
static char *read_line(char line[ROW_MAX], FILE *stream, bool *zero)
{
	memset(line, '\n', ROW_MAX);
	if (!fgets(line, ROW_MAX, stream))
		return NULL;
	*zero = memrchr(line, '\0', ROW_MAX) != line + strlen(line);
	return line;
}

static int parse_stream(const char *name, FILE *stream, bool allow, struct source_array *list)
{
	struct place at = { .file = name };
	size_t before = list->count;
	char line[ROW_MAX];
	size_t mark;
	bool zero;

	while (read_line(line, stream, &zero)) {
		if (at.line++ == ROWS_MAX)
			return refuse(&at, "the file goes on after %u lines: name a shorter one, with one prefix a line.",
				      ROWS_MAX);
		/* What is read of it as a list may be nothing, which keeps nobody out. */
		if (zero)
			return refuse(&at, "the line holds a zero byte: a list is plain text, so write one prefix a line.");
		mark = at.line == 1 ? text_mark_len(line, strlen(line)) : 0;
		if (parse_line(&at, line + mark, allow, list))
			return -1;
	}
	at.line = 0;
	if (ferror(stream))
		return refuse(&at, "the file cannot be read: %s.", strerror(errno));
	/* An empty list of friends would let everybody in; an empty one of foes means it. */
	if (allow && list->count == before)
		return refuse(&at, "the file has no prefix in it: write one a line, or do not name the file.");
	return 0;
}

static char *path_of(const struct place *at, const char *name)
{
	char *copy, *path;
	size_t size;

	if (*name == '/' || !at || !at->file)
		return text_copy(name);
	size = strlen(at->file) + sizeof("./") + strlen(name);
	path = zalloc(size);
	copy = text_copy(at->file);
	snprintf(path, size, "%s/%s", dirname(copy), name);
	free(copy);
	return path;
}

static int parse_file(const struct place *at, const char *name, bool allow,
		      struct source_array *list)
{
	char *path = path_of(at, name);
	FILE *stream = fopen(path, "re");
	int ret;

	if (stream) {
		ret = parse_stream(path, stream, allow, list);
		fclose(stream);
	} else {
		ret = refuse(at, "%s \"@%.64s\" names the file %.200s, which cannot be opened, %s: write it, or name another.",
			     allow ? "allow" : "deny", name, path, strerror(errno));
	}
	free(path);
	return ret;
}

int sources_parse(const struct place *at, const char *text, bool allow,
		  struct source_array *list)
{
	if (*text == '@')
		return parse_file(at, text + 1, allow, list);
	return parse_prefix(at, text, allow, list);
}

static int compare(const void *a, const void *b)
{
	const struct source *x = a;
	const struct source *y = b;
	int order = address_compare(&x->prefix.address, &y->prefix.address);

	return order ? order : x->prefix.length - y->prefix.length;
}

static bool list_equal(const struct source_array *a, const struct source_array *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (a->items[i].allow != b->items[i].allow || compare(&a->items[i], &b->items[i]))
			return false;
	}
	return true;
}

int sources_settle(const struct place *at, const char *whole, struct source_array *list,
		   struct device *device, uint32_t *id)
{
	char text[PREFIX_TEXT_LEN];
	struct sources *sources;
	size_t i, n = 1;

	qsort(list->items, list->count, sizeof(*list->items), compare);
	for (i = 1; i < list->count; i++) {
		if (compare(&list->items[n - 1], &list->items[i]))
			list->items[n++] = list->items[i];
		else if (list->items[n - 1].allow != list->items[i].allow)
			return refuse(at, "Forward \"%.64s\" both allows and denies %s: remove one of them.",
				      whole, prefix_format(&list->items[i].prefix, text));
	}
	list->count = n;
	array_for_each(sources, &device->sources) {
		if (!list_equal(&sources->list, list))
			continue;
		*id = sources->id;
		return 0;
	}
	sources = array_add(&device->sources);
	sources->id = device->sources.count;
	sources->list = *list;
	memset(list, 0, sizeof(*list));
	*id = sources->id;
	return 0;
}
