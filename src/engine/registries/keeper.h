/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The programs that keep credentials: docker-credential-NAME, spoken to over its standard input and
 * output. They are the user's own, found in the caller's PATH, and run as the caller.
 * Source: the protocol of docker-credential-helpers
 */
#include "base/err.h"
#include "registry/registry.h"

/** What is asked of one is a program's answer to a person who may have to unlock something. */
#define KEEPER_TIMEOUT_S  120
#define KEEPER_OUTPUT_MAX (64u << 10)

/**
 * The credentials of a server.
 * @name    "pass" for docker-credential-pass
 * @return 1 found, 0 it has none; -1 ERR_NOT_FOUND (no such program), ERR_INVALID (its answer),
 *         ERR_REMOTE (it failed)
 */
int keeper_get(const char *name, const char *server, struct registry_credentials *out,
	       struct err *err);

/** Have it keep them, instead of what it had for the server. */
int keeper_store(const char *name, const char *server,
		 const struct registry_credentials *credentials, struct err *err);

/** Forget them. That there are none is no error. */
int keeper_erase(const char *name, const char *server, struct err *err);

/** Read its answer to `get`. @return 0, or -1 ERR_INVALID */
int keeper_parse(const char *text, size_t len, struct registry_credentials *out, struct err *err);
