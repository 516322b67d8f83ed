// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "text.h"

extern char **environ;

/* A file in memory with @text in it, at its start; -1 on failure. */
static int memory_file(const char *text)
{
	int fd = memfd_create("relayctl", MFD_CLOEXEC);
	size_t n = strlen(text);

	if (fd >= 0 && (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_run(char *const argv[], const char *input, char *output, size_t room)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int in = -1, out = -1;
	ssize_t n;
	pid_t pid;
	int ret;

	/* Files rather than pipes: nothing waits for anything but the end. */
	in = memory_file(input ?: "");
	out = output ? memory_file("") : -1;
	if (in < 0 || (output && out < 0)) {
		ret = -errno;
		goto cleanup_files;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (output) {
		posix_spawn_file_actions_adddup2(&actions, out, 1);
		posix_spawn_file_actions_adddup2(&actions, out, 2);
	}
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	ret = -posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		goto cleanup_files;
	ret = wait_for(pid);
	if (output) {
		n = pread(out, output, room - 1, 0);
		output[n > 0 ? n : 0] = '\0';
	}
cleanup_files:
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ret;
}

bool process_exists(const char *name)
{
	char *path = text_copy(getenv("PATH") ?: "/usr/sbin:/usr/bin:/sbin:/bin");
	char file[4096];
	char *rest = path;
	bool found = false;
	char *folder;

	while (!found && (folder = strsep(&rest, ":"))) {
		snprintf(file, sizeof(file), "%s/%s", *folder ? folder : ".", name);
		found = !access(file, X_OK);
	}
	free(path);
	return found;
}
