#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Hold docs/krelay.yaml against the header: every name, its value and its type, both ways.
cd "$(dirname "$0")/../.." || exit 1
exec perl -e '
use strict;
use warnings;

my ($header_file, $spec_file) = @ARGV;
my (%header, %type, %spec, %spec_type, @wrong);

sub lines { open my $f, "<", $_[0] or die "$_[0]: $!\n"; return <$f>; }

# The header: what its enums and defines are worth, and the first word of each description.
my ($value, $in_enum) = (0, 0);
my ($docs, $last) = ("", "");
for (lines($header_file)) {
	$type{$1} = $2 if /^ \* \@(KRELAY_\w+): (.*)/;
	$header{$1} = $2 if /^#define (KRELAY_(?:(?:KEY|NAME)_LEN|MAX_\w+))\s+(\d+)$/;
	$header{$1} = $2 if /^#define (KRELAY_GENL_NAME|KRELAY_MCGRP_EVENTS)\s+"(.*)"$/;
	($in_enum, $value) = (1, 0) if /^enum \w+ \{/;
	next unless $in_enum;
	if (/^\t(\w+)(?: = (.*?))?,?$/) {
		my ($name, $given) = ($1, $2);
		$value = 1 << $1 if defined $given && $given =~ /^1U << (\d+)$/;
		$header{$name} = $value unless $name =~ /^__/;
		$value++;
	}
	$in_enum = 0 if /^\};/;
}

sub kind {
	my ($text) = @_;
	return $1 if $text =~ /^(u8|u16|u32|u64|string|flag|nest)\b/;
	return "pad" if $text =~ /^for alignment/;
	return "binary";
}

# The spec: its own layout, two spaces a level, is all that is understood.
my ($section, $prefix, $next, $set, $subset, $list, $entry) = ("", "", 0, "", "", 0, "");
my $flags = 0;
my %members;
sub c_name { my $n = uc shift; $n =~ tr/-/_/; return $n; }
sub add {
	my ($name, $bits) = @_;
	$entry = c_name("$prefix$name");
	if ($subset) {
		push @wrong, "$name of $set is not in $subset" unless $members{$subset}{$name};
		return;
	}
	push @wrong, "$entry stands twice" if exists $spec{$entry};
	$spec{$entry} = $bits ? 1 << $next : $next;
	$members{$set}{$name} = 1;
	$next++;
}
for (lines($spec_file)) {
	if (/^([\w-]+):(?: (.*))?$/) { ($section, $list, $next, $prefix) = ($1, 0, 0, "");
		$spec{KRELAY_GENL_NAME} = $2 if $1 eq "name"; next }
	if ($section eq "definitions" || $section eq "attribute-sets") {
		($set, $subset, $prefix, $next, $list) = ($1, "", "", 0, 0) if /^    name: (\S+)$/;
		$prefix = $1 if /^    name-prefix: (\S+)$/;
		$subset = $1 if /^    subset-of: (\S+)$/;
		$spec{c_name("$prefix$set")} = $1 if /^    value: (\S+)$/;
		$flags = $1 eq "flags" if $section eq "definitions" && /^    type: (\S+)$/;
		add($1, $section eq "definitions" && $flags) if /^        name: (\S+)$/;
		$spec_type{$entry} = $1 if /^        type: (\S+)$/;
		($spec{$entry}, $next) = ($1, $1 + 1) if /^        value: (\d+)$/;
	} elsif ($section eq "operations") {
		($prefix, $set, $subset) = ($1, "operations", "") if /^  name-prefix: (\S+)$/;
		add($1, 0) if /^      name: (\S+)$/;
		($spec{$entry}, $next) = ($1, $1 + 1) if /^      value: (\d+)$/;
	} elsif ($section eq "mcast-groups") {
		$spec{c_name("krelay-mcgrp-$1")} = $1 if /^      name: (\S+)$/;
	}
}

for (sort keys %header) {
	push @wrong, "$_ is in the header only" and next unless exists $spec{$_};
	push @wrong, "$_ is $header{$_} in the header, $spec{$_} in the spec"
		if $spec{$_} ne $header{$_};
}
for (sort keys %spec) {
	push @wrong, "$_ is in the spec only" unless exists $header{$_};
}
# Statistics are u64 all, and their descriptions begin otherwise.
for (sort keys %spec_type) {
	next if /_UNSPEC$/;
	my $wanted = /^KRELAY_STAT_/ ? "u64" : kind($type{$_} // "");
	push @wrong, "$_ is $wanted in the header, $spec_type{$_} in the spec"
		if $spec_type{$_} ne $wanted;
}
push @wrong, "hardly anything was found" if keys %header < 100 || keys %spec_type < 90;

print "1..1\n";
print @wrong ? "not ok" : "ok", " 1 - docs/krelay.yaml says what the header says\n";
print "# $_\n" for @wrong;
exit(@wrong ? 1 : 0);
' include/uapi/linux/krelay.h docs/krelay.yaml
