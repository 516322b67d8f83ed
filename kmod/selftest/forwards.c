// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../forwards.c. */

#include "selftest.h"

enum {
	TWIN_FORWARDS = 48,
	TWIN_ROUNDS = 150,
	TWIN_LOOKUPS = 150,
	TWIN_MANY = 2000,
};

struct twin {
	struct krelay_selftest test;
	unsigned int count;
	struct krelay_forward *list[TWIN_FORWARDS];
};

/* Never followed. */
static struct krelay_peer *random_peer(struct krelay_selftest *test)
{
	return (struct krelay_peer *)(0x1000UL * krelay_selftest_below(test, 3));
}

/* Few, so that forwards meet; in IPv6 they differ in the first or the last word. */
static void random_address(struct krelay_selftest *test, union nf_inet_addr *addr, u8 family)
{
	memset(addr, 0, sizeof(*addr));
	addr->all[family == NFPROTO_IPV6 ? 3 * krelay_selftest_below(test, 2) : 0] =
		krelay_selftest_below(test, 2);
}

static void random_kind(struct krelay_selftest *test, u8 *family, u8 *proto)
{
	static const u8 protos[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_GRE
	};

	*family = krelay_selftest_one_in(test, 2) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	*proto = protos[krelay_selftest_below(test, ARRAY_SIZE(protos))];
}

/* Around the edges of pages more often than not. */
static u16 random_port(struct krelay_selftest *test)
{
	u32 port = krelay_selftest_below(test, 65536);

	if (krelay_selftest_one_in(test, 2))
		port = krelay_selftest_below(test, 8) * 256 + krelay_selftest_below(test, 3) - 1;
	if (krelay_selftest_one_in(test, 16))
		port = 65535 - krelay_selftest_below(test, 3);
	return clamp_t(u32, port, 1, 65535);
}

static void random_ports(struct krelay_selftest *test, struct krelay_forward *forward)
{
	static const u16 spans[] = { 0, 0, 0, 1, 7, 254, 255, 256, 511, 1000, 65534 };
	unsigned int span = spans[krelay_selftest_below(test, ARRAY_SIZE(spans))];

	forward->port_first = random_port(test);
	forward->target_first = krelay_selftest_one_in(test, 2) ? forward->port_first :
								  random_port(test);
	span = min3(span, 65535U - forward->port_first, 65535U - forward->target_first);
	forward->port_last = forward->port_first + span;
}

/* Without ports, some of them a catch-all that leaves a few things alone. */
static void random_whole(struct krelay_selftest *test, struct krelay_forward *forward)
{
	static const u8 protos[] = { IPPROTO_TCP, IPPROTO_GRE };
	struct krelay_except *except;
	unsigned int i;

	forward->whole = true;
	forward->port_first = 0;
	forward->port_last = U16_MAX;
	forward->target_first = 0;
	if (forward->proto == IPPROTO_GRE)
		return;
	forward->proto = 0;
	if (!forward->excepts)
		forward->excepts = kcalloc(ARRAY_SIZE(protos), sizeof(*except), GFP_KERNEL);
	for (i = 0; forward->excepts && i < ARRAY_SIZE(protos); i++) {
		except = &forward->excepts[i];
		except->proto = protos[i];
		except->port_first = except->proto == IPPROTO_GRE ? 0 : random_port(test);
		except->port_last = except->proto == IPPROTO_GRE ? U16_MAX :
				    min(U16_MAX, except->port_first + 300);
		if (krelay_selftest_one_in(test, 2))
			forward->num_excepts = i + 1;
	}
}

static void random_forward(struct krelay_selftest *test, struct krelay_forward *forward)
{
	forward->whole = false;
	forward->num_excepts = 0;
	random_kind(test, &forward->family, &forward->proto);
	random_address(test, &forward->public, forward->family);
	random_address(test, &forward->target, forward->family);
	forward->any_address = krelay_selftest_one_in(test, 3);
	forward->peer = random_peer(test);
	random_ports(test, forward);
	if (forward->proto == IPPROTO_GRE || krelay_selftest_one_in(test, 8))
		random_whole(test, forward);
	/* What a look-up must not look at. */
	if (forward->family == NFPROTO_IPV4)
		forward->public.all[2] = krelay_selftest_u32(test);
}

static bool same_address(u8 family, const union nf_inet_addr *a, const union nf_inet_addr *b)
{
	return family == NFPROTO_IPV4 ? a->ip == b->ip : !memcmp(a, b, sizeof(*a));
}

static unsigned int target_last(const struct krelay_forward *forward)
{
	return forward->target_first + forward->port_last - forward->port_first;
}

