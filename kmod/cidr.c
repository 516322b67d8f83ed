// SPDX-License-Identifier: GPL-2.0

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cidr.h"

enum {
	KEY_WORDS = 2,
	KEY_BITS = 64,	/* of one word */
};

/**
 * struct krelay_cidr_node - a prefix that somebody owns, or a fork of two
 * @child: longer prefixes, by the first bit behind this one
 * @key: the prefix in host byte order, first bit topmost, zeros behind it; an
 *	IPv4 address is the upper half of the first word
 * @mask: ones for the bits that count
 * @owner: NULL in a fork, which then has both children
 * @bits: length of the prefix
 * @parent: NULL at the root; writers only
 * @entry: what @owner lists; writers only
 * @rcu: to free it
 *
 * What a look-up reads stands in the first cache line.
 */
struct krelay_cidr_node {
	struct krelay_cidr_node __rcu *child[2];
	u64 key[KEY_WORDS];
	u64 mask[KEY_WORDS];
	struct krelay_cidr_owner __rcu *owner;
	u8 bits;

	struct krelay_cidr_node *parent;
	struct krelay_cidr_entry entry;
	struct rcu_head rcu;
};

/* Writers are serialised by the caller, whose lock this file does not know. */
static struct krelay_cidr_node *fetch(struct krelay_cidr_node __rcu *pointer)
{
	return rcu_dereference_protected(pointer, true);
}

static struct krelay_cidr_owner *owner_of(const struct krelay_cidr_node *node)
{
	return rcu_dereference_protected(node->owner, true);
}

static struct krelay_cidr_node __rcu **root_of(struct krelay_cidr *table, u8 len)
{
	return len == KRELAY_CIDR_IPV4 ? &table->root4 : &table->root6;
}

static bool is_prefix(u8 len, u8 prefix)
{
	return (len == KRELAY_CIDR_IPV4 || len == KRELAY_CIDR_IPV6) && prefix <= 8 * len;
}

static void load_key(u64 key[KEY_WORDS], const void *addr, u8 len)
{
	__be64 wide[KEY_WORDS] = {};

	/* A copy, since packets put addresses anywhere. */
	if (len == KRELAY_CIDR_IPV4)
		memcpy(wide, addr, KRELAY_CIDR_IPV4);
	else
		memcpy(wide, addr, KRELAY_CIDR_IPV6);
	key[0] = be64_to_cpu(wide[0]);
	key[1] = be64_to_cpu(wide[1]);
}

/* The upper @bits bits of a word; all or none when that lies outside of it. */
static u64 upper_ones(int bits)
{
	if (bits <= 0)
		return 0;
	return bits < KEY_BITS ? ~(~0ULL >> bits) : ~0ULL;
}

static bool contains(const struct krelay_cidr_node *node, const u64 key[KEY_WORDS])
{
	return !(((node->key[0] ^ key[0]) & node->mask[0]) |
		 ((node->key[1] ^ key[1]) & node->mask[1]));
}

/* Bit 128, asked for below a host route, is any: such a node has no children. */
static unsigned int branch(const u64 key[KEY_WORDS], u8 bit)
{
	return key[bit / KEY_BITS % KEY_WORDS] >> (KEY_BITS - 1 - bit % KEY_BITS) & 1;
}

static u8 common_bits(const u64 a[KEY_WORDS], const u64 b[KEY_WORDS])
{
	if (a[0] != b[0])
		return KEY_BITS - fls64(a[0] ^ b[0]);
	return 2 * KEY_BITS - fls64(a[1] ^ b[1]);
}

static struct krelay_cidr_node *make_node(const u64 key[KEY_WORDS], u8 len, u8 bits)
{
	struct krelay_cidr_node *node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	__be64 wide[KEY_WORDS];

