/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/spec_parse.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <cmocka.h>

static const char full[] =
	"{\"ociVersion\":\"1.2.0\",\"hostname\":\"jar\",\"domainname\":\"kiln\","
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
	"\"user\":{\"uid\":1000,\"gid\":4294967294,\"umask\":18,\"additionalGids\":[5,6]},"
	"\"args\":[\"sh\",\"-c\"],\"env\":[\"A=b\"],\"cwd\":\"/srv\","
	"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"ambient\":[\"CAP_CHOWN\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,\"hard\":18446744073709551615}],"
	"\"noNewPrivileges\":true,\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\","
	"\"execCPUAffinity\":{\"initial\":\"0-3,7\",\"final\":\"\"},\"oomScoreAdj\":-5,"
	"\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":5,"
	"\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]},"
	"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":3}},"
	"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\","
	"\"options\":[\"nosuid\"]},{\"destination\":\"data\",\"uidMappings\":"
	"[{\"containerID\":0,\"hostID\":1000,\"size\":1}],\"gidMappings\":"
	"[{\"containerID\":0,\"hostID\":1000,\"size\":1}]}],"
	"\"hooks\":{\"createRuntime\":[{\"path\":\"/h\",\"args\":[\"h\"],\"timeout\":3}]},"
	"\"annotations\":{\"k\":\"v\",\"run.oci.keep_original_groups\":\"1\","
	"\"run.oci.hooks.stdout\":\"/h.out\"},"
	"\"linux\":{\"namespaces\":[{\"type\":\"uts\"},{\"type\":\"network\",\"path\":\"/n\"},"
	"{\"type\":\"user\"},{\"type\":\"time\"}],"
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"
	"\"timeOffsets\":{\"boottime\":{\"secs\":-5,\"nanosecs\":7}},"
	"\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,"
	"\"fileMode\":438}],\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},"
	"\"cgroupsPath\":\"/x\",\"rootfsPropagation\":\"rslave\","
	"\"maskedPaths\":[\"/proc/keys\"],\"readonlyPaths\":[\"/proc/sys\"],"
	"\"personality\":{\"domain\":\"LINUX32\"},\"mountLabel\":\"u:r:t:s0\","
	"\"intelRdt\":{\"closID\":\"gold\",\"schemata\":[\"L3:0=f\",\"MB:0=20\"],"
	"\"enableMonitoring\":true},"
	"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\","
	"\"flags\":[\"MPOL_F_STATIC_NODES\"]},"
	"\"netDevices\":{\"eth1\":{\"name\":\"net0\"},\"eth2\":{}},"
	"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/s\","
	"\"listenerMetadata\":\"m\"},"
	"\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"
	"\"memory\":{\"limit\":536870912,\"swap\":-1,\"disableOOMKiller\":false},"
	"\"cpu\":{\"shares\":1024,\"quota\":-1,\"cpus\":\"0-1\"},\"pids\":{\"limit\":0},"
	"\"blockIO\":{\"weight\":10,\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,"
	"\"rate\":600}],\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":30}]},"
	"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9}],"
	"\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":5}]},"
	"\"unified\":{\"memory.high\":\"1\"},\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}}}}";

