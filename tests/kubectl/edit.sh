#!/bin/sh
# The editor of `kubectl edit` in the tests: changes one value.
exec sed -i 's/color: blue/color: green/' "$1"
