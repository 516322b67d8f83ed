// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accept.h"
#include "forwards.h"
#include "limits.h"
#include "sources.h"

/* Of one catch-all; the module takes no more. */
#define EXCEPTS_MAX 96

/* Ends the sentence about what does not follow it. */
static const char grammar[] =
	"write PROTO/PORT[-PORT], PROTO or \"all\", then [on ADDRESS] [-> TARGET] and options, as in tcp/8443 -> 443.";

DEFINE_ARRAY(word_array, char *);
DEFINE_ARRAY(proto_array, uint8_t);

/**
 * struct parsing - a forward being read
 * @whole: its text, for refusals
 * @words: its words, which point into @copy
 * @next: index of the next word
 * @protos: "tcp+udp" makes two of it
 * @aimed: its arrow was read
 * @closed: there is more to it than a catch-all and its exceptions
 */
struct parsing {
	const struct place *at;
	const char *whole;
	char *copy;
	struct word_array words;
	size_t next;
	struct forward forward;
	struct proto_array protos;
	struct source_array sources;
	bool aimed;
	bool closed;
};

static const char *const keywords[] = {
	"on", "->", "-", "allow", "deny", "limit", "source-limit", "force",
};

bool forward_is_keyword(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (!strcasecmp(word, keywords[i]))
			return true;
	}
	return false;
}

/* Cut into words; an arrow is one, with or without blanks around it. */
static void split_words(struct parsing *p, const char *text)
{
	const char *from;
	char *to, *word;

	p->copy = zalloc(3 * strlen(text) + 1);
	for (from = text, to = p->copy; *from; from++) {
		if (from[0] == '-' && from[1] == '>') {
			to = stpcpy(to, " -> ");
			from++;
		} else {
			*to++ = *from;
		}
	}
	for (to = p->copy; (word = strsep(&to, " \t"));) {
		if (*word)
			*array_add(&p->words) = word;
	}
}

static const char *peek(const struct parsing *p)
{
	return p->next < p->words.count ? p->words.items[p->next] : NULL;
}

/* The next word, unless it begins another part. */
static char *take_value(struct parsing *p)
{
	if (!peek(p) || forward_is_keyword(peek(p)))
		return NULL;
	return p->words.items[p->next++];
}

static int refuse_start(const struct parsing *p, const char *name, bool ports)
{
	uint32_t port;

	if (strpbrk(name, ".:@"))
		return refuse(p->at, "Forward \"%.64s\" begins with an address: put blanks, not commas, between those behind \"allow\" and \"deny\".",
			      p->whole);
	if (!ports && text_decimal(name, UINT16_MAX, &port) && port)
		return refuse(p->at, "Forward \"%.64s\" is a port without its protocol: write tcp/%u or udp/%u.",
			      p->whole, port, port);
	return refuse(p->at, "Forward \"%.64s\" does not begin with a protocol: %s", p->whole,
		      grammar);
}

static bool has_proto(const struct proto_array *protos, uint8_t proto)
{
	const uint8_t *other;

	array_for_each(other, protos) {
		if (*other == proto)
			return true;
	}
	return false;
}

/* PROTO[+PROTO...] */
static int parse_protos(struct parsing *p, char *text, bool ports)
{
	char *name;
	uint8_t proto;

	while ((name = text_split(&text, '+'))) {
		if (!proto_parse(name, &proto) || (!ports && proto_is_port(name)))
			return refuse_start(p, name, ports);
		if (has_proto(&p->protos, proto))
			return refuse(p->at, "Forward \"%.64s\" names the protocol %s twice: write it once.",
				      p->whole, name);
		if (!ports && proto_has_ports(proto))
			return refuse(p->at, "Forward \"%.64s\" has no port, which %s needs: write one as in %s/443, or all of them as in %s/1-65535.",
				      p->whole, name, name, name);
		if (ports && !proto_has_ports(proto))
			return refuse(p->at, "Forward \"%.64s\" gives a port to %s, which has none: write \"%s\" alone.",
				      p->whole, name, name);
		*array_add(&p->protos) = proto;
	}
	return 0;
}

static int refuse_except(const struct parsing *p, const char *word)
{
	char swapped[ACCEPT_TEXT_LEN];

	if (ports_before_proto(word, swapped))
		return refuse(p->at, "Forward \"%.64s\" excepts \"%.64s\", with the port before the protocol: write %s.",
			      p->whole, word, swapped);
	return refuse(p->at, "Forward \"%.64s\" excepts \"%.64s\", which is no protocol with or without ports: write it as in tcp/22, udp/5000-5010 or icmp.",
		      p->whole, word);
}

