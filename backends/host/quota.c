/* Reads the limits of control groups.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "quota.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_PATH = 4096, MOST_PROCESSORS = 1 << 20 };

/* The first `count` numbers of a file; 1: it has them. "max" is no number. */
static int read_numbers(const char *folder, const char *name, int count, double *number)
{
    char path[LONGEST_PATH];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = length < (int)sizeof path ? fopen(path, "r") : NULL;
    if (!file)
        return 0;
    int found = count == 2 ? fscanf(file, "%lf %lf", &number[0], &number[1]) : fscanf(file, "%lf", &number[0]);
    fclose(file);
    return found == count;
}

/* Microseconds of processor time a period, and the period. */
static int read_limit(const char *folder, double limit[2])
{
    return read_numbers(folder, "cpu.max", 2, limit) || (read_numbers(folder, "cpu.cfs_quota_us", 1, &limit[0]) &&
                                                         read_numbers(folder, "cpu.cfs_period_us", 1, &limit[1]));
}

static int lesser(int a, int b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static int processors_of(const char *folder)
{
    double limit[2];
    if (!read_limit(folder, limit) || !(limit[0] > 0 && limit[1] > 0) || !(limit[0] / limit[1] < MOST_PROCESSORS))
        return 0;
    int whole = (int)(limit[0] / limit[1]);
    return whole + (whole < limit[0] / limit[1]);
}

/* The group in folder root + path, and each around it up to the root. */
static int least_of(const char *root, const char *path)
{
    char folder[LONGEST_PATH];
    int shortest = (int)strlen(root), length = snprintf(folder, sizeof folder, "%s%s", root, path);
    if (length >= (int)sizeof folder)
        return 0;
    int least = processors_of(folder);
    while (length > shortest) {
        if (folder[--length] != '/')
            continue;
        folder[length] = '\0';
        least = lesser(least, processors_of(folder));
    }
    return least;
}

/* "cpu" is one of the names, which have commas between. */
static int has_processors(const char *controllers)
{
    for (; *controllers; controllers += strcspn(controllers, ",") + (strchr(controllers, ',') != NULL))
        if (strcspn(controllers, ",") == 3 && !strncmp(controllers, "cpu", 3))
            return 1;
    return 0;
}

/* A line is "number:controllers:path"; version 2 has no controllers, and is the whole of `root`. */
static int quota_of_line(char *line, const char *root)
{
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return 0;
    *path++ = '\0';
    path[strcspn(path, "\n")] = '\0';
    if (controllers[1] == '\0')
        return least_of(root, path);
    char within[LONGEST_PATH];
    if (snprintf(within, sizeof within, "%s/cpu", root) >= (int)sizeof within)
        return 0;
    return has_processors(controllers + 1) ? least_of(within, path) : 0;
}

int attn_host_quota(const char *groups, const char *root)
{
    char line[LONGEST_PATH];
    int least = 0;
    FILE *file = fopen(groups, "r");
    while (file && fgets(line, sizeof line, file))
        least = lesser(least, quota_of_line(line, root));
    if (file)
        fclose(file);
    return least;
}
