/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_ACCEPT_H
#define RELAYCTL_ACCEPT_H

#include "model.h"

/* Bytes of a protocol's name, and of the longest accept entry, with the closing NUL. */
#define PROTO_TEXT_LEN 20
#define ACCEPT_TEXT_LEN (PROTO_TEXT_LEN + 14 + 4 + ADDRESS_TEXT_LEN)

/**
 * proto_parse() - read a protocol by name or number
 * @proto: 1 to 255
 */
bool proto_parse(const char *text, uint8_t *proto);
bool proto_has_ports(uint8_t proto);
/* True for the number of a protocol that can only have been meant as a port. */
bool proto_is_port(const char *text);
/* The name in /etc/protocols, else the number. */
const char *proto_format(uint8_t proto, char text[PROTO_TEXT_LEN]);

/**
 * ports_parse() - read PORT or PORT-PORT
 * @what: what they are of, for the refusal
 * @text: 1 to 65535 each, the first not above the last; is not changed
 *
 * Return: 0, or -1 after refuse().
 */
int ports_parse(const struct place *at, const char *what, const char *text, uint16_t *first,
		uint16_t *last);
/* True for "80/tcp", as other software writes it; @swapped gets "tcp/80". */
bool ports_before_proto(const char *text, char swapped[ACCEPT_TEXT_LEN]);
/* "80" or "80-89". */
const char *ports_format(uint16_t first, uint16_t last, char text[12]);

/**
 * accept_parse() - read PROTO[/PORT[-PORT]] [on ADDRESS]
 * @text: is not changed
 *
 * Return: 0, or -1 after refuse().
 */
int accept_parse(const struct place *at, const char *text, struct accept *accept);
/* True if some packet to one address fits both; without ports the whole protocol does. */
bool accept_overlap(const struct accept *a, const struct accept *b);
const char *accept_format(const struct accept *accept, char text[ACCEPT_TEXT_LEN]);

#endif