/* PROTO[+PROTO...][/PORTS] */
static int parse_except(struct parsing *p, char *word, struct accept_array *excepts)
{
	struct accept except = { 0 };
	char swapped[ACCEPT_TEXT_LEN];
	char text[ACCEPT_TEXT_LEN];
	char copy[64];
	char *protos = copy;
	struct accept *other;
	char *slash, *name;

	if (snprintf(copy, sizeof(copy), "%s", word) >= (int)sizeof(copy) ||
	    ports_before_proto(word, swapped))
		return refuse_except(p, word);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (slash && ports_parse(p->at, "Forward except port", slash, &except.first, &except.last))
		return -1;
	while ((name = text_split(&protos, '+'))) {
		if (!proto_parse(name, &except.proto) || (!slash && proto_is_port(name)))
			return refuse_except(p, word);
		if (slash && !proto_has_ports(except.proto))
			return refuse(p->at, "Forward \"%.64s\" excepts a port of %s, which has none: write \"%s\" alone.",
				      p->whole, name, name);
		array_for_each(other, excepts) {
			if (accept_overlap(other, &except))
				return refuse(p->at, "Forward \"%.64s\" excepts \"%.64s\", of which \"%s\" is excepted already: write each port once.",
					      p->whole, word, accept_format(other, text));
		}
		if (excepts->count == EXCEPTS_MAX)
			return refuse(p->at, "Forward \"%.64s\" has more than %u exceptions: put neighbours into ranges, as in tcp/5000-5010.",
				      p->whole, EXCEPTS_MAX);
		*array_add(excepts) = except;
	}
	return 0;
}

/* PROTO[/PORTS] [and] PROTO[/PORTS]... */
static int parse_excepts(struct parsing *p, struct accept_array *excepts)
{
	bool joined = true;
	char *word;

	while ((word = take_value(p))) {
		if (!strcasecmp(word, "and") && !joined) {
			joined = true;
			continue;
		}
		if (parse_except(p, word, excepts))
			return -1;
		joined = false;
	}
	if (joined)
		return refuse(p->at, "Forward \"%.64s\" does not say what is excepted: write protocols with or without ports, as in \"all except tcp/22\".",
			      p->whole);
	return 0;
}

static int parse_what(struct parsing *p)
{
	struct forward *forward = &p->forward;
	char swapped[ACCEPT_TEXT_LEN];
	char *word = take_value(p);
	char *slash;

	if (!word)
		return refuse(p->at, "Forward \"%.64s\" has nothing to forward: %s", p->whole,
			      grammar);
	if (!strcasecmp(word, "all")) {
		*array_add(&p->protos) = 0;
		if (!peek(p) || strcasecmp(peek(p), "except"))
			return 0;
		p->next++;
		return parse_excepts(p, &forward->excepts);
	}
	if (ports_before_proto(word, swapped))
		return refuse(p->at, "Forward \"%.64s\" has the port before the protocol: write %s.",
			      p->whole, swapped);
	slash = strchr(word, '/');
	if (slash)
		*slash++ = '\0';
	if (parse_protos(p, word, slash))
		return -1;
	if (slash && ports_parse(p->at, "Forward port", slash, &forward->first, &forward->last))
		return -1;
	forward->target_first = forward->first;
	return 0;
}

static int parse_on(struct parsing *p)
{
	char *word = take_value(p);

	if (!word)
		return refuse(p->at, "Forward \"%.64s\" ends in \"on\" without an address: write an address of this host, as in tcp/443 on 203.0.113.5.",
			      p->whole);
	if (p->forward.public.family)
		return refuse(p->at, "Forward \"%.64s\" is on two addresses: write a forward for each.",
			      p->whole);
	if (!address_parse(word, &p->forward.public))
		return refuse(p->at, "Forward \"%.64s\" is on \"%.64s\", which is no IP address: write an address of this host, as in tcp/443 on 203.0.113.5.",
			      p->whole, word);
	if (!address_can_be_hosts(&p->forward.public))
		return refuse(p->at, "Forward \"%.64s\" is on %s, where no visitor can reach a host: write an address that a netdev here has, or leave out \"on %s\" for any.",
			      p->whole, word, word);
	return 0;
}

