#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# krelay and wireguard-go, either way around.
vm='-i -t 3600'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/interop.sh"

rows go
