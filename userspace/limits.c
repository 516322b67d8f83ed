// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "limits.h"

/* Bits a second: beyond any netdev, and far from where a u64 ends. */
#define BITS_MAX 1e15

/* Each is as much as the next one's, times its prefix. */
static const struct {
	const char *prefix;
	double factor;
} prefixes[] = {
	{ "", 1 },
	{ "k", 1e3 }, { "m", 1e6 }, { "g", 1e9 }, { "t", 1e12 },
	{ "ki", 1024. }, { "mi", 1048576. }, { "gi", 1073741824. }, { "ti", 1099511627776. },
};

/* True if @text is a prefix and @unit; *@factor is the prefix's. */
static bool is_unit(const char *text, const char *unit, double *factor)
{
	size_t n = strlen(text), len = strlen(unit);
	size_t i;

	if (n < len || strcasecmp(text + n - len, unit))
		return false;
	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (strlen(prefixes[i].prefix) == n - len &&
		    !strncasecmp(text, prefixes[i].prefix, n - len)) {
			*factor = prefixes[i].factor;
			return true;
		}
	}
	return false;
}

static int refuse_unit(const struct place *at, const char *what, const char *text)
{
	return refuse(at, "%s \"%.64s\" is no rate: write a number with its unit, which is pps for packets a second, bit, kbit, mbit or gbit for bits and bps, kbps, mbps or gbps for bytes a second, as in 1000pps, 20mbit or 2mbps.",
		      what, text);
}

int limit_parse(const struct place *at, const char *what, const char *text, struct limit *limit)
{
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits;
	double factor, number;
	char *end;

	number = strtod(text, &end);
	if (!digits || digits > 20 || end != unit)
		return refuse_unit(at, what, text);
	if (is_unit(unit, "pps", &factor)) {
		number *= factor;
		if (limit->packets)
			return refuse(at, "%s \"%.64s\" is the second rate of packets: leave one of them.",
				      what, text);
		if (number < 1 || number > UINT32_MAX)
			return refuse(at, "%s \"%.64s\" is out of range: write 1pps to %upps.",
				      what, text, UINT32_MAX);
		limit->packets = number;
		return 0;
	}
	/* The suffix decides, as in tc: "mbit" are bits, "mbps" bytes. */
	if (is_unit(unit, "bps", &factor))
		factor *= 8;
	else if (!is_unit(unit, "bit", &factor))
		return refuse_unit(at, what, text);
	number *= factor;
	if (limit->bytes)
		return refuse(at, "%s \"%.64s\" is the second rate of bits: leave one of them.",
			      what, text);
	if (number < 8 || number > BITS_MAX)
		return refuse(at, "%s \"%.64s\" is out of range: write 8bit to 1000tbit.", what,
			      text);
	limit->bytes = number / 8;
	return 0;
}

static int format_bits(uint64_t bits, char *text, size_t size)
{
	static const struct {
		uint64_t factor;
		const char *unit;
	} units[] = {
		{ 1000000000, "gbit" }, { 1000000, "mbit" }, { 1000, "kbit" }, { 1, "bit" },
	};
	size_t i = 0;

	while (bits % units[i].factor)
		i++;
	return snprintf(text, size, "%" PRIu64 "%s", bits / units[i].factor, units[i].unit);
}

const char *limit_format(const struct limit *limit, char text[LIMIT_TEXT_LEN])
{
	int n = 0;

	*text = '\0';
	if (limit->packets)
		n = snprintf(text, LIMIT_TEXT_LEN, "%upps%s", limit->packets,
			     limit->bytes ? " " : "");
	if (limit->bytes)
		format_bits(limit->bytes * 8, text + n, LIMIT_TEXT_LEN - n);
	return text;
}
