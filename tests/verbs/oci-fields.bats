#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm,long
#
# Fields of config.json that few use, and that are acted upon all the same.

# shellcheck disable=SC2016,SC2030,SC2031 # $ in single quotes is for the shell inside; tests are subshells

load ../lib/onggi
load ../lib/bundle

teardown() {
	runtime delete --force "$ID" >/dev/null 2>&1 || true
	[[ -z ${AGENT:-} ]] || kill "$AGENT" 2>/dev/null || true
}

@test "oci fields: personality" {
	[[ $(uname -m) == x86_64 ]] || skip "the word for a 32-bit machine is another one here"
	box 'sh("uname -m"); c["linux"]["personality"] = {"domain": "LINUX32"}'
	assert_output i686
	box 'sh("uname -m"); c["linux"]["personality"] = {"domain": "LINUX"}'
	assert_output x86_64
	box 'c["linux"]["personality"] = {"domain": "IRIX"}'
	assert_status 1
	assert_has linux.personality.domain
}

@test "oci fields: memory policy" {
	[[ -e /proc/self/numa_maps ]] || skip "the kernel has no NUMA"
	box 'c["process"]["args"] = ["head", "-n", "1", "/proc/self/numa_maps"]
c["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}'
	assert_ok
	assert_has "bind=static:0"
	box 'c["process"]["args"] = ["head", "-n", "1", "/proc/self/numa_maps"]
c["linux"]["memoryPolicy"] = {"mode": "MPOL_PREFERRED", "nodes": "0"}'
	assert_has "prefer:0"
	box 'c["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "900"}'
	assert_status 1
	assert_has linux.memoryPolicy
	box 'c["linux"]["memoryPolicy"] = {"mode": "MPOL_DEFAULT", "nodes": "0"}'
	assert_status 1
	assert_has linux.memoryPolicy
}

@test "oci fields: a cache class without resctrl is refused" {
	if grep -q ' resctrl ' /proc/self/mounts; then skip "resctrl is mounted"; fi
	config 'c["linux"]["intelRdt"] = {"closID": "gold", "l3CacheSchema": "L3:0=f"}'
	sentinel_take
	run runtime run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has linux.intelRdt
	assert_has "no resctrl"
	sentinel_check
}

# In a network namespace of its own: the host's devices stay where they are.
in_netns() {
	unshare --net -- timeout -k 5 "$(scaled 60)" "$@"
}

@test "oci fields: shares of a cache are updated where there is resctrl" {
	if grep -q ' resctrl ' /proc/self/mounts; then skip "resctrl is mounted"; fi
	config 'sh("sleep 100")'
	runtime run --detach -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	local option
	for option in --l3-cache-schema=L3:0=f --mem-bw-schema=MB:0=20; do
		run runtime update "$option" "$ID"
		assert_status 1
		assert_has "no resctrl"
	done
	run runtime update --mem-bw-schema= --pids-limit 77 "$ID"
	assert_ok
}

@test "oci fields: network devices move in, and bring their addresses" {
	unshare --net ip link add a0 type veth peer name b0 || skip "the kernel has no veth"
	config 'sh("cd /sys/class/net && echo *; cat net7/flags net7/address; grep -c 192.0.2.7 /proc/net/fib_trie")
c["linux"]["netDevices"] = {"a0": {"name": "net7"}}'
	run in_netns bash -c 'ip link add a0 address 02:00:00:00:00:07 mtu 1400 type veth peer name b0 &&
		ip addr add 192.0.2.7/24 dev a0 && ip link set a0 up &&
		"$0" --root "$1" run -b "$2" "$3" && ip -br link' \
		"$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" "$ID"
	assert_ok
	assert_line "lo net7"
	assert_line 02:00:00:00:00:07
	assert_matches '^0x1[0-9a-f]*3$' # up
	assert_line 2
	assert_has_not a0@
}

@test "oci fields: network devices: a joined namespace, and refusals" {
	unshare --net ip link add a0 type veth peer name b0 || skip "the kernel has no veth"
	config 'sh("cd /sys/class/net && echo *"); c["linux"]["netDevices"] = {"a0": {}}
[n for n in c["linux"]["namespaces"] if n["type"] == "network"][0]["path"] = "/proc/self/fd/8"'
	run in_netns bash -c 'exec 8</proc/self/ns/net
		unshare --net bash -c "ip link add a0 type veth peer name b0 &&
			exec \"\$0\" --root \"\$1\" run -b \"\$2\" \"\$3\"" "$@"' x \
		"$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" "$ID"
	assert_line 'a0 lo'
	box 'c["linux"]["netDevices"] = {"no-such-dev0": {}}'
	assert_status 1
	assert_has "no-such-dev0"
	box 'c["linux"]["netDevices"] = {"eth0": {}}
c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "network"]'
	assert_status 1
	assert_has linux.netDevices
}

