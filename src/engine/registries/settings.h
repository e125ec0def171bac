/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * registries.json: which registries have mirrors, are insecure, or are not to be asked at all.
 * Source: docs/registry-settings.md
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

#define SETTINGS_BYTES_MAX   (256u << 10)
#define SETTINGS_MIRRORS_MAX 7 /* of one registry */

struct settings_mirrors {
	char *name;            /* "docker.io", "registry.example/team" */
	struct strv locations; /* as written: "http://mirror.lan:5000/hub" */
};

struct settings_file {
	char *path;
	struct strv insecure; /* hosts, "*.domain", ranges */
	struct strv blocked;  /* names, "*.domain" */
	struct settings_mirrors *mirrors;
	size_t mirrors_len;
};
void settings_file_done(struct settings_file *file);

struct settings {
	struct settings_file files[2]; /* the machine's, the user's */
	size_t len;
};
void settings_done(struct settings *settings);

/** A mirror, taken apart. */
struct settings_location {
	char *host;
	char *prefix;       /* without slashes at its ends; "": none */
	bool is_plain_http; /* said so by its scheme */
};
void settings_location_done(struct settings_location *location);

/** Parse the text of one file. Strict: a key that is not known is an error.
 *  @return 0, or -1 ERR_INVALID with the place */
int settings_parse(const char *text, size_t len, const char *path, struct settings_file *out,
		   struct err *err);

/** Read the machine's and the user's; those that are not there are empty. */
int settings_read(struct settings *out, struct err *err);

/** The file that blocks the repository `name` ("host/path"). Borrowed; NULL: none does. */
const char *settings_blocked_by(const struct settings *settings, const char *name);

/** Do the settings name a host insecure? */
bool settings_is_insecure(const struct settings *settings, const char *host);

/** Mirrors of the repository `name`, by the longest name that it lies in; of two files the user's
 *  counts. Borrowed; NULL: none */
const struct strv *settings_mirrors_of(const struct settings *settings, const char *name);

/** Take a mirror's location apart: [http[s]://]HOST[:PORT][/PREFIX]. */
int settings_location_parse(const char *text, struct settings_location *out, struct err *err);
