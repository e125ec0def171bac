/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a container, with all that ptrace needs: seizes every process that appears, as early as it
 * can, and says what it caught. "caught PROGRAM"; "RIGHTS" for a capability that we do not have
 * ourselves, "FOREIGN" for a namespace or root that is not ours, "HOST" for a descriptor that leads
 * elsewhere than to a file of the container, a pipe, or a socket.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long long field(int pid, const char *name)
{
	char path[64], text[4096];
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *line = strstr(text, name);
	return line != NULL ? strtoull(line + strlen(name), NULL, 16) : 0;
}

static void look_at_rights(int pid)
{
	static const char *const names[] = { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
					     "CapAmb:" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((field(pid, names[i]) & ~field(getpid(), "CapBnd:")) != 0)
			printf("RIGHTS %s %llx\n", names[i], field(pid, names[i]));
}

static void look_at_namespaces(int pid)
{
	static const char *const names[] = { "mnt", "pid", "net", "ipc", "uts", "user" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], theirs[64] = "", ours[64] = "";
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, names[i]);
		if (readlink(path, theirs, sizeof(theirs) - 1) <= 0)
			continue; /* gone */
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (readlink(path, ours, sizeof(ours) - 1) > 0 && strcmp(theirs, ours) != 0)
			printf("FOREIGN %s\n", theirs);
	}
}

static void look_at_root(int pid)
{
	char path[64];
	struct stat theirs, ours;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	if (stat(path, &theirs) == 0 && stat("/", &ours) == 0 &&
	    (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino))
		puts("FOREIGN root");
	snprintf(path, sizeof(path), "/proc/%d/cwd/../../../../..", pid);
	if (stat(path, &theirs) == 0 && stat("/", &ours) == 0 &&
	    (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino))
		puts("FOREIGN directory");
}

static void look_at_descriptors(int pid)
{
	char path[400], target[400];
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *list = opendir(path);
	for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
		struct stat st;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0 || stat(path, &st) < 0)
			continue;
		target[n] = '\0';
		if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		    strcmp(target, "/dev/null") == 0)
			continue;
		printf("HOST descriptor %s %s\n", entry->d_name, target);
	}
	if (list != NULL)
		closedir(list);
}

static void look_at_caught(int pid)
{
	char path[64], program[300] = "";
	int status;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (readlink(path, program, sizeof(program) - 1) > 0)
		printf("caught %s\n", program);
	look_at_rights(pid);
	look_at_namespaces(pid);
	look_at_root(pid);
	look_at_descriptors(pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	waitpid(pid, &status, __WALL | WNOHANG);
}

int main(void)
{
	int last = getpid();
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("tracing");
	/* Numbers of processes grow: the next one is tried until it is there, without a look at
	 * /proc. */
	for (;;) {
		for (int pid = last + 1; pid < last + 6; pid++) {
			if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
				continue;
			last = pid;
			look_at_caught(pid);
		}
	}
}
