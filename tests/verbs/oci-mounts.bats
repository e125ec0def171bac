#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm,long
#
# The mounts of a config.json: every option, every kind, every place.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

# sources: a directory with another mount in it, files of all kinds
sources() {
	SOURCES=$STORE_TOP/sources.$BATS_TEST_NUMBER
	mkdir -p "$SOURCES/dir/sub"
	echo text >"$SOURCES/file"
	mkfifo "$SOURCES/pipe"
	ln -s dir "$SOURCES/link"
	ln -s absent "$SOURCES/dangling"
}

# places in the root file system that the table mounts on
places() {
	local rootfs=$1
	mkdir -p "$rootfs"/{mnt,box,mode}
	chmod 1700 "$rootfs/mode"
	ln -s /box "$rootfs/tolink"
	ln -s ../../../../box "$rootfs/updots"
	ln -s proc "$rootfs/plink"
}

# table PEER: under both, with a mount below the source that only we have
table() {
	local top=$STORE_TOP/table.$BATS_TEST_NUMBER
	chmod 711 "$STORE_TOP" # root of a user namespace passes through
	sources
	mkdir -p "$top" "$BATS_TEST_TMPDIR/state"
	box_rootfs "$top/rootfs"
	places "$top/rootfs"
	chown -R 100000:100000 "$top/rootfs"
	BUNDLE=$top config "c['mounts'] = [m for m in c['mounts'] if m['type'] != 'cgroup']
c['root']['readonly'] = False
c['ociVersion'] = '1.0.2'
c['process']['cwd'] = '/'"
	mv "$top/config.json" "$top/config.json.plain"
	# shellcheck disable=SC2016
	# crun does not run beside a v2 tree that has controllers.
	run unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null
		mount -t tmpfs below "$1/dir/sub" && shift && exec python3 "$@"' sh \
		"$SOURCES" "$TESTS/lib/mounts.py" "$top" "$SOURCES" "$BATS_TEST_TMPDIR/state" \
		"$ONGGI_RUNTIME" "$1"
	assert_ok
}

@test "oci mounts: a container sees what it sees under runc" {
	need_command runc unshare python3
	table runc
}

@test "oci mounts: a container sees what it sees under crun" {
	need_command crun unshare python3
	table crun
}

# lines PATH...: what the payload prints: its mounts there
lines() {
	printf 'sh("%s")' "grep -E \\\" ($(IFS='|' && echo "$*")) \\\" /proc/self/mountinfo"
}

@test "oci mounts: a tmpfs or /dev is read-only only when all is made in it" {
	box "mount('/mnt', 'tmpfs', 'tmpfs', 'ro'); mount('/mnt/a/b', 'tmpfs', 'tmpfs')
c['mounts'] = [dict(m, options=m['options'] + ['ro']) if m['destination'] == '/dev' else m for m in c['mounts']]
sh('touch /mnt/a/b/x && echo inner; touch /mnt/x; touch /dev/x; ls /dev/null /dev/shm/../zero')"
	assert_ok
	assert_line inner
	assert_has "/mnt/x: Read-only file system"
	assert_has "/dev/x: Read-only file system"
	assert_line /dev/null
	box "mount('/mnt', 'tmpfs', 'tmpfs', 'ro'); mount('/mnt', None, None, 'remount', 'bind', 'rw')
sh('touch /mnt/x')"
	assert_has "/mnt/x: Read-only file system" # the first row is sealed last
}

@test "oci mounts: only a procfs goes on /proc, and little into it" {
	local place
	for place in /proc //proc /proc/. /proc/sys /proc/self/attr /proc/version /proc/1/root/tmp /plink/sys; do
		ln -sfn proc "$BUNDLE/rootfs/plink"
		box "mount('$place', 'tmpfs', 'tmpfs'); sh('true')"
		assert_status 1
		assert_has "/proc"
		box "mount('$place', '/etc', 'bind', 'bind'); sh('true')"
		assert_status 1
	done
	rm "$BUNDLE/rootfs/plink"
	# Before there is a procfs, too.
	box "c['mounts'].insert(0, {'destination': '/proc/sys', 'type': 'tmpfs'}); sh('true')"
	assert_status 1
	assert_has "inside /proc"
	box "mount('/proc', '/proc', 'bind', 'rbind', 'ro'); sh('grep -c \" /proc proc\\| /proc ro\" /proc/mounts')"
	assert_ok
}

