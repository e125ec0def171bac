#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=long
#
# Containers are started while a peer on the same root file system exchanges what is mounted, made
# or masked with symlinks that lead outside, and with trees that look alike.

# shellcheck disable=SC2016,SC2317 # $ in single quotes is for the shell inside; storms are called by name

load ../lib/onggi
load ../lib/bundle
load ../lib/storm

setup() {
	storm_build
}

# storm_setup NAME: a bundle and a volume for this storm alone
storm_setup() {
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	ROOTFS=$BUNDLE/rootfs
	ID=onggi-test-storm-$1-$$
	mkdir -p "$BUNDLE"
	box_rootfs "$ROOTFS"
	storm_place "$ROOTFS"
	VOLUME=$BATS_TEST_TMPDIR/volume
	mkdir -p "$VOLUME"
	touch "$VOLUME/file"
}

# What is there to see if a mask or a read-only path has missed: in any directory that is a procfs.
# From inside the directory, since its name is in the storm.
LOOK='for top in /* /proc /dev/* /mnt/*; do
	cd $top 2>/dev/null && [ -e sys/kernel/panic ] && [ -e 1/status ] || continue
	value=$(cat sys/kernel/panic)
	(echo $value >sys/kernel/panic) 2>/dev/null && echo EXPOSED $top/sys
	for name in kcore keys timer_list; do # a mask is a device
		[ -f $name ] && echo EXPOSED $top/$name
	done
done; true'

# The bundle's configuration for a storm: PYTHON, then the look around
storm_config() {
	LOOK=$LOOK config "import os
$1
sh(os.environ['LOOK'])"
}

start() {
	runtime run --bundle "$BUNDLE" "$ID"
}

@test "storm: the control, which looks first and then mounts by path, does escape" {
	storm_setup naive
	ln -s "$OUTSIDE" "$ROOTFS/mnt.link"
	mkdir -p "$ROOTFS/mnt"
	storm_swap "$ROOTFS" mnt mnt.link
	run "$STORE_TOP/storm" naive "$ROOTFS" mnt "$OUTSIDE" "$(scaled 30)"
	storm_end
	assert_ok
	assert_has "escaped after"
}

# The destinations of mounts
storm_destinations() {
	# weaken=RESOLVE: directories are made outside
	mkdir -p "$ROOTFS/mnt"
	ln -s "$OUTSIDE" "$ROOTFS/mnt.link"
	storm_config "mount('/mnt/made', 'tmpfs', 'tmpfs')
mount('/mnt/bound', '$VOLUME', 'bind', 'bind', 'ro')
mount('/mnt/file.made', '$VOLUME/file', 'bind', 'bind')
mount('/mnt/up/full', 'tmpfs', 'tmpfs', 'tmpcopyup')"
	storm_against "$ROOTFS" mnt mnt.link -- start
}

# Destinations behind relative links and a chain of ..
storm_links() {
	mkdir -p "$ROOTFS/a/b" "$ROOTFS/c"
	ln -s "../../../../../../../../../../..$OUTSIDE" "$ROOTFS/a/link"
	ln -s ../c "$ROOTFS/a/good"
	storm_config "mount('/a/b/made', 'tmpfs', 'tmpfs')
mount('/a/good/../made', 'tmpfs', 'tmpfs')
mount('/a/good/x', '$VOLUME', 'bind', 'bind')"
	storm_against "$ROOTFS" a/b a/link a/good c -- start
}

# /dev with a file system of its own
storm_dev() {
	ln -s "$OUTSIDE" "$ROOTFS/dev.link"
	storm_config "mount('/dev/made', 'tmpfs', 'tmpfs')"
	storm_against "$ROOTFS" dev dev.link -- start
}

# /dev without one, where device nodes are made in the image itself
storm_nodes() {
	# weaken=RESOLVE: device nodes are made outside
	ln -s "$OUTSIDE" "$ROOTFS/dev.link"
	mkdir -p "$ROOTFS/dev"
	storm_config "c['mounts'] = [m for m in c['mounts'] if not m['destination'].startswith('/dev')]
c['linux']['devices'] = [{'path': '/dev/made', 'type': 'c', 'major': 1, 'minor': 3}]"
	storm_against "$ROOTFS" dev dev.link -- start
}

# /proc against a symlink
storm_proc() {
	ln -s "$OUTSIDE" "$ROOTFS/proc.link"
	storm_config "mount('/proc/uptime', '$VOLUME/file', 'bind', 'bind')"
	storm_against "$ROOTFS" proc proc.link -- start
}

