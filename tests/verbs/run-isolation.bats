#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# What a container sees by default: each statement of SECURITY.md, "What a container gets by default".

load ../lib/onggi

# box SCRIPT: in a default container
box() {
	run onggi run --rm "$BOX" sh -c "$1"
}

@test "isolation: the payload is process 1, and sees no other" {
	# By the shell alone: how many of a pipe's processes are there already is a matter of luck.
	box 'echo $$; echo /proc/[0-9]*'
	assert_ok
	assert_output $'1\n/proc/1'
}

@test "isolation: the host name is the container's own, its short id" {
	box hostname
	assert_ok
	assert_matches '^[0-9a-f]{12}$'
	[[ $output != "$(hostname)" ]]
}

@test "isolation: setting the host name leaves the host alone" {
	local before
	before=$(hostname)
	box 'hostname intruder 2>/dev/null; true'
	assert_ok
	assert_equal "$(hostname)" "$before"
}

@test "isolation: seven namespaces are not the host's, the user namespace is" {
	box 'cd /proc/self/ns && for n in cgroup ipc mnt net pid uts time user; do echo $n $(readlink $n); done'
	assert_ok
	local name link count=0
	while read -r name link; do
		((++count))
		if [[ $name == user ]]; then
			assert_equal "$link" "$(readlink /proc/self/ns/user)" user
		else
			[[ $link != "$(readlink "/proc/self/ns/$name")" ]] || fail "$name is the host's"
		fi
	done <<<"$output"
	assert_equal "$count" 8 "namespaces listed"
}

@test "isolation: exactly eleven capabilities" {
	box 'grep ^Cap /proc/self/status'
	assert_ok
	# CHOWN 0 DAC_OVERRIDE 1 FOWNER 3 FSETID 4 KILL 5 SETGID 6 SETUID 7 SETPCAP 8
	# NET_BIND_SERVICE 10 SYS_CHROOT 18 SETFCAP 31
	assert_output "$(printf 'CapInh:\t%s\nCapPrm:\t%s\nCapEff:\t%s\nCapBnd:\t%s\nCapAmb:\t%s' \
		0000000000000000 00000000800405fb 00000000800405fb 00000000800405fb 0000000000000000)"
}

@test "isolation: another user has no capabilities at all" {
	run onggi run --rm --user 1000 "$BOX" grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status
	assert_ok
	assert_equal "$(grep -c 0000000000000000 <<<"$output")" 4 "empty sets"
}

@test "isolation: one seccomp filter is loaded" {
	box 'grep ^Seccomp /proc/self/status'
	assert_ok
	assert_line $'Seccomp:\t2'
	assert_line $'Seccomp_filters:\t1'
}

@test "isolation: the filter denies what it should" {
	box 'mount -t tmpfs none /tmp 2>&1; unshare -m true 2>&1; true'
	assert_ok
	assert_equal "$(grep -c -i 'not permitted\|denied' <<<"$output")" 2 "refusals"
}

@test "isolation: exactly descriptors 0, 1 and 2" {
	exec {extra}</etc/passwd
	# ls has one for the directory it reads
	run onggi run --rm "$BOX" ls /proc/self/fd
	exec {extra}<&-
	assert_ok
	assert_output $'0\n1\n2\n3'
	run onggi run --rm "$BOX" sh -c '[ ! -e /proc/1/fd/3 ]'
	assert_ok
}

@test "isolation: hidden files are empty" {
	box 'for f in interrupts kcore keys latency_stats sched_debug timer_list timer_stats; do
		[ ! -e /proc/$f ] || echo $f $(head -c1 /proc/$f 2>/dev/null | wc -c); done'
	assert_ok
	assert_matches '^interrupts 0$'
	assert_equal "$(grep -vc ' 0$' <<<"$output")" 0 "files with content"
}

@test "isolation: hidden directories are empty and cannot be written" {
	box 'for d in /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap \
		/sys/devices/system/cpu/cpu*/thermal_throttle; do
		[ -d $d ] || continue
		echo $(ls -A $d | wc -l) $(touch $d/x 2>/dev/null && echo written) $d; done'
	assert_ok
	assert_has /sys/firmware
	assert_equal "$(grep -vc '^0 /' <<<"$output")" 0 "directories with content"
}

@test "isolation: kernel settings are read-only" {
	box 'for p in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger /sys /sys/fs/cgroup; do
		[ ! -e $p ] || grep " $p " /proc/self/mountinfo | tail -n1 | cut -d" " -f6 | cut -d, -f1; done |
		sort | uniq -c'
	assert_ok
	assert_matches '^ *[4-7] ro$'
	assert_equal "$(wc -l <<<"$output")" 1 "kinds of mounts"
	box 'echo 1 > /proc/sys/kernel/panic'
	[[ $status -ne 0 ]]
}

@test "isolation: /dev has the usual nodes, and nothing of the host" {
	box 'cd /dev && find . -type c ! -path "./pts/*" | sort | tr "\n" " "; find . -type b | wc -l'
	assert_ok
	assert_output "./full ./null ./random ./tty ./urandom ./zero 0"
	box 'ls /dev'
	assert_equal "$(tr '\n' ' ' <<<"$output")" \
		"core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " "/dev"
}

@test "isolation: a node for the host's disk cannot be made, and not be opened" {
	box 'mknod /disk b 8 0'
	[[ $status -ne 0 ]]
	run onggi run --rm --cap-add MKNOD "$BOX" sh -c 'mknod /disk b 254 0 && head -c1 /disk'
	[[ $status -ne 0 ]]
	assert_matches 'not permitted|denied'
}

@test "isolation: its network has a loopback device, up, and nothing else" {
	run onggi run --rm --network none "$BOX" sh -c 'ls /sys/class/net; ping -c1 -W2 127.0.0.1 >/dev/null; ip -o addr show lo'
	assert_ok
	assert_line lo
	assert_has "inet 127.0.0.1/8"
}

@test "isolation: the number of processes is limited" {
	box 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null'
	assert_line 4096
}

@test "isolation: the root is the image's, writable, and forgotten with the container" {
	box 'touch /bin/mine && ls /bin/mine'
	assert_ok
	box 'ls /bin/mine'
	[[ $status -ne 0 ]]
}

@test "isolation: no mount of the host is seen" {
	box 'cut -d" " -f5 /proc/self/mountinfo'
	assert_ok
	local path
	while read -r path; do
		[[ $path == / || $path =~ ^/(proc|sys|dev|etc)(/|$) ]] || fail "unexpected mount on $path"
	done <<<"$output"
}

@test "isolation: files of the engine are not readable by others" {
	assert_equal "$(stat -c %a "$STORE")" 700 "mode of the store"
	assert_equal "$(stat -c %a "$RUN_STORE")" 700 "mode of the run directory"
}

@test "isolation: the environment is the image's, not the caller's" {
	SECRET=hidden run onggi run --rm "$BOX" env
	assert_ok
	assert_has_not hidden
	assert_matches '^PATH=/'
	assert_matches '^HOSTNAME=[0-9a-f]{12}$'
}