@test "oci fields: network devices come back when the boot fails" {
	unshare --net ip link add a0 type veth peer name b0 || skip "the kernel has no veth"
	local where path
	for where in new joined; do
		[[ $where == new ]] && path= || path='
[n for n in c["linux"]["namespaces"] if n["type"] == "network"][0]["path"] = "/proc/self/fd/8"'
		config 'c["process"]["args"] = ["/no-such-program"]
c["linux"]["netDevices"] = {"a0": {"name": "net7"}, "c0": {}}'"$path"
		run in_netns bash -c 'exec 8</proc/self/ns/net
			unshare --net bash -c "ip link add a0 type veth peer name b0 && ip link add c0 type veth peer name d0 &&
				ip addr add 192.0.2.7/24 dev a0 && ip link set a0 up &&
				\"\$0\" --root \"\$1\" run -b \"\$2\" \"\$3\"; ip -br -4 addr; ip -br link show c0" "$@"; ip -br link' x \
			"$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" "$ID"
		assert_has no-such-program
		assert_matches '^a0@b0 .*192.0.2.7/24'
		assert_matches '^c0@d0 +DOWN'
		assert_has_not net7
	done
}

# agent: starts one; the socket and what it is told are $SOCKET and $TOLD
agent() {
	SOCKET=$STORE_TOP/agent.$BATS_TEST_NUMBER TOLD=$BATS_TEST_TMPDIR/told
	rm -f "$SOCKET" "$TOLD"
	python3 "$TESTS/lib/seccomp_agent.py" "$SOCKET" "$TOLD" 3>&- &
	AGENT=$!
	wait_for 10 test -S "$SOCKET"
}

# notify PYTHON: a configuration whose mkdir is the agent's to decide
notify() {
	config "c['linux']['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'listenerPath': '$SOCKET',
    'listenerMetadata': 'some words', 'syscalls': [{'names': ['mkdir', 'mkdirat'],
    'action': 'SCMP_ACT_NOTIFY'}]}
sh('mkdir /dev/shm/x; echo \$?')
$1"
}

@test "oci fields: seccomp asks a listener" {
	for nnp in True False; do
		agent
		notify "c['process']['noNewPrivileges'] = $nnp
c['annotations'] = {'a': 'b'}"
		run runtime run -b "$BUNDLE" "$ID"
		assert_ok
		assert_has "Directory not empty" # errno 39, by which the agent answers
		assert_line 1
		wait "$AGENT"
		python3 - "$TOLD" "$ID" <<-'END'
			import json, sys
			told = json.load(open(sys.argv[1]))
			assert told["descriptors"] == 1 and told["fds"] == ["seccompFd"], told
			assert told["ociVersion"].startswith("1."), told
			assert told["metadata"] == "some words", told
			assert told["pid"] == told["state"]["pid"] > 1, told
			assert told["state"]["id"] == sys.argv[2], told
			assert told["state"]["status"] == "creating", told
			assert told["state"]["annotations"] == {"a": "b"}, told
		END
	done
}

@test "oci fields: seccomp asks a listener: create and start" {
	for nnp in True False; do
		agent
		notify "c['process']['noNewPrivileges'] = $nnp"
		runtime create -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
		wait_for 10 test -s "$TOLD" # it has the listener before the start
		runtime start "$ID"
		wait_for 10 grep -q "^1$" "$BATS_TEST_TMPDIR/out"
		grep -q "Directory not empty" "$BATS_TEST_TMPDIR/out"
		runtime delete --force "$ID"
	done
}

@test "oci fields: seccomp asks a listener: exec" {
	agent
	notify 'sh("sleep 100")'
	runtime create -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	runtime start "$ID"
	wait_for 10 test -s "$TOLD"
	kill "$AGENT"
	agent
	run runtime exec "$ID" sh -c 'mkdir /dev/shm/x; echo $?'
	assert_has "Directory not empty"
	assert_line 1
	python3 - "$TOLD" <<-'END'
		import json, sys
		told = json.load(open(sys.argv[1]))
		assert told["state"]["status"] == "running", told
		assert told["pid"] != told["state"]["pid"] > 1, told
	END
}

