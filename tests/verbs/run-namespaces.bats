#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Namespace modes of run: private, host, another container's, by path.

load ../lib/onggi

# start NAME OPTION...: a container that sleeps; PID becomes its process
start() {
	local name=$1
	shift
	onggi_start run --rm --name "$name" "$@" "$BOX" sleep 100
	wait_for 10 is_running "$name"
	PID=$(onggi inspect --format '{{.State.Pid}}' "$name")
}

is_running() {
	[[ -n $(onggi ps -q --filter "name=$1") ]]
}

teardown() {
	local id
	for id in $(onggi ps -q); do
		onggi rm -f "$id" >/dev/null
	done
}

# ns NAME OPTION...: the container's link, in $output
ns() {
	local name=$1
	shift
	run onggi run --rm "$@" "$BOX" readlink "/proc/self/ns/$name"
	assert_ok
}

@test "namespaces: host, for each that has the mode" {
	local option name
	while read -r option name; do
		ns "$name" "$option" host
		assert_output "$(readlink "/proc/self/ns/$name")"
		ns "$name"
		[[ $output != "$(readlink "/proc/self/ns/$name")" ]] || fail "$name is the host's by default"
	done <<-'END'
		--network net
		--net net
		--pid pid
		--ipc ipc
		--uts uts
		--cgroupns cgroup
	END
}

@test "namespaces: container:NAME, by name and id, for each that has the mode" {
	start other --hostname other-host
	local option name
	while read -r option name; do
		ns "$name" "$option" container:other
		assert_output "$(readlink "/proc/$PID/ns/$name")"
	done <<-'END'
		--network net
		--pid pid
		--ipc ipc
		--uts uts
		--cgroupns cgroup
	END
	ns net --network "container:$(onggi ps -q --filter name=other)"
	assert_output "$(readlink "/proc/$PID/ns/net")"
	run onggi run --rm --uts container:other "$BOX" hostname
	assert_output other-host
}

@test "namespaces: ns:PATH is checked for its kind" {
	start other
	ns net --network "ns:/proc/$PID/ns/net"
	assert_output "$(readlink "/proc/$PID/ns/net")"
	# As `ip netns add` leaves one: a file with the namespace mounted on it.
	touch "$BATS_TEST_TMPDIR/net"
	unshare --net="$BATS_TEST_TMPDIR/net" true
	ns net --network "ns:$BATS_TEST_TMPDIR/net"
	assert_has "net:["
	[[ $output == *"$(stat -L -c %i "$BATS_TEST_TMPDIR/net")"* ]]
	umount "$BATS_TEST_TMPDIR/net"
	run onggi run --rm --network "ns:/proc/$PID/ns/uts" "$BOX" true
	assert_status 125
	assert_has "is a uts namespace, not a network namespace"
	run onggi run --rm --network ns:/etc/passwd "$BOX" true
	assert_status 125
	assert_has /etc/passwd
	run onggi run --rm --network ns:/no/such/path "$BOX" true
	assert_status 125
	assert_has /no/such/path
}

@test "namespaces: a container that is not there, or not running" {
	local option
	onggi run --name ended "$BOX" true
	for option in --network --pid --ipc --uts --cgroupns --userns; do
		run onggi run --rm "$option" container:no-such "$BOX" true
		assert_status 125
		assert_has "no such container: no-such"
		run onggi run --rm "$option" container:ended "$BOX" true
		assert_status 125
		assert_has "not running"
		run onggi run --rm "$option" container: "$BOX" true
		assert_status 125
	done
	onggi rm ended >/dev/null
}

@test "namespaces: modes that do not exist are refused" {
	local option
	for option in --pid --ipc --uts --cgroupns --userns --network; do
		run onggi run --rm "$option" no-such-mode "$BOX" true
		assert_status 125
		assert_has "$option"
	done
	run onggi run --rm --pid none "$BOX" true
	assert_status 125
	run onggi run --rm --network bridge "$BOX" true
	assert_status 125
	assert_has "bridge is not yet supported"
}

@test "namespaces: --network none has a loopback device alone; the other end of container: is seen" {
	start server
	run onggi run --rm --network container:server "$BOX" sh -c 'nc -l -p 5000 -e echo hello & sleep 0.5; nc 127.0.0.1 5000 </dev/null'
	assert_ok
	assert_output hello
	run onggi run --rm --network none "$BOX" sh -c 'nc -w1 127.0.0.1 5000 </dev/null || echo nobody; ls /sys/class/net'
	assert_line nobody
	assert_equal "$(tail -n1 <<<"$output")" lo devices
}

@test "namespaces: --network host shows the host's devices and name" {
	run onggi run --rm --network host "$BOX" sh -c 'ls /sys/class/net; hostname'
	assert_ok
	assert_output "$(ls /sys/class/net; hostname)"
	run onggi run --rm --network host --hostname mine "$BOX" hostname
	assert_output mine
}