@test "oci mounts: nothing goes on the root but the root" {
	local place
	for place in / /. ///; do
		box "mount('$place', 'tmpfs', 'tmpfs'); sh('true')"
		assert_status 1
		assert_has "root.path"
	done
	box "mount('/', None, None, 'bind', 'remount', 'nosuid'); sh('cut -d\" \" -f5,6 /proc/self/mountinfo')"
	assert_ok
	assert_matches "^/ [a-z,]*nosuid"
}

@test "oci mounts: procfs and sysfs go on ordinary directories" {
	local type
	ln -s mnt "$BUNDLE/rootfs/elsewhere"
	ln -s . "$BUNDLE/rootfs/around"
	mkdir -p "$BUNDLE/rootfs/mnt"
	for type in proc sysfs; do
		box "mount('/elsewhere', '$type', '$type'); sh('true')"
		assert_status 1
		assert_has "ordinary directory"
		box "mount('/around/mnt', '$type', '$type'); sh('true')"
		assert_status 1
		box "mount('/mnt/made/here', '$type', '$type'); sh('true')"
		assert_ok
	done
	rm -rf "$BUNDLE/rootfs"/{elsewhere,around,mnt}
}

@test "oci mounts: what a dangling symlink leads to is made, inside" {
	ln -sf ../run/resolve/stub "$BUNDLE/rootfs/etc/resolv.conf"
	ln -sfn /run "$BUNDLE/rootfs/var/run"
	rm -rf "$BUNDLE/rootfs/run"
	box "mount('/etc/resolv.conf', '/etc/hosts', 'bind', 'bind', 'ro')
mount('/var/run/lock', 'tmpfs', 'tmpfs', 'size=1m')
$(lines /run/resolve/stub /run/lock)"
	assert_ok
	assert_matches '/run/resolve/stub ro'
	assert_matches '/run/lock rw'
	rm -rf "$BUNDLE/rootfs"/{etc/resolv.conf,var/run,run}
}

@test "oci mounts: a tmpfs has the mode of what it covers, unless it is told another" {
	install -d -m 1711 "$BUNDLE/rootfs/mnt"
	box "mount('/mnt', 'tmpfs', 'tmpfs'); sh('stat -c %a /mnt')"
	assert_output 1711
	box "mount('/mnt', 'tmpfs', 'tmpfs', 'mode=700'); sh('stat -c %a /mnt')"
	assert_output 700
	box "mount('/mnt/new', 'tmpfs', 'tmpfs'); sh('stat -c %a /mnt/new')"
	assert_output 1777
	rm -rf "$BUNDLE/rootfs/mnt"
}

