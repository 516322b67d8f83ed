// SPDX-License-Identifier: GPL-2.0
/* The time of the last handshake, kept in a folder of the test's own. */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "common.h"

#define SECOND 1000000000ULL
#define DAY 86400

static const uint8_t key[KRELAY_KEY_LEN] = { 0xff, 0xff, 0xff };
static const char name[] = STATE_FOLDER "/////AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=.clock";

/* The name has the key's slashes replaced. */
static const char *file_name(void)
{
	static char file[sizeof(name)];
	size_t i;

	strcpy(file, name);
	for (i = sizeof(STATE_FOLDER); file[i]; i++)
		if (file[i] == '/')
			file[i] = '_';
	return file;
}

static void write_file(const char *text)
{
	FILE *file = fopen(file_name(), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	(void)state;
	said_clear();
	unlink(file_name());
	rmdir(STATE_FOLDER);
	return 0;
}

static void test_nothing_kept(void **state)
{
	(void)state;
	assert_true(clock_read(key) == 0);
	assert_silent();
}

static void test_a_day_ahead(void **state)
{
	uint64_t now = time(NULL), kept;
	struct stat before, after;

	(void)state;
	assert_int_equal(clock_keep(key, 0, false), 0);
	assert_int_equal(stat(file_name(), &before), 0);
	kept = clock_read(key);
	assert_true(kept >= (now + DAY) * SECOND && kept <= (now + DAY + 60) * SECOND);
	/* Half a day is left: not again. */
	assert_int_equal(clock_keep(key, now * SECOND, false), 0);
	assert_int_equal(stat(file_name(), &after), 0);
	assert_true(before.st_ino == after.st_ino);
	assert_true(clock_read(key) == kept);
	/* When it ends, exactly the next second, though that is earlier. */
	assert_int_equal(clock_keep(key, now * SECOND + 5, true), 0);
	assert_true(clock_read(key) == (now + 1) * SECOND);
	/* Now it is not a day ahead any more. */
	assert_int_equal(clock_keep(key, now * SECOND, false), 0);
	assert_true(clock_read(key) >= kept);
	assert_silent();
}

static void test_ahead_of_the_clock(void **state)
{
	uint64_t last = time(NULL) + 3650ULL * DAY, kept;

	(void)state;
	assert_int_equal(clock_keep(key, last * SECOND, false), 0);
	kept = clock_read(key);
	/* No day is added at each start. */
	assert_true(kept > last * SECOND && kept <= (last + 61) * SECOND);
	/* Never behind what was sent. */
	assert_int_equal(clock_keep(key, kept + SECOND, false), 0);
	assert_true(clock_read(key) > kept + SECOND);
	assert_int_equal(clock_keep(key, INT64_MAX, false), 0);
	assert_true(clock_read(key) <= INT64_MAX);
	assert_silent();
}

static void test_bad_files(void **state)
{
	static const char *const bad[] = { "", "x", "99999999999\n", "-5\n" };
	size_t i;

	(void)state;
	mkdir(STATE_FOLDER, 0700);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		said_clear();
		write_file(bad[i]);
		assert_true(clock_read(key) == 0);
		assert_said(file_name());
		/* It is put right. */
		said_clear();
		assert_int_equal(clock_keep(key, 0, false), 0);
		assert_true(clock_read(key) > 0);
		assert_silent();
	}
}

static void test_no_place(void **state)
{
	FILE *file;

	(void)state;
	file = fopen(STATE_FOLDER, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(clock_keep(key, 0, false), -1);
	assert_said(file_name());
	unlink(STATE_FOLDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_kept, setup, setup),
		cmocka_unit_test_setup_teardown(test_a_day_ahead, setup, setup),
		cmocka_unit_test_setup_teardown(test_ahead_of_the_clock, setup, setup),
		cmocka_unit_test_setup_teardown(test_bad_files, setup, setup),
		cmocka_unit_test_setup_teardown(test_no_place, setup, setup),
	};

	return cmocka_run_group_tests_name("clock", tests, folder_enter, folder_leave);
}
