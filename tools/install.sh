# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Install and uninstall. What was installed is recorded in the installation itself, so that it can
# be removed when the build directory is long gone.

PREFIX=${PREFIX:-/usr/local}
MANIFEST=share/onggi/installed-files

# installer COMMAND...: as root only if the target is not ours to write
installer() {
	local dir=${DESTDIR:-}$PREFIX
	while [[ ! -e $dir ]]; do
		dir=$(dirname "$dir")
	done
	if [[ -w $dir ]]; then
		"$@"
	else
		as_root "$@"
	fi
}

# The arguments PREFIX=... and DESTDIR=... of make are understood, too.
install_arguments() {
	local argument
	for argument in "$@"; do
		case $argument in
		PREFIX=/*) PREFIX=${argument#*=} ;;
		DESTDIR=/*) DESTDIR=${argument#*=} ;;
		*) die "install and uninstall take PREFIX=/DIR and DESTDIR=/DIR, not $argument" ;;
		esac
	done
	PREFIX=${PREFIX%/}
	DESTDIR=${DESTDIR:-}
}

# Final paths, one a line, in the order of their removal: from the log that meson wrote, and from the
# record of an earlier installation in the same place. Directories that it made end with a slash.
installed_files() {
	local path list=$DESTDIR$PREFIX/$MANIFEST
	while IFS= read -r path; do
		[[ $path == "$DESTDIR"/* ]] || continue
		[[ ! -d $path ]] || path=$path/
		printf '%s\n' "${path#"$DESTDIR"}"
	done <"$BUILD/meson-logs/install-log.txt" >"$1"
	printf '%s\n' "$PREFIX/$MANIFEST" "$PREFIX/${MANIFEST%/*}/" >>"$1"
	if [[ -r $list ]]; then
		cat "$list" >>"$1"
	fi
	# Files first, then directories, deepest first.
	sort -u "$1" -o "$1"
	{ grep -v '/$' "$1"; grep '/$' "$1" | sort -r; } >"$1.sorted"
	mv "$1.sorted" "$1"
}

dev_install() {
	install_arguments "$@"
	install_needs build
	configure "-Dprefix=$PREFIX"
	compile
	installer env "DESTDIR=$DESTDIR" meson install -C "$BUILD" --no-rebuild --quiet
	local list
	list=$(mktemp)
	installed_files "$list"
	installer install -D -m 644 "$list" "$DESTDIR$PREFIX/$MANIFEST"
	rm -f "$list"
	say "installed below $DESTDIR$PREFIX; ./dev uninstall removes it"
}

dev_uninstall() {
	install_arguments "$@"
	local root=$DESTDIR$PREFIX paths path
	[[ -r $root/$MANIFEST ]] || die "nothing installed below $root (no $MANIFEST there)"
	mapfile -t paths <"$root/$MANIFEST"
	for path in "${paths[@]}"; do
		[[ $path == /* && $path/ != */../* ]] || die "$root/$MANIFEST names a strange path: $path"
		if [[ $path == */ ]]; then
			# What others put there stays.
			installer rmdir --ignore-fail-on-non-empty -- "$DESTDIR$path" 2>/dev/null || true
		else
			installer rm -f -- "$DESTDIR$path"
		fi
	done
	say "removed what was installed below $root"
}
