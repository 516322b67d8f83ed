# SPDX-License-Identifier: GPL-2.0
# Completion of relayctl for bash.

_relayctl_interfaces() {
	command ip -o link show type krelay 2>/dev/null | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'
}

_relayctl_files() {
	local file
	for file in /etc/krelay/*.conf; do
		[ -e "$file" ] || continue
		file=${file##*/}
		printf '%s\n' "${file%.conf}"
	done
}

# Names of the peers of an interface, and keys of those that have none.
_relayctl_peers() {
	relayctl show "$1" 2>/dev/null | awk '
		$1 == "peer:" { if (key) print key; key = $2 }
		$1 == "name:" { key = $2 }
		END { if (key) print key }'
}

# The public sides, one word each; an address needs quotes.
_relayctl_forwards() {
	relayctl forward list "$1" 2>/dev/null |
		awk '{ sub(/ (->|allow|deny|limit|source-limit|\().*/, "") } !/ on / { print $1 }' |
		sort -u
}

_relayctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} words=
	local verb=${COMP_WORDS[1]} n=$COMP_CWORD

	COMPREPLY=()
	case $n:$verb in
	1:*)
		words='up down check show stats forward monitor resolve genkey pubkey genpsk help version'
		;;
	2:up|2:check)
		words=$(_relayctl_files)
		mapfile -t COMPREPLY < <(compgen -f -X '!*.conf' -- "$cur")
		;;
	2:resolve)
		words="$(_relayctl_files) --watch"
		mapfile -t COMPREPLY < <(compgen -f -X '!*.conf' -- "$cur")
		;;
	3:resolve)
		words=--watch
		;;
	2:down)
		words=$(_relayctl_interfaces)
		;;
	*:show | *:monitor)
		words="$(_relayctl_interfaces) all -j"
		;;
	*:stats)
		words="$(_relayctl_interfaces) all -j -a --explain"
		;;
	2:forward)
		words='add del set list'
		;;
	3:forward)
		words=$(_relayctl_interfaces)
		[ "${COMP_WORDS[2]}" != list ] || words="$words all -j"
		[ "${COMP_WORDS[2]}" != set ] ||
			mapfile -t COMPREPLY < <(compgen -f -X '!*.conf' -- "$cur")
		;;
	*:forward)
		case $n:${COMP_WORDS[2]} in
		4:add) words=$(_relayctl_peers "${COMP_WORDS[3]}") ;;
		*:add) words='tcp/ udp/ icmp all except on allow deny limit source-limit force' ;;
		*:del) words=$(_relayctl_forwards "${COMP_WORDS[3]}") ;;
		*:list) words=-j ;;
		esac
		;;
	esac
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -o filenames -F _relayctl relayctl
