#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The classic exercises with containers, with the commands of docs/what-is-a-container.md.

load ../lib/onggi
bats_require_minimum_version 1.5.0

setup_file() {
	store_new empty
	onggi pack bash -q -t my/bash
}

# image_of NAME FILE...: an image with only these files of $DIR
image_of() {
	local name=$1
	shift
	tar -C "$DIR" -cf - "$@" | onggi import - "$name" >/dev/null
}

setup() {
	DIR=$BATS_TEST_TMPDIR/root
	mkdir -p "$DIR"
	export DIR
}

@test "classics: a shell in a root of its own" {
	run onggi run --rm my/bash -c 'cd /; cd ..; cd ../../..; pwd'
	assert_ok
	assert_output /
	run onggi run --rm my/bash -c 'echo /*'
	assert_ok
	# What was packed, and what every container gets; nothing of the host.
	assert_matches '(^| )/usr( |$)'
	assert_has_not /home
	assert_has_not /boot
}

@test "classics: only builtins work there" {
	run -127 onggi run --rm my/bash -c 'ls'
	assert_status 127
	assert_has 'ls: command not found'
	# shellcheck disable=SC2016
	run onggi run --rm my/bash -c 'type -t echo; read -r pid rest </proc/self/stat; [[ $pid == 1 ]] && echo one'
	assert_ok
	assert_output $'builtin\none'
}

@test "classics: no such file (1): the program is missing" {
	run -127 onggi run --rm --entrypoint /bin/ls my/bash
	assert_status 127
	assert_has '"/bin/ls": no such file or directory in the container'
	run -127 onggi run --rm --entrypoint ls my/bash
	assert_status 127
	# shellcheck disable=SC2016 # the words of the message
	assert_has '"ls": executable file not found in $PATH'
	assert_has 'PATH inside is /usr/local/sbin:'
	run -127 onggi run --rm --entrypoint /opt/tool/bin/x my/bash
	assert_status 127
	assert_has 'it has no directory "/opt"'
}

@test "classics: no such file (2): the interpreter of a script is missing" {
	printf '#!/usr/bin/python3\nprint("hello")\n' >"$DIR/hello"
	chmod +x "$DIR/hello"
	image_of my/script hello
	run -127 onggi run --rm my/script /hello
	assert_status 127
	assert_has '"/hello": its interpreter "/usr/bin/python3", named by its first line: no such file or directory in the container'
}

@test "classics: no such file (3): the loader is missing" {
	cp "$(type -P bash)" "$DIR/bash"
	image_of my/noloader bash
	run -127 onggi run --rm my/noloader /bash
	assert_status 127
	assert_has '"/bash": its loader "/'
	assert_has 'no such file or directory in the container'
	assert_has 'onggi pack'
}

@test "classics: no such file (4): a library is missing, and the loader says so itself" {
	local loader
	loader=$(onggi pack bash --why ld-linux-x86-64.so.2 >/dev/null && echo /lib64/ld-linux-x86-64.so.2) ||
		skip "for x86-64"
	mkdir -p "$DIR/lib64"
	cp "$(type -P bash)" "$DIR/bash"
	cp -L "$loader" "$DIR/lib64/"
	image_of my/nolibs bash lib64
	run -127 onggi run --rm my/nolibs /bash
	assert_status 127
	assert_has 'error while loading shared libraries: lib'
	assert_has 'cannot open shared object file: No such file or directory'
}

@test "classics: line ends of Windows" {
	printf '#!/bin/sh\r\necho hello\r\n' >"$DIR/hello"
	chmod +x "$DIR/hello"
	image_of my/crlf hello
	run -127 onggi run --rm my/crlf /hello
	assert_status 127
	assert_has 'carriage return'
	assert_has 'Windows'
}

@test "classics: a link that leads nowhere" {
	ln -s /usr/bin/none "$DIR/tool"
	image_of my/dangling tool
	run -127 onggi run --rm my/dangling /tool
	assert_status 127
	assert_has '"/tool" is a symbolic link to "/usr/bin/none", which does not exist in the container'
}

@test "classics: found, but not executable" {
	echo hello >"$DIR/text"
	printf '#!/bin/sh\n' >"$DIR/plain"
	mkdir "$DIR/folder"
	chmod +x "$DIR/text"
	# An ELF header for s390x: 64 bit, big endian, machine 22.
	{
		printf '\177ELF\2\2\1'
		head -c 9 /dev/zero
		printf '\0\2\0\26\0\0\0\1'
		head -c 40 /dev/zero
	} >"$DIR/foreign"
	chmod +x "$DIR/foreign"
	image_of my/broken text plain folder foreign
	run onggi run --rm my/broken /text
	assert_status 126
	assert_has 'neither an ELF program nor a script'
	run onggi run --rm my/broken /plain
	assert_status 126
	assert_has 'the file is not executable (mode 0644)'
	run onggi run --rm my/broken /folder
	assert_status 126
	assert_has 'a directory: Permission denied'
	run onggi run --rm my/broken /foreign
	assert_status 126
	assert_has 'it is a program for s390x, and this machine is'
}

@test "classics: a file system mounted noexec" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$(type -P busybox)" "$BATS_TEST_TMPDIR/bin/busybox"
	mount -t tmpfs -o noexec none "$BATS_TEST_TMPDIR/bin"
	cp "$(type -P busybox)" "$BATS_TEST_TMPDIR/bin/busybox"
	run onggi run --rm -v "$BATS_TEST_TMPDIR/bin:/mnt" --entrypoint /mnt/busybox my/bash true
	umount "$BATS_TEST_TMPDIR/bin"
	assert_status 126
	assert_has 'Permission denied'
	assert_has noexec
}

@test "classics: one static binary is a whole image" {
	need_command busybox
	cp "$(type -P busybox)" "$DIR/busybox"
	! ldd "$DIR/busybox" 2>/dev/null | grep -q '=>' || skip "this busybox is dynamic"
	image_of my/static busybox
	run onggi run --rm my/static /busybox echo hello
	assert_ok
	assert_output hello
}

@test "classics: the same program alone and in a container see different worlds" {
	# shellcheck disable=SC2016
	run onggi run --rm my/bash -c 'echo $$'
	assert_ok
	assert_output 1
	# shellcheck disable=SC2016
	run onggi run --rm --hostname jar my/bash -c 'read -r name </proc/sys/kernel/hostname; echo "$name"'
	assert_output jar
	run onggi run --rm my/bash -c 'echo /proc/[0-9]*'
	assert_output /proc/1
}
