#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install and fetch what the build, the proofs and the system tests need, from Debian's archive.
#
#   tools/deps.sh [group ...]       groups: build qemu host libfdt libc kernel-6.12 module-6.1 module-6.12 reports
#                                   guest evidence browser slurm (default: build qemu host)
#   libfdt       libfdt for arm64 alone
#   build        native packages: provers, cross compiler, test library, generators
#   qemu         qemu-system-arm 10 from backports
#   host         arm64 kernel 6.1, busybox and libfdt, unpacked under build/
#   kernel-6.12  arm64 kernel 6.12 from backports, unpacked under build/
#   guest        bookworm's own QEMU for arm64 with all that it needs, unpacked under build/: the host starts guests in it
#   reports      Clang 19, which measures MC/DC; cppcheck with its MISRA addon; faketime, diffoscope
#   evidence     WeasyPrint for the PDF; minisign and gpg for the signature
#   libc         C library for static arm64 programs of the host, unpacked under build/
#   module-*     headers to cross-build a kernel module for that kernel, unpacked under build/
#   browser      headless Chromium, for the test of the report
#   slurm        a batch system, for the test of a campaign on a cluster
#
# apt works on a configuration of its own below build/apt: the machine's sources and its list of
# architectures stay as they are. The mirror is the one that the machine's own sources name.
# Stamps below build/stamps: what is there is neither fetched nor unpacked again.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build
apt=$build/apt
stamps=$build/stamps
pool=$build/packages
log=$build/logs/deps.log

BUILD_PACKAGES="frama-c-base why3 z3 cvc4 gcc libc6-dev make gcc-aarch64-linux-gnu libcmocka-dev
	device-tree-compiler libfdt-dev python3 python3-jinja2 python3-jsonschema cpio
	python3-capstone python3-pyelftools python3-unicorn python3-z3"

die()
{
	echo "deps: $*" >&2
	exit 1
}

say()
{
	echo "deps: $*"
}

# One line per Debian suite of the machine's own sources: "URI suite component".
machine_suites()
{
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ "$codename" = bookworm ] || die "this needs Debian 12 (bookworm), not '${codename:-unknown}'"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		grep -E ' bookworm(-updates|-security)? main$' | sort -u
}

apt_setup()
{
	# Lists of yesterday may name packages that the mirror no longer has.
	[ -n "$(find "$stamps/apt" -mmin -720 2> /dev/null)" ] && return
	mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/state" "$stamps" "$build/logs" "$pool"
	suites=$(machine_suites) || exit 1
	mirror=$(echo "$suites" | awk '$2 == "bookworm" { print $1; exit }')
	[ -n "$mirror" ] || die "the machine's apt sources name no bookworm mirror"
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	opts=
	[ -e $key ] && opts="[signed-by=$key] "
	{
		echo "$suites" | sed "s|^|deb $opts|"
		echo "deb $opts$mirror bookworm-backports main"
	} > "$apt/sources.list"
	: > "$apt/empty-status"
	say "reading the package lists of $(echo "$mirror" | sed 's|^[a-z]*://||')"
	apt_private update >> "$log" 2>&1 || die "apt cannot reach the mirror (details in build/logs/deps.log)"
	# apt-get update succeeds with old or no lists when the network is away.
	[ -n "$(apt_arm64 -p apt-cache madison linux-image-cloud-arm64:arm64)" ] ||
		die "no package lists from the mirror; is the network there? (build/logs/deps.log)"
	touch "$stamps/apt"
}

# apt-get with the private lists for the machine's own packages.
apt_private()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q \
		-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$apt/lists" -o Dir::Cache::Archives="$apt/archives" \
		-o APT::Architectures::="$(dpkg --print-architecture)" -o APT::Architectures::=arm64 \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=2 -o Acquire::http::Timeout=60 \
		-o APT::Get::List-Cleanup=false -o APT::Sandbox::User=root "$@"
}

# The same lists seen from an empty machine: only to look up and to download arm64 packages.
apt_arm64()
{
	tool=apt-get
	[ "$1" = -p ] && { tool=$2; shift 2; }
	"$tool" -q \
		-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/empty-status" \
		-o APT::Architectures::="$(dpkg --print-architecture)" -o APT::Architectures::=arm64 \
		-o Acquire::Retries=2 -o Acquire::http::Timeout=60 -o APT::Sandbox::User=root "$@"
}

