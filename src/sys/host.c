/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/host.h"

#include "base/mem.h"
#include "base/strv.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWD     "/etc/passwd"
#define PASSWD_MAX (1u << 20)

char *host_user_name(uid_t uid)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FD fd = open(PASSWD, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, PASSWD_MAX, PASSWD, &text, NULL) < 0)
		return NULL;
	char *rest = text.data;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *name = strsep(&line, ":");
		strsep(&line, ":");
		const char *number = strsep(&line, ":");
		if (number != NULL && line != NULL && *number != '\0' &&
		    strtoull(number, NULL, 10) == uid)
			return mem_strdup(name);
	}
	return NULL;
}

char *host_find_program(const char *name, const char *dirs)
{
	AUTO(struct strv, strv_done) list = { 0 };
	strv_split(&list, dirs, ':');
	for (size_t i = 0; i < list.len; i++) {
		AUTO_FREE char *candidate = mem_printf("%s/%s", list.items[i], name);
		struct stat st;
		if (candidate[0] == '/' && stat(candidate, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(candidate, X_OK) == 0)
			return ptr_take(&candidate);
	}
	return NULL;
}
