#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# What root inside a container, a peer, or another user of the host can try.

# shellcheck disable=SC2016 # scripts in single quotes are for other shells
load ../lib/onggi

# settings: of the host, which no container may change
settings() {
	cat /proc/sys/kernel/{core_pattern,hostname,domainname,sysrq,panic,randomize_va_space} \
		/proc/sys/vm/{swappiness,overcommit_memory} 2>/dev/null || true
	find /sys/fs/cgroup -maxdepth 2 -name release_agent -exec cat {} +
}

setup() {
	settings >"$BATS_TEST_TMPDIR/settings"
}

teardown() {
	settings | diff "$BATS_TEST_TMPDIR/settings" -
}

# refused SCRIPT [OPTION...]: none of the script's lines succeeds (each prints DONE if it does)
refused() {
	local script=$1
	shift
	run onggi run --rm "$@" "$BOX" sh -c "$script; true"
	assert_ok
	assert_has_not DONE
}

@test "kernel settings: no file of /proc and /sys that counts for the host can be written" {
	refused 'for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/kernel/sysrq \
		/proc/sys/vm/swappiness /proc/sys/kernel/hostname /proc/irq/0/smp_affinity /proc/timer_list \
		/proc/keys /proc/kcore /proc/bus/pci /sys/kernel/uevent_helper /sys/power/state \
		/sys/kernel/mm/transparent_hugepage/enabled /proc/acpi/wakeup /sys/module/*/parameters/*; do
		[ -f $f ] && (cat $f >$f) 2>/dev/null && [ -s $f ] && echo DONE $f; done
		for f in $(find /proc/sys -type f -perm -200 2>/dev/null | head -n 400); do
			(: >>$f) 2>/dev/null && echo DONE $f; done'
}

@test "mounts: nothing can be mounted, unmounted or moved" {
	refused 'mount -t tmpfs x /tmp 2>/dev/null && echo DONE tmpfs
		mount -t proc x /tmp 2>/dev/null && echo DONE proc
		mount -o remount,rw /sys 2>/dev/null && echo DONE remount
		mount -o remount,bind,rw /proc/sys 2>/dev/null && echo DONE rebind
		umount /proc/sys 2>/dev/null && echo DONE umount
		umount -l /proc/kcore 2>/dev/null && echo DONE unmask
		umount -l /etc/hosts 2>/dev/null && echo DONE hosts
		pivot_root / /tmp 2>/dev/null && echo DONE pivot
		unshare -Urm true 2>/dev/null && echo DONE userns
		unshare -m true 2>/dev/null && echo DONE mntns
		nsenter -t 1 -m true 2>/dev/null && echo DONE nsenter'
}

