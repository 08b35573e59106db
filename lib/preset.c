/* Presets: the patterns of known systems under their names, as expressions.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pattern.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"

#define MOST ATTN_PATTERN_LARGEST

/* Ranges of heads in one pattern. */
enum { MOST_HEADS = 1024 };

/* ---- expansions ---------------------------------------------------------------------------------------------------- */

/* No expansion below is longer. */
enum { LONGEST_EXPANSION = 512 };

static attn_status parse(attn_pattern **pattern, const char *format, ...) ATTN_PRINTF(2, 3);
static attn_status parse(attn_pattern **pattern, const char *format, ...)
{
    char text[LONGEST_EXPANSION];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return attn_pattern_parse(text, NULL, 0, pattern);
}

static attn_status mistral(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern, "causal & last(%" PRId64 ")", a[0]);
}

static attn_status longformer(const int64_t *a, attn_pattern **pattern)
{
    if (!a[1])
        return parse(pattern, "band(%" PRId64 ")", a[0]);
    return parse(pattern, "band(%" PRId64 ") | global(0..%" PRId64 ")", a[0], a[1] - 1);
}

static attn_status longformer_dilated(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern, "dilated(%" PRId64 ", %" PRId64 ")", a[1], a[0] / 2);
}

static attn_status bigbird(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern,
                 "global(0..%" PRId64 ", -%" PRId64 "..-1) | chunk(%" PRId64 ", 1, 1) | random(%" PRId64 ", %" PRId64
                 ", %" PRId64 ")",
                 a[0] - 1, a[0], a[0], a[0], a[1], a[2]);
}

static attn_status strided(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern, "causal & (window(%" PRId64 ", 0) | strided(%" PRId64 "))", a[0], a[0]);
}

static attn_status fixed(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern, "causal & (chunk(%" PRId64 ") | summary(%" PRId64 ", %" PRId64 "))", a[0], a[0], a[1]);
}

/* Even heads have the first pattern, odd ones the second. */
static attn_status alternate(const attn_pattern *even, const attn_pattern *odd, int64_t heads, attn_pattern **pattern)
{
    attn_head_pattern head[MOST_HEADS];
    for (int64_t h = 0; h < heads; h++)
        head[h] = (attn_head_pattern){ h, h, h % 2 ? odd : even };
    return attn_pattern_heads(head, (int)heads, pattern);
}

/* causal & heads(...); takes the two patterns over, which are NULL when `status` is why they could not be made. */
static attn_status causal_heads(attn_status status, attn_pattern *even, attn_pattern *odd, int64_t heads,
                                attn_pattern **pattern)
{
    attn_pattern *alternating = NULL, *causal = NULL;
    if (!status)
        status = alternate(even, odd, heads, &alternating);
    if (!status)
        status = attn_pattern_primitive("causal", NULL, 0, &causal);
    if (!status)
        status = attn_pattern_intersection(causal, alternating, pattern);
    attn_pattern_release(even);
    attn_pattern_release(odd);
    attn_pattern_release(alternating);
    attn_pattern_release(causal);
    return status;
}

static attn_status strided_heads(const int64_t *a, attn_pattern **pattern)
{
    attn_pattern *even = NULL, *odd = NULL;
    attn_status status = attn_pattern_primitive("window", (int64_t[]){ a[0], 0 }, 2, &even);
    if (!status)
        status = attn_pattern_primitive("strided", a, 1, &odd);
    return causal_heads(status, even, odd, a[1], pattern);
}

static attn_status fixed_heads(const int64_t *a, attn_pattern **pattern)
{
    attn_pattern *even = NULL, *odd = NULL;
    attn_status status = attn_pattern_primitive("chunk", a, 1, &even);
    if (!status)
        status = attn_pattern_primitive("summary", a, 2, &odd);
    return causal_heads(status, even, odd, a[2], pattern);
}

static attn_status sink_and_last(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern, "causal & (sink(%" PRId64 ") | last(%" PRId64 "))", a[0], a[1]);
}

static attn_status streaming_blocks(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern, "causal & (sink(%" PRId64 ") | chunk(%" PRId64 ", %" PRId64 "))", a[0] * a[2], a[2],
                 a[1] - 1);
}

static attn_status block_diagonal(const int64_t *a, attn_pattern **pattern)
{
    return parse(pattern, "causal & chunk(%" PRId64 ", %" PRId64 ")", a[0], a[1]);
}

/* ---- the table ----------------------------------------------------------------------------------------------------- */

