// SPDX-License-Identifier: GPL-2.0
#include <sys/prctl.h>

#include <sodium.h>

#include "verbs.h"

int main(int argc, char *argv[])
{
	/* No core dumps: there are keys in this memory. */
	prctl(PR_SET_DUMPABLE, 0);
	if (sodium_init() < 0) {
		refuse(NULL, "there is no source of random numbers: make /dev/urandom accessible.");
		return 1;
	}
	return verbs_run(argc, argv);
}