@test "control groups: the view is read-only, and no release agent can be set" {
	refused 'for f in $(find /sys/fs/cgroup -name cgroup.procs -o -name tasks -o -name "*.max" \
			-o -name release_agent -o -name notify_on_release -o -name devices.allow -o -name "memory.limit*"); do
			(echo 1 >$f) 2>/dev/null && echo DONE $f; done
		mkdir /sys/fs/cgroup/x 2>/dev/null && echo DONE mkdir
		for d in /sys/fs/cgroup/*/; do mkdir $d/x 2>/dev/null && echo DONE mkdir $d; done
		mkdir /tmp/cg; mount -t cgroup -o memory x /tmp/cg 2>/dev/null && echo DONE v1
		mount -t cgroup2 x /tmp/cg 2>/dev/null && echo DONE v2
		grep -v ":/$" /proc/self/cgroup && echo DONE path of the host'
}

@test "devices: with MKNOD, nodes can be made but not be opened" {
	local line major minor
	refused 'mknod /disk b 8 0 2>/dev/null && echo DONE mknod'
	while read -r line; do
		read -r major minor <<<"$line"
		refused "mknod /disk b $major $minor && head -c1 /disk >/dev/null 2>&1 && echo DONE read
			(: >>/disk) 2>/dev/null && echo DONE write" --cap-add MKNOD
	done < <(awk 'NR > 2 {print $1, $2}' /proc/partitions | head -n 3)
	# /dev/mem, /dev/kmsg, the loop control device, fuse
	for line in "1 1" "1 11" "10 237" "10 229"; do
		read -r major minor <<<"$line"
		refused "mknod /node c $major $minor && (head -c1 /node) >/dev/null 2>&1 </dev/null && echo DONE" \
			--cap-add MKNOD
	done
}

@test "capabilities: no set is wider for a user, with init, or with a terminal" {
	local wanted=00000000800405fb zero=0000000000000000
	run onggi run --rm --init "$BOX" sh -c 'grep -h ^Cap /proc/1/status /proc/self/status | sort | uniq -c'
	assert_ok
	assert_equal "$(grep -c "$wanted" <<<"$output")" 3 "full sets"
	assert_equal "$(grep -cE "2 Cap(Inh|Amb):.$zero" <<<"$output")" 2 "empty sets"
	run onggi run --rm --init --user 1000:1000 "$BOX" sh -c 'grep -h -E "^Cap(Inh|Prm|Eff|Amb)" /proc/1/status /proc/self/status'
	assert_ok
	assert_equal "$(grep -vc "$zero" <<<"$output")" 0 "sets that are not empty"
	run onggi run --rm --user 1000:1000 "$BOX" sh -c 'grep ^Groups /proc/self/status'
	assert_output $'Groups:\t1000 '
}

@test "keys: those of the host's session cannot be read or joined" {
	need_command keyctl
	run keyctl session - bash -c '
		id=$(keyctl add user onggi-test-canary secret-of-the-host @s) || exit 9
		"$@" "k=$id; cat /proc/keys /proc/key-users 2>/dev/null; keyctl show 2>&1; keyctl print \$k 2>&1; true"' \
		- "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" run --rm "$BOX" sh -c
	assert_ok
	assert_has_not canary
	assert_has_not secret-of-the-host
}

@test "secrets: nothing of the host's processes, mounts and environment is seen" {
	SECRET_CANARY=x1y2z3 run onggi run --rm "$BOX" sh -c '
		cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/mounts /proc/self/mountinfo | tr "\0" "\n"
		ls -l /proc/[0-9]*/fd 2>/dev/null; dmesg 2>&1 | tail -n1'
	assert_has_not x1y2z3
	assert_has_not onggi-runtime
	# The root is an overlay; where its layers are on the host is the kernel's to say.
	assert_equal "$(grep -c -- "--run-root" <<<"$output")" 0 "command lines of the engine"
}

@test "peers: a joined pid namespace shows nothing of the process that enters" {
	onggi_start run --rm --name busy "$BOX" sh -c '
		echo ready
		while :; do
			for p in /proc/[0-9]*; do
				[ $p = /proc/1 ] || [ $p = /proc/self ] && continue
				x=$(readlink $p/exe) && case $x in *onggi*) echo EXE $x; (exec 9<$p/exe) && echo OPENED;; esac
				ls -l $p/fd 2>/dev/null | grep -E "onggi|layers|store|cgroup" && echo FDS $p
			done
		done 2>/dev/null'
	wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	local i
	for ((i = 0; i < 15; i++)); do
		run onggi run --rm --pid container:busy "$BOX" true
		assert_ok
	done
	onggi rm -f busy >/dev/null 2>&1
	wait "$ONGGI_PID" || true
	! grep -E 'EXE|OPENED|FDS' "$BATS_TEST_TMPDIR/out" || fail "the entering process was seen"
}

@test "peers: mount targets that change while containers start lead nowhere else" {
	local shared=$BATS_TEST_TMPDIR/shared canary=$BATS_TEST_TMPDIR/canary before i
	mkdir -p "$shared/a/b/c" "$canary/b/c"
	ln -s "$canary" "$shared/link"
	ln -s /../../../../../../../../.."$canary" "$shared/up"
	before=$(find "$canary" -printf '%p %i %T@ %y\n')
	python3 - "$shared" <<-'END' &
		import ctypes, os, sys, time
		libc = ctypes.CDLL(None)
		os.chdir(sys.argv[1])
		end = time.time() + 60
		while time.time() < end and not os.path.exists("stop"):
		    for other in (b"link", b"up"):
		        libc.renameat2(-100, b"a", -100, other, 2)
		        libc.renameat2(-100, b"a", -100, other, 2)
	END
	for ((i = 0; i < 25; i++)); do
		onggi run --rm -v "$shared:/shared" --tmpfs /shared/a/b/c -w /shared/a/b/w "$BOX" \
			sh -c 'echo x >/shared/a/b/c/file' >/dev/null 2>&1 || true
	done
	touch "$shared/stop"
	wait
	assert_equal "$(find "$canary" -printf '%p %i %T@ %y\n')" "$before" "the canary"
	[[ $(grep -c "$BATS_TEST_TMPDIR" /proc/self/mountinfo) -eq 0 ]] || fail "mounts on the host"
}