@test "namespaces: --pid container: its processes are seen and can be signalled" {
	onggi_start run --rm --name other "$BOX" sh -c 'sleep 100; exit 9'
	wait_for 10 is_running other
	# The program, and not process 1: that one is safe from within.
	run onggi run --rm --pid container:other "$BOX" sh -c 'cat /proc/1/comm; kill -KILL $(pidof sleep)'
	assert_line sh
	local code=0
	wait "$ONGGI_PID" || code=$?
	assert_equal "$code" 9 "exit status of the other"
}

@test "namespaces: --pid host: the host's processes are seen" {
	run onggi run --rm --pid host "$BOX" cat "/proc/$$/comm"
	assert_ok
	assert_output "$(cat "/proc/$$/comm")"
	# Its own end does not take others along.
	sleep 100 3>&- &
	onggi run --rm --pid host "$BOX" sh -c 'sleep 1000 & true'
	kill -0 $!
	kill $!
}

@test "namespaces: --pid host: what it leaves running is ended all the same" {
	sentinel_take
	onggi run --rm --pid host "$BOX" sh -c 'sleep 1000 & (setsid sleep 1000 &); true'
	sentinel_check
}

@test "namespaces: --ipc none, shareable, and a /dev/shm that is shared" {
	run onggi run --rm --ipc none "$BOX" ls /dev/shm
	assert_status 1
	start owner --ipc shareable
	onggi run --rm --ipc container:owner "$BOX" sh -c 'echo one >/dev/shm/file'
	run onggi run --rm --ipc container:owner "$BOX" cat /dev/shm/file
	assert_ok
	assert_output one
	run onggi run --rm "$BOX" ls /dev/shm
	assert_output ""
}

@test "namespaces: --ipc host shares the host's /dev/shm" {
	local file
	file=$(mktemp /dev/shm/onggi-test.XXXXXX)
	run onggi run --rm --ipc host "$BOX" test -e "$file"
	rm "$file"
	assert_ok
}

@test "namespaces: --uts host, and names that go with it" {
	run onggi run --rm --uts host "$BOX" hostname
	assert_output "$(hostname)"
	run onggi run --rm --uts host --hostname x "$BOX" true
	assert_status 125
	assert_has "conflicting options"
}

@test "namespaces: --cgroupns private begins at the root, host shows the path" {
	run onggi run --rm --cgroupns private "$BOX" sed 's/^[^:]*:[^:]*://' /proc/self/cgroup
	assert_ok
	assert_equal "$(sort -u <<<"$output")" / "cgroups"
	run onggi run --rm --cgroupns host "$BOX" cat /proc/self/cgroup
	assert_ok
	assert_matches '/onggi[-/][0-9a-f]{64}'
}

@test "namespaces: --hostname and --domainname" {
	run onggi run --rm --hostname jar.example --domainname example "$BOX" \
		sh -c 'hostname; cat /proc/sys/kernel/domainname /etc/hostname; echo $HOSTNAME'
	assert_ok
	assert_output $'jar.example\nexample\njar.example\njar.example'
	run onggi run --rm --hostname '' "$BOX" hostname
	assert_matches '^[0-9a-f]{12}$'
	run onggi run --rm --hostname "$(printf 'x%.0s' {1..64})" "$BOX" hostname
	assert_ok
	local name
	for name in "$(printf 'x%.0s' {1..65})" 'a b' $'a\nb'; do
		run onggi run --rm --hostname "$name" "$BOX" true
		assert_status 125
		assert_has "hostname"
	done
}

@test "namespaces: --time-offset shifts the clocks" {
	[[ -e /proc/self/ns/time ]] || skip "needs time namespaces"
	local before
	before=$(cut -d. -f1 /proc/uptime)
	run onggi run --rm --time-offset boottime=200000 --time-offset monotonic=100000 "$BOX" sh -c 'cut -d. -f1 /proc/uptime'
	assert_ok
	((output >= before + 200000 && output < before + 200100)) || fail "uptime was $before"
	run onggi run --rm --time-offset boottime=200000 --userns auto "$BOX" sh -c 'cut -d. -f1 /proc/uptime'
	assert_ok
	((output >= before + 200000)) || fail "uptime was $before"
	local offset
	for offset in realtime=5 monotonic=x monotonic monotonic=-99999999999 boottime= =; do
		run onggi run --rm --time-offset "$offset" "$BOX" true
		assert_status 125
		assert_has "time"
	done
}

@test "namespaces: inspect says the modes" {
	start other
	onggi run --name asked --network container:other --pid host --ipc none --uts host "$BOX" true
	run onggi inspect --format '{{.HostConfig.NetworkMode}} {{.HostConfig.PidMode}} {{.HostConfig.IpcMode}} {{.HostConfig.UTSMode}}' asked
	assert_output "container:other host none host"
	onggi rm asked >/dev/null
}

@test "namespaces: a join that fails leaves nothing behind" {
	onggi run --rm "$BOX" true
	sentinel_take
	run onggi run --rm --network ns:/proc/self/ns/uts "$BOX" true
	run onggi run --rm --pid container:no-such "$BOX" true
	run onggi run --rm --time-offset monotonic=-99999999999 "$BOX" true
	sentinel_check
}