@test "oci mounts: an overlay of many layers, whose options are long" {
	local top=$BATS_TEST_TMPDIR i lower
	for i in 1 2 3 4 5 6 7 8 9; do
		mkdir -p "$top/a-layer-with-a-long-name-$i"
		echo "$i" >"$top/a-layer-with-a-long-name-$i/file$i"
		lower=${lower:+$lower:}$top/a-layer-with-a-long-name-$i
	done
	mkdir "$top/upper" "$top/work"
	((${#lower} > 255)) || fail "too short"
	box "mount('/mnt', 'overlay', 'overlay', 'lowerdir=$lower', 'upperdir=$top/upper', 'workdir=$top/work', 'nosuid')
sh('cat /mnt/file1 /mnt/file9; echo new >/mnt/new; grep -o \" /mnt [a-z,]*\" /proc/self/mountinfo')"
	assert_ok
	assert_line 9
	assert_has "/mnt rw,nosuid"
	[[ $(cat "$top/upper/new") == new ]]
	! grep -q " overlay .*a-layer-with" /proc/self/mountinfo || fail "left on the host"
}

@test "oci mounts: copy-symlink makes a symlink again, and binds all else" {
	sources
	box "mount('/mnt/link', '$SOURCES/link', 'bind', 'bind', 'copy-symlink')
mount('/mnt/far', '$SOURCES/dangling', 'bind', 'rbind', 'copy-symlink')
mount('/mnt/file', '$SOURCES/file', 'bind', 'bind', 'copy-symlink')
sh('readlink /mnt/link /mnt/far; cat /mnt/file; readlink /mnt/link; readlink /mnt/far')"
	assert_ok
	assert_line dir
	assert_line absent
	assert_line text
	# The same again is fine, another is not.
	run runtime run --bundle "$BUNDLE" "$ID"
	assert_ok
	ln -sfn other "$BUNDLE/rootfs/mnt/link"
	run runtime run --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_has "/mnt/link"
	rm -rf "$BUNDLE/rootfs/mnt"
}

@test "oci mounts: errors name the mount, its source and the reason" {
	box "mount('/mnt', '/no/such/source', 'bind', 'bind')"
	assert_status 1
	assert_has /mnt
	assert_has /no/such/source
	assert_has "no such file"
	box "mount('/mnt', 'x', 'nosuchfs')"
	assert_has "no file system nosuchfs"
	box "mount('/mnt', 'tmpfs', 'tmpfs', 'nosuchword=3')"
	assert_has nosuchword
	box "mount('/bin/busybox', '/etc', 'bind', 'bind')"
	assert_has "not a directory"
}

@test "oci mounts: propagations are applied one after the other" {
	sources
	config "mount('/mnt/a', '$SOURCES/dir', 'bind', 'bind', 'slave', 'shared')
mount('/mnt/b', '$SOURCES/dir', 'bind', 'bind', 'slave')
mount('/mnt/c', '$SOURCES/dir', 'bind', 'bind')
$(lines /mnt/a /mnt/b /mnt/c)"
	run unshare --mount --propagation shared sh -c 'mount --bind "$1" "$1" && mount --make-shared "$1" &&
		shift && exec "$@"' sh "$SOURCES" "$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID"
	assert_ok
	assert_matches ' /mnt/a .*shared:[0-9]+ master:'
	assert_matches ' /mnt/b .*master:'
	assert_matches ' /mnt/c [a-z,]* - '
}

@test "oci mounts: the root may be a symlink, and / itself" {
	ln -sfn rootfs "$BUNDLE/linked"
	box "c['root']['path'] = 'linked'; sh('echo up')"
	assert_output up
	rm "$BUNDLE/linked"
	box "c['root'] = {'path': '/', 'readonly': True}
c['process']['args'] = ['/bin/sh', '-c', 'echo up; touch /x']"
	assert_line up
	assert_has "Read-only file system"
}

# owner PATH OPTION... : the bind of $SOURCES/dir at /mnt with these options, and who owns PATH in it
idmapped() {
	local path=$1 python=$2
	box "$python
sh('stat -c %u:%g /mnt/$path')"
}

@test "oci mounts: ids are mapped with maps of the mount's own" {
	sources
	chown 5:6 "$SOURCES/dir"
	own="'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 100}], 'gidMappings': [{'containerID': 0, 'hostID': 2000, 'size': 100}]"
	for words in "'bind', 'idmap'" "'bind'" "'rbind', 'ridmap'" "'bind', 'idmap', 'rro'"; do
		idmapped . "c['mounts'].append({'destination': '/mnt', 'type': 'bind', 'source': '$SOURCES/dir', 'options': [$words], $own})"
		[[ $output != *"cannot be mounted with mapped ids"* ]] || skip "$output"
		assert_output 1005:2006
	done
	idmapped . "mount('/mnt', '$SOURCES/dir', 'bind', 'bind', 'idmap=uids=0-3000-100;gids=0-4000-50#50-9000-10')"
	assert_output 3005:4006
	idmapped . "mount('/mnt', '$SOURCES/dir', 'bind', 'bind', 'idmap=uids=0-3000')"
	assert_status 1
	assert_has "FIRST-HOST-COUNT"
	idmapped . "mount('/mnt', '$SOURCES/dir', 'bind', 'bind', 'idmap')"
	assert_status 1
	assert_has "user namespace or mappings"
	idmapped . "mount('/mnt', 'tmpfs', 'tmpfs', 'idmap')"
	assert_status 1
	assert_has "only a bind"
}

@test "oci mounts: ids are mapped with the container's, for one mount or for all below" {
	local user="c['linux']['namespaces'].append({'type': 'user'})
for kind in 'uidMappings', 'gidMappings':
    c['linux'][kind] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]
"
	sources
	chmod 711 "$STORE_TOP"
	chown -R 5:6 "$SOURCES/dir"
	mount -t tmpfs -o uid=7,gid=8 below "$SOURCES/dir/sub"
	chown 100000:100000 "$BUNDLE/rootfs"
	idmapped . "${user}mount('/mnt', '$SOURCES/dir', 'bind', 'rbind', 'idmap')" || true
	local top=$output
	idmapped sub "${user}mount('/mnt', '$SOURCES/dir', 'bind', 'rbind', 'idmap')" || true
	local one=$output
	idmapped sub "${user}mount('/mnt', '$SOURCES/dir', 'bind', 'rbind', 'ridmap')" || true
	local all=$output
	idmapped . "${user}mount('/mnt', '$SOURCES/dir', 'bind', 'rbind', 'idmap=uids=@0-0-100;gids=@0-0-100')" || true
	local relative=$output
	umount "$SOURCES/dir/sub"
	chown 0:0 "$BUNDLE/rootfs"
	[[ $top != *"cannot be mounted with mapped ids"* ]] || skip "$top"
	assert_equal "$top" 5:6 idmap
	assert_equal "$relative" 5:6 "relative maps"
	assert_equal "$one" 65534:65534 "below idmap"
	[[ $all == *"cannot be mounted with mapped ids"* ]] || assert_equal "$all" 7:8 "below ridmap"
}

@test "oci mounts: the view of the control groups is the container's own, and read-only if asked" {
	box "c['mounts'] = [m for m in c['mounts'] if m['type'] != 'cgroup']
c['mounts'].append({'destination': '/mnt', 'type': 'cgroup', 'source': 'cgroup', 'options': ['ro']})
sh('grep \" /mnt\" /proc/self/mountinfo | cut -d\" \" -f4,6; mkdir /mnt/x /mnt/*/x')"
	assert_matches '^/ ro,nosuid,nodev,noexec'
	! grep -q '^[^ ]* rw' <<<"$output" || fail "writable"
	assert_has "Read-only file system"
	config "c['linux']['namespaces'] = [n for n in c['linux']['namespaces'] if n['type'] != 'cgroup']
c['linux']['cgroupsPath'] = '/$ID'
c['mounts'] = [m for m in c['mounts'] if m['type'] != 'cgroup']
c['mounts'].append({'destination': '/mnt', 'type': 'cgroup', 'source': 'cgroup', 'options': ['rw', 'noexec']})
sh('grep \" /mnt\" /proc/self/mountinfo | cut -d\" \" -f4,6')"
	run runtime run --bundle "$BUNDLE" "$ID"
	assert_matches "^/$ID rw,nosuid,nodev,noexec"
}

@test "oci mounts: a procfs that a hook puts on ours is masked as well" {
	box "c['hooks'] = {'createContainer': [{'path': '/bin/sh', 'args': ['sh', '-c',
	    'mount -t proc other $BUNDLE/rootfs/proc']}]}
