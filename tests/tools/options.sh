#!/bin/sh
# SPDX-License-Identifier: MIT
#
# --help, the manual page and the completion of a program list the same options, and for
# vmclock-sim the same commands. vmclock-sim prints --help from the tables that it parses with.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

: "${VMCLOCK_SIM:=tools/vmclock-sim}" "${VMCLOCK_VERIFY:=tools/vmclock-verify}"
: "${VMCLOCKD:=vmclockd/vmclockd}"

# Lines that begin with an option, perhaps after an option of one letter.
in_help() {
	"$1" --help | sed -n 's/^ *\(-[a-z], *\)\{0,1\}--\([a-z-]*\).*/\2/p'
}

# .It Fl -one Ar value , Fl -another
in_manual() {
	grep '^\.It Fl ' "$1" | grep -o 'Fl -[a-z-]*' | sed 's/^Fl -//'
}

# The shell's completions after "--".
in_completion() {
	bash -c '
		compopt() { :; }
		complete() { function=$2; }
		. "$1"
		COMP_WORDS=("$2" --) COMP_CWORD=1
		"$function" "$2" -- "$2"
		printf "%s\n" "${COMPREPLY[@]}"
	' - "$top_srcdir/dist/completions/$1" "$1" | sed 's/^--//'
}

# same NAME FILE FILE: a case: both files have the same options.
same() {
	if [ -s "$2" ] && diff "$2" "$3" >"$tmp/out"; then
		verdict "$1" ''
	else
		verdict "$1" 'they differ'
	fi
}

: >"$tmp/err"
for program in "$VMCLOCK_CHECK" "$VMCLOCK_SIM" "$VMCLOCK_VERIFY" "$VMCLOCKD"; do
	name=${program##*/}
	in_help "$program" | sort >"$tmp/help"
	in_manual "$top_srcdir"/man/"$name".[18] | sort >"$tmp/manual"
	same "$name: help and manual" "$tmp/help" "$tmp/manual"
	if command -v bash >/dev/null; then
		in_completion "$name" | sort >"$tmp/completion"
		same "$name: help and completion" "$tmp/help" "$tmp/completion"
	else
		skip "$name: help and completion" 'bash is not here'
	fi
done

# ---- The commands of vmclock-sim ---------------------------------------------------------

"$VMCLOCK_SIM" --help | sed -n '/^The commands:/,/^$/s/^  \([a-z-]*\).*/\1/p' | sort >"$tmp/help"
sed -n '/^The commands are:/,/^\.El/s/^\.It Cm //p' "$top_srcdir/man/vmclock-sim.1" |
	sed 's/ , /\n/g' | sed 's/^Cm //; s/ .*//' | sort >"$tmp/manual"
same 'commands: help and manual' "$tmp/help" "$tmp/manual"
if command -v bash >/dev/null; then
	bash -c '
		complete() { :; }
		. "$1"
		_vmclock_sim_command ""
	' - "$top_srcdir/dist/completions/vmclock-sim" | tr ' ' '\n' | sort >"$tmp/completion"
	same 'commands: help and completion' "$tmp/help" "$tmp/completion"
else
	skip 'commands: help and completion' 'bash is not here'
fi

finish
