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

# Paths below PREFIX, one a line, from the log that meson wrote.
installed_files() {
	local root=$DESTDIR$PREFIX line
	while IFS= read -r line; do
		[[ $line == "$root"/* ]] && printf '%s\n' "${line#"$root/"}"
	done <"$BUILD/meson-logs/install-log.txt"
	echo "$MANIFEST"
}

dev_install() {
	install_arguments "$@"
	install_needs build
	configure "-Dprefix=$PREFIX"
	compile
	installer env "DESTDIR=$DESTDIR" meson install -C "$BUILD" --no-rebuild --quiet
	local list
	list=$(mktemp)
	installed_files >"$list"
	installer install -D -m 644 "$list" "$DESTDIR$PREFIX/$MANIFEST"
	rm -f "$list"
	say "installed below $DESTDIR$PREFIX; ./dev uninstall removes it"
}

dev_uninstall() {
	install_arguments "$@"
	local root=$DESTDIR$PREFIX file
	[[ -r $root/$MANIFEST ]] || die "nothing installed below $root (no $MANIFEST there)"
	local files
	mapfile -t files <"$root/$MANIFEST"
	for file in "${files[@]}"; do
		[[ /$file/ != */../* ]] || die "$root/$MANIFEST names a path outside: $file"
	done
	(cd "$root" && installer rm -f -- "${files[@]}")
	# Directories that nobody else uses; those that are not empty stay.
	(cd "$root" && printf '%s\n' "${files[@]%/*}" | sort -ru |
		while IFS= read -r file; do
			installer rmdir --ignore-fail-on-non-empty -p -- "$file" 2>/dev/null || true
		done)
	say "removed ${#files[@]} files below $root"
}
