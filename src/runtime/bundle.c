/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bundle's directory to a spec that says everything. The configuration is trusted (who
 * writes it decides what runs as root), the root file system is not: its path is taken here, and
 * never looked into.
 */
#include "runtime/bundle.h"

#include "base/mem.h"
#include "base/warn.h"
#include "oci/spec_defaults.h"
#include "oci/spec_parse.h"
#include "runtime/boot/plan.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void bundle_done(struct bundle *bundle)
{
	free(bundle->path);
	free(bundle->seccomp_json);
	spec_done(&bundle->spec);
	memset(bundle, 0, sizeof(*bundle));
}

static void make_absolute(char **path, const char *dir)
{
	if (*path == NULL || (*path)[0] == '/')
		return;
	char *absolute = mem_printf("%s/%s", dir, *path);
	free(*path);
	*path = absolute;
}

static int read_config(struct bundle *bundle, const char *name, struct err *err)
{
	AUTO_FREE char *path = mem_strdup(name);
	AUTO(struct buf, buf_done) text = { 0 };
	make_absolute(&path, bundle->path);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(err, "open the configuration %s", path);
	if (fd_read_all(fd, SPEC_JSON_MAX, path, &text, err) < 0)
		return -1;
	return spec_parse(buf_str(&text), text.len, &bundle->spec, &bundle->seccomp_json, err);
}

static void resolve_cgroup(struct spec *spec, const char *id)
{
	const char *wanted = spec->cgroups_path;
	char *path = wanted == NULL || wanted[0] == '\0' ? mem_printf("/%s", id)
		     : wanted[0] == '/'                  ? mem_strdup(wanted)
							 : mem_printf("/%s", wanted);
	free(spec->cgroups_path);
	spec->cgroups_path = path;
}

/* The kernel raises no ambient capability that is not inheritable, and old default configurations
 * ask for just that. config.md: what cannot be granted is a warning. */
static void limit_ambient(struct caps *caps)
{
	uint64_t possible = caps->permitted & caps->inheritable;
	if ((caps->ambient & ~possible) == 0)
		return;
	warn_say("process.capabilities.ambient: only what is also permitted and inheritable can be "
		 "ambient; the rest is left out");
	caps->ambient &= possible;
}

static void complete(struct bundle *bundle, const char *id)
{
	struct spec *spec = &bundle->spec;
	make_absolute(&spec->root_path, bundle->path);
	for (size_t i = 0; i < spec->mounts_len; i++)
		if (boot_mount_is_bind(&spec->mounts[i]))
			make_absolute(&spec->mounts[i].source, bundle->path);
	/* None listed is none to have: the spec's flag would keep the caller's. */
	spec->process.has_caps = true;
	limit_ambient(&spec->process.caps);
	spec->has_new_keyring = true;
	resolve_cgroup(spec, id);
	/* Always, and so a configuration without rules is one that allows these alone: a device
	 * the payload can reach by mknod is the host's. */
	spec_add_default_device_rules(spec);
}

int bundle_open(const char *dir, const char *config, const char *id, struct bundle *out,
		struct err *err)
{
	AUTO(struct bundle, bundle_done) bundle = { 0 };
	bundle.path = realpath(dir, NULL);
	if (bundle.path == NULL)
		return err_sys(err, "bundle %s", dir);
	if (read_config(&bundle, config != NULL ? config : "config.json", err) < 0)
		return -1;
	complete(&bundle, id);
	*out = bundle;
	bundle = (struct bundle){ 0 };
	return 0;
}
