/* SPDX-License-Identifier: Apache-2.0 */
/* Moving a network device: its addresses are read before, since the move takes them away. */
#include "kernel/net/device.h"

#include "base/mem.h"
#include "kernel/net/netlink.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define ADDRESS_BYTES_MAX 16

/* What the kernel may be told again; the other flags are its own conclusions. */
#define FLAGS_KEPT                                                                                 \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | IFA_F_MANAGETEMPADDR |            \
	 IFA_F_MCAUTOJOIN)

struct address {
	struct ifaddrmsg header;
	uint32_t flags;
	size_t local_len, peer_len, broadcast_len; /* 0: absent */
	char local[ADDRESS_BYTES_MAX], peer[ADDRESS_BYTES_MAX], broadcast[ADDRESS_BYTES_MAX];
};

struct addresses {
	unsigned device; /* the one whose addresses are wanted */
	struct address *items;
	size_t len;
};

static void addresses_done(struct addresses *addresses)
{
	free(addresses->items);
}

bool net_device_name_is_valid(const char *name)
{
	size_t len = strlen(name);
	return len > 0 && len < IFNAMSIZ && strpbrk(name, " \t\n\v\f\r/:%") == NULL &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static size_t take(struct rtattr *attr, char out[ADDRESS_BYTES_MAX])
{
	size_t len = RTA_PAYLOAD(attr);
	if (len > ADDRESS_BYTES_MAX)
		return 0;
	memcpy(out, RTA_DATA(attr), len);
	return len;
}

static void keep_address(struct nlmsghdr *message, void *context)
{
	struct addresses *addresses = context;
	struct address address = { 0 };
	if (message->nlmsg_type != RTM_NEWADDR ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(address.header)))
		return;
	memcpy(&address.header, NLMSG_DATA(message), sizeof(address.header));
	address.flags = address.header.ifa_flags;
	int left = (int)IFA_PAYLOAD(message);
	for (struct rtattr *attr = IFA_RTA(NLMSG_DATA(message)); RTA_OK(attr, left);
	     attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == IFA_LOCAL)
			address.local_len = take(attr, address.local);
		else if (attr->rta_type == IFA_ADDRESS)
			address.peer_len = take(attr, address.peer);
		else if (attr->rta_type == IFA_BROADCAST)
			address.broadcast_len = take(attr, address.broadcast);
		else if (attr->rta_type == IFA_FLAGS && RTA_PAYLOAD(attr) == sizeof(uint32_t))
			memcpy(&address.flags, RTA_DATA(attr), sizeof(uint32_t));
	}
	if (address.header.ifa_index != addresses->device ||
	    address.header.ifa_scope != RT_SCOPE_UNIVERSE || (address.flags & IFA_F_PERMANENT) == 0)
		return;
	addresses->items = mem_realloc(addresses->items,
				       (addresses->len + 1) * sizeof(struct address));
	addresses->items[addresses->len++] = address;
}

static int read_addresses(int sock_fd, struct addresses *addresses, struct err *err)
{
	struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	struct netlink_request request;
	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	return netlink_ask(sock_fd, &request, keep_address, addresses, err);
}

static int find_index(int sock_fd, const char *name, unsigned *out, struct err *err)
{
	struct ifreq request = { 0 };
	memcpy(request.ifr_name, name, strlen(name) + 1);
	if (ioctl(sock_fd, SIOCGIFINDEX, &request) < 0)
		return errno == ENODEV ? err_set(err, ERR_NOT_FOUND, "there is no such device")
				       : err_sys(err, "find it");
	*out = (unsigned)request.ifr_ifindex;
	return 0;
}

static int send_away(int sock_fd, unsigned device, int netns_fd, const char *name, struct err *err)
{
	struct ifinfomsg link = { .ifi_index = (int)device };
	struct netlink_request request;
	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_add(&request, IFLA_NET_NS_FD, &netns_fd, sizeof(netns_fd));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	if (netlink_ask(sock_fd, &request, NULL, NULL, err) == 0)
		return 0;
	err_context(err, "move it");
	return err != NULL && err->errnum == EINVAL
		       ? err_hint(err, "some devices cannot leave their namespace")
		       : -1;
}

