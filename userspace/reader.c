// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "reader.h"
#include "text.h"

/* PersistentKeepalive is the longest name; and how much of a value inih gets at a time. */
#define KEY_MAX 19
#define PIECE 120

/* Neither stands in a file: control characters are refused. */
static const char semicolon = '\001';
static const char continued[] = "\002";

/**
 * struct reader - a text being read
 * @at: the line at hand
 * @next: where the next line begins
 * @end: of the text
 * @line: copy of the line at hand, @size bytes; @key and @rest point into it
 * @rest: what inih has yet to get of the value; NULL: nothing
 * @continued: it has got some already
 * @value: what came back from inih so far, @size bytes; @filled of them
 */
struct reader {
	struct place at;
	const char *next;
	const char *end;
	const struct reader_events *events;
	void *user;
	char *line;
	char *value;
	size_t size;
	size_t filled;
	char *key;
	char *rest;
	bool continued;
	bool in_section;
	bool failed;
};

/* What is no name may be part of a secret, whose line was broken or lacks its "=". */
static bool may_be_secret(const char *text)
{
	return strlen(text) > KEY_MAX || strpbrk(text, "+/=");
}

static int read_section(struct reader *r, char *text)
{
	char *close = strchr(text, ']');
	char *name;

	if (close && !close[1]) {
		*close = '\0';
		name = text_trim(text + 1);
	} else {
		name = text;
	}
	if (may_be_secret(name))
		return refuse(&r->at, "what stands in the line is no section: write [Interface] or [Peer].");
	if (name == text)
		return refuse(&r->at, "\"%.64s\" is no section: write [Interface] or [Peer].",
			      text);
	r->in_section = true;
	return r->events->section(r->user, &r->at, name);
}

static bool key_is_valid(const char *key)
{
	size_t n;

	for (n = 0; key[n]; n++) {
		if (!isalnum((unsigned char)key[n]))
			return false;
	}
	return n && n <= KEY_MAX;
}

static int read_key(struct reader *r, char *text)
{
	char *equals = strchr(text, '=');
	char *value;
	char *p;

	if (!equals)
		return refuse(&r->at, "the line is neither a section nor a setting: write KEY = VALUE.");
	*equals = '\0';
	r->key = text_trim(text);
	value = equals + 1;
	if (may_be_secret(r->key))
		return refuse(&r->at, "what stands before \"=\" is no key: write KEY = VALUE.");
	if (!key_is_valid(r->key))
		return refuse(&r->at, "\"%.64s\" is no key: keys are made of letters, as in ListenPort.",
			      r->key);
	if (!r->in_section)
		return refuse(&r->at, "%s stands before any section: write [Interface] or [Peer] above it.",
			      r->key);
	if (!r->events->keeps_semicolons(r->user, r->key))
		value[strcspn(value, ";")] = '\0';
	value = text_trim(value);
	for (p = value; *p; p++) {
		if (*p == ';')
			*p = semicolon;
	}
	r->rest = value;
	return 0;
}

static void forget_line(struct reader *r)
{
	if (r->line)
		sodium_memzero(r->line, r->size);
	if (r->value)
		sodium_memzero(r->value, r->size);
	free(r->line);
	free(r->value);
	r->line = NULL;
	r->value = NULL;
	r->filled = 0;
	r->rest = NULL;
}

/* Take the next line of the text; a setting leaves something in @rest. */
static int read_line(struct reader *r)
{
	const char *end = memchr(r->next, '\n', r->end - r->next);
	const char *start = r->next;
	const char *comment;
	size_t len;
	char *text;
	size_t i;

	r->at.line++;
	len = (end ? end : r->end) - start;
	r->next = end ? end + 1 : r->end;
	if (len && start[len - 1] == '\r')
		len--;
	comment = memchr(start, '#', len);
	if (comment)
		len = comment - start;
	for (i = 0; i < len; i++) {
		unsigned char c = start[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return refuse(&r->at, "the line holds the control character 0x%02x: a configuration is plain text, so remove it.",
				      c);
	}

	r->size = len + 1;
	r->line = zalloc(r->size);
	r->value = zalloc(r->size);
	memcpy(r->line, start, len);
	text = text_trim(r->line);
	if (!*text || *text == ';')
		return 0;
	if (*text != '[')
		return read_key(r, text);
	text[strcspn(text, ";")] = '\0';
	return read_section(r, text_trim(text));
}

/* fgets() for inih: a long value goes in several lines. */
static char *feed(char *line, int room, void *stream)
{
	struct reader *r = stream;
	size_t n;

	if (!r->rest)
		forget_line(r);
	while (!r->rest) {
		/* inih asks for more after a failure; there is none. */
		if (r->failed || r->next == r->end)
			return NULL;
		forget_line(r);
		r->failed = read_line(r) && !r->events->goes_on;
		r->continued = false;
	}
	n = strnlen(r->rest, PIECE);
	snprintf(line, room, "%s=%s%.*s%s\n", r->key, r->continued ? continued : "", (int)n,
		 r->rest, r->rest[n] ? continued : "");
	r->continued = true;
	r->rest = r->rest[n] ? r->rest + n : NULL;
	return line;
}

/* What inih makes of such a line. */
static int handle(void *user, const char *section, const char *key, const char *piece)
{
	struct reader *r = user;
	size_t n;
	char *p;

	(void)section;
	if (*piece == *continued)
		piece++;
	n = strcspn(piece, continued);
	memcpy(r->value + r->filled, piece, n);
	r->filled += n;
	if (piece[n])
		return 1;
	for (p = r->value; *p; p++) {
		if (*p == semicolon)
			*p = ';';
	}
	r->failed = r->events->value(r->user, &r->at, key, r->value);
	return 1;
}

int reader_run(const char *file, const char *text, size_t len, const struct reader_events *events,
	       void *user)
{
	struct reader r = {
		.at = { .file = file },
		.next = text,
		.end = text + len,
		.events = events,
		.user = user,
	};
	int ret;

	r.next += text_mark_len(text, len);
	ret = ini_parse_stream(feed, &r, handle, &r);
	forget_line(&r);
	/* inih and feed() had a value's pieces on the stack. */
	sodium_stackzero(1024);
	if (r.failed)
		return -1;
	if (ret)
		return refuse(&r.at, "the text before this line cannot be parsed: write one KEY = VALUE a line.");
	return 0;
}