	if (!node)
		return NULL;
	node->mask[0] = upper_ones(bits);
	node->mask[1] = upper_ones(bits - KEY_BITS);
	node->key[0] = key[0] & node->mask[0];
	node->key[1] = key[1] & node->mask[1];
	node->bits = bits;
	wide[0] = cpu_to_be64(node->key[0]);
	wide[1] = cpu_to_be64(node->key[1]);
	memcpy(node->entry.addr, wide, sizeof(wide));
	node->entry.len = len;
	node->entry.prefix = bits;
	return node;
}

static void disown(struct krelay_cidr_node *node)
{
	if (!owner_of(node))
		return;
	RCU_INIT_POINTER(node->owner, NULL);
	list_del(&node->entry.list);
}

/* One store, so that a look-up finds the old owner or the new one. */
static void own(struct krelay_cidr_node *node, struct krelay_cidr_owner *owner)
{
	if (owner_of(node))
		list_del(&node->entry.list);
	list_add_tail(&node->entry.list, &owner->entries);
	rcu_assign_pointer(node->owner, owner);
}

static void adopt(struct krelay_cidr_node *parent, struct krelay_cidr_node *child)
{
	child->parent = parent;
	rcu_assign_pointer(parent->child[branch(child->key, parent->bits)], child);
}

static struct krelay_cidr_node __rcu **slot_of(struct krelay_cidr *table,
					       const struct krelay_cidr_node *node)
{
	if (!node->parent)
		return root_of(table, node->entry.len);
	return &node->parent->child[branch(node->key, node->parent->bits)];
}

/* Take out nodes, from @node upwards, that neither own nor fork. */
static void prune(struct krelay_cidr *table, struct krelay_cidr_node *node)
{
	struct krelay_cidr_node *parent, *left, *right;

	for (; node && !owner_of(node); node = parent) {
		left = fetch(node->child[0]);
		right = fetch(node->child[1]);
		if (left && right)
			return;
		if (!left)
			left = right;
		parent = node->parent;
		rcu_assign_pointer(*slot_of(table, node), left);
		if (left)
			left->parent = parent;
		kfree_rcu(node, rcu);
	}
}

void krelay_cidr_init(struct krelay_cidr *table)
{
	RCU_INIT_POINTER(table->root4, NULL);
	RCU_INIT_POINTER(table->root6, NULL);
}

static void free_below(struct krelay_cidr_node __rcu **root)
{
	struct krelay_cidr_node *node = fetch(*root), *next;

	RCU_INIT_POINTER(*root, NULL);
	while (node) {
		next = fetch(node->child[0]) ?: fetch(node->child[1]);
		if (!next) {
			next = node->parent;
			if (next)
				RCU_INIT_POINTER(next->child[branch(node->key, next->bits)], NULL);
			disown(node);
			kfree_rcu(node, rcu);
		}
		node = next;
	}
}

void krelay_cidr_free(struct krelay_cidr *table)
{
	free_below(&table->root4);
	free_below(&table->root6);
}

/* The deepest node that is a prefix of @key and not longer than @bits. */
static struct krelay_cidr_node *find_above(struct krelay_cidr *table, const u64 key[KEY_WORDS],
					   u8 len, u8 bits)
{
	struct krelay_cidr_node *node = fetch(*root_of(table, len)), *above = NULL;

	while (node && node->bits <= bits && contains(node, key)) {
		above = node;
		node = fetch(node->child[branch(key, node->bits)]);
	}
	return above;
}

/*
 * Put @node between @above and what hangs there now: nothing, something longer
 * that belongs below @node, or something aside of it that takes a fork.
 */
static int link_node(struct krelay_cidr *table, struct krelay_cidr_node *above,
		     struct krelay_cidr_node *node)
{
	struct krelay_cidr_node *below, *top = node;
	struct krelay_cidr_node __rcu **slot;

	node->parent = above;
	slot = slot_of(table, node);
	below = fetch(*slot);
	if (below && !contains(node, below->key)) {
		top = make_node(node->key, node->entry.len, common_bits(node->key, below->key));
		if (!top)
			return -ENOMEM;
		top->parent = above;
		adopt(top, node);
	}
	if (below)
		adopt(top, below);
	rcu_assign_pointer(*slot, top);
	return 0;
}

