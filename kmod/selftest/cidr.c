// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../cidr.c. */

#include "selftest.h"

enum {
	TWIN_OWNERS = 6,
	TWIN_RULES = 150,
	TWIN_STEPS = 2500,
	TWIN_LOOKUPS = 8,
	TWIN_BASES = 3,
	TWIN_RESERVES = 6,
};

struct rule {
	u8 addr[16];
	u8 len;
	u8 prefix;
	struct krelay_cidr_owner *owner;
};

/* An unordered list, searched from end to end. */
struct twin {
	struct krelay_selftest test;
	struct krelay_cidr table;
	struct krelay_cidr_owner owner[TWIN_OWNERS];
	u8 base[TWIN_BASES][16];
	bool growing;
	unsigned int count;
	struct rule rule[TWIN_RULES];
};

static bool bits_match(const u8 *a, const u8 *b, u8 bits)
{
	unsigned int i;

	for (i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static struct krelay_cidr_owner *twin_lookup(const struct twin *twin, const u8 *addr, u8 len,
					     u8 least)
{
	const struct rule *best = NULL, *rule;

	for (rule = twin->rule; rule < twin->rule + twin->count; rule++)
		if (rule->len == len && rule->prefix >= least &&
		    bits_match(rule->addr, addr, rule->prefix) &&
		    (!best || rule->prefix > best->prefix))
			best = rule;
	return best ? best->owner : NULL;
}

static struct rule *twin_find(struct twin *twin, const struct rule *wanted)
{
	struct rule *rule;

	for (rule = twin->rule; rule < twin->rule + twin->count; rule++)
		if (rule->len == wanted->len && rule->prefix == wanted->prefix &&
		    bits_match(rule->addr, wanted->addr, wanted->prefix))
			return rule;
	return NULL;
}

static void twin_delete(struct twin *twin, struct rule *rule)
{
	*rule = twin->rule[--twin->count];
}

/* A few addresses with a few bits turned, so that prefixes nest and fork. */
static void random_rule(struct twin *twin, struct rule *rule)
{
	struct krelay_selftest *test = &twin->test;
	unsigned int bit, flips;

	rule->len = krelay_selftest_one_in(test, 2) ? 4 : 16;
	memcpy(rule->addr, twin->base[krelay_selftest_below(test, TWIN_BASES)], 16);
	for (flips = krelay_selftest_below(test, 4); flips; flips--) {
		bit = krelay_selftest_below(test, 8 * rule->len);
		rule->addr[bit / 8] ^= 0x80 >> bit % 8;
	}
	rule->prefix = krelay_selftest_below(test, 8 * rule->len + 1);
	if (krelay_selftest_one_in(test, 8))
		rule->prefix = 8 * rule->len;
	rule->owner = &twin->owner[krelay_selftest_below(test, TWIN_OWNERS)];
}

static int step_insert(struct twin *twin, struct rule *rule)
{
	struct rule *known = twin_find(twin, rule);
	u8 unaligned[17];
	int err;

	if (!known && twin->count == TWIN_RULES)
		return 0;
	memcpy(unaligned + 1, rule->addr, 16);
	err = krelay_cidr_insert(&twin->table, unaligned + 1, rule->len, rule->prefix, rule->owner);
	if (err)
		return err;
	if (known)
		known->owner = rule->owner;
	else
		twin->rule[twin->count++] = *rule;
	return 0;
}

static int step_remove(struct twin *twin, const struct rule *random)
{
	struct rule *known, wanted = *random;
	int expected, got;

	/* Mostly something that is there. */
	if (twin->count && !krelay_selftest_one_in(&twin->test, 4)) {
		wanted = twin->rule[krelay_selftest_below(&twin->test, twin->count)];
		if (krelay_selftest_one_in(&twin->test, 4))
			wanted.owner = random->owner;
	}
	known = twin_find(twin, &wanted);
	expected = known && known->owner == wanted.owner ? 0 : -ENOENT;
	got = krelay_cidr_remove(&twin->table, wanted.addr, wanted.len, wanted.prefix,
				 wanted.owner);
	if (got != expected)
		return krelay_selftest_fail(&twin->test, "remove saw something else");
	if (!got)
		twin_delete(twin, known);
	return 0;
}

static void step_remove_owner(struct twin *twin, struct krelay_cidr_owner *owner)
{
	unsigned int i = 0;

	krelay_cidr_remove_owner(&twin->table, owner);
	while (i < twin->count) {
		if (twin->rule[i].owner == owner)
			twin_delete(twin, &twin->rule[i]);
		else
			i++;
	}
}

static int check_lookups(struct twin *twin)
{
	struct krelay_cidr_owner *found;
	struct rule probe;
	u8 unaligned[17];
	bool owned;
	int i;

	for (i = 0; i < TWIN_LOOKUPS; i++) {
		random_rule(twin, &probe);
		memcpy(unaligned + 1, probe.addr, 16);
		rcu_read_lock();
		found = krelay_cidr_lookup(&twin->table, unaligned + 1, probe.len);
		owned = krelay_cidr_is_owned(&twin->table, unaligned + 1, probe.len, probe.prefix);
		rcu_read_unlock();
		if (found != twin_lookup(twin, probe.addr, probe.len, 0))
			return krelay_selftest_fail(&twin->test, "look-up found another owner");
		if (owned != !!twin_lookup(twin, probe.addr, probe.len, probe.prefix))
			return krelay_selftest_fail(&twin->test, "look-up by length is wrong");
	}
	return 0;
}

static bool is_well_formed(const struct krelay_cidr_node *node)
{
	const struct krelay_cidr_node *child;
	unsigned int i, children = 0;

	for (i = 0; i < 2; i++) {
		child = fetch(node->child[i]);
		if (!child)
			continue;
		children++;
		if (child->parent != node || child->bits <= node->bits ||
		    !contains(node, child->key) || branch(child->key, node->bits) != i)
			return false;
	}
	return owner_of(node) || children == 2;
}

/* Counts nodes that are owned, or gives -EINVAL where the trie has gone wrong. */
static int count_owned(struct krelay_cidr_node __rcu *root)
{
	struct krelay_cidr_node *node = fetch(root), *next;
	int owned = 0;

	if (node && node->parent)
		return -EINVAL;
	while (node) {
		if (!is_well_formed(node))
			return -EINVAL;
		owned += !!owner_of(node);
		next = fetch(node->child[0]) ?: fetch(node->child[1]);
		/* Up until there is a right side that was not seen. */
		while (!next && node->parent) {
			next = fetch(node->parent->child[1]);
			if (next == node)
				next = NULL;
			node = node->parent;
		}
		node = next;
	}
	return owned;
}

static bool is_listed(struct twin *twin, const struct krelay_cidr_entry *entry,
		      const struct krelay_cidr_owner *owner)
{
	struct rule wanted = { .len = entry->len, .prefix = entry->prefix };
	const struct rule *known;
	unsigned int i;

	memcpy(wanted.addr, entry->addr, sizeof(wanted.addr));
	known = twin_find(twin, &wanted);
	for (i = entry->prefix; i < 128; i++)
		if (entry->addr[i / 8] & (0x80 >> i % 8))
			return false;
	return known && known->owner == owner;
}

static int check_structure(struct twin *twin)
{
	int owned4 = count_owned(twin->table.root4), owned6 = count_owned(twin->table.root6);
	const struct krelay_cidr_entry *entry;
	unsigned int i, listed = 0;

	if (owned4 < 0 || owned6 < 0)
		return krelay_selftest_fail(&twin->test, "a node is out of place or needless");
	if (owned4 + owned6 != twin->count)
		return krelay_selftest_fail(&twin->test, "there are more or fewer owned nodes");
	for (i = 0; i < TWIN_OWNERS; i++) {
		list_for_each_entry(entry, &twin->owner[i].entries, list) {
			if (!is_listed(twin, entry, &twin->owner[i]))
				return krelay_selftest_fail(&twin->test, "an entry is wrong");
			listed++;
		}
	}
	if (listed != twin->count)
		return krelay_selftest_fail(&twin->test, "there are more or fewer entries");
	return 0;
}

/* What is reserved is not found, and leaves nothing behind when it is taken back. */
static int step_reserve(struct twin *twin)
{
	struct rule rules[TWIN_RESERVES];
	unsigned int i;
	int err;

	for (i = 0; i < TWIN_RESERVES; i++) {
		random_rule(twin, &rules[i]);
		err = krelay_cidr_reserve(&twin->table, rules[i].addr, rules[i].len,
					  rules[i].prefix);
		if (err)
			return err;
	}
	err = check_lookups(twin);
	for (i = 0; i < TWIN_RESERVES; i++)
		krelay_cidr_unreserve(&twin->table, rules[i].addr, rules[i].len, rules[i].prefix);
	return err ?: check_structure(twin);
}

static int check_empty(struct twin *twin, const char *what)
{
	unsigned int i;

	for (i = 0; i < TWIN_OWNERS; i++)
		if (!list_empty(&twin->owner[i].entries))
			return krelay_selftest_fail(&twin->test, what);
	if (fetch(twin->table.root4) || fetch(twin->table.root6))
		return krelay_selftest_fail(&twin->test, what);
	return 0;
}

static int step(struct twin *twin)
{
	struct krelay_selftest *test = &twin->test;
	struct rule rule;

	random_rule(twin, &rule);
	if (krelay_selftest_one_in(test, 200)) {
		step_remove_owner(twin, rule.owner);
		return 0;
	}
	if (krelay_selftest_one_in(test, 30))
		return step_reserve(twin);
	if (krelay_selftest_one_in(test, 100))
		twin->growing = !twin->growing;
	if (krelay_selftest_below(test, 8) < (twin->growing ? 6 : 3))
		return step_insert(twin, &rule);
	return step_remove(twin, &rule);
}

static int check_refusals(struct twin *twin)
{
	struct krelay_cidr_owner *owner = &twin->owner[0];
	const u8 addr[16] = {};

	if (krelay_cidr_insert(&twin->table, addr, 4, 33, owner) != -EINVAL ||
	    krelay_cidr_insert(&twin->table, addr, 16, 129, owner) != -EINVAL ||
	    krelay_cidr_insert(&twin->table, addr, 6, 1, owner) != -EINVAL ||
	    krelay_cidr_remove(&twin->table, addr, 4, 33, owner) != -EINVAL ||
	    krelay_cidr_remove(&twin->table, addr, 4, 32, owner) != -ENOENT)
		return krelay_selftest_fail(&twin->test, "took what makes no sense");
	return check_empty(twin, "a refusal left something behind");
}

static int run(struct twin *twin)
{
	unsigned int i;
	int err = 0;

	err = check_refusals(twin);
	for (i = 0; i < TWIN_STEPS && !err; i++) {
		err = step(twin) ?: check_lookups(twin);
		if (!err && i % 64 == 0)
			err = check_structure(twin);
	}
	err = err ?: check_structure(twin);
	for (i = 0; i < TWIN_OWNERS && !err; i++) {
		step_remove_owner(twin, &twin->owner[i]);
		err = check_structure(twin);
	}
	err = err ?: check_empty(twin, "not empty after all owners are gone");
	for (i = 0; i < TWIN_RULES && !err; i++)
		err = step(twin);
	krelay_cidr_free(&twin->table);
	return err ?: check_empty(twin, "not empty after free");
}

int krelay_cidr_selftest(void)
{
	struct twin *twin = kzalloc(sizeof(*twin), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!twin)
		return -ENOMEM;
	krelay_selftest_begin(&twin->test, "cidr");
	prandom_bytes_state(&twin->test.state, twin->base, sizeof(twin->base));
	krelay_cidr_init(&twin->table);
	for (i = 0; i < TWIN_OWNERS; i++)
		krelay_cidr_owner_init(&twin->owner[i]);
	err = run(twin);
	kfree(twin);
	return err;
}
