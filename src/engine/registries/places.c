/* SPDX-License-Identifier: Apache-2.0 */
/* The same variables, with the same meaning, as docker and the containers tools have them. */
#include "engine/registries/places.h"

#include "base/mem.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The XDG rules: a relative one counts as unset. */
static const char *absolute(const char *name)
{
	const char *value = variable(name);
	return value != NULL && value[0] == '/' ? value : NULL;
}

/* @return ~/.config or what stands for it, owned; NULL */
static char *config_home(void)
{
	const char *home = absolute("HOME"), *own = absolute("XDG_CONFIG_HOME");
	if (own != NULL)
		return mem_strdup(own);
	return home != NULL ? mem_printf("%s/.config", home) : NULL;
}

void place_settings(struct strv *out)
{
	const char *only = variable("ONGGI_CONFIG_DIR");
	strv_add(out, only != NULL ? only : "/etc/onggi");
	AUTO_FREE char *config = config_home();
	/* Root's are the machine's: behind sudo, HOME may be anybody's. */
	if (only == NULL && geteuid() != 0 && config != NULL)
		strv_add_take(out, mem_printf("%s/onggi", config));
}

void place_certs(struct strv *out)
{
	AUTO(struct strv, strv_done) own = { 0 };
	AUTO_FREE char *config = config_home();
	place_settings(&own);
	for (size_t i = 0; i < own.len; i++)
		strv_add_take(out, mem_printf("%s/certs.d", own.items[i]));
	strv_add(out, "/etc/docker/certs.d");
	strv_add(out, "/etc/containers/certs.d");
	if (geteuid() != 0 && config != NULL) {
		strv_add_take(out, mem_printf("%s/docker/certs.d", config));
		strv_add_take(out, mem_printf("%s/containers/certs.d", config));
	}
}

void place_credentials(const char *auth_file, struct strv *out)
{
	const char *only = auth_file != NULL ? auth_file : variable("REGISTRY_AUTH_FILE");
	if (only != NULL) {
		strv_add(out, only);
		return;
	}
	const char *home = absolute("HOME"), *runtime = absolute("XDG_RUNTIME_DIR");
	const char *docker = variable("DOCKER_CONFIG");
	AUTO_FREE char *config = config_home();
	if (runtime != NULL)
		strv_add_take(out, mem_printf("%s/containers/auth.json", runtime));
	else if (geteuid() == 0) /* to others, /run/containers is closed */
		strv_add(out, "/run/containers/0/auth.json");
	if (config != NULL)
		strv_add_take(out, mem_printf("%s/containers/auth.json", config));
	if (docker != NULL)
		strv_add_take(out, mem_printf("%s/config.json", docker));
	else if (home != NULL)
		strv_add_take(out, mem_printf("%s/.docker/config.json", home));
}

int place_read(const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
	/* O_NONBLOCK: a FIFO in the file's place must not hang us. */
	AUTO_FD fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a regular file", path);
	if ((size_t)st.st_size > max_bytes)
		return err_set(err, ERR_INVALID, "%s is larger than %zu bytes", path, max_bytes);
	buf_reserve(out, max_bytes);
	for (;;) {
		size_t room = max_bytes - out->len;
		ssize_t n = read(fd, out->data + out->len, room);
		if (n < 0)
			return err_sys(err, "read %s", path);
		if (n == 0)
			return 1;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (out->len == max_bytes)
			return err_set(err, ERR_INVALID, "%s is larger than %zu bytes", path,
				       max_bytes);
	}
}
