/* SPDX-License-Identifier: Apache-2.0 */
/* Moving a device between two network namespaces of our own; nothing of the host's is touched. */
#include "kernel/net/device.h"

#include "base/buf.h"
#include "kernel/net/netlink.h"
#include "kernel/ns/child_test.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Nested attributes are attributes whose data are attributes. */
static void make_veth(int sock_fd, const char *name)
{
	struct ifinfomsg link = { 0 };
	struct netlink_request request;
	struct {
		struct rtattr attr;
		char kind[8];
	} info = { { RTA_LENGTH(4), IFLA_INFO_KIND }, "veth" };
	struct err err = { 0 };
	netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	netlink_add(&request, IFLA_LINKINFO, &info, sizeof(info));
	if (netlink_ask(sock_fd, &request, NULL, NULL, &err) < 0)
		child_skip("the kernel has no virtual network devices");
}

static void give_address(int sock_fd, const char *device, int family, const char *text,
			 unsigned char scope)
{
	struct ifaddrmsg header = {
		.ifa_family = (unsigned char)family,
		.ifa_prefixlen = family == AF_INET ? 24 : 64,
		.ifa_scope = scope,
		.ifa_index = if_nametoindex(device),
	};
	unsigned char bytes[16];
	size_t len = family == AF_INET ? 4 : 16;
	struct netlink_request request;
	struct err err = { 0 };
	CHECK(inet_pton(family, text, bytes) == 1);
	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	netlink_add(&request, IFA_LOCAL, bytes, len);
	netlink_add(&request, IFA_ADDRESS, bytes, len);
	CHECK_OK(netlink_ask(sock_fd, &request, NULL, NULL, &err), &err);
}

static void note_address(struct nlmsghdr *message, void *context)
{
	int left = (int)IFA_PAYLOAD(message);
	struct ifaddrmsg *header = NLMSG_DATA(message);
	for (struct rtattr *attr = IFA_RTA(header); RTA_OK(attr, left);
	     attr = RTA_NEXT(attr, left)) {
		char text[INET6_ADDRSTRLEN] = "";
		if (attr->rta_type != IFA_ADDRESS)
			continue;
		inet_ntop(header->ifa_family, RTA_DATA(attr), text, sizeof(text));
		buf_addf(context, "%s/%u ", text, header->ifa_prefixlen);
	}
}

static bool is_up(const char *name)
{
	AUTO_FD sock_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(sock_fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

/* @return descriptor of the namespace that the caller is in from now on */
static int enter_new_netns(void)
{
	CHECK(unshare(CLONE_NEWNET) == 0);
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static void move_body(void)
{
	struct err err = { 0 };
	if (unshare(CLONE_NEWNET) < 0)
		child_skip("no network namespace of our own");
	AUTO_FD there_fd = enter_new_netns();
	AUTO_FD here_fd = enter_new_netns();
	CHECK(here_fd != there_fd);
	AUTO_FD sock_fd = netlink_open(&err);
	make_veth(sock_fd, "claydev0");
	give_address(sock_fd, "claydev0", AF_INET, "192.0.2.7", RT_SCOPE_UNIVERSE);
	give_address(sock_fd, "claydev0", AF_INET, "198.51.100.8", RT_SCOPE_LINK);
	give_address(sock_fd, "claydev0", AF_INET6, "2001:db8::7", RT_SCOPE_UNIVERSE);
	CHECK_OK(net_device_move("claydev0", there_fd, "eth7", &err), &err);
	CHECK(if_nametoindex("claydev0") == 0);

	CHECK(setns(there_fd, CLONE_NEWNET) == 0);
	CHECK(if_nametoindex("eth7") != 0 && is_up("eth7"));
	AUTO_FD there_sock_fd = netlink_open(&err);
	AUTO(struct buf, buf_done) seen = { 0 };
	struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	struct netlink_request request;
	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	CHECK_OK(netlink_ask(there_sock_fd, &request, note_address, &seen, &err), &err);
	CHECK(strstr(buf_str(&seen), "192.0.2.7/24 ") != NULL);
	CHECK(strstr(buf_str(&seen), "2001:db8::7/64 ") != NULL);
	CHECK(strstr(buf_str(&seen), "198.51.100.8") == NULL);

	/* And back, from the side it came from. */
	CHECK(setns(here_fd, CLONE_NEWNET) == 0);
	CHECK(!net_device_is_up("claydev0"));
	CHECK_OK(net_device_return("eth7", there_fd, "claydev0", true, &err), &err);
	CHECK(net_device_is_up("claydev0") && is_up("claydev0"));
	buf_reset(&seen);
	AUTO_FD back_sock_fd = netlink_open(&err);
	CHECK_OK(netlink_ask(back_sock_fd, &request, note_address, &seen, &err), &err);
	CHECK(strstr(buf_str(&seen), "192.0.2.7/24 ") != NULL);
	CHECK_OK(net_device_move("claydev0", there_fd, NULL, &err), &err);
	CHECK_OK(net_device_return("claydev0", there_fd, "claydev0", false, &err), &err);
	CHECK(if_nametoindex("claydev0") != 0 && !net_device_is_up("claydev0"));
	CHECK(net_device_return("claydev0", there_fd, "claydev0", true, &err) < 0);
	CHECK(if_nametoindex("claydev0") != 0);
}

static void refusals_body(void)
{
	struct err err = { 0 };
	if (unshare(CLONE_NEWNET) < 0)
		child_skip("no network namespace of our own");
	AUTO_FD there_fd = enter_new_netns();
	AUTO_FD there_sock_fd = netlink_open(&err);
	make_veth(there_sock_fd, "eth7");
	AUTO_FD here_fd = enter_new_netns();
	CHECK(here_fd != there_fd);
	CHECK(net_device_move("no-such0", there_fd, NULL, &err) < 0);
	CHECK(err.kind == ERR_NOT_FOUND);
	AUTO_FD sock_fd = netlink_open(&err);
	make_veth(sock_fd, "claydev0");
	CHECK(net_device_move("claydev0", there_fd, "eth7", &err) < 0);
	CHECK(err.kind == ERR_CONFLICT);
	CHECK(net_device_move("claydev0", there_fd, "a/b", &err) < 0);
	CHECK(err.kind == ERR_INVALID);
	CHECK(if_nametoindex("claydev0") != 0);
	CHECK(net_device_move("lo", there_fd, "lo1", &err) < 0);
}

static void a_moved_device_keeps_its_addresses(void **state)
{
	(void)state;
	child_judge(child_run(move_body));
}

static void what_cannot_be_moved_stays(void **state)
{
	(void)state;
	child_judge(child_run(refusals_body));
}

static void names(void **state)
{
	(void)state;
	static const char *const bad[] = { "",    ".",   "..",  "a b",
					   "a/b", "a:1", "a%d", "sixteen-letters0" };
	assert_true(net_device_name_is_valid("eth0") && net_device_name_is_valid("a.b-c_15chars1"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(net_device_name_is_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moved_device_keeps_its_addresses),
		cmocka_unit_test(what_cannot_be_moved_stays),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