/* True if @text begins with an address; *@ports is what follows its colon, NULL without one. */
static bool split_target(char *text, struct address *address, char **ports)
{
	char *end;

	*ports = NULL;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*ports = end[1] ? end + 2 : NULL;
		*end = '\0';
		return address_parse(text + 1, address) && address->family == AF_INET6;
	}
	end = strchr(text, ':');
	if (end) {
		*end = '\0';
		*ports = end + 1;
	}
	return address_parse(text, address);
}

/* The target of what has no ports. */
static int parse_host(struct parsing *p, char *word)
{
	struct address *target = &p->forward.target;
	char copy[ADDRESS_TEXT_LEN + 2];
	char *ports = NULL;

	snprintf(copy, sizeof(copy), "%s", word);
	if (address_parse(word, target) || (split_target(copy, target, &ports) && !ports))
		return 0;
	return refuse(p->at, "Forward \"%.64s\" has the target \"%.64s\", but what has no port leads to an address alone: write it as in \"-> 10.0.0.2\".",
		      p->whole, word);
}

static int parse_target_ports(struct parsing *p, const char *ports)
{
	struct forward *forward = &p->forward;
	const uint8_t *proto;
	uint16_t first, last;

	if (ports_parse(p->at, "Forward target port", ports, &first, &last))
		return -1;
	if (last - first != forward->last - forward->first)
		return refuse(p->at, "Forward \"%.64s\" leads %u public ports to %u: give both ranges the same length.",
			      p->whole, forward->last - forward->first + 1, last - first + 1);
	array_for_each(proto, &p->protos) {
		if ((*proto == IPPROTO_SCTP || *proto == IPPROTO_DCCP) && first != forward->first)
			return refuse(p->at, "Forward \"%.64s\" leads to another port, which %s cannot since both ends of it know their ports: leave the port out of the target, and serve that port there.",
				      p->whole, *proto == IPPROTO_SCTP ? "sctp" : "dccp");
	}
	forward->target_first = first;
	forward->target_said = true;
	return 0;
}

static int parse_target(struct parsing *p)
{
	char *word = take_value(p);
	char *copy, *ports;
	int ret = 0;

	if (!word)
		return refuse(p->at, "Forward \"%.64s\" has nothing behind its arrow: write a PORT, an ADDRESS or ADDRESS:PORT there.",
			      p->whole);
	if (p->aimed)
		return refuse(p->at, "Forward \"%.64s\" has two targets: leave one of them.",
			      p->whole);
	p->aimed = true;
	if (!p->forward.first)
		return parse_host(p, word);
	copy = text_copy(word);
	ports = copy;
	if (strpbrk(word, ".:[") && !split_target(copy, &p->forward.target, &ports))
		ret = refuse(p->at, "Forward \"%.64s\" has the target \"%.64s\", which is neither ADDRESS:PORT nor [IPV6 ADDRESS]:PORT: write it as in 10.0.0.2:443 or [fd00::2]:443.",
			     p->whole, word);
	if (!ret && ports)
		ret = parse_target_ports(p, ports);
	free(copy);
	return ret;
}

static int parse_sources(struct parsing *p, const char *keyword)
{
	bool allow = !strcasecmp(keyword, "allow");
	char *word = take_value(p);

	if (!word)
		return refuse(p->at, "Forward \"%.64s\" does not say what to %s: write prefixes or the name of a file of them, as in \"%s 203.0.113.0/24 @friends.txt\".",
			      p->whole, keyword, keyword);
	for (; word; word = take_value(p)) {
		if (sources_parse(p->at, word, allow, &p->sources))
			return -1;
	}
	return 0;
}

static int parse_limit(struct parsing *p, const char *keyword, struct limit *limit)
{
	char *word = take_value(p);

	if (!word)
		return refuse(p->at, "Forward \"%.64s\" has a %s without a rate: write one as in \"%s 1000pps 20mbit\".",
			      p->whole, keyword, keyword);
	if (limit_is_set(limit))
		return refuse(p->at, "Forward \"%.64s\" has \"%s\" twice: write both rates behind the first.",
			      p->whole, keyword);
	for (; word; word = take_value(p)) {
		if (limit_parse(p->at, keyword, word, limit))
			return -1;
	}
	return 0;
}

