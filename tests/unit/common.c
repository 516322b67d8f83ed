// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"

unsigned int said_count;
char said[2048];

static char folder[32];

static void collect(const char *sentence)
{
	said_count++;
	snprintf(said, sizeof(said), "%s", sentence);
}

void said_clear(void)
{
	refuse_sink = collect;
	said_count = 0;
	said[0] = '\0';
}

void assert_said(const char *beginning)
{
	size_t n = strlen(said);

	if (strncmp(said, beginning, strlen(beginning)))
		fail_msg("said \"%s\" rather than \"%s\"", said, beginning);
	assert_int_equal(said_count, 1);
	assert_true(n > 1 && n < 1000 && said[n - 1] == '.');
	/* The way out comes after a colon. */
	assert_non_null(strchr(said, ':'));
	assert_null(strchr(said, '\n'));
}

void assert_silent(void)
{
	if (said_count)
		fail_msg("said \"%s\"", said);
}

int folder_enter(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/krelay-unit-XXXXXX");
	return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

int folder_leave(void **state)
{
	(void)state;
	return !chdir("/") && !rmdir(folder) ? 0 : -1;
}

int parse(struct config *config, const char *text)
{
	said_clear();
	return config_parse(config, "t.conf", "relay0", text, strlen(text));
}

void assert_refused(const char *text, const char *beginning)
{
	struct config config;
	int ret;

	ret = parse(&config, text);
	config_free(&config);
	assert_said(beginning);
	assert_int_equal(ret, -1);
}
