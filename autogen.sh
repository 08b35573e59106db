#!/bin/sh
# Makes configure and Makefile.in from configure.ac, Makefile.am and m4/. Needs autoconf 2.69, automake 1.15, libtool 2.4.
set -e
cd "$(dirname "$0")"
exec autoreconf -fi
