# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Gets runc's source by apt, without touching the configuration of apt, builds the helper programs of
# its suite with Debian's Go and Go libraries, and makes the images that it would download.

SUITE=$CACHE/gopath/src/github.com/opencontainers/runc

# The mirror that this machine uses.
suite_mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
		grep -v '^#' | grep -Eo 'https?://[^ ]+/debian/?( |$)' | head -n1 || true
}

# A configuration of apt with nothing but sources, which leaves with its folder.
suite_fetch() {
	local apt=$CACHE/apt mirror
	[[ ! -d $SUITE ]] || return 0
	mirror=$(suite_mirror)
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/src" "${SUITE%/*}"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"${mirror:-http://deb.debian.org/debian} bookworm main" >"$apt/sources.list"
	local get=(apt-get -q -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "APT::Sandbox::User=$(id -un)")
	(cd "$apt/src" && "${get[@]}" update && "${get[@]}" source --download-only runc) || return 1
	rm -rf "$SUITE.new"
	dpkg-source --no-check -x "$apt"/src/runc_*.dsc "$SUITE.new" || return 1
	mv "$SUITE.new" "$SUITE"
	rm -rf "$apt"
}

suite_build() {
	local program
	for program in recvtty sd-helper seccompagent; do
		[[ ! -x $SUITE/contrib/cmd/$program/$program ]] || continue
		(cd "$SUITE" && GOPATH=$CACHE/gopath:/usr/share/gocode GO111MODULE=off GOFLAGS='' \
			GOCACHE=$CACHE/gocache go build -p "${JOBS:-2}" -tags seccomp \
			-o "contrib/cmd/$program/$program" "./contrib/cmd/$program") || return 1
	done
	rm -rf "$CACHE/gocache"
}

# The suite asks "go env GOARCH" before every test. In machines that emulate this takes seconds.
suite_go() {
	mkdir -p "$CACHE/bin"
	printf '#!/bin/sh\n[ "$*" = "env GOARCH" ] && exec echo %s\nexec /usr/bin/go "$@"\n' \
		"$(go env GOARCH)" >"$CACHE/bin/go"
	chmod 755 "$CACHE/bin/go"
}

# image NAME: the path where the suite looks for it
suite_image() {
	echo "$SUITE/tests/integration/testdata/$1-$(go env GOARCH).tar.xz"
}

# As the image of that name: all applets in /bin, accounts, empty folders.
suite_busybox() {
	local image root name
	image=$(suite_image busybox)
	[[ ! -s $image ]] || return 0
	root=$(mktemp -d)
	mkdir -p "$root"/{bin,dev,etc,home,root,tmp,usr/bin,usr/sbin,var/spool/mail,var/www}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for name in $(busybox --list); do
		[[ $name == busybox ]] || ln "$root/bin/busybox" "$root/bin/$name"
	done
	ln -s ../../bin/env "$root/usr/bin/env"
	printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1:daemon:/usr/sbin:/bin/false \
		bin:x:2:2:bin:/bin:/bin/false mail:x:8:8:mail:/var/spool/mail:/bin/false \
		www-data:x:33:33:www-data:/var/www:/bin/false nobody:x:65534:65534:nobody:/home:/bin/false \
		>"$root/etc/passwd"
	printf '%s\n' root:x:0: daemon:x:1: bin:x:2: tty:x:5: mail:x:8: www-data:x:33: users:x:100: \
		nogroup:x:65534: >"$root/etc/group"
	chmod 755 "$root"
	chmod 700 "$root/root"
	chmod 1777 "$root/tmp"
	suite_pack "$root" "$image"
}

# A base system as it is unpacked: a shell and the loader's programs are what the suite needs of it.
suite_debian() {
	local image root mirror
	image=$(suite_image debian)
	[[ ! -s $image ]] || return 0
	mirror=$(suite_mirror)
	root=$(mktemp -d)
	as_root debootstrap --variant=minbase --foreign bookworm "$root" ${mirror:+"${mirror// /}"} \
		>"$CACHE/debootstrap.log" 2>&1 || { rm -rf "$root"; tail -n5 "$CACHE/debootstrap.log"; return 1; }
	# In a container debootstrap leaves a link there.
	rm -f "$root/proc"
	mkdir -p "$root/proc"
	rm -rf "$root"/{debootstrap,usr/share/doc,usr/share/locale,usr/share/man,var/cache/apt,var/lib/dpkg}
	chmod 755 "$root"
	suite_pack "$root" "$image"
}

# Not compressed, in spite of the name: tar looks at the content, and to unpack takes machines that
# emulate longer than the test.
suite_pack() {
	as_root tar -C "$1" --numeric-owner --owner=0 --group=0 -cf "$2.new" . && mv "$2.new" "$2"
	local status=$?
	rm -rf --one-file-system "$1" "$2.new"
	return "$status"
}

suite_prepare() {
	(install_needs runc-suite) && suite_fetch && suite_build && suite_go && suite_busybox && suite_debian
}
