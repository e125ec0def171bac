/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a container: opens the program of every process that appears, keeps the descriptor, and
 * tries, once that process has ended, to open it for writing. Says "caught" and "WRITABLE".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void try_to_write(int fd)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 200; i++) {
		int writable = open(path, O_WRONLY);
		if (writable >= 0) {
			puts("WRITABLE");
			close(writable);
			return;
		}
		if (errno != ETXTBSY)
			return;
		usleep(10000);
	}
}

static void look_at(const char *pid, const struct stat *own)
{
	char path[300];
	struct stat st;
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && (st.st_dev != own->st_dev || st.st_ino != own->st_ino)) {
		puts("caught");
		try_to_write(fd);
	}
	close(fd);
}

int main(void)
{
	struct stat own;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (stat("/proc/self/exe", &own) < 0)
		return 1;
	puts("hunting");
	for (;;) {
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;)
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				look_at(entry->d_name, &own);
		if (proc != NULL)
			closedir(proc);
	}
}