static int parse_part(struct parsing *p)
{
	const char *word = p->words.items[p->next++];

	p->closed = true;
	if (!strcasecmp(word, "on"))
		return parse_on(p);
	if (!strcmp(word, "->"))
		return parse_target(p);
	if (!strcasecmp(word, "allow") || !strcasecmp(word, "deny"))
		return parse_sources(p, word);
	if (!strcasecmp(word, "limit"))
		return parse_limit(p, word, &p->forward.limit);
	if (!strcasecmp(word, "source-limit"))
		return parse_limit(p, word, &p->forward.source_limit);
	if (!strcasecmp(word, "force")) {
		p->forward.force = true;
		return 0;
	}
	if (!strcmp(word, "-"))
		return refuse(p->at, "Forward \"%.64s\" has half an arrow: on a command line put quotes around it, as in 'tcp/8443 -> 443'.",
			      p->whole);
	return refuse(p->at, "Forward \"%.64s\" has words after its ports that mean nothing, from \"%.32s\" on: %s",
		      p->whole, word, grammar);
}

void forward_set_family(struct forward *forward, int family)
{
	struct accept_array *excepts = &forward->excepts;
	bool has_icmp = false;
	size_t i, n = 0;

	forward->family = family;
	if (family != AF_INET6)
		return;
	if (forward->proto == IPPROTO_ICMP)
		forward->proto = IPPROTO_ICMPV6;
	/* Both may have been named. */
	for (i = 0; i < excepts->count; i++) {
		if (excepts->items[i].proto == IPPROTO_ICMP)
			excepts->items[i].proto = IPPROTO_ICMPV6;
		if (excepts->items[i].proto == IPPROTO_ICMPV6) {
			if (has_icmp)
				continue;
			has_icmp = true;
		}
		excepts->items[n++] = excepts->items[i];
	}
	excepts->count = n;
}

static int check_target(const struct parsing *p)
{
	const struct address *target = &p->forward.target;
	char text[ADDRESS_TEXT_LEN];

	if (!target->family || address_can_be_hosts(target))
		return 0;
	return refuse(p->at, "Forward \"%.64s\" leads to %s, which no host behind a peer can have: write the address of one, or leave it out for the peer's own.",
		      p->whole, address_format(target, text));
}

static int check_families(const struct parsing *p)
{
	const struct forward *forward = &p->forward;

	if (forward->public.family && forward->target.family &&
	    forward->public.family != forward->target.family)
		return refuse(p->at, "Forward \"%.64s\" leads from IPv%c to IPv%c: both addresses must be of one kind.",
			      p->whole, forward->public.family == AF_INET ? '4' : '6',
			      forward->target.family == AF_INET ? '4' : '6');
	if (has_proto(&p->protos, IPPROTO_ICMPV6) &&
	    (forward->public.family == AF_INET || forward->target.family == AF_INET))
		return refuse(p->at, "Forward \"%.64s\" is of IPv6, but its address of IPv4: write icmp.",
			      p->whole);
	return 0;
}

/* Add what was read, once for each protocol. */
static int add_forwards(struct parsing *p, struct device *device)
{
	struct forward *forward = &p->forward;
	struct forward *added;
	const uint8_t *proto;
	int family;

	if (check_target(p) || check_families(p))
		return -1;
	if (p->sources.count) {
		if (sources_settle(p->at, p->whole, &p->sources, device, &forward->sources))
			return -1;
		forward->has_sources = true;
	}
	family = forward->public.family ?: forward->target.family;
	array_for_each(proto, &p->protos) {
		added = forward_add(&device->forwards, forward);
		added->proto = *proto;
		forward_set_family(added, *proto == IPPROTO_ICMPV6 ? AF_INET6 : family);
	}
	return 0;
}

static void start(struct parsing *p, const struct place *at, const char *text)
{
	memset(p, 0, sizeof(*p));
	p->at = at;
	p->whole = text;
	p->forward.line = at ? at->line : 0;
	split_words(p, text);
}

static void finish(struct parsing *p)
{
	array_free(&p->forward.excepts);
	array_free(&p->protos);
	array_free(&p->sources);
	array_free(&p->words);
	free(p->copy);
}

static int parse_one(const struct place *at, const char *text, struct device *device,
		     bool *closed)
{
	struct parsing p;
	int ret;

	start(&p, at, text);
	ret = parse_what(&p);
	while (!ret && peek(&p))
		ret = parse_part(&p);
	if (!ret)
		ret = add_forwards(&p, device);
	*closed = p.closed;
	finish(&p);
	return ret;
}

/*
 * What follows "all except tcp/22," is not a forward: taken for one, the second port of "all
 * except tcp/22, tcp/2222" would lead the owner's own way in away from this host.
 */
