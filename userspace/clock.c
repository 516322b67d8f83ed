// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "state.h"
#include "text.h"

#define SECOND 1000000000ULL

/* Seconds */
#define DAY (24 * 60 * 60)
#define MINUTE 60

/* Of 2262, the last year that fits into 63 bits of nanoseconds. */
#define LATEST (INT64_MAX / SECOND)

static int read_seconds(const char *name, uint64_t *seconds)
{
	unsigned long long value;
	FILE *file;
	int found;

	*seconds = 0;
	file = fopen(name, "re");
	if (!file)
		return errno == ENOENT ? 0 : -1;
	found = fscanf(file, "%19llu", &value);
	fclose(file);
	if (found != 1 || value > LATEST) {
		errno = EINVAL;
		return -1;
	}
	*seconds = value;
	return 0;
}

static int write_seconds(const char *name, uint64_t seconds)
{
	FILE *file = fopen(name, "we");
	int ret;

	if (!file)
		return -1;
	ret = fprintf(file, "%llu\n", (unsigned long long)seconds) < 0 || fflush(file) ||
	      fsync(fileno(file)) ? -1 : 0;
	return fclose(file) || ret ? -1 : 0;
}

uint64_t clock_read(const uint8_t public_key[KRELAY_KEY_LEN])
{
	struct place at = { 0 };
	char name[STATE_NAME_LEN];
	uint64_t seconds;

	state_name(public_key, ".clock", name);
	at.file = name;
	if (read_seconds(name, &seconds))
		warn(&at, "the time of the last handshake cannot be read, %s: remove the file, peers may then refuse handshakes until the clock is right.",
		     strerror(errno));
	return seconds * SECOND;
}

int clock_keep(const uint8_t public_key[KRELAY_KEY_LEN], uint64_t last, bool ends)
{
	struct place at = { 0 };
	uint64_t now = time(NULL);
	char new_name[STATE_NAME_LEN];
	char name[STATE_NAME_LEN];
	uint64_t kept, keep;

	last = last / SECOND + 1;
	state_name(public_key, ".clock", name);
	state_name(public_key, ".clock.new", new_name);
	keep = last;
	if (!ends) {
		/* While the clock is behind, timestamps go on by fractions of a second. */
		keep = now + DAY > last + MINUTE ? now + DAY : last + MINUTE;
		if (!read_seconds(name, &kept) && kept >= keep - DAY / 2 && kept > last)
			return 0;
	}
	if (keep > LATEST)
		keep = LATEST;
	at.file = name;
	if (state_folder())
		goto failed;
	if (write_seconds(new_name, keep) || rename(new_name, name))
		goto failed;
	return 0;

failed:
	warn(&at, "the time of the last handshake cannot be kept, %s: after a restart with a wrong clock peers may refuse handshakes.",
	     strerror(errno));
	return -1;
}
