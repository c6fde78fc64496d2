/* SPDX-License-Identifier: GPL-2.0-only */
/* The policy as users mean it: zones, services, rules, FTP servers. No I/O, no kernel. */
#ifndef POSTERN_POLICY_H
#define POSTERN_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "value.h"

struct zone {
	char *name; /* NULL: an address or prefix written in a rule */
	struct prefix *prefixes;
	size_t n_prefixes;
	struct place place;
};

enum { ZONE_ANY = 0 /* index in policy.zones of the predefined zone `any`: 0.0.0.0/0 and ::/0 */ };

struct service {
	char *name;
	uint8_t *ip; /* IP protocols without ports */
	size_t n_ip;
	struct port_range *tcp;
	size_t n_tcp;
	struct port_range *udp;
	size_t n_udp;
	struct place place;
};

/* Where on this host: outward, the interface that a packet leaves by, and its source. */
struct scope {
	char *on; /* NULL: on every interface */
	bool has_at;
	struct addr at; /* where has_at */
	struct place on_place;
	struct place at_place;
};

struct rule {
	size_t service; /* index in policy.services */
	size_t *peers;  /* indexes in policy.zones */
	size_t n_peers;
	struct scope scope; /* holds only here */
	char *why;          /* NULL: none given */
	struct place place;
};

enum deny { DENY_DROP, DENY_REJECT };
enum mode { MODE_ENFORCE, MODE_AUDIT };

/* Whom echo requests are admitted from and to; n_peers 0: nobody. */
struct ping {
	size_t *peers; /* indexes in policy.zones */
	size_t n_peers;
	struct place place;
};

enum ftp_tls { FTP_TLS_REQUIRED, FTP_TLS_OPTIONAL, FTP_TLS_NONE };
enum ftp_pinholes { FTP_PINHOLES_SESSION, FTP_PINHOLES_STATIC, FTP_PINHOLES_CLIENTS };

/* How the client of a listener is learned. */
enum ftp_watch { FTP_WATCH_SOCKET, FTP_WATCH_REPLY, FTP_WATCH_TLS, FTP_WATCH_LOG };

/* How many trailing bits of a client's address may differ between its connections; 0: none. */
struct ftp_peer {
	uint8_t host_bits4;
	uint8_t host_bits6;
};

/* By what the server's own processes are known. */
struct ftp_owner {
	enum owner_kind kind; /* OWNER_ANY: none is given; never OWNER_NOBODY */
	char *name;           /* an absolute path, a user, or the absolute path of a control group */
	struct place place;
};

/* Where a server says which client it told which port. */
struct ftp_log {
	char *file;    /* absolute; NULL: it is in the journal */
	char *journal; /* a unit or a syslog identifier; NULL: it is a file, or there is none */
	char *format;  /* of log_format_new() */
	struct place place;
};

struct ftp_server {
	char *name;
	size_t *control; /* indexes in policy.services */
	size_t n_control;
	struct port_range *sockets; /* local ports of its control sockets; n_sockets 0: those of `control` */
	size_t n_sockets;
	struct port_range *passive;
	size_t n_passive;
	bool passive_any; /* written as `any`: 1024-65535 */
	enum ftp_tls tls;
	enum ftp_pinholes pinholes;
	bool active; /* it may open data connections to its clients */
	struct ftp_peer peer;
	struct ftp_owner owner;
	uint64_t ttl_ns;
	unsigned watch;    /* a bit for each enum ftp_watch */
	bool watch_listed; /* by the policy: it is not the default */
	struct ftp_log log;
	struct place place;
	struct place control_place;
	struct place sockets_place;
	struct place passive_place;
};

/* One of the policy's own tests: a packet that would open a connection, and its verdict. */
struct policy_test {
	enum direction direction;
	enum transport transport;
	uint16_t port;
	struct addr peer;
	struct scope scope; /* where the packet is; what is left open is as in `explain` */
	bool expect_allow;
	struct place place;
};

struct policy {
	char **interfaces;
	size_t n_interfaces;
	struct zone *zones;
	size_t n_zones;
	struct service *services;
	size_t n_services;
	struct rule *inbound;
	size_t n_inbound;
	struct rule *outbound;
	size_t n_outbound;
	struct ftp_server *ftp;
	size_t n_ftp;
	struct ping ping[N_DIRECTIONS];
	enum deny deny[N_DIRECTIONS];
	enum mode mode;
	size_t *block; /* indexes in policy.zones */
	size_t n_block;
	struct policy_test *tests;
	size_t n_tests;
	struct place interfaces_place; /* line 0: the key is absent, as in those below */
	struct place deny_place[N_DIRECTIONS];
	struct place mode_place;
};

/* Frees the policy and all it holds; NULL and half-built ones too. */
void policy_free(struct policy *policy);

/* Frees what it holds. */
void ftp_server_clear(struct ftp_server *server);

/* The local ports of the server's control sockets: `sockets`, or the ports of its control services. Calls
 * `visit` with each and the port that clients know it by, until that returns false. */
void policy_control_sockets(const struct policy *policy, const struct ftp_server *server,
			    bool (*visit)(void *context, uint16_t socket_port, uint16_t control_port),
			    void *context);

/* The zone, service or NULL of that name. */
const struct zone *policy_find_zone(const struct policy *policy, const char *name);
const struct service *policy_find_service(const struct policy *policy, const char *name);

/* What the YAML alone cannot tell: references, limits, what contradicts itself. Reports every error
 * to `diags`. Returns 0, -EINVAL or -ENOMEM. */
int policy_validate(const struct policy *policy, struct diags *diags);

/* Whether the kernel would take the text as the name of an interface. */
bool policy_is_interface_name(const char *text);

/* Whether the scope leaves out any place at all. */
bool policy_is_narrowed(const struct scope *scope);

enum { NO_INTERFACE = UINT32_MAX /* a number that no rule has */ };

/* A number, from 1, for an interface by its name: its place in `interfaces`, or where the policy lists none,
 * among the rules that name interfaces. NO_INTERFACE: neither has it. */
uint32_t policy_interface_number(const struct policy *policy, const char *name);

/* Whether `port` belongs to a service in `inbound`. */
bool policy_is_inbound_port(const struct policy *policy, enum transport transport, uint16_t port);

#endif