@test "oci fields: an exec's processors, domain and memory policy" {
	[[ $(nproc) -ge 2 ]] || skip "one processor alone"
	config "sh('sleep 100'); c['linux']['personality'] = {'domain': 'LINUX32'}
c['linux']['memoryPolicy'] = {'mode': 'MPOL_BIND', 'nodes': '0'}
c['process']['execCPUAffinity'] = {'initial': '0', 'final': '1'}"
	runtime create -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	runtime start "$ID"
	run runtime exec "$ID" sh -c 'grep Cpus_allowed_list /proc/self/status; uname -m; head -n 1 /proc/self/numa_maps'
	assert_ok
	assert_matches 'Cpus_allowed_list:[[:space:]]1$'
	[[ $(uname -m) != x86_64 ]] || assert_line i686
	assert_has "bind:0"
	# Not for the first process.
	run runtime exec "$ID" grep Cpus_allowed_list /proc/1/status
	[[ ! $output =~ [[:space:]]1$ ]] || fail "the first process has it, too"
	runtime delete --force "$ID"
	config "sh('sleep 100'); c['process']['execCPUAffinity'] = {'initial': '0'}"
	runtime create -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	runtime start "$ID"
	run runtime exec "$ID" grep Cpus_allowed_list /proc/self/status
	assert_ok
	# On v2 the kernel replaces it as the process is born into a group with a cpuset.
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || assert_matches 'Cpus_allowed_list:[[:space:]]0$'
	runtime delete --force "$ID"
	box "c['process']['execCPUAffinity'] = {'final': '3-1'}"
	assert_status 1
	assert_has process.execCPUAffinity.final
}

@test "oci fields: seccomp asks about every call, also those that the runtime makes" {
	agent
	notify 'c["linux"]["seccomp"]["defaultAction"] = "SCMP_ACT_NOTIFY"
c["linux"]["seccomp"]["flags"] = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"]
sh("echo alive")'
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	assert_output alive
	agent # by annotation, as crun has it
	notify 'path = c["linux"]["seccomp"].pop("listenerPath")
del c["linux"]["seccomp"]["listenerMetadata"]
c["annotations"] = {"run.oci.seccomp.receiver": path}'
	run runtime run -b "$BUNDLE" "$ID"
	assert_has "Directory not empty"
}

@test "oci fields: seccomp without anybody who listens is an error" {
	SOCKET=$STORE_TOP/nobody
	notify ''
	sentinel_take
	run runtime run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has "pass listener"
	assert_has "$SOCKET"
	sentinel_check
	notify 'del c["linux"]["seccomp"]["listenerPath"]; del c["linux"]["seccomp"]["listenerMetadata"]'
	run runtime run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has listenerPath
}

# shellcheck disable=SC2059 # the profile is the format
@test "oci fields: seccomp actions, errno, unknown calls and properties" {
	local profile='c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "fromTheFuture": 1,
    "architectures": ["SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_X86_64"],
    "syscalls": [{"names": ["no_such_call", "mkdir", "mkdirat"], "action": "%s"%s}]}
sh("mkdir /dev/shm/x; echo $?")'
	box "$(printf "$profile" SCMP_ACT_ERRNO ', "errnoRet": 39')"
	assert_has "Directory not empty"
	box "$(printf "$profile" SCMP_ACT_TRACE ', "errnoRet": 5')" # nobody traces: ENOSYS
	assert_has "not implemented"
	box "$(printf "$profile" SCMP_ACT_LOG '')"
	assert_line 0
	box "$(printf "$profile" SCMP_ACT_KILL_PROCESS '')"
	assert_line 159 # 128 + SIGSYS
	box "$(printf "$profile" SCMP_ACT_TRAP '')"
	assert_line 159
	box "$(printf "$profile" SCMP_ACT_LOG ', "errnoRet": 5')"
	assert_status 1
	assert_has errnoRet
}

