#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run --cap-add, --cap-drop, --privileged, --security-opt, --device, --device-cgroup-rule, --sysctl.

load ../lib/onggi

# caps OPTION...: the effective set; the bounding set is the same
caps() {
	run onggi run --rm "$@" "$BOX" sh -c 'set -- $(grep -E "^Cap(Eff|Bnd)" /proc/self/status); [ $2 = $4 ] && echo $2'
	assert_ok
	output=$(grep -v '^onggi: ' <<<"$output" | tail -n1)
}

# What we have ourselves: nothing beyond it can be given.
own_caps() {
	awk '/^CapBnd/ { print $2 }' /proc/self/status
}

@test "caps: dropping and adding" {
	caps
	assert_output 00000000800405fb
	caps --cap-drop ALL
	assert_output 0000000000000000
	caps --cap-drop all --cap-add NET_RAW --cap-add CAP_CHOWN
	assert_output 0000000000002001
	caps --cap-drop chown --cap-drop CAP_KILL
	assert_output 00000000800405da
	caps --cap-add net_admin
	assert_output 00000000800415fb
	caps --profile docker
	assert_output 00000000a80425fb
}

@test "caps: ALL, and all but some" {
	caps --cap-add ALL
	assert_output "$(own_caps)"
	caps --cap-add ALL --cap-drop NET_RAW --cap-drop SYS_ADMIN
	assert_equal "$output" "$(printf %016x $((0x$(own_caps) & ~0x2000 & ~0x200000)))"
	caps --privileged
	assert_output "$(own_caps)"
	caps --privileged --cap-drop SYS_ADMIN
	assert_equal "$output" "$(printf %016x $((0x$(own_caps) & ~0x200000)))"
}

@test "caps: unknown ones are named" {
	local option
	for option in --cap-add --cap-drop; do
		run onggi run --rm "$option" SUPERPOWER "$BOX" true
		assert_status 125
		assert_has SUPERPOWER
	done
}

@test "caps: what is dropped cannot be done, what is added can" {
	run onggi run --rm --cap-drop CHOWN "$BOX" chown 5 /etc/passwd
	assert_status 1
	run onggi run --rm --cap-add NET_ADMIN "$BOX" ip link set lo mtu 1400
	assert_ok
	run onggi run --rm "$BOX" ip link set lo mtu 1400
	[[ $status -ne 0 ]]
}

