/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a container that sees the host's processes: opens the program of every process it may look
 * at, keeps one descriptor for each program, and tries again and again to open that for writing.
 * Says "caught NAME" and "WRITABLE NAME", for names that begin with the word it is given.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	int fd;
	dev_t dev;
	ino_t ino;
	char name[300];
} fish[64];
static int caught;

static void look_at(const char *pid, const char *wanted)
{
	char path[300], name[300];
	struct stat st;
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	ssize_t n = readlink(path, name, sizeof(name) - 1);
	if (n < 0 || caught == 64)
		return;
	name[n] = '\0';
	const char *base = strrchr(name, '/') != NULL ? strrchr(name, '/') + 1 : name;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0 || strncmp(base, wanted, strlen(wanted)) != 0) {
		close(fd);
		return;
	}
	for (int i = 0; i < caught; i++)
		if (fish[i].dev == st.st_dev && fish[i].ino == st.st_ino) {
			close(fd);
			return;
		}
	fish[caught].fd = fd;
	fish[caught].dev = st.st_dev;
	fish[caught].ino = st.st_ino;
	snprintf(fish[caught].name, sizeof(name), "%s", name);
	printf("caught %s\n", fish[caught++].name);
}

static void try_to_write(int i)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fish[i].fd);
	int writable = open(path, O_WRONLY | O_CLOEXEC);
	if (writable < 0)
		return;
	printf("WRITABLE %s\n", fish[i].name);
	close(writable);
	fish[i].ino = 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("fishing");
	for (;;) {
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;)
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				look_at(entry->d_name, argv[1]);
		if (proc != NULL)
			closedir(proc);
		for (int i = 0; i < caught; i++)
			if (fish[i].ino != 0)
				try_to_write(i);
	}
}
