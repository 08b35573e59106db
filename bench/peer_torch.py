#!/usr/bin/env python3
"""Time PyTorch's CPU scaled_dot_product_attention, for comparison.

One CSV line a case on standard output, comment lines start with '#':
case,dtype,heads,heads_kv,dim,len_q,len_k,causal,seconds_median,seconds_best,gflops_median,gbytes_per_s

Batch is 1.  Flops are 4 * heads * pairs * dim, where pairs is len_q * len_k,
or len_q * (len_k + 1) / 2 when causal; softmax is not counted.  The bytes
are those of K and V read once (heads_kv heads), given for decode cases only.

Grouped-query decode is timed three ways, and the fastest is reported with
its name in the case column:
  gqa     enable_gqa=True
  expand  K and V as stride-0 views over the query heads of a group
  group   the query heads of a group as the rows of one KV head
          (the same result, as one query has no causal mask)
The others appear as comment lines.

Needs: torch.
"""
import argparse
import statistics
import time

import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa

# name, dtype, heads, heads_kv, dim, len_q, len_k, causal
CASES = [
    ("prefill-d128", "f32", 8, 8, 128, 4096, 4096, 0),
    ("prefill-d128-causal", "f32", 8, 8, 128, 4096, 4096, 1),
    ("prefill-d64", "f32", 8, 8, 64, 4096, 4096, 0),
    ("prefill-d64-causal", "f32", 8, 8, 64, 4096, 4096, 1),
    ("prefill-d128", "f16", 8, 8, 128, 4096, 4096, 0),
    ("prefill-d128", "bf16", 8, 8, 128, 4096, 4096, 0),
    ("decode", "f16", 32, 8, 128, 1, 32768, 0),
    ("decode", "f32", 32, 8, 128, 1, 32768, 0),
]
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def variants(q, k, v, causal):
    """[(suffix, call)]: the ways to get this case's result."""
    heads, heads_kv = q.shape[1], k.shape[1]
    if heads == heads_kv:
        return [("", lambda: sdpa(q, k, v, is_causal=causal))]

    group = heads // heads_kv

    def expand():
        # The KV heads as the batch, so that a group's heads can share one
        # KV head by a stride of 0, without a copy made here.
        kv = [x[0].unsqueeze(1).expand(-1, group, -1, -1) for x in (k, v)]
        return sdpa(q.view(heads_kv, group, 1, -1), *kv).reshape(q.shape)

    def grouped():
        return sdpa(q.view(1, heads_kv, group, -1), k, v).reshape(q.shape)

    return [("-gqa", lambda: sdpa(q, k, v, enable_gqa=True)),
            ("-expand", expand), ("-group", grouped)]


def measure(call, rounds):
    call()
    times = []
    for _ in range(rounds):
        t = time.perf_counter()
        call()
        times.append(time.perf_counter() - t)
    return statistics.median(times), min(times)


def run(case, rounds):
    name, dtype, heads, heads_kv, dim, len_q, len_k, causal = case
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, h, n, dim).to(DTYPES[dtype])
               for h, n in ((heads, len_q), (heads_kv, len_k),
                            (heads_kv, len_k)))
    pairs = len_q * (len_k + 1) / 2 if causal else len_q * len_k
    flops = 4.0 * heads * pairs * dim
    nbytes = 2.0 * heads_kv * len_k * dim * k.element_size()

    lines, first = [], None
    for suffix, call in variants(q, k, v, bool(causal)):
        try:
            out = call().float()
        except RuntimeError as e:
            print(f"# {name}{suffix},{dtype}: {str(e).splitlines()[0]}")
            continue
        first = out if first is None else first
        off = ((out - first).abs().max() / first.abs().max()).item()
        if not off < 5e-3:      # also when NaN: the variants must agree
            raise SystemExit(f"{name}{suffix},{dtype}: off by {off:g}")
        median, best = measure(call, rounds)
        rate = f"{nbytes / median / 1e9:.2f}" if len_q == 1 else ""
        lines.append((median, f"{name}{suffix},{dtype},{heads},{heads_kv},"
                      f"{dim},{len_q},{len_k},{causal},{median:.6f},"
                      f"{best:.6f},{flops / median / 1e9:.2f},{rate}"))
    lines.sort()
    for i, (_, line) in enumerate(lines):
        print(line if i == 0 else "# slower: " + line, flush=True)


def main():
    ap = argparse.ArgumentParser(
        description="time PyTorch CPU scaled_dot_product_attention")
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--rounds", type=int, default=7)
    ap.add_argument("--case", default="",
                    help="only cases whose 'name,dtype' contains this")
    args = ap.parse_args()

    torch.set_num_threads(args.threads)
    flags = torch.backends.cuda
    print(f"# torch {torch.__version__}, threads {torch.get_num_threads()}, "
          f"rounds {args.rounds}, cpu {torch.backends.cpu.get_cpu_capability()}")
    print(f"# sdpa flags: flash {flags.flash_sdp_enabled()}, "
          f"mem_efficient {flags.mem_efficient_sdp_enabled()}, "
          f"math {flags.math_sdp_enabled()}, "
          f"cudnn {flags.cudnn_sdp_enabled()}")
    print("case,dtype,heads,heads_kv,dim,len_q,len_k,causal,"
          "seconds_median,seconds_best,gflops_median,gbytes_per_s")
    with torch.inference_mode():
        for case in CASES:
            if args.case in f"{case[0]},{case[1]}":
                run(case, args.rounds)


if __name__ == "__main__":
    main()
