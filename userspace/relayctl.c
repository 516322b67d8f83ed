// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <sodium.h>

#include "verbs.h"

/* Ours and those of hooks; not everybody finds what administrators run. */
static void find_programs(void)
{
	const char *path = getenv("PATH") ?: "/usr/bin:/bin";
	char *more;

	if (asprintf(&more, "%s:/usr/sbin:/sbin", path) < 0)
		return;
	setenv("PATH", more, 1);
	free(more);
}

int main(int argc, char *argv[])
{
	/* No core dumps: there are keys in this memory. */
	prctl(PR_SET_DUMPABLE, 0);
	if (sodium_init() < 0) {
		refuse(NULL, "there is no source of random numbers: make /dev/urandom accessible.");
		return 1;
	}
	find_programs();
	return verbs_run(argc, argv);
}
