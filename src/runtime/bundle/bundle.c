/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bundle's directory to a spec that says everything. The configuration is trusted (who
 * writes it decides what runs as root), the root file system is not: its path is taken here, and
 * never looked into.
 */
#include "runtime/bundle/bundle.h"

#include "base/mem.h"
#include "kernel/proc/sysctl.h"
#include "oci/spec_defaults.h"
#include "oci/spec_parse.h"
#include "runtime/boot/plan.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void bundle_done(struct bundle *bundle)
{
	free(bundle->path);
	free(bundle->seccomp_json);
	free(bundle->cgroups_path);
	buf_done(&bundle->config);
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
	make_absolute(&path, bundle->path);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(err, "open the configuration %s", path);
	return fd_read_all(fd, SPEC_JSON_MAX, path, &bundle->config, err);
}

static void resolve_cgroup(struct bundle *bundle, const char *id)
{
	struct spec *spec = &bundle->spec;
	const char *wanted = spec->cgroups_path;
	bundle->names_cgroup = wanted != NULL && wanted[0] != '\0';
	char *path = wanted == NULL || wanted[0] == '\0' ? mem_printf("/%s", id)
		     : wanted[0] == '/'                  ? mem_strdup(wanted)
							 : mem_printf("/%s", wanted);
	free(spec->cgroups_path);
	spec->cgroups_path = path;
}

/* config-linux.md, "IntelRdt": a class without a name is the container's own. */
static void resolve_class(struct rdt *rdt, const char *id)
{
	if (!rdt->is_set)
		return;
	rdt->is_own_class = rdt->class_id == NULL;
	if (rdt->is_own_class)
		rdt->class_id = mem_strdup(id);
	rdt->group_id = mem_strdup(id);
}

/* The kernel raises no ambient capability that is not inheritable, and buildah and old default
 * configurations ask for all. Without a word, as runc and crun: users would see it at each run. */
static void limit_ambient(struct caps *caps)
{
	caps->ambient &= caps->permitted & caps->inheritable;
}

/* A path may name the host's own namespace. */
static bool is_host_namespace(enum ns_type type, const char *path)
{
	struct stat theirs, ours;
	AUTO_FREE char *our_path = mem_printf("/proc/self/ns/%s", ns_info(type)->proc);
	return stat(path, &theirs) < 0 || stat(our_path, &ours) < 0 ||
	       (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino);
}

/* Parameters of a joined namespace are set only where that is not the one we are in ourselves.
 * Which parameters belong to a namespace at all is checked with the plan. */
static int check_sysctls(const struct spec *spec, struct err *err)
{
	struct sysctl_scope scope = { 0 };
	const struct {
		enum ns_type type;
		bool *has;
	} rows[] = {
		{ NS_IPC, &scope.has_ipc },
		{ NS_NET, &scope.has_net },
		{ NS_UTS, &scope.has_uts },
		{ NS_USER, &scope.has_user },
	};
	for (size_t i = 0; spec->sysctls_len > 0 && i < ARRAY_LEN(rows); i++) {
		const struct spec_namespace *ns = &spec->namespaces[rows[i].type];
		*rows[i].has = ns->is_used &&
			       (ns->path == NULL || !is_host_namespace(rows[i].type, ns->path));
	}
	for (size_t i = 0; i < spec->sysctls_len; i++)
		if (sysctl_check(spec->sysctls[i].name, spec->sysctls[i].value, &scope, err) < 0)
			return err_context(err, "config.json: linux.sysctl");
	return 0;
}

/* A name of the host is not a container's to change, whatever path leads to its namespace. */
static int check_names(const struct spec *spec, struct err *err)
{
	const struct spec_namespace *uts = &spec->namespaces[NS_UTS];
	const char *key = spec->hostname != NULL ? "hostname" : "domainname";
	if ((spec->hostname == NULL && spec->domainname == NULL) || uts->path == NULL ||
	    !is_host_namespace(NS_UTS, uts->path))
		return 0;
	return err_set(err, ERR_INVALID,
		       "config.json: %s: the joined uts namespace is the host's own", key);
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
	bundle->cgroups_path = mem_strdup(spec->cgroups_path);
	resolve_cgroup(bundle, id);
	resolve_class(&spec->rdt, id);
	/* Always, and so a configuration without rules is one that allows these alone: a device
	 * the payload can reach by mknod is the host's. */
	spec_add_default_device_rules(spec);
}

static int parse(struct bundle *bundle, const char *id, struct err *err)
{
	if (spec_parse(buf_str(&bundle->config), bundle->config.len, &bundle->spec,
		       &bundle->seccomp_json, err) < 0)
		return -1;
	complete(bundle, id);
	return 0;
}

int bundle_open(const char *dir, const char *config, const char *id, struct bundle *out,
		struct err *err)
{
	AUTO(struct bundle, bundle_done) bundle = { 0 };
	bundle.path = realpath(dir, NULL);
	if (bundle.path == NULL)
		return err_sys(err, "bundle %s", dir);
	if (read_config(&bundle, config != NULL ? config : "config.json", err) < 0 ||
	    parse(&bundle, id, err) < 0 || check_sysctls(&bundle.spec, err) < 0 ||
	    check_names(&bundle.spec, err) < 0)
		return -1;
	*out = bundle;
	bundle = (struct bundle){ 0 };
	return 0;
}

int bundle_reopen(const struct record *record, struct bundle *out, struct err *err)
{
	AUTO(struct bundle, bundle_done) bundle = { 0 };
	bundle.path = mem_strdup(record->facts.bundle);
	if (record_read_config(record, &bundle.config, err) < 0 ||
	    parse(&bundle, record->id, err) < 0)
		return -1;
	/* Where it was put, not where it would be put now. */
	free(bundle.spec.cgroups_path);
	const char *cgroup_path = record->facts.cgroup_path;
	bundle.spec.cgroups_path = cgroup_path != NULL ? mem_strdup(cgroup_path) : NULL;
	bundle.spec.has_cgroup = cgroup_path != NULL;
	/* One that `update` has made. */
	if (!bundle.spec.rdt.is_set && record->facts.class_group != NULL)
		bundle.spec.rdt = (struct rdt){ .is_set = true,
						.is_own_class = true,
						.class_id = mem_strdup(record->id),
						.group_id = mem_strdup(record->id) };
	bundle.spec.has_new_keyring = !record->facts.no_new_keyring;
	*out = bundle;
	bundle = (struct bundle){ 0 };
	return 0;
}