installed()
{
	dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2> /dev/null | grep -q '^ii'
}

# install SUITE PACKAGE...: those that are not there yet.
install_native()
{
	suite=$1
	shift
	missing=
	for p in "$@"; do
		installed "$p" || missing="$missing $p"
	done
	[ -z "$missing" ] && return
	[ "$(id -u)" = 0 ] || die "not root, and these packages are missing:$missing"
	apt_setup
	say "installing$missing"
	# shellcheck disable=SC2086
	apt_private install -y --no-install-recommends -t "$suite" $missing >> "$log" 2>&1 ||
		die "cannot install$missing (details in build/logs/deps.log)"
}

qemu_major()
{
	qemu-system-aarch64 --version 2> /dev/null | sed -n 's/^QEMU emulator version \([0-9]*\)\..*/\1/p'
}

# The candidate of PACKAGE in SUITE, as version.
candidate()
{
	apt_arm64 -p apt-cache madison "$1" | awk -F'|' -v s="$2/main" '
		{ gsub(/ /, "", $2); if (index($3, " " s " ")) { print $2; exit } }'
}

# The package of the form NAME... that META (VERSION) depends on.
depends_on()
{
	apt_arm64 -p apt-cache show "$1=$2" | sed -n 's/^\(Pre-\)\?Depends: //p' | tr ',' '\n' |
		sed 's/^ *//; s/ .*//' | grep -E "$3" | head -n 1
}

