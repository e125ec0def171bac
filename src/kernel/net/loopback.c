/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one device every network namespace is born with, which the kernel leaves down. The kernel
 * gives it 127.0.0.1 and ::1 by itself as it comes up.
 */
#include "kernel/net/loopback.h"

#include "sys/fd.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int loopback_raise(struct err *err)
{
	AUTO_FD sock_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock_fd < 0)
		return err_sys(err, "open a socket for lo");
	struct ifreq request = { .ifr_flags = IFF_UP | IFF_RUNNING };
	memcpy(request.ifr_name, "lo", sizeof("lo"));
	if (ioctl(sock_fd, SIOCSIFFLAGS, &request) < 0)
		return err_sys(err, "bring up lo");
	return 0;
}