@test "oci fields: the root's propagation" {
	local look='c["process"]["args"] = ["awk", "$5 == \"/\" { print $7, $8 }", "/proc/self/mountinfo"]'
	box "$look; c['linux']['rootfsPropagation'] = 'private'"
	assert_matches '^- '
	box "$look; c['linux']['rootfsPropagation'] = 'rshared'"
	assert_matches '^shared:'
	box "$look; c['linux']['rootfsPropagation'] = 'unbindable'"
	assert_matches '^unbindable '
	box "$look; c['linux']['rootfsPropagation'] = 'sideways'"
	assert_status 1
	assert_has linux.rootfsPropagation
}

@test "oci fields: a slave root sees what is mounted on the host later" {
	config 'sh("echo up; read x; cat /late/file"); c["linux"]["rootfsPropagation"] = "slave"'
	run unshare --mount --propagation private bash -c '
		mount --bind "$2/rootfs" "$2/rootfs" && mount --make-shared "$2/rootfs" && mkdir -p "$2/rootfs/late"
		mkfifo "$4/in"; exec 9<>"$4/in"
		timeout 60 "$0" --root "$1" run -b "$2" "$3" <"$4/in" >"$4/out" 2>&1 & pid=$!
		until grep -q up "$4/out"; do read -rt 0.05 <>/dev/null; done
		mount -t tmpfs none "$2/rootfs/late" && echo news >"$2/rootfs/late/file"; echo >&9; wait $pid
		cat "$4/out"; umount "$2/rootfs/late"; rmdir "$2/rootfs/late"' \
		"$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" "$ID" "$BATS_TEST_TMPDIR"
	assert_line news
}

@test "oci fields: names never reach the host" {
	local uts='[n for n in c["linux"]["namespaces"] if n["type"] == "uts"][0]["path"] = "/proc/self/ns/uts"'
	local name
	name=$(uname -n)
	box "$uts; c['hostname'] = 'not-the-host'"
	assert_status 1
	assert_has hostname
	box "$uts; c.pop('hostname', None); c['domainname'] = 'not-the-host'"
	assert_status 1
	assert_has domainname
	# docker has its --domainname set this way.
	box "$uts; c.pop('hostname', None); c['linux']['sysctl'] = {'kernel.domainname': 'not-the-host'}"
	assert_status 1
	assert_has kernel.domainname
	assert_equal "$(uname -n)" "$name"
}

@test "oci fields: what means nothing here is ignored" {
	box 'sh("id -u; umask; echo $0"); c["process"]["user"] = {"uid": 3, "gid": 4, "username": "root", "umask": 63}
c["process"]["commandLine"] = "cmd /c dir"; c["windows"] = {"layerFolders": ["x"]}
c["vm"] = {"kernel": {"path": "/k"}}; c["solaris"] = {"milestone": "x"}; c["fromTheFuture"] = {"a": 1}
c["linux"]["fromTheFuture"] = 1; c["annotations"] = {"run.oci.handler": "", "run.oci.from_the_future": "1", "x": "y"}'
	assert_ok
	assert_line 3
	assert_line 0077
	box 'c["ociVersion"] = "2.0.0"'
	assert_status 1
	assert_has ociVersion
	box 'c["ociVersion"] = "1.9.9-dev"; sh("echo fine")'
	assert_output fine
}

# holder UNSHARE-OPTION...: a process with namespaces of its own is $HOLDER
holder() {
	unshare "$@" sleep 100 3>&- &
	HOLDER=$!
	wait_for 5 bash -c "[[ \$(cat /proc/$HOLDER/comm) == sleep ]]"
}

# join TYPE...: these namespaces are the holder's
join() {
	local type
	for type in "$@"; do
		echo "[n for n in c['linux']['namespaces'] if n['type'] == '$type'] or c['linux']['namespaces'].append({'type': '$type'})
for n in c['linux']['namespaces']:
    if n['type'] == '$type': n['path'] = '/proc/$HOLDER/ns/' + {'network': 'net', 'mount': 'mnt'}.get('$type', '$type')"
	done
}

@test "oci fields: a joined mount namespace" {
	holder --mount --propagation private
	local theirs
	theirs=$(readlink "/proc/$HOLDER/ns/mnt")
	mkdir -p "$BATS_TEST_TMPDIR/source"
	echo mine >"$BATS_TEST_TMPDIR/source/file"
	config "$(join mount)
sh('readlink /proc/self/ns/mnt; cat /given/file; ls -d $BATS_TEST_TMPDIR; sleep 100')
mount('/given', '$BATS_TEST_TMPDIR/source', 'bind', 'bind', 'ro')"
	runtime create -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	runtime start "$ID"
	wait_for 10 grep -q "No such" "$BATS_TEST_TMPDIR/out"
	assert_equal "$(head -n 2 "$BATS_TEST_TMPDIR/out")" "$theirs"$'\nmine'
	run runtime exec "$ID" cat /given/file
	assert_output mine
	runtime delete --force "$ID"
	kill "$HOLDER"
}