sh('grep -c \" /proc \" /proc/self/mountinfo; ls -l /proc/keys | cut -c1; (echo 0 >/proc/sys/kernel/panic) 2>&1; umount /proc 2>/dev/null; true')"
	assert_ok
	assert_line 2
	assert_line c
	assert_has "Read-only file system"
}

@test "oci mounts: masks share one read-only mount, and read-only paths keep what they are" {
	mkdir -p "$BUNDLE/rootfs/mnt"/{a,b,c}
	box "c['linux']['maskedPaths'] += ['/mnt/a', '/mnt/b', '/mnt/absent', '/etc/passwd', '/etc/passwd/below']
c['linux']['readonlyPaths'] += ['/mnt/c', '/mnt/absent', '/dev/shm']
sh('grep -E \" (/mnt|/etc/passwd|/dev/shm)\" /proc/self/mountinfo; ls -A /mnt/a /mnt/b; touch /mnt/a/x; cat /etc/passwd')"
	assert_has "/mnt/a/x: Read-only file system"
	assert_matches ' /etc/passwd ro,.* - devtmpfs|/null /etc/passwd ro,'
	assert_equal "$(awk '$5 ~ "^/mnt/[ab]$" { print $3 }' <<<"$output" | sort -u | wc -l)" 1 "file systems of masks"
	assert_matches ' /mnt/c ro,'
	assert_matches ' /dev/shm ro,nosuid,nodev,noexec'
	rm -rf "$BUNDLE/rootfs/mnt"
}
