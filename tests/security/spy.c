/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a container, with CAP_SYS_PTRACE: as soon as a process appears, tries to get at what it
 * has of the host: descriptors, the working directory, the root, its memory. Says "seen" for a
 * process, and "HOST" and what for each thing of the host that it got.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct stat root;

static int number(const char *pid)
{
	return (int)strtol(pid, NULL, 10);
}

/* A directory that leads to another root than ours. */
static void look_at_directory(const char *path)
{
	char up[400];
	struct stat st;
	snprintf(up, sizeof(up), "%s/../../../../../../../../../..", path);
	if (stat(up, &st) == 0 && (st.st_dev != root.st_dev || st.st_ino != root.st_ino))
		printf("HOST %s\n", path);
}

static void look_at_descriptors(const char *pid)
{
	char path[300], target[400];
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	DIR *list = opendir(path);
	for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(target, sizeof(target), "/proc/%s/fd/%s", pid, entry->d_name);
		look_at_directory(target);
	}
	if (list != NULL)
		closedir(list);
}

/* A process that is still our runtime, whose program is none of the container's. */
static void look_at_program(const char *pid)
{
	char path[300], target[300];
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return;
	target[len] = '\0';
	if (strcmp(target, "/bin/busybox") == 0 || strcmp(target, "/bin/spy") == 0)
		return;
	if (ptrace(PTRACE_SEIZE, number(pid), NULL, NULL) == 0)
		printf("HOST traced %s\n", target);
	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	int fd = open(path, O_RDWR);
	if (fd >= 0)
		printf("HOST memory of %s\n", target);
}

static void look_at(const char *pid)
{
	static int last;
	char path[300];
	if (number(pid) == getpid())
		return;
	if (number(pid) != last) {
		last = number(pid);
		puts("seen");
	}
	look_at_descriptors(pid);
	snprintf(path, sizeof(path), "/proc/%s/cwd", pid);
	look_at_directory(path);
	snprintf(path, sizeof(path), "/proc/%s/root", pid);
	look_at_directory(path);
	look_at_program(pid);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (stat("/", &root) < 0)
		return 1;
	puts("watching");
	for (;;) {
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;)
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				look_at(entry->d_name);
		if (proc != NULL)
			closedir(proc);
	}
}