@test "oci fields: the host's own mount namespace is not joined" {
	box '[n for n in c["linux"]["namespaces"] if n["type"] == "mount"][0]["path"] = "/proc/self/ns/mnt"'
	assert_status 1
	assert_has "its root would be replaced"
	[[ -x /proc/self/exe ]]
}

@test "oci fields: a new user namespace beside joined ones" {
	unshare --user --map-root-user true || skip "no user namespaces"
	local kind types queue
	for kind in "--net --ipc --uts --cgroup" "--user --map-root-user --net --ipc --uts --cgroup"; do
		# shellcheck disable=SC2086 # words
		holder $kind
		# One that is owned by a user namespace without our user takes no queue of it.
		[[ $kind == *--user* ]] && queue= || queue=q
		for types in network ipc uts cgroup "network ipc uts cgroup"; do
			# shellcheck disable=SC2086
			config "$(join $types)
c.pop('hostname', None); c['linux']['namespaces'].append({'type': 'user'})
c['linux']['uidMappings'] = c['linux']['gidMappings'] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]
sh('for n in /proc/self/ns/*; do readlink \$n; done; cat /proc/self/uid_map; test x$queue = x || : > /dev/mqueue/q; ls /sys/class/net')"
			run runtime run -b "$BUNDLE" "$ID"
			assert_ok
			assert_matches "100000 +65536"
			assert_matches "^lo$"
			for type in $types; do
				[[ $type != network ]] || type=net
				assert_has "$(readlink "/proc/$HOLDER/ns/$type")"
			done
			assert_has_not "$(readlink "/proc/$HOLDER/ns/user")"
		done
		# The message queues are those of the joined namespace, and the devices, too.
		run nsenter -t "$HOLDER" --ipc unshare --mount bash -c 'mount -t mqueue none /mnt && ls /mnt'
		assert_output "$queue"
		kill "$HOLDER"
	done
}

@test "oci fields: a joined user namespace beside namespaces that it does not own" {
	unshare --user --map-root-user true || skip "no user namespaces"
	holder --user
	local user=$HOLDER
	echo "0 100000 65536" | tee "/proc/$user/uid_map" >"/proc/$user/gid_map"
	holder --net --ipc --uts --cgroup
	config "$(join network ipc uts cgroup)
c.pop('hostname', None); c['linux']['namespaces'].append({'type': 'user', 'path': '/proc/$user/ns/user'})
c['mounts'] = [m for m in c['mounts'] if m['type'] not in ('mqueue', 'sysfs', 'cgroup')]
sh('for n in /proc/self/ns/*; do readlink \$n; done')"
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	for type in net ipc uts cgroup; do
		assert_has "$(readlink "/proc/$HOLDER/ns/$type")"
	done
	assert_has "$(readlink "/proc/$user/ns/user")"
	kill "$user" "$HOLDER"
}

@test "oci fields: a label without SELinux" {
	if grep -qs selinuxfs /proc/self/mounts; then skip "SELinux is on"; fi
	box 'c["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0:c1,c2"; sh("echo fine")'
	assert_output fine
	box 'c["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0"'
	assert_status 1
	assert_has "SELinux is not active"
}

@test "oci fields: id mappings beside a joined user namespace" {
	unshare --user --map-root-user true || skip "no user namespaces"
	unshare --user sleep 100 3>&- &
	local pid=$!
	wait_for 5 bash -c "[[ \$(readlink /proc/$pid/ns/user) != \$(readlink /proc/self/ns/user) ]]"
	echo "0 100000 65536" | tee "/proc/$pid/uid_map" >"/proc/$pid/gid_map"
	mkdir -p "$BUNDLE/rootfs/a" "$BUNDLE/rootfs/b"
	echo mine >"$BATS_TEST_TMPDIR/file"
	config "ns = c['linux']['namespaces']; ns.append({'type': 'user', 'path': '/proc/$pid/ns/user'})
m = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]
c['linux']['uidMappings'] = c['linux']['gidMappings'] = m
mount('/a', '$BATS_TEST_TMPDIR', 'bind', 'bind'); mount('/b', '$BATS_TEST_TMPDIR', 'bind', 'bind', 'idmap')
sh('cat /proc/self/uid_map; stat -c %u:%g /a/file /b/file')"
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	assert_matches "100000 +65536"
	assert_has $'65534:65534\n0:0'
	sed -i 's/"hostID": 100000/"hostID": 200000/g' "$BUNDLE/config.json" # a wrong one
	run runtime run -b "$BUNDLE" "$ID"
	kill "$pid"
	assert_has $'65534:65534\n0:0'
}

