/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loading the default AppArmor profile. The kernel takes compiled policy only, and the compiler is
 * apparmor_parser: it runs here once after boot, never on a path that starts a container.
 */
#include "kernel/lsm/label.h"
#include "kernel/lsm/lsm.h"
#include "kernel/lsm/profile_text.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROFILES_MAX_BYTES (1u << 20)
#define MESSAGE_MAX_BYTES  (64u << 10)

static bool is_loaded(void)
{
	AUTO(struct buf, buf_done) profiles = { 0 };
	/* Absent where securityfs is not mounted: then the parser decides, and replacing is safe.
	 */
	if (file_read(AT_FDCWD, "/sys/kernel/security/apparmor/profiles", PROFILES_MAX_BYTES,
		      &profiles, NULL) < 0)
		return false;
	return lsm_profile_listed(buf_str(&profiles), LSM_DEFAULT_APPARMOR);
}

static const char *find_parser(void)
{
	static const char *const paths[] = { "/usr/sbin/apparmor_parser", "/sbin/apparmor_parser" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static int run_parser(const char *parser, int text_fd, int message_fd, struct err *err)
{
	char *argv[] = { (char[]){ "apparmor_parser" }, (char[]){ "--replace" },
			 (char[]){ "--skip-cache" }, NULL };
	char *envp[] = { (char[]){ "LC_ALL=C" }, NULL };
	int fds[] = { text_fd, message_fd, message_fd };
	struct process_child child;
	struct process_exit status;
	if (process_spawn(parser, argv, envp, fds, ARRAY_LEN(fds), &child, err) < 0)
		return -1;
	AUTO_FD pidfd = child.pidfd;
	if (process_wait(pidfd, &status, err) < 0)
		return -1;
	if (process_exit_code(&status) == 0)
		return 0;
	AUTO(struct buf, buf_done) message = { 0 };
	if (lseek(message_fd, 0, SEEK_SET) == 0)
		fd_read_all(message_fd, MESSAGE_MAX_BYTES, "its message", &message, NULL);
	const char *text = buf_str(&message);
	return err_set(err, ERR_REMOTE, "%s ended with %d: %.*s", parser,
		       process_exit_code(&status), (int)strcspn(text, "\n"), text);
}

int lsm_load_default_apparmor(struct err *err)
{
	if (!lsm_has_apparmor() || is_loaded())
		return 0;
	const char *parser = find_parser();
	if (parser == NULL) {
		err_set(err, ERR_UNSUPPORTED, "load AppArmor profile %s: no apparmor_parser",
			LSM_DEFAULT_APPARMOR);
		return err_hint(err, "install the package apparmor, or run without a profile");
	}
	AUTO_FD text_fd = memfd_create("apparmor-profile", MFD_CLOEXEC);
	AUTO_FD message_fd = memfd_create("apparmor-message", MFD_CLOEXEC);
	if (text_fd < 0 || message_fd < 0 ||
	    fd_write_all(text_fd, apparmor_profile_text, strlen(apparmor_profile_text)) < 0 ||
	    lseek(text_fd, 0, SEEK_SET) < 0)
		return err_sys(err, "load AppArmor profile %s", LSM_DEFAULT_APPARMOR);
	if (run_parser(parser, text_fd, message_fd, err) < 0)
		return err_context(err, "load AppArmor profile %s", LSM_DEFAULT_APPARMOR);
	return 0;
}