static const attn_preset presets[] = {
    { "mistral",
      "(W = 4096)",
      "sliding window: the last W tokens, the own one included",
      "Mistral 7B, arXiv:2310.06825",
      "causal & last(4096)",
      1,
      { { "W", 0, MOST, 4096, 0 } },
      mistral },
    { "longformer",
      "(w = 512, g = 1)",
      "w/2 tokens on either side; the first g tokens see and are seen by all",
      "Longformer, arXiv:2004.05150, 3.1",
      "band(512) | global(0)",
      2,
      { { "w", 0, MOST, 512, 0 }, { "g", 0, MOST, 1, 0 } },
      longformer },
    { "longformer-dilated",
      "(w = 512, step = 2)",
      "every step-th token, w/2 of them on either side",
      "Longformer, arXiv:2004.05150, 3.1",
      "dilated(2, 256)",
      2,
      { { "w", 0, MOST, 512, 0 }, { "step", 1, MOST, 2, 0 } },
      longformer_dilated },
    { "bigbird",
      "(block = 64, r = 3, seed = 0)",
      "ITC: first and last block global, three neighbouring blocks, r random blocks (the same for every head; they may "
      "repeat others); sequences are multiples of block",
      "BigBird, arXiv:2007.14062, 2 and App. D",
      "global(0..63, -64..-1) | chunk(64, 1, 1) | random(64, 3, 0)",
      3,
      { { "block", 1, MOST, 64, 0 }, { "r", 0, INT64_C(1) << 24, 3, 0 }, { "seed", 0, MOST, 0, 0 } },
      bigbird },
    { "sparse-transformer-strided",
      "(l = 128)",
      "merged head: l tokens back and every l-th token",
      "Sparse Transformer, arXiv:1904.10509, 4.3",
      "causal & (window(128, 0) | strided(128))",
      1,
      { { "l", 1, MOST, 128, 0 } },
      strided },
    { "sparse-transformer-fixed",
      "(l = 128, c = 32)",
      "merged head: the own chunk of l tokens and the last c tokens of every chunk",
      "Sparse Transformer, arXiv:1904.10509, 4.3",
      "causal & (chunk(128) | summary(128, 32))",
      2,
      { { "l", 1, MOST, 128, 0 }, { "c", 0, MOST, 32, 1 } },
      fixed },
    { "sparse-transformer-strided-heads",
      "(l = 128, h = 8)",
      "h heads: even ones see l tokens back, odd ones every l-th token",
      "Sparse Transformer, arXiv:1904.10509, 4.3",
      "causal & heads(0: window(128, 0); 1: strided(128); 2: window(128, 0); 3: strided(128); 4: window(128, 0); "
      "5: strided(128); 6: window(128, 0); 7: strided(128))",
      2,
      { { "l", 1, MOST, 128, 0 }, { "h", 1, MOST_HEADS, 8, 0 } },
      strided_heads },
    { "sparse-transformer-fixed-heads",
      "(l = 128, c = 32, h = 8)",
      "h heads: even ones see the own chunk of l tokens, odd ones the last c tokens of every chunk",
      "Sparse Transformer, arXiv:1904.10509, 4.3",
      "causal & heads(0: chunk(128); 1: summary(128, 32); 2: chunk(128); 3: summary(128, 32); 4: chunk(128); "
      "5: summary(128, 32); 6: chunk(128); 7: summary(128, 32))",
      3,
      { { "l", 1, MOST, 128, 0 }, { "c", 0, MOST, 32, 1 }, { "h", 1, MOST_HEADS, 8, 0 } },
      fixed_heads },
    { "streaming-llm",
      "(s = 4, w = 1024)",
      "s sinks and the last w tokens, at their original positions",
      "StreamingLLM, arXiv:2309.17453, 3",
      "causal & (sink(4) | last(1024))",
      2,
      { { "s", 0, MOST, 4, 0 }, { "w", 0, MOST, 1024, 0 } },
      sink_and_last },
    { "a-shape",
      "(init = 128, local = 1024)",
      "the first init and the last local tokens",
      "MInference 1.0, arXiv:2407.02490",
      "causal & (sink(128) | last(1024))",
      2,
      { { "init", 0, MOST, 128, 0 }, { "local", 0, MOST, 1024, 0 } },
      sink_and_last },
    { "mit-streaming",
      "(s = 4, l = 1024)",
      "streaming head by tokens: s sinks and l local tokens, the own one included",
      "Block Sparse Attention, github.com/mit-han-lab/Block-Sparse-Attention",
      "causal & (sink(4) | last(1024))",
      2,
      { { "s", 0, MOST, 4, 0 }, { "l", 1, MOST, 1024, 0 } },
      sink_and_last },
    { "mit-streaming-block",
      "(s = 1, l = 8, block = 128)",
      "streaming head by blocks: the first s blocks and l blocks that end at the diagonal",
      "Block Sparse Attention, github.com/mit-han-lab/Block-Sparse-Attention",
      "causal & (sink(128) | chunk(128, 7))",
      3,
      { { "s", 0, 1 << 20, 1, 0 }, { "l", 1, MOST, 8, 0 }, { "block", 1, 1 << 20, 128, 0 } },
      streaming_blocks },
    { "block-diagonal",
      "(C = 512, back = 1)",
      "the own chunk of C tokens and `back` chunks before it",
      "Reformer, arXiv:2001.04451 (its chunks, without hashing)",
      "causal & chunk(512, 1)",
      2,
      { { "C", 1, MOST, 512, 0 }, { "back", 0, MOST, 1, 0 } },
      block_diagonal },
};

enum { PRESETS = sizeof presets / sizeof presets[0] };

const attn_preset *attn_preset_of_name(const char *name, size_t length)
{
    for (int i = 0; i < PRESETS; i++)
        if (strlen(presets[i].name) == length && !memcmp(presets[i].name, name, length))
            return &presets[i];
    return NULL;
}

attn_status attn_preset_expand(const attn_preset *preset, const int64_t *given, int count, attn_pattern **pattern)
{
    int64_t complete[ATTN_PATTERN_ARGUMENTS] = { 0 };
    ATTN_TRY(attn_complete_arguments(preset->name, 0, preset->most, preset->argument, given, count, complete));
    return preset->expand(complete, pattern);
}

int attn_preset_count(void)
{
    return PRESETS;
}

attn_status attn_preset_describe(int index, attn_preset_info *info)
{
    if (index < 0 || index >= PRESETS)
        return attn_fail(ATTN_INVALID, "index is %d, expected 0 .. %d", index, PRESETS - 1);
    const attn_preset *preset = &presets[index];
    const attn_preset_info own = { sizeof own,      preset->name,   preset->arguments,
                                   preset->summary, preset->source, preset->example };
    return attn_write_struct("info", info, &own, sizeof own);
}
