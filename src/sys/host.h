/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the host's own files say, without a name service: a static program has none. */
#include <sys/types.h>

/** Name of a user by /etc/passwd (at most 1 MiB of it). @return owned, or NULL: it has none
 *  Source: passwd(5) */
char *host_user_name(uid_t uid);

/** The first executable file of that name. @dirs  separated by ":"; those that are not absolute are
 *  passed over. @return owned path, or NULL */
char *host_find_program(const char *name, const char *dirs);
