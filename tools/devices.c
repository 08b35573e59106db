/*
 * attn devices: the devices of this machine, as a table or as JSON.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "attn.h"
#include "commands.h"
#include "execute.h"
#include "json.h"
#include "options.h"

struct devices_options {
    int json, kernels;
};

static const struct option_row rows[] = {
    OPTION_ROW_FLAG("json", struct devices_options, json, "print a JSON array instead of a table"),
    OPTION_ROW_FLAG("kernels", struct devices_options, kernels,
                    "print the kernels of each device instead, fastest first"),
    OPTION_ROW_END,
};

enum { TYPES_TEXT = 64 };

/* Names of the element types, each between `quote`s. */
static void list_types(unsigned dtypes, const char *quote, const char *separator, char text[TYPES_TEXT])
{
    int used = 0;
    text[0] = '\0';
    for (attn_dtype type = ATTN_F32; attn_dtype_size(type); type = (attn_dtype)(type + 1))
        if (dtypes & 1u << type)
            used += snprintf(text + used, TYPES_TEXT - (size_t)used, "%s%s%s%s", used ? separator : "", quote,
                             attn_dtype_name(type), quote);
}

static void print_json(const attn_device_info *info, int first)
{
    char types[TYPES_TEXT];
    list_types(info->dtypes, "\"", ", ", types);
    printf("%s\n  {\"name\": ", first ? "" : ",");
    json_string(stdout, info->name);
    printf(", \"description\": ");
    json_string(stdout, info->description);
    printf(", \"memory\": %" PRIu64 ", \"threads\": %d, \"max_dim\": %d, \"host_memory\": %s, \"dtypes\": [%s]}",
           info->memory, info->threads, info->max_dim, info->host_memory ? "true" : "false", types);
}

static void print_line(const attn_device_info *info, int first)
{
    char types[TYPES_TEXT], memory[32] = "unknown";
    if (first)
        printf("%-12s %10s %8s %8s  %-14s %s\n", "device", "memory", "threads", "max dim", "types", "description");
    if (info->memory)
        snprintf(memory, sizeof memory, "%.1f GiB", (double)info->memory / (1 << 30));
    list_types(info->dtypes, "", ",", types);
    printf("%-12s %10s %8d %8d  %-14s %s\n", info->name, memory, info->threads, info->max_dim, types,
           info->description);
}

static int print_kernels(const attn_device_info *info)
{
    attn_device *device = NULL;
    attn_status status = attn_device_open(info->name, &device);
    if (status)
        return print_failure("devices", info->name, status, attn_reason());
    for (int i = 0; attn_device_kernel(device, i); i++)
        printf("%-12s %s\n", info->name, attn_device_kernel(device, i));
    attn_device_close(device);
    return EXIT_OK;
}

static int list_devices(const struct devices_options *options)
{
    int count = attn_device_count(), status = EXIT_OK;
    for (int i = 0; i < count; i++) {
        attn_device_info info = ATTN_DEVICE_INFO_INIT;
        if (attn_device_describe(i, &info)) {
            fprintf(stderr, "attn devices: device %d: %s\n", i, attn_reason());
            return EXIT_FAILED;
        }
        if (options->kernels)
            status |= print_kernels(&info);
        else
            (options->json ? print_json : print_line)(&info, i == 0);
    }
    return status;
}

int command_devices(int argc, char **argv)
{
    struct devices_options options = { 0, 0 };
    const struct option_set sets[] = { { "Options", rows, &options }, OPTION_SET_END };
    const struct option_command command = {
        "devices", "[--json | --kernels]",
        "Lists the devices that the library finds on this machine: name, memory, threads or compute units,\n"
        "largest D, element types. Or, for each, the kernels that --kernel of other commands takes.",
        sets, NULL
    };
    int parsed = options_parse(&command, argc, argv);
    if (parsed != OPTIONS_GO)
        return parsed;
    if (options.json && options.kernels)
        return options_usage_error("devices", "--json and --kernels exclude each other");
    if (options.json)
        printf("[");
    int status = list_devices(&options);
    if (options.json && status == EXIT_OK)
        printf("\n]\n");
    return status;
}
