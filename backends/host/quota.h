/* The processor time that a container grants.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_HOST_QUOTA_H
#define ATTN_HOST_QUOTA_H

/* Processors whose time the control groups of a process may use (Linux: cpu.max, or cpu.cfs_quota_us of version 1), the least of the
 * group and those around it, rounded up: more threads would all be stopped for a part of each period. 0: no limit, or none that can
 * be read. `groups` is the file that names them, /proc/self/cgroup, `root` where they are mounted, /sys/fs/cgroup. */
int attn_host_quota(const char *groups, const char *root);

#endif
