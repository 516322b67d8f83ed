/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Longest-prefix match of IPv4 and IPv6 addresses: who owns this address?
 *
 * A path-compressed binary trie for each family. Look-ups run under RCU only;
 * changes are serialised by the caller (RTNL).
 */
#ifndef _KRELAY_CIDR_H
#define _KRELAY_CIDR_H

#include <linux/list.h>
#include <linux/types.h>

struct krelay_cidr_node;

enum krelay_cidr_len {
	KRELAY_CIDR_IPV4 = 4,
	KRELAY_CIDR_IPV6 = 16,
};

/**
 * struct krelay_cidr - a table of prefixes
 * @root4: top of the IPv4 trie
 * @root6: top of the IPv6 trie
 */
struct krelay_cidr {
	struct krelay_cidr_node __rcu *root4;
	struct krelay_cidr_node __rcu *root6;
};

/**
 * struct krelay_cidr_owner - embedded by whoever owns prefixes (a peer)
 * @entries: its &struct krelay_cidr_entry, in the order of insertion; walked
 *	under the writers' lock only
 *
 * One owner belongs to one table. Its memory has to outlive a grace period
 * after its last entry is gone, because a look-up may still return it.
 */
struct krelay_cidr_owner {
	struct list_head entries;
};

/**
 * struct krelay_cidr_entry - one prefix of an owner, for dumps
 * @list: in &struct krelay_cidr_owner.entries
 * @addr: the address in network byte order, host bits zero; @len bytes are used
 * @len: &enum krelay_cidr_len
 * @prefix: length of the prefix in bits, 0 to 8 * @len
 *
 * Read only, and only under the writers' lock.
 */
struct krelay_cidr_entry {
	struct list_head list;
	u8 addr[KRELAY_CIDR_IPV6];
	u8 len;
	u8 prefix;
};

static inline void krelay_cidr_owner_init(struct krelay_cidr_owner *owner)
{
	INIT_LIST_HEAD(&owner->entries);
}

/**
 * krelay_cidr_init() - make an empty table
 * @table: the table; nobody else may use it yet
 */
void krelay_cidr_init(struct krelay_cidr *table);

/**
 * krelay_cidr_free() - empty a table
 * @table: the table
 *
 * Every owner's list is empty afterwards. Look-ups may go on meanwhile, and
 * the table can be used again.
 *
 * Context: process, writers' lock held. Nodes are freed after a grace period,
 * by code of the kernel, so no rcu_barrier() is needed for them.
 */
void krelay_cidr_free(struct krelay_cidr *table);

/**
 * krelay_cidr_insert() - give a prefix to an owner
 * @table: the table
 * @addr: address in network byte order, any alignment; host bits are ignored
 * @len: length of @addr in bytes, 4 or 16
 * @prefix: length of the prefix in bits, 0 to 8 * @len
 * @owner: the owner-to-be
 *
 * The very same prefix moves here from its present owner; look-ups see the old
 * or the new one and never none. It then stands last in the new owner's list.
 *
 * Context: process, writers' lock held. May sleep (GFP_KERNEL).
 * Return: 0, -ENOMEM, or -EINVAL for a @len or @prefix out of range. The table
 * is unchanged after an error.
 */
int __must_check krelay_cidr_insert(struct krelay_cidr *table, const void *addr, u8 len,
				    u8 prefix, struct krelay_cidr_owner *owner);

/**
 * krelay_cidr_reserve() - see to it that a prefix can be inserted
 * @table: the table
 * @addr: address in network byte order, any alignment; host bits are ignored
 * @len: length of @addr in bytes, 4 or 16
 * @prefix: length of the prefix in bits, 0 to 8 * @len
 *
 * Nobody's look-up sees it. krelay_cidr_insert() of the same prefix will not
 * fail then, as long as nothing is removed before. So that many prefixes are
 * inserted together or not at all.
 *
 * Context: process, writers' lock held, to the end of what is done together.
 * May sleep (GFP_KERNEL).
 * Return: 0, -ENOMEM, or -EINVAL for a @len or @prefix out of range. The table
 * is unchanged after an error.
 */
int __must_check krelay_cidr_reserve(struct krelay_cidr *table, const void *addr, u8 len,
				     u8 prefix);

/**
 * krelay_cidr_unreserve() - take back krelay_cidr_reserve()
 * @table: the table
 * @addr: as reserved
 * @len: as reserved
 * @prefix: as reserved
 *
 * What was reserved and is owned by now stays. It does no harm to take back
 * what was not reserved.
 *
 * Context: process, writers' lock held.
 */
void krelay_cidr_unreserve(struct krelay_cidr *table, const void *addr, u8 len, u8 prefix);

/**
 * krelay_cidr_remove() - take a prefix from its owner
 * @table: the table
 * @addr: address in network byte order, any alignment; host bits are ignored
 * @len: length of @addr in bytes, 4 or 16
 * @prefix: length of the prefix in bits, 0 to 8 * @len
 * @owner: who has to own it
 *
 * Context: process, writers' lock held.
 * Return: 0, -ENOENT when @owner does not own that very prefix, or -EINVAL for
 * a @len or @prefix out of range.
 */
int krelay_cidr_remove(struct krelay_cidr *table, const void *addr, u8 len, u8 prefix,
		       const struct krelay_cidr_owner *owner);

/**
 * krelay_cidr_remove_owner() - take everything from an owner
 * @table: the table
 * @owner: the owner; its list is empty afterwards
 *
 * Takes time by the number of its own entries, whatever the table's size.
 *
 * Context: process, writers' lock held.
 */
void krelay_cidr_remove_owner(struct krelay_cidr *table, struct krelay_cidr_owner *owner);

/**
 * krelay_cidr_lookup() - who owns this address?
 * @table: the table
 * @addr: address in network byte order, any alignment
 * @len: length of @addr in bytes, 4 or 16
 *
 * Context: any, under rcu_read_lock() or rcu_read_lock_bh(); the owner is good
 * until that ends, unless the caller takes a reference.
 * Return: the owner of the longest prefix that contains @addr, or NULL.
 */
struct krelay_cidr_owner *krelay_cidr_lookup(const struct krelay_cidr *table, const void *addr,
					     u8 len);

/**
 * krelay_cidr_is_owned() - does this address belong to somebody?
 * @table: the table
 * @addr: address in network byte order, any alignment
 * @len: length of @addr in bytes, 4 or 16
 * @least: shorter prefixes are overlooked, such as those of default routes
 *
 * Context: any, under rcu_read_lock() or rcu_read_lock_bh().
 * Return: whether a prefix of at least @least bits contains @addr.
 */
bool krelay_cidr_is_owned(const struct krelay_cidr *table, const void *addr, u8 len, u8 least);

#ifdef KRELAY_SELFTEST
int krelay_cidr_selftest(void);
#endif

#endif
