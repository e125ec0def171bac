#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# docs/security.md says what a container is like: the same lists, from a running one.

# shellcheck disable=SC2016 # scripts in single quotes are for other shells
load ../lib/onggi

# words NAME: the quoted words after the list's mark, up to the next empty line after a word
words() {
	awk -v mark="<!-- list: $1 -->" '
		$0 == mark { inside = 1; next }
		inside && /^$/ { exit }
		inside && /^\|/ { sub(/^\|/, ""); sub(/\|.*/, "") }
		inside { print }' "$TOP/docs/security.md" | grep -o '`[^`]*`' | tr -d '`' | LC_ALL=C sort
}

# The mount table of a default container.
mount_points() {
	onggi run --rm "$BOX" cat /proc/self/mountinfo
}

@test "document: capabilities" {
	local names=(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
		LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER
		SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE
		SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP)
	local i mask
	run onggi run --rm "$BOX" sh -c 'grep CapBnd /proc/self/status | cut -f2'
	assert_ok
	mask=$((16#$output))
	assert_equal "$(for i in "${!names[@]}"; do
		((mask >> i & 1)) && echo "${names[i]}"
	done | LC_ALL=C sort)" "$(words capabilities)" "capabilities"
	((mask >> 32 == 0)) || fail "newer capabilities"
}

@test "document: hidden paths" {
	local path table
	table=$(mount_points)
	[[ $(words masked | wc -l) -ge 10 ]]
	while read -r path; do
		# Only what this kernel has.
		[[ -e $path ]] || continue
		grep -qE "(/null| / ).* $path ro,|/null $path ro,|/ $path ro," <<<"$table" || fail "not hidden: $path"
	done < <(words masked)
	# And nothing else is.
	while read -r path; do
		words masked | grep -qxF "$path" || [[ $path == */thermal_throttle ]] ||
			fail "hidden, but not in the list: $path"
	done < <(awk '($4 == "/null" || / - tmpfs tmpfs ro/) && $5 ~ "^/(proc|sys)/" {print $5}' <<<"$table")
}

@test "document: read-only paths" {
	local path table
	table=$(mount_points)
	[[ $(words readonly | wc -l) -ge 4 ]]
	while read -r path; do
		[[ -e $path ]] || continue
		grep -qE " ${path#/proc} $path ro," <<<"$table" || fail "not read-only: $path"
	done < <(words readonly)
	while read -r path; do
		words readonly | grep -qxF "$path" || fail "read-only, but not in the list: $path"
	done < <(awk '$5 == "/proc" $4 && $6 ~ /^ro/ && $5 != "/proc" {print $5}' <<<"$table")
}

@test "document: devices" {
	run onggi run --rm "$BOX" sh -c 'find /dev -type c ! -path "/dev/pts/*" | sed s,/dev/,, | sort'
	assert_ok
	assert_output "$(words devices)"
}