@test "privileged: no filter, nothing hidden, sysfs and cgroups writable, the host's devices" {
	run onggi run --rm --privileged "$BOX" sh -c '
		grep ^Seccomp: /proc/self/status
		grep -c " /proc/" /proc/self/mountinfo
		grep " /sys " /proc/self/mountinfo | cut -d" " -f6 | cut -d, -f1
		for d in /sys/fs/cgroup /sys/fs/cgroup/pids; do mkdir $d/below 2>/dev/null && rmdir $d/below; done && echo cgroups
		ls -l /dev/kmsg | cut -c1'
	assert_line $'Seccomp:\t0'
	assert_line 0
	assert_line rw
	assert_line c
	local node
	for node in /dev/*; do
		[[ -c $node || -b $node ]] || continue
		[[ $node != /dev/console ]] || continue
		run onggi run --rm --privileged "$BOX" test -e "$node"
		assert_ok
		break
	done
	run onggi run --rm --privileged "$BOX" head -c1 /dev/kmsg
	assert_ok
}

@test "security-opt: no-new-privileges" {
	local word
	for word in no-new-privileges no-new-privileges=true no-new-privileges:true; do
		run onggi run --rm --security-opt "$word" "$BOX" grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status
		assert_ok
		assert_output $'NoNewPrivs:\t1\nSeccomp:\t2'
	done
	run onggi run --rm --security-opt no-new-privileges=false "$BOX" grep '^NoNewPrivs:' /proc/self/status
	assert_output $'NoNewPrivs:\t0'
	run onggi run --rm --security-opt no-new-privileges=perhaps "$BOX" true
	assert_status 125
}

@test "security-opt: seccomp unconfined, a profile, a bad one" {
	local file=$BATS_TEST_TMPDIR/profile
	run onggi run --rm --security-opt seccomp=unconfined "$BOX" grep '^Seccomp:' /proc/self/status
	assert_output $'Seccomp:\t0'
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}' >"$file"
	run onggi run --rm --security-opt "seccomp=$file" "$BOX" sh -c 'mkdir /x; grep ^Seccomp: /proc/self/status'
	assert_has "not supported"
	assert_line $'Seccomp:\t2'
	local text
	for text in '' 'no json' '[]' '{"defaultAction":"SCMP_ACT_FOO"}' '{}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"X"}]}'; do
		echo "$text" >"$file"
		run onggi run --rm --security-opt "seccomp=$file" "$BOX" true
		assert_status 125
		assert_has "$file"
	done
	run onggi run --rm --security-opt "seccomp=$file.missing" "$BOX" true
	assert_status 125
	assert_has "$file.missing"
	run onggi run --rm --security-opt seccomp=/ "$BOX" true
	assert_status 125
}

@test "security-opt: labels and profiles without the kernel for it are refused, or let be" {
	run onggi run --rm --security-opt apparmor=unconfined --security-opt label=disable "$BOX" true
	assert_ok
	[[ -e /sys/module/apparmor/parameters/enabled ]] || {
		run onggi run --rm --security-opt apparmor=no-such-profile "$BOX" true
		assert_status 125
		assert_has "AppArmor"
	}
	run onggi run --rm --security-opt label=foo "$BOX" true
	assert_status 125
	assert_has "label"
}

@test "security-opt: systempaths=unconfined" {
	run onggi run --rm --security-opt systempaths=unconfined "$BOX" sh -c 'grep -cE " /(proc|sys)/(kcore|keys|sys|bus|firmware) " /proc/self/mountinfo'
	assert_output 0
	run onggi run --rm "$BOX" sh -c 'grep -cE " /(proc|sys)/(kcore|keys|sys|bus|firmware) " /proc/self/mountinfo'
	[[ $output -ge 3 ]]
	run onggi run --rm --security-opt systempaths=other "$BOX" true
	assert_status 125
}

@test "security-opt: writable-cgroups" {
	local script='for d in /sys/fs/cgroup /sys/fs/cgroup/pids; do mkdir $d/below 2>/dev/null && rmdir $d/below && echo made; done; true'
	run onggi run --rm "$BOX" sh -c "$script"
	assert_output ""
	run onggi run --rm --security-opt writable-cgroups "$BOX" sh -c "$script"
	assert_line made
	run onggi run --rm --security-opt writable-cgroups=true "$BOX" sh -c "$script"
	assert_line made
}

@test "security-opt: what it does not know is refused" {
	local option
	for option in bogus bogus=1 seccomp= apparmor= credentialspec=x ''; do
		run onggi run --rm --security-opt "$option" "$BOX" true
		assert_status 125
		assert_has "security-opt"
	done
}

# A device that no container has by default, and that can be opened without a capability.
spare_device() {
	local node
	for node in /dev/fuse /dev/loop-control /dev/cpu_dma_latency /dev/autofs; do
		[[ -c $node ]] && break
	done
	[[ -c $node ]] || skip "needs a spare device"
	SPARE=$node
	SPARE_NUMBER=$((0x$(stat -c %t "$node"))):$((0x$(stat -c %T "$node")))
}

@test "devices: a node of the host, with the access that was asked for" {
	spare_device
	local script='true 2>/dev/null </dev/x && echo read; true 2>/dev/null >>/dev/x && echo write; true'
	run onggi run --rm --device "$SPARE:/dev/x:r" "$BOX" sh -c "$script"
	assert_output read
	run onggi run --rm --device "$SPARE:/dev/x:w" "$BOX" sh -c "$script"
	assert_output write
	run onggi run --rm --device "$SPARE:/dev/x" "$BOX" sh -c "$script"
	assert_output $'read\nwrite'
	run onggi run --rm --device "$SPARE" "$BOX" stat -c '%t:%T %F' "$SPARE"
	assert_output "$(stat -c '%t:%T %F' "$SPARE")"
}

@test "devices: what is none is named" {
	local device
	while IFS='|' read -r device wanted; do
		run onggi run --rm --device "$device" "$BOX" true
		assert_status 125
		assert_has "$wanted"
	done <<-'END'
		/dev/no-such-device|/dev/no-such-device
		/etc/passwd|/etc/passwd is not a device
		/dev/null:/dev/x:rr|bad mode specified: rr
		/dev/null:/dev/x:z|bad mode specified: z
		/dev/null:rel|bad device specification
		vendor.com/class=all|CDI devices are not yet supported
	END
}

@test "devices: --device-cgroup-rule allows what a node made inside may do" {
	spare_device
	local script="mknod /n c ${SPARE_NUMBER/:/ } && {"' true 2>/dev/null </n && echo read; true 2>/dev/null >>/n && echo write; }; true'
	run onggi run --rm --cap-add MKNOD "$BOX" sh -c "$script"
	assert_output ""
	run onggi run --rm --cap-add MKNOD --device-cgroup-rule "c $SPARE_NUMBER r" "$BOX" sh -c "$script"
	assert_output read
	run onggi run --rm --cap-add MKNOD --device-cgroup-rule "c ${SPARE_NUMBER%:*}:* rw" "$BOX" sh -c "$script"
	assert_output $'read\nwrite'
	local rule
	for rule in 'c 1 r' 'z 1:1 r' 'c 1:1 q' 'c 1:1' 'c x:1 r' ''; do
		run onggi run --rm --device-cgroup-rule "$rule" "$BOX" true
		assert_status 125
	done
}

@test "sysctl: those of the container's own namespaces" {
	run onggi run --rm --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmax=123456 --sysctl fs.mqueue.msg_max=11 \
		"$BOX" cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max
	assert_ok
	assert_output $'1\n123456\n11'
	[[ $(cat /proc/sys/kernel/shmmax) != 123456 ]]
}

@test "sysctl: the host's are refused, and so are broken ones" {
	local setting
	for setting in kernel.panic=1 kernel.core_pattern=x vm.swappiness=1 fs.file-max=9 kernel.hostname=x \
		net.ipv4.no_such=1 net.ipv4.ip_forward=x net.ipv4.ip_forward =1 \
		net/../kernel/panic=1 net.ipv4.../../kernel.panic=1 ../kernel/panic=1; do
		run onggi run --rm --sysctl "$setting" "$BOX" true
		assert_status 125
		assert_has sysctl
	done
	run onggi run --rm --network host --sysctl net.ipv4.ip_forward=1 "$BOX" true
	assert_status 125
	assert_has "network namespace"
	run onggi run --rm --ipc host --sysctl kernel.shmmax=1 "$BOX" true
	assert_status 125
	assert_has "namespace"
}

@test "security options: a refusal leaves nothing behind" {
	onggi run --rm "$BOX" true
	sentinel_take
	run onggi run --rm --security-opt seccomp=/etc/passwd "$BOX" true
	run onggi run --rm --device /dev/no-such-device "$BOX" true
	run onggi run --rm --sysctl net.ipv4.no_such=1 "$BOX" true
	run onggi run --rm --cap-add SUPERPOWER "$BOX" true
	sentinel_check
}
