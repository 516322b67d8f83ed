#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
# wire.pl PCAP [FROM [TO]]: the WireGuard messages of a capture on Ethernet, one
# a line, between two points of time (seconds since 1970):
#   TIME SOURCE TOS TYPE LENGTH RECEIVER MAC2 DF
# TOS is that of the outer header, LENGTH the UDP payload's, RECEIVER the index
# in hex (or the sender's of an initiation), MAC2 yes or no (- where there is
# none), DF 1 where outer IPv4 must not be fragmented.
use strict;
use warnings;
use Socket qw(inet_ntop AF_INET AF_INET6);

my ($file, $from, $to) = @ARGV;
open my $in, '<:raw', $file or die "$file: $!\n";
read $in, my $head, 24 or exit 0;
while ((read($in, my $record, 16) // 0) == 16) {
	my ($s, $us, $caplen, $len) = unpack 'V4', $record;
	last if (read($in, my $frame, $caplen) // 0) < $caplen;
	my $time = $s + $us / 1e6;
	next if defined $from && $time < $from || defined $to && $time > $to;

	my $type = unpack 'x12 n', $frame;
	my ($source, $tos, $df, $udp);
	if ($type == 0x0800) {
		my ($vihl, $t, $frag, $proto, $addr) = unpack 'x14 C C x4 n x C x2 a4', $frame;
		next if $proto != 17 || $frag & 0x1fff;
		($source, $tos, $df) = (inet_ntop(AF_INET, $addr), $t, $frag >> 14 & 1);
		$udp = 14 + ($vihl & 15) * 4;
	} elsif ($type == 0x86dd) {
		my ($word, $next, $addr) = unpack 'x14 N x2 C x a16', $frame;
		next if $next != 17;
		($source, $tos, $df) = (inet_ntop(AF_INET6, $addr), $word >> 20 & 0xff, 0);
		$udp = 14 + 40;
	} else {
		next;
	}
	my $length = unpack("\@$udp x4 n", $frame) - 8;
	my $message = substr $frame, $udp + 8;
	my $kind = unpack 'C', $message;
	my $macs = { 1 => 116, 2 => 60 }->{$kind};
	my $mac2 = '-';
	$mac2 = substr($message, $macs + 16, 16) =~ /[^\0]/ ? 'yes' : 'no' if $macs;
	my $receiver = unpack $kind == 2 ? 'x8 V' : 'x4 V', $message;
	printf "%.6f %s 0x%02x %d %d %08x %s %d\n", $time, $source, $tos, $kind, $length,
		$receiver, $mac2, $df;
}
