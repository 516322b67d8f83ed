#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# krelay and the kernel's own WireGuard, either way around.
vm='-i -t 3600'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/interop.sh"

rows kernel