@test "users of the host: the store and its programs are out of reach" {
	need_command setpriv
	run onggi run --name keep "$BOX" sh -c 'cp /bin/busybox /su && chmod 4755 /su'
	assert_ok
	local as=(setpriv --reuid 1000 --regid 1000 --clear-groups)
	chmod 755 "$STORE_TOP"
	run "${as[@]}" ls "$STORE"
	[[ $status -ne 0 ]]
	run "${as[@]}" ls "$RUN_STORE"
	[[ $status -ne 0 ]]
	run "${as[@]}" find "$STORE_TOP" -perm /6000
	assert_has_not /su
	run "${as[@]}" "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" ps
	[[ $status -ne 0 ]]
	chmod 700 "$STORE_TOP"
	onggi rm keep >/dev/null
	# What we install has no such bits.
	run find "$(dirname "$(realpath "$ONGGI")")" -maxdepth 1 -type f -perm /6000
	assert_output ""
}

@test "text: control characters of names and options do not reach files or the terminal" {
	local bad
	for bad in $'a\nb' $'a\e[31mb' 'a b' $'a\tb'; do
		run onggi run --rm --hostname "$bad" "$BOX" true
		[[ $status -eq 125 ]] || fail "hostname"
		run onggi run --rm --add-host "$bad:1.2.3.4" "$BOX" true
		[[ $status -eq 125 ]] || fail "add-host"
		run onggi run --rm --add-host "name:1.2.3.4$bad" "$BOX" true
		[[ $status -eq 125 ]] || fail "add-host"
		run onggi run --rm --dns "$bad" "$BOX" true
		[[ $status -eq 125 ]] || fail "dns"
		run onggi run --rm --name "$bad" "$BOX" true
		[[ $status -eq 125 ]] || fail "name"
	done
	run onggi run --rm --sysctl 'kernel.shm_rmid_forced=1+kernel.core_pattern=x' "$BOX" true
	[[ $status -ne 0 ]]
	run onggi run --rm --sysctl $'net.ipv4.ip_forward=1\nkernel.core_pattern=x' "$BOX" true
	[[ $status -eq 125 ]]
	run onggi run --rm --sysctl 'net/../kernel/core_pattern=x' "$BOX" true
	[[ $status -eq 125 ]]
	run onggi run --rm --network host --sysctl net.ipv4.ip_forward=0 "$BOX" true
	[[ $status -eq 125 ]]
	# A label is anybody's text: kept, and shown harmlessly.
	run onggi run --name labelled --label $'x=\e[2J\nfake' "$BOX" sh -c 'true' $'\e]0;title\a'
	assert_ok
	run script -qec "$ONGGI --root $STORE --run-root $RUN_STORE ps -a --no-trunc" /dev/null
	assert_has_not $'\e]0;'
	run script -qec "$ONGGI --root $STORE --run-root $RUN_STORE inspect labelled" /dev/null
	assert_has_not $'\e[2J'
	onggi rm labelled >/dev/null
}

@test "peers: a root directory that changes under a start leaves no kernel settings open" {
	# Not seen to fail: with weaken=A2 the window was never hit in 50 starts.
	local rootfs=$BATS_TEST_TMPDIR/rootfs i started=0
	box_rootfs "$rootfs"
	mkdir -p "$rootfs/p2"
	python3 - "$rootfs" <<-'END' &
		import ctypes, os, sys, time
		libc = ctypes.CDLL(None)
		os.chdir(sys.argv[1])
		end = time.time() + 60
		while time.time() < end and not os.path.exists("stop"):
		    libc.renameat2(-100, b"proc", -100, b"p2", 2)
		    time.sleep(0.003)
	END
	for ((i = 0; i < 25; i++)); do
		output=$(onggi run --rm --rootfs "$rootfs" sh -c 'echo started
			for top in /proc /p2 /proc /p2 /proc /p2 /proc /p2 /proc /p2; do
				[ -e $top/sys/kernel/ostype ] || continue
				value=$(cat $top/sys/kernel/panic)
				(echo $value >$top/sys/kernel/panic) 2>/dev/null && echo WRITABLE
			done; true' 2>&1) || true
		[[ $output != *started* ]] || ((++started))
		assert_has_not WRITABLE
	done
	touch "$rootfs/stop"
	wait
	((started > 0)) || fail "no container started"
}