# /proc against a tree that looks alike
storm_proc_alike() {
	mkdir -p "$ROOTFS/proc.fake"/{self/attr,sys/kernel,1,bus,fs,irq}
	touch "$ROOTFS/proc.fake"/{kcore,timer_list,keys,sysrq-trigger,sys/kernel/panic,self/attr/exec}
	storm_config ""
	storm_against "$ROOTFS" proc proc.fake -- start
}

# /sys, and the control groups below it
storm_sys() {
	ln -s "$OUTSIDE" "$ROOTFS/sys.link"
	storm_config "c['mounts'].append({'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'options': ['ro']})"
	storm_against "$ROOTFS" sys sys.link -- start
}

# The working directory
storm_directory() {
	# weaken=RESOLVE: it is made outside
	mkdir -p "$ROOTFS/task/here"
	ln -s "$OUTSIDE" "$ROOTFS/task.link"
	storm_config "c['process']['cwd'] = '/task/here/made'"
	storm_against "$ROOTFS" task task.link -- start
}

# Paths that are masked and made read-only
storm_masks() {
	mkdir -p "$ROOTFS/secret/deep" "$ROOTFS/keep/deep"
	echo secret >"$ROOTFS/secret/deep/file"
	ln -s "$OUTSIDE" "$ROOTFS/keep.link"
	storm_config "c['linux']['maskedPaths'] += ['/secret/deep', '/keep/file', '/keep/deep/file']
c['linux']['readonlyPaths'] += ['/keep/deep']"
	storm_against "$ROOTFS" secret/deep keep.link keep/deep secret -- start
}

# The terminal, in a /dev that is shared with the peer
storm_terminal() {
	local dev=$BATS_TEST_TMPDIR/dev
	mkdir -p "$dev"/{pts,shm,mqueue}
	touch "$dev/console"
	ln -s "$OUTSIDE/pts" "$dev/pts.link"
	ln -s "$OUTSIDE/console" "$dev/console.link"
	storm_config "c['mounts'] = [m for m in c['mounts'] if m['destination'] != '/dev']
c['mounts'].insert(1, {'destination': '/dev', 'type': 'bind', 'source': '$dev', 'options': ['bind']})
c['process']['terminal'] = True"
	sed -i 's/done; true/done; echo text >\/dev\/console; true/' "$BUNDLE/config.json"
	on_terminal() {
		timeout -k 5 "$(scaled 60)" python3 "$TESTS/lib/terminal.py" -- \
			"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run --bundle "$BUNDLE" "$ID"
	}
	storm_against "$dev" pts pts.link console console.link -- on_terminal
	[[ ! -s $dev/console && ! -s $OUTSIDE/console ]] || fail "written to a file"
}

# A container that is created, entered and deleted
storm_life() {
	mkdir -p "$ROOTFS/task/here" "$ROOTFS/mnt"
	ln -s "$OUTSIDE" "$ROOTFS/task.link"
	ln -s "$OUTSIDE" "$ROOTFS/mnt.link"
	config "mount('/mnt/made', 'tmpfs', 'tmpfs')
sh('exec sleep 1000')"
	life() {
		local result=0
		runtime create --bundle "$BUNDLE" "$ID" >/dev/null || return
		runtime start "$ID" && runtime exec --cwd /task/here "$ID" sh -c "$LOOK; mkdir -p made" ||
			result=$?
		runtime delete --force "$ID" || result=$?
		return "$result"
	}
	storm_against "$ROOTFS" task task.link mnt mnt.link -- life
}

# Everything at once, for an engine's directory, too
storm_engine() {
	ln -s "$OUTSIDE" "$ROOTFS/one"
	ln -s "$OUTSIDE" "$ROOTFS/two"
	ln -s "$OUTSIDE" "$ROOTFS/three"
	mkdir -p "$ROOTFS/mnt" "$ROOTFS/etc"
	onggi_once() {
		timeout -k 5 "$(scaled 60)" "$ONGGI" --root "$STORE_TOP/store" \
			--run-root "$STORE_TOP/run" run --rm -v "$VOLUME:/mnt/made/here" \
			-w /etc/made/here --rootfs "$ROOTFS" sh -c "$LOOK"
	}
	storm_against "$ROOTFS" mnt one etc two dev three -- onggi_once
}

@test "storm: the destinations of mounts, behind links and .., /dev with and without a file system of its own" {
	storms destinations links dev nodes
}

@test "storm: /proc against a symlink and against its like, /sys and the control groups, the working directory" {
	storms proc proc_alike sys directory
}

@test "storm: masked and read-only paths, the terminal, a whole life with exec, an engine's directory" {
	need_command python3
	storms masks terminal life engine
}
