# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes sure that the packages of a purpose (tools/needs.txt) are there: installs what is missing
# on Debian, says what is missing elsewhere. Costs one dpkg-query when nothing is missing.

as_root() {
	if [[ $EUID -eq 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "this needs root, and sudo is not installed: $*"
	fi
}

is_debian() {
	local ID='' VERSION_ID=''
	# shellcheck source=/dev/null
	[[ -r /etc/os-release ]] && source /etc/os-release
	[[ $ID == debian && ${VERSION_ID:-99} -ge 12 ]] && command -v apt-get >/dev/null
}

# needs_rows PURPOSE...: "package probe" lines of these purposes
needs_rows() {
	awk -v purposes=" $* " '$1 !~ /^#/ && NF == 3 && index(purposes, " " $1 " ") { print $2, $3 }' \
		"$TOP/tools/needs.txt"
}

missing_packages() {
	local rows installed package
	rows=$(needs_rows "$@" | cut -d' ' -f1)
	# shellcheck disable=SC2086 # one argument per package
	installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $rows 2>/dev/null || true)
	for package in $rows; do
		grep -qxF "installed $package" <<<"$installed" || echo "$package"
	done
}

probe_static() {
	local out
	out=$(mktemp)
	echo 'int main(void) { return 0; }' | cc -static -o "$out" -x c - -x none "-l$1" 2>/dev/null
	local found=$?
	rm -f "$out"
	return "$found"
}

# probe KIND:NAME
probe() {
	local name=${1#*:}
	case $1 in
	cmd:*) command -v "$name" >/dev/null ;;
	pkg:*) pkg-config --exists "$name" 2>/dev/null ;;
	header:*) echo "#include <$name>" | cc -E -x c - >/dev/null 2>&1 ;;
	static:*) probe_static "$name" ;;
	*) die "tools/needs.txt: unknown probe $1" ;;
	esac
}

describe_probe() {
	local name=${1#*:}
	case $1 in
	cmd:*) echo "the command $name" ;;
	pkg:*) echo "the library $name (pkg-config finds no $name.pc)" ;;
	header:*) echo "the header <$name>" ;;
	static:*) echo "the static library lib$name.a" ;;
	esac
}

# Elsewhere than on Debian: list everything that is missing, then give up.
require_probes() {
	local package probes one missing=0
	while read -r package probes; do
		for one in ${probes//,/ }; do
			[[ $one != \?* ]] || continue
			probe "$one" && continue
			((missing++)) || echo "dev: this is not Debian 12, so nothing is installed. Missing:" >&2
			printf '  %-50s (Debian: %s)\n' "$(describe_probe "$one")" "$package" >&2
		done
	done < <(needs_rows "$@")
	((missing == 0)) || exit 1
}

# install_needs PURPOSE...
install_needs() {
	if ! is_debian; then
		require_probes "$@"
		return
	fi
	local missing
	mapfile -t missing < <(missing_packages "$@" | sort -u)
	((${#missing[@]})) || return 0
	say "installing: ${missing[*]}"
	local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
	as_root "${apt[@]}" update
	as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null
}
