#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# probe.sh VERSION "PROBE..." COMPILER-FLAGS...: prints the features of a kernel:
# a line HAVE_<NAME> for each file PROBE, <name>.c, whose feature exists. VERSION
# is the kernel's (6.12), $CC the compiler. $BUILT_BY is the compiler that built
# the kernel; $BUILT_BY_CLANG is y if this was clang.
#
# The script never reads the compiler's messages, and a failed compile is no
# answer: the compiler may have been killed, or the disk may be full. Only a
# successful compile is an answer: a probe names its feature by SYMBOL() or
# MEMBER(), which are defined so that they compile either only if the feature
# exists, or only if it does not. Most of the time goes into the kernel's
# headers, so the first compile takes all probes at once, with the answers that
# the version suggests. If this fails, because distributions backport, smaller
# groups follow.

# The caller's environment must not change an answer.
unset IFS DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES
LC_ALL=C
export LC_ALL
set -f

version=$1
probes=$2
shift 2
log=

# Prints the compiler's messages, and the reason as the last line.
die() {
	[ -z "$log" ] || printf '%s\n' "$log" | sed 's/^/  /' >&2
	echo "vmclock: $*" >&2
	exit 1
}

# compiles SOURCE COMPILER-FLAGS...
compiles() {
	source=$1
	shift
	# $CC may be several words (ccache gcc). -w: a warning must not become an
	# error. -o: flags like -MMD write their files beside it, in $DIR.
	log=$(
		exec 2>&1
		printf '%s\n' "$source" | $CC "$@" -w -fms-extensions -fsyntax-only \
			-o "${DIR:-.}/.probe" -x c -
	)
	status=$?
	if [ $status = 0 ]; then
		log=
	elif [ -z "$log" ]; then
		log="(no word of it, and status $status)"
	fi
	return $status
}

# Compiles only if the feature exists, because it uses the feature.
there='#define SYMBOL(name) _Static_assert(sizeof((name, 0)), "")
#define MEMBER(type, name) _Static_assert(sizeof((((type *)0)->name, 0)), "")'
# Compiles only if the feature does not exist, because it defines the name anew.
absent='#define SYMBOL(name) extern struct probe_none *name(struct probe_none *)
#define MEMBER(type, name) _Static_assert(sizeof(struct { type; int name; }), "")'
# Compiles in both cases.
either='#define SYMBOL(name) _Static_assert(1, "")
#define MEMBER(type, name) _Static_assert(1, "")'

# with MACROS PROBE...: prints one source of these probes. It contains their text:
# an #include cannot name every folder.
with() {
	macros=$1
	shift
	for probe; do
		printf '#undef SYMBOL\n#undef MEMBER\n%s\n# 1 "%s"\n' "$macros" "${probe##*/}"
		cat "$probe"
	done
}

# Is the feature newer than the kernel, according to the second line of its probe?
is_newer() {
	{ read -r _ && read -r _ _ since _; } <"$1" || die "cannot read $1"
	since=${since%%[!0-9.]*}
	case $version/$since in
	[1-9]*.[0-9]*/[1-9]*.[0-9]*)
		[ $((${since%%.*} * 1000 + ${since#*.})) -gt \
			$((${version%%.*} * 1000 + ${version#*.})) ]
		;;
	*) false ;;
	esac
}

# answer WORD PROBE...
answer() {
	word=$1
	shift
	for probe; do
		name=${probe##*/}
		echo "$word ${name%.c}"
	done
}

# guess OLDER NEWER COMPILER-FLAGS...: prints the answers if all OLDER features exist, and no
# NEWER one does.
# shellcheck disable=SC2086
guess() {
	older=$1
	newer=$2
	shift 2
	compiles "$(with "$there" $older; with "$absent" $newer)" "$@" &&
		answer there $older && answer absent $newer
}

# ask "PROBE..." COMPILER-FLAGS...: prints the answers, with as many compiles as needed.
# shellcheck disable=SC2030
ask() (
	list=$1
	shift
	[ -n "$list" ] || exit 0
	guess "$list" '' "$@" && exit
	said=$log
	guess '' "$list" "$@" && exit
	case $list in
	*' '*) ask "${list%% *}" "$@" && ask "${list#* }" "$@" ;;
	*)
		log=$(printf '%s\n%s' "$said" "$log")
		die "'$CC' gives no answer about ${list##*/}: it compiles neither with the" \
			"feature nor without it"
		;;
	esac
)

# Which compiler it is: a successful compile proves this too.
is_no_clang() {
	compiles '#ifdef __clang__
#error
#endif'
}

is_clang() {
	compiles '#ifndef __clang__
#error
#endif'
}

if [ "$BUILT_BY_CLANG" = y ] && is_no_clang; then
	die "this kernel was built by clang ($BUILT_BY), and '$CC' is another compiler:" \
		"make LLVM=1 (DKMS does so by itself)"
fi
if compiles 'int probe = probe_none;' "$@"; then
	die "'$CC' with these flags finds no fault in wrong code, so its success proves nothing:" \
		"are there flags of your own (KCFLAGS)?"
fi

older=
newer=
for probe in $probes; do
	if is_newer "$probe"; then
		newer="$newer${newer:+ }$probe"
	else
		older="$older${older:+ }$probe"
	fi
done

if ! answers=$(guess "$older" "$newer" "$@"); then
	# shellcheck disable=SC2031,SC2086
	if ! compiles "$(with "$either" $probes)" "$@"; then
		said=$log
		if [ "$BUILT_BY_CLANG" != y ] && is_clang; then
			log=$said
			die "'$CC' does not compile for this kernel, which '$BUILT_BY' has built, not" \
				"clang: make without LLVM and CC"
		fi
		log=$said
		die "'$CC' does not compile for this kernel, which '$BUILT_BY' has built. The lines" \
			"above tell why; it takes that compiler and all of the kernel's headers"
	fi
	answers=$(ask "$older" "$@" && ask "$newer" "$@") || exit
fi

log=
printf '%s\n' "$answers" | tr '[:lower:]' '[:upper:]' |
	sed 's/^THERE \(.*\)/#define HAVE_\1 1/; s/^ABSENT \(.*\)/#undef HAVE_\1/' ||
	die 'cannot write the answers'
