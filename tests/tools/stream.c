// SPDX-License-Identifier: GPL-2.0
/*
 * stream send ADDRESS PORT: as much as TCP takes, until the other end goes.
 * stream serve PORT FILE: receive that, and count the bytes in FILE.
 * stream offer PORT: to who connects, send a piece whenever he asks for it.
 * stream fetch ADDRESS PORT FILE: connect to that, and ask for one piece after the
 *	other, and count likewise. Each goes the same way as the one before, so this is
 *	more even than what TCP takes.
 * stream window SECONDS FILE: for that long, what was counted. Prints bytes a
 *	second and how much of the time the processors were busy, in percent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CHUNK = 128 << 10,
};

static char chunk[CHUNK];

static void die(const char *what)
{
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* An IPv6 socket, which is for both families. */
static int tcp(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1, zero = 0;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("socket");
	return fd;
}

static int connected(const char *host, const char *port)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	char mapped[INET6_ADDRSTRLEN];
	int fd = tcp();

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(host, ':') ? "" : "::ffff:", host);
	if (inet_pton(AF_INET6, mapped, &to.sin6_addr) != 1 ||
	    connect(fd, (void *)&to, sizeof(to)))
		die(host);
	return fd;
}

static int accepted(const char *port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	int fd = tcp();

	if (bind(fd, (void *)&at, sizeof(at)) || listen(fd, 1))
		die(port);
	return accept(fd, NULL, NULL);
}

static _Atomic uint64_t *map(const char *path, int flags)
{
	int fd = open(path, O_RDWR | flags, 0600);
	void *at;

	if (fd < 0 || ftruncate(fd, sizeof(uint64_t)))
		die(path);
	at = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die(path);
	return at;
}

static void send_all(int fd)
{
	while (send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) > 0)
		;
}

static void receive_all(int fd, const char *path)
{
	_Atomic uint64_t *bytes = map(path, O_CREAT);
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		*bytes += n;
}

static void offer(int fd)
{
	char wish;

	while (recv(fd, &wish, 1, 0) == 1 && send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) > 0)
		;
}

static void fetch(int fd, const char *path)
{
	_Atomic uint64_t *bytes = map(path, O_CREAT);

	while (send(fd, "", 1, MSG_NOSIGNAL) == 1 &&
	       recv(fd, chunk, sizeof(chunk), MSG_WAITALL) == sizeof(chunk))
		*bytes += sizeof(chunk);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Jiffies that the processors had, and had nothing to do. */
static void processors(double *all, double *idle)
{
	double t[8] = { 0 };
	FILE *f = fopen("/proc/stat", "r");
	int i, n = f ? fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", t, t + 1, t + 2, t + 3,
			      t + 4, t + 5, t + 6, t + 7) : 0;

	if (n != 8)
		die("/proc/stat");
	fclose(f);
	*idle = t[3] + t[4];
	for (*all = 0, i = 0; i < 8; i++)
		*all += t[i];
}

static void window(double seconds, const char *path)
{
	_Atomic uint64_t *bytes = map(path, 0);
	struct timespec pause = { .tv_sec = seconds, .tv_nsec = (seconds - (long)seconds) * 1e9 };
	double all[2], idle[2], begin, end;
	uint64_t before, after;

	processors(&all[0], &idle[0]);
	begin = now();
	before = *bytes;
	nanosleep(&pause, NULL);
	after = *bytes;
	end = now();
	processors(&all[1], &idle[1]);
	printf("%.0f %.1f\n", (after - before) / (end - begin),
	       100 - 100 * (idle[1] - idle[0]) / (all[1] - all[0]));
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "send"))
		send_all(connected(argv[2], argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "serve"))
		receive_all(accepted(argv[2]), argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "offer"))
		offer(accepted(argv[2]));
	else if (argc == 5 && !strcmp(argv[1], "fetch"))
		fetch(connected(argv[2], argv[3]), argv[4]);
	else if (argc == 4 && !strcmp(argv[1], "window"))
		window(atof(argv[2]), argv[3]);
	else
		return fprintf(stderr, "stream send ADDRESS PORT | serve PORT FILE | offer PORT | "
			       "fetch ADDRESS PORT FILE | window SECONDS FILE\n"), 1;
	return 0;
}
