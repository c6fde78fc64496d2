/* SPDX-License-Identifier: GPL-2.0-only */
/* What the rules of a policy say of a peer. */
#ifndef POSTERN_FUZZ_MODEL_RULES_H
#define POSTERN_FUZZ_MODEL_RULES_H

#include "model.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58 };

struct opinion {
	bool is_named;    /* some rule has the port or protocol */
	bool is_admitted; /* and one of them the peer, there */
	bool is_passive;  /* no rule has it, and an FTP server may open it */
	uint16_t service; /* of the first rule that has it: counts it */
};

/* Who talks to which address of this host, through which interface. */
struct model_meeting {
	struct model_addr peer;
	struct model_addr local;
	uint32_t interface;
};

/* `number` is a port of TCP and UDP, and says nothing otherwise. */
struct opinion model_ask(const struct model *model, enum direction direction, uint8_t protocol,
			 uint16_t number, const struct model_meeting *meeting);
/* Whether a server with this control port may connect to its clients. */
bool model_may_connect(const struct model *model, uint16_t control);
/* Whether any rule holds only somewhere. */
bool model_narrows(const struct model *model);
bool model_ping_admits(const struct model *model, enum direction direction, const struct model_addr *peer);
bool model_is_blocked(const struct model *model, const struct model_addr *peer);
/* Nobody sends from it, but who asks for an address from the unspecified one. */
bool model_is_no_source(const struct model_addr *addr);
bool model_is_own(const struct model *model, const struct model_addr *addr);

#endif
