// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "state.h"

void state_name(const uint8_t public_key[KRELAY_KEY_LEN], const char *suffix,
		char name[STATE_NAME_LEN])
{
	char key[KEY_TEXT_LEN];
	char *slash;

	key_format(public_key, key);
	while ((slash = strchr(key, '/')))
		*slash = '_';
	snprintf(name, STATE_NAME_LEN, STATE_FOLDER "/%s%s", key, suffix);
}

int state_folder(void)
{
	return mkdir(STATE_FOLDER, 0700) && errno != EEXIST ? -1 : 0;
}