static int add_address(int sock_fd, const struct address *address, unsigned device, struct err *err)
{
	struct ifaddrmsg header = address->header;
	uint32_t flags = address->flags & FLAGS_KEPT;
	struct netlink_request request;
	header.ifa_index = device;
	header.ifa_flags = (uint8_t)flags;
	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	if (address->local_len > 0)
		netlink_add(&request, IFA_LOCAL, address->local, address->local_len);
	if (address->peer_len > 0)
		netlink_add(&request, IFA_ADDRESS, address->peer, address->peer_len);
	if (address->broadcast_len > 0)
		netlink_add(&request, IFA_BROADCAST, address->broadcast, address->broadcast_len);
	netlink_add(&request, IFA_FLAGS, &flags, sizeof(flags));
	if (netlink_ask(sock_fd, &request, NULL, NULL, err) < 0)
		return err_context(err, "give it its address back");
	return 0;
}

static int bring_up(int sock_fd, unsigned device, struct err *err)
{
	struct ifinfomsg link = {
		.ifi_index = (int)device,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct netlink_request request;
	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	return netlink_ask(sock_fd, &request, NULL, NULL, err) < 0 ? err_context(err, "bring it up")
								   : 0;
}

/* A socket keeps the namespace it was made in. */
static int open_there(int netns_fd, struct err *err)
{
	AUTO_FD home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home_fd < 0)
		return err_sys(err, "open our network namespace");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_sys(err, "enter the other network namespace");
	AUTO_FD sock_fd = netlink_open(err);
	if (setns(home_fd, CLONE_NEWNET) < 0)
		return err_sys(err, "return to our network namespace");
	return fd_take(&sock_fd);
}

static int move(const char *name, int netns_fd, const char *new_name, bool is_up, struct err *err)
{
	AUTO(struct addresses, addresses_done) addresses = { 0 };
	unsigned device_there = 0;
	AUTO_FD here_fd = netlink_open(err);
	if (here_fd < 0 || find_index(here_fd, name, &addresses.device, err) < 0 ||
	    read_addresses(here_fd, &addresses, err) < 0)
		return -1;
	AUTO_FD there_fd = open_there(netns_fd, err);
	if (there_fd < 0)
		return -1;
	/* The kernel moves a device before it finds that it cannot rename it. */
	if (find_index(there_fd, new_name, &device_there, NULL) == 0)
		return err_set(err, ERR_CONFLICT, "the container has a device %s already",
			       new_name);
	if (send_away(here_fd, addresses.device, netns_fd, new_name, err) < 0 ||
	    find_index(there_fd, new_name, &device_there, err) < 0)
		return -1;
	for (size_t i = 0; i < addresses.len; i++)
		if (add_address(there_fd, &addresses.items[i], device_there, err) < 0)
			return -1;
	return is_up ? bring_up(there_fd, device_there, err) : 0;
}

int net_device_move(const char *name, int netns_fd, const char *new_name, struct err *err)
{
	const char *there = new_name != NULL ? new_name : name;
	if (!net_device_name_is_valid(name) || !net_device_name_is_valid(there))
		return err_set(err, ERR_INVALID, "\"%.64s\" is not a network device",
			       net_device_name_is_valid(name) ? there : name);
	if (move(name, netns_fd, there, true, err) < 0)
		return err_context(err, "network device %s", name);
	return 0;
}

bool net_device_is_up(const char *name)
{
	struct ifreq request = { 0 };
	AUTO_FD sock_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock_fd < 0 || !net_device_name_is_valid(name))
		return false;
	memcpy(request.ifr_name, name, strlen(name) + 1);
	return ioctl(sock_fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

int net_device_return(const char *name, int netns_fd, const char *home_name, bool is_up,
		      struct err *err)
{
	AUTO_FD home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home_fd < 0)
		return err_sys(err, "open our network namespace");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_sys(err, "enter the other network namespace");
	int result = move(name, home_fd, home_name, is_up, err);
	if (setns(home_fd, CLONE_NEWNET) < 0)
		return err_sys(err, "return to our network namespace");
	return result < 0 ? err_context(err, "bring back network device %s", home_name) : 0;
}
