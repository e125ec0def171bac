/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Capabilities by the raw calls: capget, capset and prctl. No library, no /proc.
 * Knows nothing of users or profiles beyond the two default masks.
 * Linux 5.10 has capabilities 0-40; newer ones are carried as bits without a name.
 */
#include "kernel/caps/caps.h"

#include "base/buf.h"
#include "base/warn.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};
_Static_assert(ARRAY_LEN(names) == CAP_LAST_CAP + 1, "one name per capability of the headers");

int caps_by_name(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i] + 4) == 0)
			return (int)i;
	return -1;
}

const char *caps_name(int cap)
{
	return cap >= 0 && (size_t)cap < ARRAY_LEN(names) ? names[cap] : NULL;
}

static const char *name_or_number(int cap)
{
	const char *name = caps_name(cap);
	return name != NULL ? name : "a capability newer than this program";
}

uint64_t caps_all(void)
{
	static uint64_t all; /* does not change while the kernel runs */
	if (all != 0)
		return all;
	int last = CAP_CHECKPOINT_RESTORE;
	while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
		last--;
	while (last < 63 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	all = UINT64_MAX >> (63 - last);
	return all;
}

uint64_t caps_default(void)
{
	return CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) |
	       CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_KILL) | CAP_BIT(CAP_NET_BIND_SERVICE) |
	       CAP_BIT(CAP_SETFCAP) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETPCAP) |
	       CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SYS_CHROOT);
}

uint64_t caps_docker(void)
{
	return caps_default() | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_NET_RAW) |
	       CAP_BIT(CAP_AUDIT_WRITE);
}

/* The mask of a list; "ALL" is reported apart. */
static int mask_of(const struct strv *list, const char *option, uint64_t *out_mask, bool *out_all,
		   struct err *err)
{
	uint64_t mask = 0;
	bool has_all = false;
	for (size_t i = 0; list != NULL && i < list->len; i++) {
		const char *name = list->items[i];
		if (strcasecmp(name, "ALL") == 0 || strcasecmp(name, "CAP_ALL") == 0) {
			has_all = true;
			continue;
		}
		int cap = caps_by_name(name);
		if (cap < 0)
			return err_set(err, ERR_INVALID, "%s: unknown capability \"%s\"", option,
				       name);
		mask |= CAP_BIT(cap);
	}
	*out_mask = mask;
	*out_all = has_all;
	return 0;
}

int caps_tweak(uint64_t *mask, const struct strv *add, const struct strv *drop, struct err *err)
{
	uint64_t add_mask = 0, drop_mask = 0;
	bool adds_all = false, drops_all = false;
	if (mask_of(add, "cap-add", &add_mask, &adds_all, err) < 0 ||
	    mask_of(drop, "cap-drop", &drop_mask, &drops_all, err) < 0)
		return -1;
	if (adds_all)
		*mask = caps_all() & ~drop_mask;
	else if (drops_all)
		*mask = add_mask;
	else
		*mask = (*mask & ~drop_mask) | add_mask;
	return 0;
}

/*
 * A drop costs six times a read, and from a full set nothing but drops helps. So one read decides:
 * if the first capability that must go is gone already, somebody was here before, and each is
 * looked at first (which also spares a caller without CAP_SETPCAP an error for nothing).
 */
int caps_apply_bounding(const struct caps *caps, struct err *err)
{
	uint64_t unwanted = caps_all() & ~caps->bounding;
	bool is_read_first = unwanted != 0 &&
			     prctl(PR_CAPBSET_READ, __builtin_ctzll(unwanted), 0, 0, 0) == 0;
	for (; unwanted != 0; unwanted &= unwanted - 1) {
		int cap = __builtin_ctzll(unwanted);
		if (is_read_first && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(err, "drop %s from the bounding set", name_or_number(cap));
	}
	return 0;
}

static int set_triple(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(effective >> 32 * i),
			.permitted = (uint32_t)(permitted >> 32 * i),
			.inheritable = (uint32_t)(inheritable >> 32 * i),
		};
	return (int)syscall(SYS_capset, &header, data);
}

static int get_triple(struct caps *out, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	if (syscall(SYS_capget, &header, data) < 0)
		return err_sys(err, "read capabilities");
	out->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	out->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	out->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static void warn_missing(uint64_t missing)
{
	AUTO(struct buf, buf_done) list = { 0 };
	for (; missing != 0; missing &= missing - 1)
		buf_addf(&list, " %s", name_or_number(__builtin_ctzll(missing)));
	warn_say("capabilities that we do not have ourselves are not given:%s", buf_str(&list));
}

/* The kernel refused the sets as a whole: give what we have of them. */
static int set_what_we_have(struct caps *want, struct err *err)
{
	struct caps have = { 0 };
	if (get_triple(&have, err) < 0)
		return -1;
	uint64_t asked = want->permitted | want->effective | want->inheritable;
	warn_missing(asked & caps_all() & ~have.permitted);
	want->permitted &= have.permitted;
	want->effective &= want->permitted;
	want->inheritable &= have.inheritable | have.permitted;
	want->ambient &= want->permitted & want->inheritable;
	if (set_triple(want->effective, want->permitted, want->inheritable) < 0)
		return err_sys(err, "set capabilities");
	return 0;
}

int caps_apply(const struct caps *caps, struct err *err)
{
	struct caps want = *caps;
	if (set_triple(want.effective, want.permitted, want.inheritable) < 0) {
		if (errno != EPERM)
			return err_sys(err, "set capabilities");
		if (set_what_we_have(&want, err) < 0)
			return -1;
	}
	/* capset has cleared every ambient bit that is not inheritable: without any, all are. */
	if (want.inheritable != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(err, "clear ambient capabilities");
	uint64_t ambient = want.ambient & caps_all();
	for (; ambient != 0; ambient &= ambient - 1) {
		int cap = __builtin_ctzll(ambient);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(err,
				       "raise ambient %s (it must be permitted and inheritable)",
				       name_or_number(cap));
	}
	return 0;
}

bool caps_has_effective(int cap)
{
	struct caps self = { 0 };
	return get_triple(&self, NULL) == 0 && (self.effective & CAP_BIT(cap)) != 0;
}

int caps_read_self(struct caps *out, struct err *err)
{
	struct caps self = { 0 };
	if (get_triple(&self, err) < 0)
		return -1;
	uint64_t all = caps_all();
	for (int cap = 0; cap < 64 && (all & CAP_BIT(cap)) != 0; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			self.bounding |= CAP_BIT(cap);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			self.ambient |= CAP_BIT(cap);
	}
	*out = self;
	return 0;
}
