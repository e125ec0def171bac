#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run --user, --group-add, --userns: who the payload is, inside and as the host sees it.

load ../lib/onggi

# id_of USER: uid, gid and groups in the container
id_of() {
	run onggi run --rm --user "$1" "$BOX" sh -c 'echo $(id -u) $(id -g) $(id -G)'
}

@test "users: names, numbers and what stands between" {
	local user wanted
	while IFS='|' read -r user wanted; do
		id_of "$user"
		assert_ok
		assert_equal "$output" "$wanted" "--user '$user'"
	done <<-'END'
		|0 0 0
		0|0 0 0
		1|1 0 0
		1:|1 0 0
		:1|0 1 1
		1:1|1 1 1
		1000|1000 1000 1000 29
		guest|1000 1000 1000 29
		guest:audio|1000 29 29
		guest:5|1000 5 5
		4242:guest|4242 1000 1000
		2147483647|2147483647 0 0
		2147483648|2147483648 0 0
		4294967294|4294967294 0 0
		00001|1 0 0
	END
}

@test "users: what is none is refused with 125" {
	local user
	for user in 4294967295 4294967296 18446744073709551616 0:4294967295 -1 +0 0x0 ' ' '1 ' ' 1' 1e1 \
		nobody-knows guest:nobody-knows 1:-1 0:0x0 0:0:0 root/; do
		id_of "$user"
		assert_status 125
		assert_has "find user"
	done
}

@test "users: a text of digits is a number, whatever the passwd file calls by it" {
	local root=$BATS_TEST_TMPDIR/root
	box_rootfs "$root"
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' '1234:x:0:0:trap:/trap:/bin/sh' '0:x:77:77::/:' >"$root/etc/passwd"
	printf '%s\n' 'root:x:0:' '55:x:0:' >"$root/etc/group"
	run onggi run --rm --rootfs "$root" --user 1234 sh -c 'id -u'
	assert_ok
	assert_output 1234
	run onggi run --rm --rootfs "$root" --user 0:55 sh -c 'echo $(id -u) $(id -g)'
	assert_ok
	assert_output "0 55"
}

@test "users: broken and hostile account files are not followed, and do no harm" {
	local root=$BATS_TEST_TMPDIR/root
	box_rootfs "$root"
	printf ':::::::\nshort\nguest:x:12x:1::/:\nguest:x:4294967295:0::/:\n\nguest:x:7:8::/home:/bin/sh' >"$root/etc/passwd"
	run onggi run --rm --rootfs "$root" --user guest sh -c 'echo $(id -u) $(id -g) $HOME'
	assert_ok
	assert_line "7 8 /home"
	rm "$root/etc/passwd"
	mkfifo "$root/etc/passwd"
	run onggi run --rm --rootfs "$root" --user 5 awk '/^Uid/ { print $2 }' /proc/self/status
	assert_ok
	assert_output 5
	rm "$root/etc/passwd"
	ln -s ../../../../../../etc/passwd "$root/etc/passwd"
	# The link leads to itself inside: nobody is known, least of all the host's users.
	run onggi run --rm --rootfs "$root" --user "$(id -un)x" id -u
	assert_status 125
	rm "$root/etc/passwd"
	run onggi run --rm --rootfs "$root" --user 9:9 sh -c 'echo $(id -u) $(id -g) $HOME'
	assert_ok
	assert_output "9 9 /"
}

@test "users: HOME is the user's, unless it is given" {
	run onggi run --rm --user guest "$BOX" sh -c 'echo $HOME'
	assert_output /home/guest
	run onggi run --rm "$BOX" sh -c 'echo $HOME'
	assert_output /root
	run onggi run --rm --user 77 "$BOX" sh -c 'echo $HOME'
	assert_output /
	run onggi run --rm --user guest -e HOME=/mine "$BOX" sh -c 'echo $HOME'
	assert_output /mine
}

@test "users: --group-add by name and number, once each" {
	run onggi run --rm --group-add audio --group-add 777 --group-add 777 "$BOX" id -G
	assert_ok
	assert_output "0 29 777"
	run onggi run --rm --user 1000:1000 --group-add 5 "$BOX" id -G
	assert_output "1000 5"
	run onggi run --rm --user guest --group-add audio --group-add 5 "$BOX" id -G
	assert_output "1000 5 29"
	local group
	for group in nobody-knows -1 4294967295 0x1; do
		run onggi run --rm --group-add "$group" "$BOX" id -G
		assert_status 125
		assert_has "$group"
	done
}

@test "users: another user cannot become root again" {
	run onggi run --rm --user guest "$BOX" sh -c 'cat /etc/shadow 2>&1; touch /etc/x 2>&1; grep CapEff /proc/self/status'
	assert_has "Permission denied"
	assert_has "0000000000000000"
}