# unpack DIRECTORY PACKAGE[=VERSION]: download the .deb once and unpack it.
unpack()
{
	dir=$build/$1
	spec=$2
	name=$(echo "$spec" | tr ':=/+~' '_____')
	[ -e "$stamps/deb-$name" ] && return
	rm -rf "$pool/$name"
	mkdir -p "$pool/$name" "$dir"
	say "fetching $spec"
	(cd "$pool/$name" && apt_arm64 download "$spec") >> "$log" 2>&1 ||
		die "cannot fetch $spec (details in build/logs/deps.log)"
	for deb in "$pool/$name"/*.deb; do
		dpkg-deb -x "$deb" "$dir" || die "cannot unpack $deb"
	done
	touch "$stamps/deb-$name"
}

# unpack_all DIRECTORY PACKAGE: PACKAGE and all that it depends on, for arm64.
unpack_all()
{
	list=$(apt_arm64 -s --no-install-recommends install "$2:arm64" 2>> "$log" |
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' | grep ':arm64=') ||
		die "cannot find what $2 needs (details in build/logs/deps.log)"
	rm -rf "$pool/$2" "${build:?}/$1"
	mkdir -p "$pool/$2" "$build/$1"
	say "fetching $2 and what it needs, $(echo "$list" | wc -l) packages"
	# shellcheck disable=SC2086
	(cd "$pool/$2" && apt_arm64 download $list) >> "$log" 2>&1 ||
		die "cannot fetch $2 (details in build/logs/deps.log)"
	for deb in "$pool/$2"/*.deb; do
		dpkg-deb -x "$deb" "$build/$1" || die "cannot unpack $deb"
	done
}

# kernel SERIES SUITES: a plain arm64 Image at build/kernel-SERIES/Image.
kernel()
{
	[ -e "$stamps/kernel-$1" ] && return
	apt_setup
	meta=linux-image-cloud-arm64:arm64
	version=
	for s in $2; do
		[ -n "$version" ] || version=$(candidate $meta "$s")
	done
	[ -n "$version" ] || die "no linux-image-cloud-arm64 in $2"
	real=$(depends_on $meta "$version" '^linux-image-')
	case "$real" in
	linux-image-"$1".*) ;;
	*) die "expected a $1 kernel in $2, found '$real'" ;;
	esac
	unpack "kernel-$1" "$real:arm64=$version"
	python3 "$top/tools/plain_image.py" "$build/kernel-$1/boot"/vmlinuz-* "$build/kernel-$1/Image" ||
		die "cannot make a plain Image of $real"
	echo "${real#linux-image-}" > "$build/kernel-$1/release"
	touch "$stamps/kernel-$1"
}

# module SERIES SUITES: headers of the same kernel under build/kernel-SERIES, ready for cross builds.
module()
{
	kernel "$1" "$2"
	[ -e "$stamps/module-$1" ] && return
	apt_setup
	release=$(cat "$build/kernel-$1/release")
	headers=linux-headers-$release:arm64
	version=$(apt_arm64 -p apt-cache madison "$headers" | awk -F'|' '{ gsub(/ /, "", $2); print $2; exit }')
	[ -n "$version" ] || die "no $headers in the package lists"
	common=$(depends_on "$headers" "$version" '^linux-headers-.*-common')
	kbuild=$(depends_on "$headers" "$version" '^linux-kbuild-')
	unpack "kernel-$1" "$headers=$version"
	unpack "kernel-$1" "$common:all=$version"
	unpack "kernel-$1" "${kbuild%:*}:$(dpkg --print-architecture)=$version"
	# Debian's header makefiles name /usr/src and /usr/lib: point them below build/.
	src=$build/kernel-$1/usr/src
	grep -rlE '/usr/(src|lib)/linux-' "$src/linux-headers-$release" --include=Makefile --include=.kernelvariables |
		xargs -r sed -i -E "s|([^.a-zA-Z0-9])/usr/(src\|lib)/linux-|\1$build/kernel-$1/usr/\2/linux-|g"
	touch "$stamps/module-$1"
}

group()
{
	case "$1" in
	build)
		# shellcheck disable=SC2086
		install_native bookworm $BUILD_PACKAGES
		;;
	qemu)
		major=$(qemu_major)
		[ "${major:-0}" -ge 10 ] && return
		[ "$(id -u)" = 0 ] || die "not root, and qemu-system-arm 10 is missing"
		apt_setup
		say "installing qemu-system-arm from bookworm-backports"
		apt_private install -y --no-install-recommends -t bookworm-backports qemu-system-arm >> "$log" 2>&1 ||
			die "cannot install qemu-system-arm from bookworm-backports (build/logs/deps.log)"
		major=$(qemu_major)
		[ "${major:-0}" -ge 10 ] || die "qemu-system-aarch64 is ${major:-missing} and must be 10 or later"
		;;
	host)
		kernel 6.1 "bookworm-security bookworm-updates bookworm"
		if [ ! -e "$stamps/host" ]; then
			apt_setup
			unpack arm64 busybox-static:arm64
			unpack arm64 libfdt-dev:arm64
			touch "$stamps/host"
		fi
		;;
	guest)
		if [ ! -e "$stamps/guest" ]; then
			apt_setup
			unpack_all guest-arm64 qemu-system-arm
			touch "$stamps/guest"
		fi
		;;
	reports)
		install_native bookworm clang-19 llvm-19 libclang-rt-19-dev libcmocka-dev cppcheck faketime \
			diffoscope-minimal git
		;;
	evidence)
		install_native bookworm weasyprint minisign gpg gpg-agent git
		;;
	libfdt)
		if [ ! -e "$stamps/libfdt" ]; then
			apt_setup
			unpack arm64 libfdt-dev:arm64
			touch "$stamps/libfdt"
		fi
		;;
	libc)
		if [ ! -e "$stamps/libc" ]; then
			apt_setup
			unpack libc-arm64 libc6-dev:arm64
			unpack libc-arm64 linux-libc-dev:arm64
			touch "$stamps/libc"
		fi
		;;
	kernel-6.12)
		kernel 6.12 bookworm-backports
		;;
	module-6.1)
		module 6.1 "bookworm-security bookworm-updates bookworm"
		;;
	module-6.12)
		module 6.12 bookworm-backports
		;;
	browser)
		install_native bookworm chromium
		;;
	slurm)
		install_native bookworm munge slurm-wlm
		;;
	*)
		die "unknown group '$1' (build qemu host libfdt libc kernel-6.12 module-6.1 module-6.12 guest reports evidence browser slurm)"
		;;
	esac
}

mkdir -p "$stamps" "$build/logs" "$pool"
# One at a time: make may ask for several groups at once.
exec 9> "$stamps/lock"
flock 9
[ $# -gt 0 ] || set -- build qemu host
for g in "$@"; do
	group "$g"
done
