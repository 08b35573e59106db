/*
 * A small problem on a device of Vulkan.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "vulkan_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(attn_status status, const char *call)
{
    if (!status)
        return;
    fprintf(stderr, "%s: %s: %s\n", call, attn_status_string(status), attn_reason());
    abort();
}

attn_problem vulkan_case_causal(void)
{
    attn_problem p = ATTN_PROBLEM_INIT;
    p.q = p.k = p.v = p.o = attn_bhsd(ATTN_F32, 1, VULKAN_CASE_HEADS, VULKAN_CASE_ROWS, VULKAN_CASE_CHANNELS);
    p.mask.causal = 1;
    return p;
}

attn_problem vulkan_case_decode(void)
{
    attn_problem p = ATTN_PROBLEM_INIT;
    p.q = p.o = attn_bhsd(ATTN_F32, 1, VULKAN_CASE_HEADS, 1, VULKAN_CASE_CHANNELS);
    p.k = p.v = attn_bhsd(ATTN_F32, 1, 1, VULKAN_CASE_HEADS * VULKAN_CASE_ROWS, VULKAN_CASE_CHANNELS);
    return p;
}

static void fill(float inputs[3][VULKAN_CASE_ELEMENTS])
{
    for (int t = 0; t < 3; t++)
        for (int i = 0; i < VULKAN_CASE_ELEMENTS; i++)
            inputs[t][i] = sinf((float)(i * (t + 2) % 977));
}

static void expect(vulkan_case *c, const attn_problem *problem, float inputs[3][VULKAN_CASE_ELEMENTS])
{
    attn_device *reference;
    attn_args args = ATTN_ARGS_INIT;
    memset(c->expected, 0, sizeof c->expected);
    args.q = attn_host(inputs[0]), args.k = attn_host(inputs[1]), args.v = attn_host(inputs[2]);
    args.o = attn_host(c->expected);
    must(attn_device_open("reference", &reference), "attn_device_open");
    must(attn_attention(reference, problem, &args), "attn_attention");
    attn_device_close(reference);
}

void vulkan_case_create(vulkan_case *c, attn_device *device, attn_problem problem)
{
    static _Thread_local float inputs[3][VULKAN_CASE_ELEMENTS];
    attn_memory memory[4];
    fill(inputs);
    expect(c, &problem, inputs);
    c->device = device;
    must(attn_plan_create(device, &problem, &c->plan), "attn_plan_create");
    for (int i = 0; i < 4; i++)
        must(attn_alloc(device, sizeof inputs[0], &memory[i]), "attn_alloc");
    for (int i = 0; i < 3; i++)
        must(attn_upload(device, memory[i], inputs[i], sizeof inputs[i]), "attn_upload");
    c->args = (attn_args)ATTN_ARGS_INIT;
    c->args.q = memory[0], c->args.k = memory[1], c->args.v = memory[2], c->args.o = memory[3];
    c->args.workspace_size = attn_plan_workspace(c->plan);
    must(attn_alloc(device, c->args.workspace_size, &c->args.workspace), "attn_alloc");
    vulkan_case_clear(c);
}

void vulkan_case_destroy(vulkan_case *c)
{
    const attn_memory memory[] = { c->args.q, c->args.k, c->args.v, c->args.o, c->args.workspace };
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        attn_free(c->device, memory[i]);
    attn_plan_destroy(c->plan);
}

void vulkan_case_clear(vulkan_case *c)
{
    static const float zeros[VULKAN_CASE_ELEMENTS];
    must(attn_upload(c->device, c->args.o, zeros, sizeof zeros), "attn_upload");
}

void vulkan_case_read(vulkan_case *c, float o[VULKAN_CASE_ELEMENTS])
{
    must(attn_download(c->device, o, c->args.o, VULKAN_CASE_ELEMENTS * sizeof *o), "attn_download");
}

int vulkan_case_equals(vulkan_case *c)
{
    static _Thread_local float o[VULKAN_CASE_ELEMENTS];
    vulkan_case_read(c, o);
    for (int i = 0; i < VULKAN_CASE_ELEMENTS; i++)
        if (!(fabsf(o[i] - c->expected[i]) <= 1e-5f))
            return 0;
    return 1;
}

void vulkan_case_check(vulkan_case *c)
{
    if (!vulkan_case_equals(c))
        must(ATTN_INVALID, "vulkan_case_check");
}
