#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The root of a bundle and what is put into it, against payloads and images that want out.

load ../lib/onggi
load ../lib/bundle

@test "mounts: nobody climbs out, without pivot_root either" {
	local hooks capabilities="for kind in c['process']['capabilities']:
    c['process']['capabilities'][kind] = ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN']
c['root']['readonly'] = False
c['process']['args'] = ['/climber', '$BUNDLE/config.json']
"
	cc -O2 -static -D_GNU_SOURCE -o "$BUNDLE/rootfs/climber" "$TESTS/security/climber.c"
	for hooks in "" "c['hooks'] = {'createContainer': [{'path': '/bin/true'}]}"; do
		config "$capabilities$hooks"
		run runtime run --no-pivot -b "$BUNDLE" "$ID"
		assert_output inside
		run runtime run -b "$BUNDLE" "$ID"
		assert_output inside
	done
	# The climber can climb.
	cp "$BUNDLE/rootfs/climber" "$BATS_TEST_TMPDIR/"
	run chroot "$BUNDLE/rootfs" /climber "$BUNDLE/config.json"
	assert_output OUTSIDE
	rm -rf "$BUNDLE/rootfs"/{climber,jail}
}

# snapshot: what must not change beside the root
snapshot() {
	find "$OUTSIDE" -printf '%P %y %m %U %G %s %l\n' | LC_ALL=C sort
}

@test "mounts: the places of a configuration can be anything in the image" {
	local place kind kinds=(absolute relative dangling loop magic fifo file) path
	OUTSIDE=$BATS_TEST_TMPDIR/outside
	mkdir -p "$OUTSIDE"/{pts,shm,mqueue,fs/cgroup}
	touch "$OUTSIDE"/{null,console,kcore}
	config "c['root']['readonly'] = False
mount('/mnt/made', 'tmpfs', 'tmpfs')
mount('/mnt/bound', '/usr', 'bind', 'rbind', 'ro')
mount('/mnt/file', '/etc/hostname', 'bind', 'bind')
c['mounts'] = [m for m in c['mounts'] if m['destination'] not in ('/dev', '/dev/pts', '/dev/shm', '/dev/mqueue')]
c['process']['cwd'] = '/work/here'
c['linux']['maskedPaths'] += ['/masked/file']
c['linux']['readonlyPaths'] += ['/kept/file']
sh('[ -e /proc/keys ] && [ ! -c /proc/keys ] && echo EXPOSED; echo up')"
	snapshot >"$BATS_TEST_TMPDIR/before"
	for place in /dev /proc /sys /mnt /mnt/made /mnt/file /work /work/here /masked /kept /dev/null /dev/fd; do
		for kind in "${kinds[@]}"; do
			path=$BUNDLE/rootfs$place
			rm -rf "$path"
			mkdir -p "$(dirname "$path")"
			case $kind in
			absolute) ln -s "$OUTSIDE" "$path" ;;
			relative) ln -s "../../../../../../../../../../..$OUTSIDE" "$path" ;;
			dangling) ln -s "$OUTSIDE/absent" "$path" ;;
			loop) ln -s "$(basename "$path")" "$path" ;;
			magic) ln -s /proc/self/root "$path" ;;
			fifo) mkfifo "$path" ;;
			file) echo text >"$path" ;;
			esac
			run timeout "$(scaled 20)" "$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID"
			[[ $status -ne 124 ]] || fail "$place as $kind: hangs"
			[[ $status -ne 0 || $output == up ]] || fail "$place as $kind"
			[[ $status -eq 0 || $output == *onggi-runtime:* ]] || fail "$place as $kind: no error"
			snapshot | diff "$BATS_TEST_TMPDIR/before" - || fail "$place as $kind: outside"
			rm -rf "$path"
		done
		rm -rf "$BUNDLE/rootfs"/{mnt,work,masked,kept}
	done
}
