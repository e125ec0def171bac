# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers that have changed things, for commit, diff and export. After onggi.bash.

# The container "worker": it has added, changed, deleted, and replaced a directory.
setup_file() {
	store_new
	onggi run --rm "$BOX" sh -c true
	onggi run --name base "$BOX" sh -c 'mkdir -p /data/sub /gone /replaced; echo old >/data/old; echo x >/data/sub/x
		echo y >/gone/y; echo z >/replaced/z; echo keep >/data/keep; chown 7:8 /data/keep; chmod 4755 /data/keep'
	onggi commit base made:base >/dev/null
	onggi rm base >/dev/null
	# shellcheck disable=SC2016 # for the shell inside
	onggi run --name worker -e A=1 -w /data -l who=me made:base sh -c '
		echo new >/data/new; echo changed >>/data/old; rm /data/sub/x; rm -r /gone; rm -r /replaced; mkdir /replaced
		echo only >/replaced/only; ln /data/new /data/linked; ln -s new /data/sym; mkfifo /data/pipe; mkdir -p /data/a/b/c
		echo deep >/data/a/b/c/deep; chown 70000:80000 /data/a; echo >"/data/od	d"'
}

# plain_container: "plain", on a directory
plain_container() {
	mkdir "$BATS_TEST_TMPDIR/root"
	box_tar | tar -C "$BATS_TEST_TMPDIR/root" -x
	onggi run --name plain --rootfs "$BATS_TEST_TMPDIR/root" /bin/true
}