/* What it takes, or with @n from 1 on an exception. Return: false beyond the last. */
static bool nth_claim(const struct krelay_forward *forward, unsigned int n,
		      struct krelay_except *claim)
{
	if (n > forward->num_excepts)
		return false;
	if (n) {
		*claim = forward->excepts[n - 1];
		return true;
	}
	claim->proto = forward->proto;
	claim->port_first = forward->port_first;
	claim->port_last = forward->port_last;
	return true;
}

static bool clash_public(const struct krelay_forward *a, const struct krelay_forward *b)
{
	struct krelay_except mine, theirs;
	unsigned int i, j;

	if (a->family != b->family || a->any_address != b->any_address ||
	    (!a->any_address && !same_address(a->family, &a->public, &b->public)))
		return false;
	for (i = 0; nth_claim(a, i, &mine); i++)
		for (j = 0; nth_claim(b, j, &theirs); j++)
			if (mine.proto == theirs.proto && mine.port_first <= theirs.port_last &&
			    theirs.port_first <= mine.port_last)
				return true;
	return false;
}

static bool clash_target(const struct krelay_forward *a, const struct krelay_forward *b)
{
	return a->family == b->family && a->proto == b->proto && a->peer == b->peer &&
	       same_address(a->family, &a->target, &b->target) &&
	       a->target_first <= target_last(b) && b->target_first <= target_last(a);
}

/* What the table has to say of the first one that clashes with an earlier one. */
static int twin_build(const struct twin *twin, unsigned int *culprit)
{
	unsigned int i, j;

	for (i = 0; i < twin->count; i++) {
		*culprit = i;
		for (j = 0; j < i; j++)
			if (clash_public(twin->list[i], twin->list[j]))
				return -EEXIST;
		for (j = 0; j < i; j++)
			if (clash_target(twin->list[i], twin->list[j]))
				return -EADDRINUSE;
	}
	return 0;
}

static bool claims(const struct krelay_forward *forward, u8 proto, u16 port)
{
	struct krelay_except claim;
	unsigned int i;

	for (i = 0; nth_claim(forward, i, &claim); i++)
		if (claim.proto == proto && port >= claim.port_first && port <= claim.port_last)
			return true;
	return false;
}

static struct krelay_forward *twin_public(const struct twin *twin, u8 family, u8 proto,
					  const union nf_inet_addr *addr, u16 port)
{
	struct krelay_forward *forward, *any = NULL;
	unsigned int i;

	for (i = 0; i < twin->count; i++) {
		forward = twin->list[i];
		if (forward->family != family || !claims(forward, proto, port))
			continue;
		if (forward->any_address)
			any = forward;
		else if (same_address(family, &forward->public, addr))
			return forward;
	}
	return any;
}

static struct krelay_forward *twin_target(const struct twin *twin,
					  const struct krelay_peer *peer, u8 family, u8 proto,
					  const union nf_inet_addr *addr, u16 port)
{
	struct krelay_forward *forward;
	unsigned int i;

	for (i = 0; i < twin->count; i++) {
		forward = twin->list[i];
		if (forward->family == family && forward->proto == proto && forward->peer == peer &&
		    same_address(family, &forward->target, addr) &&
		    port >= forward->target_first && port <= target_last(forward))
			return forward;
	}
	return NULL;
}

static struct krelay_forward *twin_by_public(const struct twin *twin, u8 family, u8 proto,
					     const union nf_inet_addr *addr, u16 port)
{
	struct krelay_forward *forward = twin_public(twin, family, proto, addr, port);

	if (forward)
		return forward->proto ? forward : NULL;
	forward = twin_public(twin, family, 0, addr, 0);
	if (forward && twin_target(twin, forward->peer, family, proto, &forward->target, port))
		return NULL;
	return forward;
}

static struct krelay_forward *twin_by_target(const struct twin *twin,
					     const struct krelay_peer *peer, u8 family, u8 proto,
					     const union nf_inet_addr *addr, u16 port)
{
	struct krelay_forward *forward = twin_target(twin, peer, family, proto, addr, port);

	return forward ?: twin_target(twin, peer, family, 0, addr, 0);
}

static int check_ports(struct twin *twin, const struct krelay_forward *forward)
{
	unsigned int i, span = forward->port_last - forward->port_first;
	__be16 public, target;

	i = krelay_selftest_below(&twin->test, span + 1);
	public = htons(forward->port_first + i);
	target = htons(forward->target_first + i);
	if (krelay_forwards_target_port(forward, public) != target ||
	    krelay_forwards_public_port(forward, target) != public)
		return krelay_selftest_fail(&twin->test, "a port is translated wrongly");
	return 0;
}