/* The node of that very prefix, made if there is none. */
static struct krelay_cidr_node *get_node(struct krelay_cidr *table, const void *addr, u8 len,
					 u8 prefix)
{
	struct krelay_cidr_node *above, *node;
	u64 key[KEY_WORDS];
	int err;

	if (!is_prefix(len, prefix))
		return ERR_PTR(-EINVAL);
	load_key(key, addr, len);
	above = find_above(table, key, len, prefix);
	if (above && above->bits == prefix)
		return above;

	node = make_node(key, len, prefix);
	if (!node)
		return ERR_PTR(-ENOMEM);
	err = link_node(table, above, node);
	if (err) {
		kfree(node);
		return ERR_PTR(err);
	}
	return node;
}

int krelay_cidr_insert(struct krelay_cidr *table, const void *addr, u8 len, u8 prefix,
		       struct krelay_cidr_owner *owner)
{
	struct krelay_cidr_node *node = get_node(table, addr, len, prefix);

	if (IS_ERR(node))
		return PTR_ERR(node);
	/* A look-up that came here before this took a new node for a mere fork. */
	own(node, owner);
	return 0;
}

int krelay_cidr_reserve(struct krelay_cidr *table, const void *addr, u8 len, u8 prefix)
{
	return PTR_ERR_OR_ZERO(get_node(table, addr, len, prefix));
}

void krelay_cidr_unreserve(struct krelay_cidr *table, const void *addr, u8 len, u8 prefix)
{
	struct krelay_cidr_node *node;
	u64 key[KEY_WORDS];

	if (!is_prefix(len, prefix))
		return;
	load_key(key, addr, len);
	node = find_above(table, key, len, prefix);
	/* Leaves alone what is owned, or forks; goes on upwards from a leaf. */
	if (node && node->bits == prefix)
		prune(table, node);
}

int krelay_cidr_remove(struct krelay_cidr *table, const void *addr, u8 len, u8 prefix,
		       const struct krelay_cidr_owner *owner)
{
	struct krelay_cidr_node *node;
	u64 key[KEY_WORDS];

	if (!is_prefix(len, prefix))
		return -EINVAL;
	load_key(key, addr, len);
	node = find_above(table, key, len, prefix);
	if (!node || node->bits != prefix || owner_of(node) != owner)
		return -ENOENT;
	disown(node);
	prune(table, node);
	return 0;
}

void krelay_cidr_remove_owner(struct krelay_cidr *table, struct krelay_cidr_owner *owner)
{
	struct krelay_cidr_node *node, *next;

	list_for_each_entry_safe(node, next, &owner->entries, entry.list) {
		disown(node);
		prune(table, node);
	}
}

/* Receive paths hold either flavour of RCU. */
#define look(pointer) rcu_dereference_check(pointer, rcu_read_lock_bh_held())

static __always_inline struct krelay_cidr_owner *
find(const struct krelay_cidr *table, const void *addr, u8 len, u8 least)
{
	struct krelay_cidr_owner *owner, *best = NULL;
	const struct krelay_cidr_node *node;
	u64 key[KEY_WORDS];

	load_key(key, addr, len);
	node = len == KRELAY_CIDR_IPV4 ? look(table->root4) : look(table->root6);
	while (node && contains(node, key)) {
		owner = look(node->owner);
		if (owner && node->bits >= least)
			best = owner;
		node = look(node->child[branch(key, node->bits)]);
	}
	return best;
}

struct krelay_cidr_owner *krelay_cidr_lookup(const struct krelay_cidr *table, const void *addr,
					     u8 len)
{
	return find(table, addr, len, 0);
}

bool krelay_cidr_is_owned(const struct krelay_cidr *table, const void *addr, u8 len, u8 least)
{
	return find(table, addr, len, least);
}

#ifdef KRELAY_SELFTEST
#include "selftest/cidr.c"
#endif
