/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Image names as people write them ("debian", "ghcr.io/x/y:1") and in full
 * ("docker.io/library/debian:latest").
 * Source: the grammar in the distribution project's reference package
 */
#include "base/err.h"

struct reference {
	char *domain; /* "docker.io", "localhost:5000" */
	char *path;   /* "library/debian" */
	char *tag;    /* NULL only when there is a digest */
	char *digest; /* 64 hex digits, or NULL */
};
void reference_done(struct reference *reference);

#define REFERENCE_DEFAULT_DOMAIN "docker.io"
#define REFERENCE_NAME_MAX       255 /* domain and path */
#define REFERENCE_TAG_MAX        128

/**
 * Parse either form and fill in what was left out: docker.io, library/, :latest (unless there is
 * a digest). 64 hex digits alone are an image id, not a name.
 * @return 0, or -1 ERR_INVALID saying which part is wrong
 */
int reference_parse(const char *text, struct reference *out, struct err *err);

/** The full form. Owned. */
char *reference_format(const struct reference *reference);

/** The short form, as docker shows it: without docker.io/library/ or docker.io/. Owned. */
char *reference_familiar(const struct reference *reference);
