// SPDX-License-Identifier: GPL-2.0
/*
 * kr-memory FILE...: search the machine's memory for secrets.
 *
 * Each line of a FILE names one: 44 characters of base64, 64 hexadecimal digits,
 * or two of the former, a private and a public key, for their X25519. Prints for
 * each FILE how often its secrets were found, and its name.
 *
 * Reads all RAM through /proc/kcore: what is in use and what was freed. So it
 * must not hold what it looks for, and has the secrets under a mask only.
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#define KEY 32
#define MASK 0xa5
#define CHUNK 0x100000
#define MAX_SECRETS 4096
/* Where the kernel's text is mapped once more. */
#define TEXT 0xffffffff80000000ULL

static struct {
	uint8_t masked[KEY];
	int file;
} secrets[MAX_SECRETS];
static size_t count;
/* By their first two bytes. */
static bool begins[1 << 16];

static int value_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? found - digits : 0;
}

/* Never more than three bytes of it in the clear. */
static void mask_base64(uint8_t masked[KEY], const char *text)
{
	int i, n = 0;

	for (i = 0; i < 44; i += 4) {
		uint32_t bits = value_of(text[i]) << 18 | value_of(text[i + 1]) << 12 |
				value_of(text[i + 2]) << 6 | value_of(text[i + 3]);

		masked[n++] = (uint8_t)(bits >> 16) ^ MASK;
		masked[n++] = (uint8_t)(bits >> 8) ^ MASK;
		if (n < KEY)
			masked[n++] = (uint8_t)bits ^ MASK;
	}
}

static void mask_hex(uint8_t masked[KEY], const char *text)
{
	unsigned int byte;
	int i;

	for (i = 0; i < KEY; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			errx(2, "no secret: %s", text);
		masked[i] = byte ^ MASK;
	}
}

static void flip(uint8_t key[KEY])
{
	int i;

	for (i = 0; i < KEY; i++)
		key[i] ^= MASK;
}

static void mask_shared(uint8_t masked[KEY], const char *private_text, const char *public_text)
{
	uint8_t private_key[KEY], public_key[KEY];

	mask_base64(private_key, private_text);
	mask_base64(public_key, public_text);
	flip(private_key);
	flip(public_key);
	if (crypto_scalarmult(masked, private_key, public_key))
		errx(2, "no public key: %s", public_text);
	flip(masked);
	sodium_memzero(private_key, KEY);
	sodium_stackzero(4096);
}

static void read_secrets(const char *name, int file)
{
	FILE *in = fopen(name, "re");
	char line[128];

	if (!in)
		err(2, "%s", name);
	while (fgets(line, sizeof(line), in)) {
		uint8_t *masked = secrets[count].masked;
		size_t len = strcspn(line, "\n");

		if (count == MAX_SECRETS)
			errx(2, "more than %d secrets", MAX_SECRETS);
		if (len == 44)
			mask_base64(masked, line);
		else if (len == 64)
			mask_hex(masked, line);
		else if (len == 89)
			mask_shared(masked, line, line + 45);
		else
			errx(2, "%s: no secret: %s", name, line);
		begins[(masked[0] ^ MASK) << 8 | (masked[1] ^ MASK)] = true;
		secrets[count++].file = file;
	}
	fclose(in);
}

static bool is_at(const uint8_t *p, const uint8_t masked[KEY])
{
	int i;

	for (i = 0; i < KEY; i++)
		if ((p[i] ^ MASK) != masked[i])
			return false;
	return true;
}

static void search(const uint8_t *p, size_t len, unsigned long *found)
{
	const uint8_t *end = p + len - KEY;
	size_t i;

	for (; p <= end; p++) {
		if (!begins[p[0] << 8 | p[1]])
			continue;
		for (i = 0; i < count; i++)
			found[secrets[i].file] += is_at(p, secrets[i].masked);
	}
}

static void search_segment(int fd, uint64_t offset, uint64_t size, uint8_t *buffer,
			   unsigned long *found)
{
	size_t kept = 0;
	ssize_t n;

	while (size) {
		n = pread(fd, buffer + kept, size < CHUNK ? size : CHUNK, offset);
		if (n <= 0)
			err(2, "/proc/kcore at %#llx", (unsigned long long)offset);
		offset += n;
		size -= n;
		n += kept;
		if (n < KEY)
			errx(2, "/proc/kcore ends early");
		search(buffer, n, found);
		/* One may lie across the border. */
		kept = KEY - 1;
		memmove(buffer, buffer + n - kept, kept);
	}
	explicit_bzero(buffer, CHUNK + KEY);
}

int main(int argc, char *argv[])
{
	unsigned long *found = calloc(argc, sizeof(*found));
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	uint64_t total = 0;
	Elf64_Phdr segment;
	Elf64_Ehdr header;
	uint8_t *buffer;
	int i;

	buffer = mmap(NULL, CHUNK + KEY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || buffer == MAP_FAILED || !found)
		err(2, "/proc/kcore");
	for (i = 1; i < argc; i++)
		read_secrets(argv[i], i);
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		err(2, "/proc/kcore");
	for (i = 0; i < header.e_phnum; i++) {
		if (pread(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) !=
		    sizeof(segment))
			err(2, "/proc/kcore");
		/* Only RAM has a physical address. */
		if (segment.p_type != PT_LOAD || segment.p_paddr == ~0ULL ||
		    segment.p_vaddr >= TEXT)
			continue;
		search_segment(fd, segment.p_offset, segment.p_filesz, buffer, found);
		total += segment.p_filesz;
	}
	for (i = 1; i < argc; i++)
		printf("%lu %s\n", found[i], argv[i]);
	fprintf(stderr, "searched %llu MiB for %zu secrets\n", (unsigned long long)total >> 20,
		count);
	return 0;
}