@test "users: --userns auto: root inside, nobody of the host's" {
	onggi_start run --rm --name apart --userns auto "$BOX" sleep 100
	wait_for 10 is_running apart
	local pid uid
	pid=$(onggi inspect --format '{{.State.Pid}}' apart)
	uid=$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")
	[[ $uid -ge 65536 ]] || fail "its root is $uid on the host"
	[[ $(readlink "/proc/$pid/ns/user") != "$(readlink /proc/self/ns/user)" ]]
	# A second one gets other ids.
	run onggi run --rm --userns auto "$BOX" cat /proc/self/uid_map
	assert_ok
	read -r inside outside count <<<"$output"
	assert_equal "$inside $count" "0 65536"
	[[ $outside -ge $((uid + 65536)) || $((outside + count)) -le $uid ]] || fail "the ranges overlap"
	onggi rm -f apart >/dev/null
}

is_running() {
	[[ $(onggi ps -q --filter "name=$1") ]]
}

@test "users: --userns auto: the image's files are root's inside, and new ones too" {
	run onggi run --rm --userns auto "$BOX" sh -c \
		'id -u; stat -c %u:%g / /bin/busybox /home/guest /etc/passwd; touch /etc/new && chown 5:6 /etc/new && stat -c %u:%g /etc/new'
	assert_ok
	assert_output $'0\n0:0\n0:0\n1000:1000\n0:0\n5:6'
}

@test "users: --userns auto: a bind shows nobody, with idmap its own users" {
	local dir=$BATS_TEST_TMPDIR/data
	mkdir "$dir"
	touch "$dir/file"
	run onggi run --rm --userns auto -v "$dir:/m" "$BOX" sh -c 'stat -c %u:%g /m/file; touch /m/new 2>/dev/null || echo denied'
	assert_ok
	assert_output $'65534:65534\ndenied'
	run onggi run --rm --userns auto -v "$dir:/m:idmap" "$BOX" sh -c 'stat -c %u:%g /m/file; touch /m/new'
	assert_ok
	assert_output 0:0
	assert_equal "$(stat -c %u:%g "$dir/new")" 0:0 "owner on the host"
}

@test "users: --userns auto:size=N, and what is too much" {
	run onggi run --rm --userns auto:size=1000 "$BOX" sh -c 'awk "{ print \$3 }" /proc/self/uid_map'
	assert_ok
	assert_output 1000
	run onggi run --rm --userns auto:size=1 "$BOX" sh -c 'id -u; wc -l </proc/self/uid_map'
	assert_ok
	assert_output $'0\n1'
	run onggi run --rm --userns auto --user 70000 "$BOX" true
	assert_status 125
	assert_has "no such id"
	local mode
	for mode in auto:size=70000 auto:size=0 auto:size=x auto:foo keep-id bogus container: ''; do
		run onggi run --rm --userns "$mode" "$BOX" true
		assert_status 125
	done
}

@test "users: --userns container:NAME: the other's ids, and its namespaces" {
	onggi_start run --rm --name first --userns auto "$BOX" sleep 100
	wait_for 10 is_running first
	local pid
	pid=$(onggi inspect --format '{{.State.Pid}}' first)
	run onggi run --rm --userns container:first --network container:first "$BOX" \
		sh -c 'readlink /proc/self/ns/user; readlink /proc/self/ns/net'
	assert_ok
	assert_output "$(readlink "/proc/$pid/ns/user")"$'\n'"$(readlink "/proc/$pid/ns/net")"
	# A new user namespace has no rights over the network namespace of an older one: root joins it.
	run onggi run --rm --userns auto --network container:first "$BOX" readlink /proc/self/ns/net
	assert_ok
	assert_output "$(readlink "/proc/$pid/ns/net")"
	onggi rm -f first >/dev/null
	# The other has the host's: so have we.
	onggi_start run --rm --name second "$BOX" sleep 100
	wait_for 10 is_running second
	run onggi run --rm --userns container:second "$BOX" readlink /proc/self/ns/user
	assert_ok
	assert_output "$(readlink /proc/self/ns/user)"
	onggi rm -f second >/dev/null
}

@test "users: --userns auto with the host's PID namespace is refused" {
	run onggi run --rm --userns auto --pid host "$BOX" true
	assert_status 125
	assert_has "PID namespace"
}

@test "users: --userns auto leaves nothing behind" {
	onggi run --rm --userns auto "$BOX" true
	sentinel_take
	onggi run --rm --userns auto "$BOX" touch /x
	sentinel_check
}