static int check_lookup(struct twin *twin, const struct krelay_forwards *table)
{
	struct krelay_peer *peer = random_peer(&twin->test);
	u16 port = random_port(&twin->test);
	struct krelay_forward *forward;
	union nf_inet_addr addr;
	u8 family, proto;

	random_kind(&twin->test, &family, &proto);
	random_address(&twin->test, &addr, family);
	if (proto == IPPROTO_GRE)
		port = 0;
	/* Near something that is there. */
	if (port && twin->count && krelay_selftest_one_in(&twin->test, 2)) {
		forward = twin->list[krelay_selftest_below(&twin->test, twin->count)];
		port = krelay_selftest_one_in(&twin->test, 2) ? forward->port_first :
								target_last(forward);
		port += krelay_selftest_below(&twin->test, 3) - 1;
	}

	forward = krelay_forwards_by_public(table, family, proto, &addr, htons(port));
	if (forward != twin_by_public(twin, family, proto, &addr, port))
		return krelay_selftest_fail(&twin->test, "another forward by public port");
	if (forward && check_ports(twin, forward))
		return -EINVAL;
	forward = krelay_forwards_by_target(table, peer, family, proto, &addr, htons(port));
	if (forward != twin_by_target(twin, peer, family, proto, &addr, port))
		return krelay_selftest_fail(&twin->test, "another forward by target port");
	return 0;
}

static int check_table(struct twin *twin, const struct krelay_forwards *table)
{
	unsigned int i;

	if (krelay_forwards_count(table) != twin->count || krelay_forwards_at(table, twin->count))
		return krelay_selftest_fail(&twin->test, "another number of forwards");
	for (i = 0; i < twin->count; i++)
		if (krelay_forwards_at(table, i) != twin->list[i] ||
		    refcount_read(&twin->list[i]->refs) != 2)
			return krelay_selftest_fail(&twin->test, "another order or count");
	for (i = 0; i < TWIN_LOOKUPS; i++)
		if (check_lookup(twin, table))
			return -EINVAL;
	return 0;
}

static int check_conflict(struct twin *twin, int err, const unsigned int conflict[2],
			  unsigned int culprit)
{
	const struct krelay_forward *a, *b;

	if (conflict[0] >= conflict[1] || conflict[1] != culprit)
		return krelay_selftest_fail(&twin->test, "blames the wrong forwards");
	a = twin->list[conflict[0]];
	b = twin->list[conflict[1]];
	if (err == -EEXIST ? !clash_public(a, b) : !clash_target(a, b))
		return krelay_selftest_fail(&twin->test, "blames forwards that do not clash");
	return 0;
}

static int check_build(struct twin *twin)
{
	unsigned int i, culprit = 0, conflict[2] = { ~0U, ~0U };
	int expected = twin_build(twin, &culprit), err, got;
	struct krelay_forwards *table = NULL;

	got = krelay_forwards_build(twin->list, twin->count, &table, conflict);
	if (got != expected)
		err = krelay_selftest_fail(&twin->test, "built or refused wrongly");
	else if (got)
		err = check_conflict(twin, got, conflict, culprit);
	else
		err = check_table(twin, table);

	krelay_forwards_free(table);
	for (i = 0; i < twin->count; i++)
		if (refcount_read(&twin->list[i]->refs) != 1)
			err = krelay_selftest_fail(&twin->test, "a reference is left");
	return err;
}

/* Most tables without a clash, or most look-ups would have nothing to do. */
static void fill_twin(struct twin *twin, unsigned int count)
{
	bool clashes = krelay_selftest_one_in(&twin->test, 3);
	unsigned int culprit, tries = 0;

	for (twin->count = 0; twin->count < count && tries < 100; tries++) {
		random_forward(&twin->test, twin->list[twin->count++]);
		if (twin_build(twin, &culprit) && !(clashes && tries > count / 2))
			twin->count--;
	}
}

static int check_refusals(struct twin *twin)
{
	struct krelay_forwards *table = NULL;
	unsigned int conflict[2] = {};
	unsigned int i;

	if (krelay_forwards_build(twin->list, KRELAY_FORWARDS_MAX + 1, &table, conflict) != -E2BIG)
		return krelay_selftest_fail(&twin->test, "took too many forwards");
	for (i = 0; i < 5; i++) {
		struct krelay_forward *forward = twin->list[0];

		random_forward(&twin->test, forward);
		forward->whole = false;
		forward->port_first = i == 0 ? 0 : 50;
		forward->port_last = i == 1 ? 49 : 52;
		forward->target_first = i == 2 ? 65534 : 50;
		forward->family = i == 3 ? NFPROTO_ARP : NFPROTO_IPV6;
		forward->proto = i == 4 ? 0 : IPPROTO_UDP;
		if (krelay_forwards_build(&forward, 1, &table, conflict) != -EINVAL)
			return krelay_selftest_fail(&twin->test, "took ports out of range");
	}
	if (krelay_forwards_by_public(NULL, NFPROTO_IPV4, IPPROTO_TCP, &twin->list[0]->public, 0))
		return krelay_selftest_fail(&twin->test, "found something in no table");
	return 0;
}

