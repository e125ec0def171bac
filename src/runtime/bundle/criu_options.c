/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bundle/criu_options.h"

#include "runtime/checkpoint/request.h"

#include <sched.h>

#define LOG_LEVEL    4
#define CONFIG_LABEL "org.criu.config"
#define CONFIG_FILE  "/etc/criu/runc.conf" /* what one runtime is told, the other is, too */

int criu_options_check_rights(const struct rights *rights, struct err *err)
{
	if (rights->privilege.is_initial && rights->privilege.has_sys_admin)
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "checkpoint and restore need the rights of the machine's root");
}

const char *criu_options_namespace_key(enum ns_type type)
{
	/* The names are runc's: they are in the images. */
	if (type == NS_NET)
		return "extRootNetNS";
	return type == NS_PID ? "extRootPidNS" : NULL;
}

/* A container's own file of CRIU options, by annotation; an empty one is none. */
static void add_config_file(const struct spec *spec, struct strv *request)
{
	const char *file = strv_env_get(&spec->annotations, CONFIG_LABEL);
	if (file == NULL)
		file = CONFIG_FILE;
	request_add_text(request, "config_file", file[0] != '\0' ? file : NULL);
}

void criu_options_add(const struct checkpoint_options *options, const struct images *images,
		      const struct spec *spec, struct strv *request)
{
	request_add_int(request, "images_dir_fd", images->image_fd);
	if (images->work_fd >= 0)
		request_add_int(request, "work_dir_fd", images->work_fd);
	request_add_int(request, "log_level", LOG_LEVEL);
	request_add_flag(request, "notify_scripts", true);
	request_add_flag(request, "orphan_pts_master", true);
	request_add_flag(request, "shell_job", options->shell_job);
	request_add_flag(request, "tcp_established", options->tcp_established);
	request_add_flag(request, "ext_unix_sk", options->ext_unix_sk);
	request_add_flag(request, "file_locks", options->file_locks);
	request_add_flag(request, "auto_dedup", options->auto_dedup);
	request_add_flag(request, "lazy_pages", options->lazy_pages);
	/* Network devices are those of whoever made the namespace, never ours to save. */
	request_add_int(request, "empty_ns", CLONE_NEWNET);
	request_add_flag(request, "manage_cgroups", true);
	if (options->cgroups != CHECKPOINT_CGROUPS_DEFAULT)
		request_add_int(request, "manage_cgroups_mode", options->cgroups);
	add_config_file(spec, request);
}
