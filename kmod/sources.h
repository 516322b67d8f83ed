/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of visitors' addresses: whom a forward lets through. A list is filled
 * while nobody else sees it and constant afterwards; forwards share it by
 * reference count.
 */
#ifndef _KRELAY_SOURCES_H
#define _KRELAY_SOURCES_H

#include <linux/refcount.h>
#include <linux/types.h>

#include "cidr.h"

/**
 * struct krelay_sources - a list
 * @refs: references, by krelay_sources_get() and krelay_sources_put()
 * @id: what dumps name it by
 * @first: index of the first forward that has it, for a dump of the table; RTNL
 * @digest: of what is in it, whatever the order; equal lists have equal ones
 * @table: prefixes of @allowed and @denied
 * @allowed: who is let through
 * @denied: who is not
 */
struct krelay_sources {
	refcount_t refs;
	u32 id;
	u32 first;
	u64 digest;
	struct krelay_cidr table;
	struct krelay_cidr_owner allowed;
	struct krelay_cidr_owner denied;
};

/*
 * An empty list with one reference, or NULL. Context: RTNL, which numbers them.
 */
struct krelay_sources *krelay_sources_alloc(void);

struct krelay_sources *krelay_sources_get(struct krelay_sources *sources);

/* Context: process, may sleep. @sources may be NULL. */
void krelay_sources_put(struct krelay_sources *sources);

/**
 * krelay_sources_add() - put one range into a list that nobody else sees yet
 * @sources: the list
 * @addr: in network byte order
 * @len: of @addr, &enum krelay_cidr_len
 * @prefix: 0 to 8 * @len bits
 * @allow: whether it is let through
 *
 * Of the very same range twice the later verdict stands.
 *
 * Context: process, may sleep. Return: 0, -ENOMEM, or -EINVAL for a @len or
 * @prefix out of range.
 */
int krelay_sources_add(struct krelay_sources *sources, const void *addr, u8 len, u8 prefix,
		       bool allow);

/* Makes the digest of a list to which nothing is added any more. */
void krelay_sources_seal(struct krelay_sources *sources);

/**
 * krelay_sources_allow() - is this visitor let through?
 * @sources: the list
 * @addr: in network byte order
 * @len: of @addr, &enum krelay_cidr_len
 *
 * The longest prefix decides. Who is in none is let through unless the list
 * allows somebody.
 *
 * Context: under RCU. Return: whether it is.
 */
bool krelay_sources_allow(const struct krelay_sources *sources, const void *addr, u8 len);

#endif /* _KRELAY_SOURCES_H */
