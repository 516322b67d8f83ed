/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEST_COMMON_H
#define TEST_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

#define PRIVATE_KEY "AIQJb9WbPYI4M1WlJLoKtX8vRnKoVCRKgDWUfCKfXWI="
#define KEY_A "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
#define KEY_C "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="

/* The sentences since said_clear(): how many, and the last one. */
extern unsigned int said_count;
extern char said[2048];

/* Collect sentences from now on. */
void said_clear(void);

/* Exactly one sentence was said, it begins like this and ends as one. */
void assert_said(const char *beginning);
void assert_silent(void);

/* Group fixtures: work in a new folder of the test's own, remove it. */
int folder_enter(void **state);
int folder_leave(void **state);

/* config_parse() of a text as "t.conf", for the interface relay0. */
int parse(struct config *config, const char *text);

/* The text is refused with a sentence that begins like this. */
void assert_refused(const char *text, const char *beginning);

#endif
