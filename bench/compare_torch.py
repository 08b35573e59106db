#!/usr/bin/env python3
"""Time `attn bench` and PyTorch's CPU scaled_dot_product_attention side by side.

One run, interleaved: every round of a case times first ours (a process of
`attn bench --rounds 1`), then PyTorch's on inputs of the same shape and type,
in this process.  The ratio is PyTorch's time over ours within a round, and
its median is printed: above 1 means that libattn is faster.

Both sides use the same number of threads.  With one query the caches are
emptied before every run, on both sides, as the weights and the other layers
of a model do between two tokens.  Where PyTorch has several ways to the
result (grouped query heads), the one that is fastest here counts.

The column behind the rates says how near ours comes to the ceilings that
`attn bench` measures in the same round, median over the rounds.

Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.

Needs: torch.
"""
import argparse
import csv
import io
import statistics
import subprocess
import time

import torch

import peer_torch

CASES = [
    "n4096-d128-f32", "n4096-d128-f32-causal",
    "n4096-d64-f32", "n4096-d64-f32-causal",
    "n4096-d128-f16", "n4096-d128-f16-causal",
    "n4096-d128-bf16", "n4096-d128-bf16-causal", "n4096-d64-bf16",
    "decode-32768-f32", "decode-32768-f16", "decode-32768-bf16",
    "decode-32768-d64-f16", "decode-32768-d64-bf16",
]
CEILINGS = {"of_products": "products", "of_same_bytes": "same bytes"}
ROUND_SECONDS = 0.05    # what a short case is repeated for
COLD_REPEATS = 5
EVICT_BYTES = 1 << 29


def pair(text):
    first, _, second = text.partition(":")
    return int(first), int(second or first)


def parse(text):
    """Shape of a case, from the text that `attn bench` prints for it."""
    shape = {"h": (1, 1), "n": (64, 64), "d": (64, 64), "dtype": "f32",
             "causal": False}
    for token in text.split("/")[1:]:
        if token in peer_torch.DTYPES:
            shape["dtype"] = token
        elif token == "causal":
            shape["causal"] = True
        elif token[0] in "hnd" and token[1:].replace(":", "").isdigit():
            shape[token[0]] = pair(token[1:])
        elif token != "full":
            raise SystemExit(f"{text}: no PyTorch counterpart of '{token}'")
    return shape


def run_ours(attn, name, threads):
    """The row of `attn bench` for one round of a case."""
    command = [attn, "bench", "--filter", name, "--rounds", "1",
               "--threads", str(threads), "--csv"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    for row in csv.DictReader(io.StringIO(done.stdout)):
        if row["row"] == "case" and row["name"] == name:
            if not row["seconds_median"]:
                raise SystemExit(f"{name}: {row['verdict']}")
            return row
    raise SystemExit(f"{name}: no such case in `attn bench`")


def ceilings_of(rows):
    """'80% FMA, 91% products': what a case's rows say, median."""
    found = {rows[0]["bound"]: "fraction"}
    found.update({name: key for key, name in CEILINGS.items() if rows[0][key]})
    return ", ".join(
        f"{statistics.median(float(row[key]) for row in rows):.0%} {name}"
        for name, key in found.items() if name)


class Peer:
    """One case in PyTorch."""

    def __init__(self, text, evict):
        s = self.shape = parse(text)
        (hq, hk), (nq, nk), (d, dv) = s["h"], s["n"], s["d"]
        self.cold = nq == 1
        self.evict = evict
        torch.manual_seed(0)
        q, k, v = (torch.randn(1, h, n, c).to(peer_torch.DTYPES[s["dtype"]])
                   for h, n, c in ((hq, nq, d), (hk, nk, d), (hk, nk, dv)))
        if s["causal"] and nq not in (1, nk):
            raise SystemExit(f"{text}: PyTorch aligns a causal mask at the start")
        causal = s["causal"] and nq > 1   # the last query sees every key
        if hq == hk or nq == 1:
            calls = peer_torch.variants(q, k, v, causal)
        else:
            calls = [("-gqa", lambda: peer_torch.sdpa(
                q, k, v, is_causal=causal, enable_gqa=True))]
        self.repeats = 1
        timed = []
        for suffix, call in calls:
            call()
            timed.append((self.once(call), suffix, call))
        seconds, self.suffix, self.call = min(timed, key=lambda t: t[0])
        wanted = int(ROUND_SECONDS / seconds) + 1
        self.repeats = min(wanted, COLD_REPEATS) if self.cold else wanted

    def once(self, call):
        if self.cold:
            self.evict.sum()
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    def round(self):
        return sum(self.once(self.call) for _ in range(self.repeats)) / self.repeats

    def work(self):
        """(amount, unit): bytes of K and V with one query, else flops."""
        s = self.shape
        (hq, hk), (nq, nk), (d, dv) = s["h"], s["n"], s["d"]
        if nq == 1:
            return hk * nk * (d + dv) * peer_torch.DTYPES[s["dtype"]].itemsize, "GB/s"
        pairs = nq * (nq + 1) / 2 if s["causal"] else nq * nk
        return 2.0 * hq * pairs * (d + dv), "GFLOP/s"


def cpu_model():
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def line_format(as_csv):
    return ('{},{},{},{},{},{},{},"{}",{}' if as_csv else
            "{:<24} {:>10} {:>11} {:>7} {:>9} {:>9} {:<8} {:<32} {}")


def measure(name, args, evict):
    """A case's row for the table, and PyTorch's time over ours."""
    rows, theirs, peer = [], [], None
    for _ in range(args.rounds):
        rows.append(run_ours(args.attn, name, args.threads))
        peer = peer or Peer(rows[0]["text"], evict)
        theirs.append(peer.round())
    ours = [float(row["seconds_median"]) for row in rows]
    a, b = statistics.median(ours), statistics.median(theirs)
    ratio = statistics.median(y / x for x, y in zip(ours, theirs))
    amount, unit = peer.work()
    return (name, f"{1e3 * a:.3f}", f"{1e3 * b:.3f}", f"{ratio:.2f}",
            f"{amount / a / 1e9:.2f}", f"{amount / b / 1e9:.2f}", unit,
            ceilings_of(rows), peer.suffix.lstrip("-")), ratio


def main():
    ap = argparse.ArgumentParser(
        description="time attn bench and PyTorch's CPU attention side by side")
    ap.add_argument("--attn", default="attn", help="the program attn")
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--rounds", type=int, default=7)
    ap.add_argument("--case", action="append", metavar="NAME",
                    help="a case of `attn bench`; may be repeated")
    ap.add_argument("--csv", action="store_true", help="print CSV")
    args = ap.parse_args()

    names = args.case or CASES
    torch.set_num_threads(args.threads)
    evict = torch.ones(EVICT_BYTES // 4, dtype=torch.int32)
    line, faster = line_format(args.csv), 0
    print(f"# {cpu_model()}, {args.threads} threads, {args.rounds} rounds, "
          f"torch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})")
    print(line.format("case", "ours ms", "PyTorch ms", "ratio", "ours",
                      "PyTorch", "unit", "of ceilings", "variant"), flush=True)
    with torch.inference_mode():
        for name in names:
            row, ratio = measure(name, args, evict)
            print(line.format(*row), flush=True)
            faster += ratio > 1
    print(f"# libattn is faster in {faster} of {len(names)} cases")


if __name__ == "__main__":
    main()
