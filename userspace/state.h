/* SPDX-License-Identifier: GPL-2.0 */
/* Files in STATE_FOLDER, of each key its own: that is what peers know a device by. */
#ifndef RELAYCTL_STATE_H
#define RELAYCTL_STATE_H

#include "key.h"

#define STATE_NAME_LEN (sizeof(STATE_FOLDER) + KEY_TEXT_LEN + sizeof("/.endpoints.new"))

/* The name of a key's file, which ends in @suffix. */
void state_name(const uint8_t public_key[KRELAY_KEY_LEN], const char *suffix,
		char name[STATE_NAME_LEN]);

/* Make the folder if it is not there; gives 0, or -1 with errno. */
int state_folder(void);

#endif