static int check_counters(struct twin *twin)
{
	struct krelay_forward *forward = twin->list[0];
	struct krelay_forward_totals in, out;
	unsigned int i;

	local_bh_disable();
	krelay_forwards_account(forward, KRELAY_FORWARDS_IN, 2, 3000);
	krelay_forwards_account(forward, KRELAY_FORWARDS_IN, 1, 40);
	krelay_forwards_account(forward, KRELAY_FORWARDS_OUT, 5, 7000);
	for (i = KRELAY_FORWARDS_FIRST_DROP; i <= KRELAY_FORWARDS_LAST_DROP; i++)
		krelay_forwards_account_drop(forward, KRELAY_FORWARDS_OUT, i);
	local_bh_enable();
	krelay_forwards_totals(forward, KRELAY_FORWARDS_IN, &in);
	krelay_forwards_totals(forward, KRELAY_FORWARDS_OUT, &out);
	if (in.packets != 3 || in.bytes != 3040 || out.packets != 5 || out.bytes != 7000)
		return krelay_selftest_fail(&twin->test, "counters are wrong");
	for (i = 0; i < KRELAY_FORWARDS_DROPS; i++)
		if (in.drops[i] || out.drops[i] != 1)
			return krelay_selftest_fail(&twin->test, "counters of drops are wrong");
	return 0;
}

/* The same ports over and over at other addresses, freed after a grace period. */
static int check_many(struct twin *twin)
{
	struct krelay_forward **list = kvcalloc(TWIN_MANY, sizeof(*list), GFP_KERNEL);
	struct krelay_forwards *table = NULL;
	struct krelay_forward *forward;
	unsigned int i, conflict[2];
	int err = list ? 0 : -ENOMEM;

	for (i = 0; i < TWIN_MANY && !err; i++) {
		list[i] = krelay_forwards_alloc();
		if (!list[i]) {
			err = -ENOMEM;
			break;
		}
		list[i]->family = NFPROTO_IPV6;
		list[i]->proto = IPPROTO_TCP;
		list[i]->public.all[1] = i / 100;
		list[i]->target.all[2] = i / 100;
		list[i]->port_first = 1 + i % 100;
		list[i]->port_last = 1 + i % 100;
		list[i]->target_first = 1 + i % 100;
	}
	err = err ?: krelay_forwards_build(list, TWIN_MANY, &table, conflict);
	for (i = 0; i < TWIN_MANY && !err; i++) {
		forward = krelay_forwards_by_public(table, NFPROTO_IPV6, IPPROTO_TCP,
						    &list[i]->public, htons(1 + i % 100));
		if (forward != list[i])
			err = krelay_selftest_fail(&twin->test, "lost one of many");
	}
	/* The callback drops the last references. */
	for (i = 0; list && i < TWIN_MANY; i++)
		krelay_forwards_put(list[i]);
	krelay_forwards_free_rcu(table);
	rcu_barrier();
	kvfree(list);
	return err;
}

static int run(struct twin *twin)
{
	unsigned int i;
	int err;

	err = check_refusals(twin) ?: check_counters(twin);
	for (i = 0; i < TWIN_ROUNDS && !err; i++) {
		fill_twin(twin, krelay_selftest_below(&twin->test, TWIN_FORWARDS + 1));
		err = check_build(twin);
	}
	return err ?: check_many(twin);
}

int krelay_forwards_selftest(void)
{
	struct twin *twin = kzalloc(sizeof(*twin), GFP_KERNEL);
	int err = twin ? 0 : -ENOMEM;
	unsigned int i;

	for (i = 0; i < TWIN_FORWARDS && !err; i++) {
		twin->list[i] = krelay_forwards_alloc();
		if (!twin->list[i])
			err = -ENOMEM;
	}
	if (!err) {
		krelay_selftest_begin(&twin->test, "forwards");
		err = run(twin);
	}
	for (i = 0; twin && i < TWIN_FORWARDS; i++)
		krelay_forwards_put(twin->list[i]);
	kfree(twin);
	return err;
}