static int parse_more_excepts(const struct place *at, const char *text, struct forward *all,
			      bool closed)
{
	struct parsing p;
	bool bare = true;
	int ret = 0;
	size_t i;

	start(&p, at, text);
	for (i = 0; i < p.words.count; i++)
		bare = bare && !forward_is_keyword(p.words.items[i]) &&
		       strcasecmp(p.words.items[i], "all");
	if (closed || !bare)
		ret = refuse(at, "\"%.64s\" stands in a list behind \"all except\", where it could be an exception or a forward: put an exception right behind the others, and a forward before \"all\" or into a Forward of its own.",
			     text);
	if (!ret)
		ret = parse_excepts(&p, &all->excepts);
	finish(&p);
	return ret;
}

int forwards_parse(const struct place *at, char *text, struct device *device)
{
	struct forward *last = NULL;
	bool closed = false;
	char *element;

	while ((element = text_split(&text, ','))) {
		if (!*element)
			return refuse_empty(at, "Forward");
		if (last && last->excepts.count) {
			if (parse_more_excepts(at, element, last, closed))
				return -1;
			continue;
		}
		if (parse_one(at, element, device, &closed))
			return -1;
		last = &device->forwards.items[device->forwards.count - 1];
	}
	return 0;
}

static void print_what(FILE *out, const struct forward *forward, bool excepts)
{
	const struct accept *except;
	char text[ACCEPT_TEXT_LEN];
	char address[ADDRESS_TEXT_LEN];
	struct accept what = {
		.proto = forward->proto, .first = forward->first, .last = forward->last,
	};

	fputs(forward->proto ? accept_format(&what, text) : "all", out);
	if (excepts && forward->excepts.count)
		fputs(" except", out);
	for (except = forward->excepts.items; excepts && except < forward->excepts.items +
	     forward->excepts.count; except++)
		fprintf(out, " %s", accept_format(except, text));
	if (forward->public.family)
		fprintf(out, " on %s", address_format(&forward->public, address));
}

static void print_target(FILE *out, const struct forward *forward)
{
	uint16_t last = forward->target_first + (forward->last - forward->first);
	char address[ADDRESS_TEXT_LEN];
	char ports[12];

	ports_format(forward->target_first, last, ports);
	if (forward->target.family && !forward->first)
		fprintf(out, " -> %s", address_format(&forward->target, address));
	else if (forward->target.family)
		fprintf(out, forward->target.family == AF_INET6 ? " -> [%s]:%s" : " -> %s:%s",
			address_format(&forward->target, address), ports);
	else if (forward->target_first != forward->first)
		fprintf(out, " -> %s", ports);
}

static void print_sources(FILE *out, const struct sources *sources, bool allow, size_t max)
{
	const struct source *source;
	char text[PREFIX_TEXT_LEN];
	size_t n = 0;

	array_for_each(source, &sources->list)
		n += source->allow == allow;
	if (!n)
		return;
	fputs(allow ? " allow" : " deny", out);
	if (n > max) {
		/* Not to be read again, lest it let in whom the list did not. */
		fprintf(out, " <%zu prefixes>", n);
		return;
	}
	array_for_each(source, &sources->list) {
		if (source->allow == allow)
			fprintf(out, " %s", prefix_format(&source->prefix, text));
	}
}

static void print_limit(FILE *out, const char *what, const struct limit *limit)
{
	char text[LIMIT_TEXT_LEN];

	if (limit_is_set(limit))
		fprintf(out, " %s %s", what, limit_format(limit, text));
}

const char *forward_format(const struct forward *forward, char text[FORWARD_TEXT_LEN])
{
	FILE *out = fmemopen(text, FORWARD_TEXT_LEN, "w");

	*text = '\0';
	if (!out)
		return text;
	print_what(out, forward, false);
	print_target(out, forward);
	fclose(out);
	return text;
}

char *forward_text(const struct device *device, const struct forward *forward,
		   size_t sources_max)
{
	const struct sources *sources = device_find_sources(device, forward);
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return text_copy("");
	print_what(out, forward, true);
	print_target(out, forward);
	if (sources) {
		print_sources(out, sources, true, sources_max);
		print_sources(out, sources, false, sources_max);
	}
	print_limit(out, "limit", &forward->limit);
	print_limit(out, "source-limit", &forward->source_limit);
	if (fclose(out) || !text)
		return text_copy("");
	return text;
}