@test "oci fields: original groups are kept" {
	config 'sh("grep Groups: /proc/self/status"); c["annotations"] = {"run.oci.keep_original_groups": "1"}'
	run setpriv --groups 7,4711 "$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID"
	assert_matches 'Groups:.*7 4711'
	config 'sh("grep Groups: /proc/self/status")'
	run setpriv --groups 7,4711 "$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID"
	assert_has_not 4711
}

@test "oci fields: resources that this kernel lacks are named" {
	if [[ -d /sys/fs/cgroup/rdma ]]; then skip "there is an RDMA controller"; fi
	grep -q rdma /sys/fs/cgroup/cgroup.controllers 2>/dev/null && skip "there is an RDMA controller"
	box 'c["linux"]["resources"] = {"rdma": {"mlx5_0": {"hcaHandles": 3}}}'
	assert_status 1
	assert_has rdma
}

# beside PYTHON: the same configuration shows the same in runc, which knows fields up to 1.0.2
beside() {
	config "c['ociVersion'] = '1.0.2'; c['linux']['namespaces'] = [n for n in c['linux']['namespaces']
    if n['type'] not in ('time', 'cgroup')]
$1"
	run runtime run -b "$BUNDLE" "$ID"
	local ours="$status $output"
	run runc --root "$STORE_TOP/runc" run -b "$BUNDLE" "$ID-peer"
	assert_equal "$ours" "$status $output"
}

@test "oci fields: what a program sees is what runc shows it" {
	command -v runc >/dev/null || skip "there is no runc"
	config 'sh("true"); c["ociVersion"] = "1.0.2"'
	runc --root "$STORE_TOP/runc" run -b "$BUNDLE" "$ID-peer" || skip "runc does not work here"
	beside 'sh("exec 2>&1; umask; id; ulimit -n; ulimit -Hc; cat /proc/self/oom_score_adj; grep -E \"^(Cap|NoNew|Groups|Seccomp:)\" /proc/self/status")
p = c["process"]; p["user"] = {"uid": 7, "gid": 8, "umask": 63, "additionalGids": [9, 10]}
p["oomScoreAdj"] = 77; p["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
	beside 'sh("grep -E \"^(Cap|NoNew|Groups|Seccomp:)\" /proc/self/status; env; pwd")
c["process"]["noNewPrivileges"] = False; c["process"]["cwd"] = "/etc"; c["process"]["env"] = ["B=2", "A=1", "PATH=/bin:/usr/bin", "HOME=/x"]
c["process"]["capabilities"] = {k: ["CAP_CHOWN", "CAP_KILL"] for k in ["bounding", "effective", "permitted"]}'
	beside 'sh("cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax")
c["hostname"] = "jar"; c["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "12345678", "kernel.domainname": "kiln"}'
	beside 'sh("exec 2>&1; ls -ln /dev/fuse /dev/pipe /dev/null /dev/ptmx | sed \"s,[A-Z][a-z][a-z] .* /,/,\"; cat /proc/kcore; touch /proc/sys/x")
c["linux"]["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 432, "uid": 3, "gid": 4},
    {"path": "/dev/pipe", "type": "p"}]'
	# runc 1.1 has no shared or unbindable root, whatever it is told.
	for propagation in private rprivate slave rslave; do
		beside "c['linux']['rootfsPropagation'] = '$propagation'
c['process']['args'] = ['awk', '\$5 == \"/\" { print \$7 ~ /shared/, \$7 ~ /unbindable/ }', '/proc/self/mountinfo']"
	done
	beside 'sh("exec 2>&1; uname; mkdir /dev/shm/x; chmod 7 /dev/shm; echo $?"); c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [
    {"names": ["mkdir", "mkdirat", "no_such"], "action": "SCMP_ACT_ERRNO", "errnoRet": 39},
    {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 2, "value": 7, "op": "SCMP_CMP_EQ"}]}]}'
}
