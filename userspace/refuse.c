// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "refuse.h"

static void to_stderr(const char *sentence)
{
	fprintf(stderr, "%s\n", sentence);
}

void (*refuse_sink)(const char *sentence) = to_stderr;

static void say(const struct place *at, const char *kind, const char *fmt, va_list args)
{
	char text[1024];
	size_t n;
	char *p;

	if (!at || !at->file)
		n = snprintf(text, sizeof(text), "relayctl: %s", kind);
	else if (at->line)
		n = snprintf(text, sizeof(text), "%.400s:%u: %s", at->file, at->line, kind);
	else
		n = snprintf(text, sizeof(text), "%.400s: %s", at->file, kind);
	vsnprintf(text + n, sizeof(text) - n, fmt, args);
	for (p = text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	refuse_sink(text);
}

int refuse(const struct place *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(at, "", fmt, args);
	va_end(args);
	return -1;
}

void warn(const struct place *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(at, "warning: ", fmt, args);
	va_end(args);
}

int refuse_empty(const struct place *at, const char *key)
{
	return refuse(at, "%s has an empty element: write one between two commas, and none after the last.",
		      key);
}
