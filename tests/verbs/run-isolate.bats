#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run --isolate: each layer by itself, and everything but it.

load ../lib/onggi

NAMESPACES="mnt pid ipc uts net time cgroup user"

# The names of the namespaces that are not the host's, as seen from the host: a bare container has
# no /proc of its own to ask.
start() {
	onggi_start run --rm --name peeled --isolate "$@" "$BOX" sleep 100
	wait_for 10 is_running
	local pid name
	pid=$(onggi inspect --format '{{.State.Pid}}' peeled)
	OWN=
	for name in $NAMESPACES; do
		[[ $(readlink "/proc/$pid/ns/$name") == "$(readlink "/proc/self/ns/$name")" ]] || OWN+=" $name"
	done
	OWN=${OWN# }
	STATUS=$(cat "/proc/$pid/status")
	CGROUPS=$(cat "/proc/$pid/cgroup")
	ROOT=$(stat -c %i "/proc/$pid/root/")
	onggi rm -f peeled >/dev/null
	wait "$ONGGI_PID" 2>/dev/null || true
}

is_running() {
	[[ -n $(onggi ps -q --filter name=peeled) ]]
}

host_inode() {
	stat -c %i /
}

@test "isolate: one namespace at a time" {
	local layer name
	while read -r layer name; do
		start "$layer"
		assert_equal "$OWN" "$name" "--isolate $layer"
	done <<-'END'
		mount mnt
		pid pid
		ipc ipc
		uts uts
		net net
		time time
		cgroupns cgroup
		user user
	END
}

@test "isolate: all but one namespace" {
	local layer name
	while read -r layer name; do
		start "all,-$layer"
		local wanted=" mnt pid ipc uts net time cgroup "
		wanted=${wanted/ $name / }
		assert_equal " $OWN " "$wanted" "--isolate all,-$layer"
	done <<-'END'
		mount mnt
		pid pid
		ipc ipc
		uts uts
		net net
		time time
		cgroupns cgroup
		user user
	END
}

@test "isolate: a bare chroot is nothing but another root" {
	start chroot
	assert_equal "$OWN" "" namespaces
	[[ $ROOT != "$(host_inode)" ]]
	grep -q $'^Seccomp:\t0' <<<"$STATUS"
	assert_equal "$(grep ^CapEff <<<"$STATUS")" "$(grep ^CapEff /proc/self/status)" capabilities
	assert_equal "$CGROUPS" "$(cat /proc/self/cgroup)" cgroups
	run onggi run --rm --isolate chroot "$BOX" sh -c 'ls -A /proc /sys | grep -v :; echo here >/etc/file; cat /etc/file'
	assert_ok
	assert_equal "$(grep . <<<"$output")" here
}

@test "isolate: caps, seccomp and cgroup, alone and taken away" {
	start caps
	grep -q '^CapEff:.00000000800405fb' <<<"$STATUS"
	start all,-caps
	assert_equal "$(grep ^CapEff <<<"$STATUS")" "$(grep ^CapEff /proc/self/status)" capabilities
	start seccomp
	grep -q $'^Seccomp:\t2' <<<"$STATUS"
	start all,-seccomp
	grep -q $'^Seccomp:\t0' <<<"$STATUS"
	start cgroup
	grep -q /onggi- <<<"$CGROUPS"
	start all,-cgroup
	assert_equal "$CGROUPS" "$(cat /proc/self/cgroup)" cgroups
}

@test "isolate: masks taken away" {
	run onggi run --rm --isolate all,-masks "$BOX" sh -c 'grep -c " /proc/" /proc/self/mountinfo'
	assert_output 0
	run onggi run --rm --isolate all,-masks --cap-add SYS_ADMIN "$BOX" sh -c 'echo jar >/proc/sys/kernel/hostname; hostname'
	assert_ok
	assert_output jar
}

@test "isolate: keyring and lsm, alone and taken away, still run" {
	local layers
	for layers in keyring lsm all,-keyring all,-lsm all,-pivot all,-chroot none all masks; do
		run onggi run --rm --isolate "$layers" "$BOX" echo works
		assert_ok
		assert_output works
	done
}

@test "isolate: without pivot the root is changed by chroot" {
	run onggi explain --isolate all,-pivot "$BOX" true
	assert_ok
	assert_has_not pivot_root
	assert_has chroot
	run onggi explain "$BOX" true
	assert_has "pivot_root . ."
}

@test "isolate: nonsense is refused, and the words are shown" {
	local layers
	for layers in bogus '' ',' all,-bogus 'all,' -; do
		run onggi run --rm --isolate="$layers" "$BOX" true
		assert_status 125
		assert_has "--isolate"
		assert_has "known are all, none, chroot"
	done
	run onggi run --rm --isolate pivot "$BOX" true
	assert_status 125
	assert_has "mount"
}

@test "isolate: an option without its layer is refused, not dropped" {
	local layers option
	while IFS='|' read -r layers option; do
		local words
		read -ra words <<<"$option"
		run onggi run --rm --isolate "$layers" "${words[@]}" "$BOX" true
		assert_status 125
		assert_has "the isolation layer"
	done <<-'END'
		chroot|-m 64m
		chroot|--pids-limit 10
		chroot|--cpus 1
		chroot|--cpuset-cpus 0
		all,-cgroup|--memory 64m
		all,-cgroup|--cgroup-parent /x
		all,-caps|--cap-drop ALL
		all,-caps|--cap-add NET_ADMIN
		all,-uts|--hostname x
		all,-net|--network none
		all,-pid|--pid private
		all,-ipc|--ipc none
		all,-time|--time-offset boottime=1
		all,-mount|--tmpfs /x
		all,-mount|-v /etc:/x
		all,-mount|--init
		all,-mount|--read-only
		all,-mount|--dns 1.1.1.1
		all,-mount|--add-host a:1.1.1.1
		all,-lsm|--security-opt apparmor=x
	END
	echo '{"defaultAction":"SCMP_ACT_ALLOW"}' >"$BATS_TEST_TMPDIR/profile"
	run onggi run --rm --isolate all,-seccomp --security-opt "seccomp=$BATS_TEST_TMPDIR/profile" "$BOX" true
	assert_status 125
}

@test "isolate: no peeled container leaves anything behind" {
	onggi run --rm --isolate all,user "$BOX" true
	sentinel_take
	local layers
	for layers in chroot mount cgroup all,-pid all,-mount all,user; do
		onggi run --rm --isolate "$layers" "$BOX" sh -c 'echo x >/file; cat /file >/dev/null'
	done
	sentinel_check
}
