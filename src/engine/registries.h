/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which registry is asked for an image, and as whom: what the settings, the certificates and the
 * files of credentials on this machine say, brought into the form that src/registry takes.
 * Source: docs/registry-settings.md
 */
#include "base/err.h"
#include "base/strv.h"
#include "format/reference.h"
#include "registry/registry.h"

#include <stdbool.h>
#include <stddef.h>

/** What the command line said of TLS (--tls-verify). */
enum registries_tls {
	REGISTRIES_TLS_AS_SET,     /* nothing: the settings decide */
	REGISTRIES_TLS_VERIFIED,   /* true: https, verified, whatever the settings say */
	REGISTRIES_TLS_UNVERIFIED, /* false: https without verification, else plain http */
};

struct registries_options {
	bool can_push; /* then no mirror is asked */
	enum registries_tls tls;
	const char *auth_file; /* --authfile: instead of all the usual ones; NULL */
	const struct registry_credentials *credentials; /* instead of looking for some; NULL */
};

/** Where to ask. `target` points into the rest, which is the choice's own. */
struct registries_choice {
	struct registry_target target;
	struct registry_endpoint *endpoints;
	struct registries_party *parties;
	size_t parties_len;
	char *repository;
};

/**
 * Decide where an image is asked for: its mirrors in order, then the registry itself. One that is
 * insecure (by the settings, the options, or because it is on the loopback) comes twice: https
 * without verification, then plain http; everybody else is asked by verified https alone.
 *
 * @return 0 (registries_choice_done() it); -1 ERR_DENIED (blocked by the settings), ERR_INVALID (a
 *         file of settings, certificates or credentials), ERR_SYSTEM, ERR_REMOTE (a program that
 *         keeps credentials failed)
 */
int registries_target(const struct reference *reference, const struct registries_options *options,
		      struct registries_choice *out, struct err *err);

/** Wipe the secrets and free everything. */
void registries_choice_done(struct registries_choice *choice);

/**
 * The name under which a login is kept: "docker.io" for NULL and its aliases, "HOST[:PORT]" for an
 * URL, else "HOST[:PORT][/PATH]".
 * @return owned, or NULL with ERR_INVALID
 */
char *registries_server_name(const char *server, struct err *err);

/**
 * The credentials kept for a server (a name of registries_server_name), as a pull would find them.
 * @return 1 found (`out` is the caller's), 0 none, -1
 */
int registries_login_find(const char *server, const struct registries_options *options,
			  struct registry_credentials *out, struct err *err);

/**
 * Ask the server whether options->credentials are good.
 * @credentials  in: as typed; out: with the token that the registry gave instead of the password
 * @return 0; -1 ERR_DENIED they are not, or what registries_target() and the registry say
 */
int registries_login_check(const char *server, const struct registries_options *options,
			   struct registry_credentials *credentials, struct err *err);

/**
 * Keep credentials: by the program that is set for the server, else in the file, mode 0600. What
 * else is in the file stays.
 * @out_plain_path  the file in which they stand legibly (owned); NULL: a program has them
 */
int registries_login_keep(const char *server, const struct registries_options *options,
			  const struct registry_credentials *credentials, char **out_plain_path,
			  struct err *err);

/**
 * Forget the credentials of a server, wherever they are kept and would be found.
 * @server  NULL: of all
 * @out     names forgotten are appended
 */
int registries_login_forget(const char *server, const struct registries_options *options,
			    struct strv *out, struct err *err);