static void takes_over_every_field(void **state)
{
	(void)state;
	AUTO(struct spec, spec_done) s = { 0 };
	AUTO_FREE char *seccomp = NULL;
	struct err err = { 0 };
	if (spec_parse(full, strlen(full), &s, &seccomp, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(s.root_path, "rootfs");
	assert_true(s.root_readonly && s.has_default_devices && s.has_cgroup);
	assert_string_equal(s.hostname, "jar");
	assert_string_equal(s.domainname, "kiln");
	const struct spec_process *p = &s.process;
	assert_true(p->terminal && p->no_new_privileges);
	assert_true(p->console_rows == 24 && p->console_columns == 80);
	assert_true(p->user.uid == 1000 && p->user.gid == 4294967294u);
	assert_true(p->user.has_umask && p->user.umask == 18);
	assert_int_equal(p->user.additional_gids_len, 2);
	assert_int_equal(p->user.additional_gids[1], 6);
	assert_int_equal(p->args.len, 2);
	assert_string_equal(p->cwd, "/srv");
	assert_true(p->caps.bounding == 0x21 && p->caps.ambient == 1 && p->caps.effective == 0);
	assert_int_equal(p->rlimits[0].resource, RLIMIT_NOFILE);
	assert_true(p->rlimits[0].hard == UINT64_MAX);
	assert_true(p->has_oom_score_adj && p->oom_score_adj == -5);
	assert_true(p->scheduler.is_set && p->scheduler.nice == 5 && p->scheduler.flags == 1);
	assert_true(p->ioprio.is_set && p->ioprio.class == 2 && p->ioprio.level == 3);
	assert_int_equal(s.mounts_len, 2);
	assert_string_equal(s.mounts[0].options.items[0], "nosuid");
	assert_string_equal(s.mounts[1].destination, "/data");
	assert_int_equal(s.mounts[1].uid_maps[0].outside, 1000);
	assert_int_equal(s.hooks[SPEC_HOOK_CREATE_RUNTIME].items[0].timeout_s, 3);
	assert_string_equal(s.annotations.items[0], "k=v");
	assert_true(s.namespaces[NS_UTS].is_used && !s.namespaces[NS_PID].is_used);
	assert_string_equal(s.namespaces[NS_NET].path, "/n");
	assert_int_equal(s.uid_maps[0].count, 65536);
	assert_int_equal(s.time_offsets_len, 1);
	assert_true(s.time_offsets[0].is_boottime && s.time_offsets[0].secs == -5);
	assert_true(s.devices[0].type == 'c' && s.devices[0].minor == 229);
	assert_int_equal(s.devices[0].mode, 0666);
	assert_string_equal(s.sysctls[0].name, "net.ipv4.ip_forward");
	assert_string_equal(s.rootfs_propagation, "slave");
	assert_string_equal(s.masked_paths.items[0], "/proc/keys");
	assert_string_equal(seccomp, "{\"defaultAction\":\"SCMP_ACT_ALLOW\","
				     "\"listenerPath\":\"\\/s\",\"listenerMetadata\":\"m\"}");
	const struct cgroup_limits *l = &s.limits;
	assert_int_equal(l->devices_len, 1);
	assert_true(!l->devices[0].allow && l->devices[0].type == 'a' && l->devices[0].major == -1);
	assert_true(l->memory.limit_bytes.is_set && l->memory.limit_bytes.value == 536870912);
	assert_true(l->memory.swap_bytes.value == -1 && !l->memory.swappiness.is_set);
	assert_true(l->cpu.shares.value == 1024 && l->cpu.quota_us.value == -1);
	assert_true(l->pids_max.is_set && l->pids_max.value == -1);
	assert_int_equal(l->io.read_bps.items[0].value, 600);
	assert_string_equal(l->hugetlb[0].page_size, "2MB");
	assert_int_equal(l->net_class_id.value, 1048577);
	assert_string_equal(l->net_priorities[0].interface, "eth0");
	assert_string_equal(l->unified.items[0], "memory.high=1");
	assert_int_equal(l->io.leaf_weight_device.items[0].value, 30);
	assert_int_equal(l->io.weight_device.len, 0);
	assert_string_equal(l->rdma[0].device, "mlx5_1");
	assert_true(l->rdma[0].handles.value == 3 && !l->rdma[0].objects.is_set);
}

static void takes_over_what_is_rarely_used(void **state)
{
	(void)state;
	AUTO(struct spec, spec_done) s = { 0 };
	AUTO_FREE char *seccomp = NULL;
	assert_int_equal(spec_parse(full, strlen(full), &s, &seccomp, NULL), 0);
	assert_true(s.keeps_groups);
	assert_string_equal(s.hooks_stdout, "/h.out");
	assert_null(s.hooks_stderr);
	assert_string_equal(s.process.exec_affinity.initial, "0-3,7");
	assert_null(s.process.exec_affinity.final);
	assert_true(s.persona.is_set && s.persona.domain == PER_LINUX32);
	assert_string_equal(s.mount_label, "u:r:t:s0");
	assert_true(s.rdt.is_set && s.rdt.monitors && s.rdt.schemata.len == 2);
	assert_string_equal(s.rdt.class_id, "gold");
	assert_true(s.mempolicy.is_set && s.mempolicy.mode == 2 && s.mempolicy.flags == 1 << 15);
	assert_string_equal(s.mempolicy.nodes, "0-1");
	assert_int_equal(s.net_devices_len, 2);
	assert_string_equal(s.net_devices[0].name, "net0");
	assert_string_equal(s.net_devices[1].host_name, "eth2");
	assert_null(s.net_devices[1].name);
	assert_string_equal(s.seccomp.listener_path, "/s");
	assert_string_equal(s.seccomp.listener_metadata, "m");
}

/* `part` into the place of process, linux or the rest of a small document. */
static int parse_with(const char *top, const char *process, const char *object, struct err *err)
{
	AUTO(struct spec, spec_done) spec = { 0 };
	AUTO_FREE char *seccomp = NULL;
	AUTO_FREE char *json = mem_printf(
		"{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"r\"}%s,"
		"\"process\":{\"args\":[\"x\"],\"cwd\":\"/\"%s},\"linux\":{\"a\":0%s}}",
		top, process, object);
	return spec_parse(json, strlen(json), &spec, &seccomp, err);
}

static const struct {
	const char *top, *process, *object, *expected;
	enum err_kind kind;
} refused[] = {
	{ ",\"hostname\":\"x\"", "", "", "hostname: needs a uts namespace", ERR_INVALID },
	{ ",\"mounts\":[{}]", "", "", "mounts[0].destination: missing", ERR_INVALID },
	{ ",\"mounts\":[1]", "", "", "mounts[0]: expected an object", ERR_INVALID },
	{ ",\"hooks\":{\"poststop\":[{\"path\":\"h\"}]}", "", "",
	  "hooks.poststop[0].path: the path is not absolute", ERR_INVALID },
	{ ",\"hooks\":{\"poststop\":[{\"path\":\"/h\",\"timeout\":0}]}", "", "",
	  "hooks.poststop[0].timeout", ERR_INVALID },
	{ "", ",\"user\":{\"uid\":4294967295}", "", "process.user.uid", ERR_INVALID },
	{ "", ",\"user\":{\"uid\":4294967296}", "", "process.user.uid", ERR_INVALID },
	{ "", ",\"user\":{\"uid\":-1}", "", "process.user.uid", ERR_INVALID },
	{ "", ",\"user\":{\"uid\":\"0\"}", "", "process.user.uid", ERR_INVALID },
	{ "", ",\"user\":{\"additionalGids\":[4294967295]}", "", "process.user.additionalGids[0]",
	  ERR_INVALID },
	{ "", ",\"user\":{\"umask\":512}", "", "process.user.umask", ERR_INVALID },
	{ "", ",\"rlimits\":[{\"type\":\"NOFILE\",\"soft\":1,\"hard\":1}]", "",
	  "process.rlimits[0]: unknown", ERR_INVALID },
	{ "", ",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]", "",
	  "process.rlimits[0]", ERR_INVALID },
	{ "",
	  ",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
	  "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]",
	  "", "process.rlimits[1]: RLIMIT_CPU is there twice", ERR_INVALID },
	{ "", ",\"oomScoreAdj\":1001", "", "process.oomScoreAdj", ERR_INVALID },
	{ "", ",\"scheduler\":{\"policy\":\"X\"}", "", "process.scheduler.policy", ERR_INVALID },
	{ "", ",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}", "",
	  "process.ioPriority.priority", ERR_INVALID },
	{ "", ",\"execCPUAffinity\":{\"initial\":\"0-\"}", "",
	  "process.execCPUAffinity.initial: \"0-\" is not a list", ERR_INVALID },
	{ "", "", ",\"namespaces\":[{\"type\":\"net\"}]", "linux.namespaces[0]", ERR_INVALID },
	{ "", "", ",\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]",
	  "linux.namespaces[1]: namespace pid is there twice", ERR_INVALID },
	{ "", "", ",\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]", "linux.namespaces[0].path",
	  ERR_INVALID },
	{ "", "", ",\"namespaces\":[{\"type\":\"user\"}]", "linux: a new user namespace",
	  ERR_INVALID },
	{ "", "", ",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
	  "linux.uidMappings: needs a user namespace", ERR_INVALID },
	{ "", "", ",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]",
	  "linux.uidMappings[0]", ERR_INVALID },
	{ "", "", ",\"timeOffsets\":{\"x\":{}}", "linux.timeOffsets.x", ERR_INVALID },
	{ "", "", ",\"devices\":[{\"path\":\"/d\",\"type\":\"c\"}]", "linux.devices[0]",
	  ERR_INVALID },
	{ "", "", ",\"sysctl\":{\"a\":1}", "linux.sysctl.a", ERR_INVALID },
	{ "", "", ",\"maskedPaths\":[\"x\"]", "linux.maskedPaths[0]", ERR_INVALID },
	{ "", "", ",\"rootfsPropagation\":\"x\"", "linux.rootfsPropagation", ERR_INVALID },
	{ "", "", ",\"intelRdt\":{\"closID\":\"a/b\"}", "linux.intelRdt: closID", ERR_INVALID },
	{ "", "", ",\"netDevices\":{\"eth0\":{}}", "linux.netDevices: needs a network",
	  ERR_INVALID },
	{ "", "", ",\"netDevices\":{\"a b\":{}}", "linux.netDevices.a b", ERR_INVALID },
	{ "", "", ",\"personality\":{\"domain\":\"X\"}", "linux.personality.domain", ERR_INVALID },
	{ "", "", ",\"personality\":{}", "linux.personality.domain", ERR_INVALID },
	{ "", "", ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}",
	  "linux.memoryPolicy: this mode needs nodes", ERR_INVALID },
	{ "", "", ",\"memoryPolicy\":{\"mode\":\"X\"}", "linux.memoryPolicy.mode", ERR_INVALID },
	{ "", "", ",\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"flags\":[\"X\"]}",
	  "linux.memoryPolicy.flags[0]", ERR_INVALID },
	{ "", "", ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"x\"}",
	  "linux.seccomp.listenerMetadata", ERR_INVALID },
	{ ",\"annotations\":{\"run.oci.hooks.stdout\":\"x\"}", "", "",
	  "annotations.run.oci.hooks.stdout: the path is not absolute", ERR_INVALID },
	{ "", "", ",\"seccomp\":[]", "linux.seccomp: expected an object", ERR_INVALID },
	{ "", "", ",\"resources\":{\"memory\":{\"swappiness\":101}}",
	  "linux.resources.memory.swappiness", ERR_INVALID },
	{ "", "", ",\"resources\":{\"cpu\":{\"cpus\":\"0\\n1\"}}", "linux.resources.cpu.cpus",
	  ERR_INVALID },
	{ "", "", ",\"resources\":{\"unified\":{\"../x.y\":\"1\"}}", "linux.resources.unified",
	  ERR_INVALID },
	{ "", "", ",\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"/MB\",\"limit\":1}]}",
	  "linux.resources.hugepageLimits[0]", ERR_INVALID },
	{ "", "", ",\"resources\":{\"devices\":[{\"access\":\"r\"}]}",
	  "linux.resources.devices[0].allow: missing", ERR_INVALID },
	{ "", "", ",\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"x\"}]}",
	  "linux.resources.devices[0]", ERR_INVALID },
	{ "", "", ",\"resources\":{\"rdma\":{\"mlx5\":{}}}",
	  "linux.resources.rdma.mlx5: hcaHandles and hcaObjects", ERR_INVALID },
	{ "", "", ",\"resources\":{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}}",
	  "linux.resources.blockIO.weightDevice[0]", ERR_INVALID },
};

static void refuses_with_the_path(void **state)
{
	(void)state;
	struct err err = { 0 };
	if (parse_with("", "", "", &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		err_clear(&err);
		if (parse_with(refused[i].top, refused[i].process, refused[i].object, &err) == 0)
			fail_msg("accepted: %s", refused[i].expected);
		if (strstr(err.text, refused[i].expected) == NULL || err.kind != refused[i].kind)
			fail_msg("%s: %s", refused[i].expected, err.text);
	}
}

/* Every prefix of a full document is an error, and none of them leaks or crashes. */
static void survives_being_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(full); len++) {
		struct spec spec = { 0 };
		char *seccomp = NULL;
		assert_int_equal(spec_parse(full, len, &spec, &seccomp, NULL), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_over_every_field),
		cmocka_unit_test(takes_over_what_is_rarely_used),
		cmocka_unit_test(refuses_with_the_path),
		cmocka_unit_test(survives_being_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
