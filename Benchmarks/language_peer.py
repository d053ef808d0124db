"""A small GPT-2 of `transformers` learns the next word of the texts Basin's sets `wikitext-2` and `ptb` read, with the same
sizes, steps, rates and decay: how good a language model is after as many steps. Prints one JSON document.

    language_peer.py TRAIN.txt TEST.txt [--epochs 4] [--seed 0] [--size 128] [--layers 2] [--heads 4] [--length 64] ..."""

import argparse
import json
import math
import time
from collections import Counter
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel


def stream(path: Path) -> list[str]:
    return [word for line in path.read_text(encoding="utf-8").splitlines() for word in [*line.split(), "<eos>"]]


def examples(words: list[str], numbers: dict[str, int], length: int) -> list[torch.Tensor]:
    """Contiguous pieces of `length` words and the word after; every word but the first is predicted once."""
    ids = torch.tensor([numbers.get(word, numbers["<unk>"]) for word in words])
    return [ids[i : i + length + 1] for i in range(0, len(ids) - 1, length)]


def factor(step: int, warmup: int, total: int) -> float:
    """Up in a straight line, then Basin's `backbone`: held to half of what is left, down to 0.01 at 0.9, constant."""
    if step < warmup:
        return step / warmup
    part = (step - warmup) / (total - warmup)
    return 1 if part <= 0.5 else max(1 - 0.99 * (part - 0.5) / 0.4, 0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    for name, value in {"epochs": 4, "seed": 0, "size": 128, "layers": 2, "heads": 4, "length": 64, "batch-size": 16, "threads": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    train_words = stream(options.train)
    known = ["<eos>", "<unk>", *(word for word in Counter(train_words) if word not in ("<eos>", "<unk>"))]
    numbers = {word: i for i, word in enumerate(known)}
    train, test = (examples(words, numbers, options.length) for words in (train_words, stream(options.test)))
    model = GPT2LMHeadModel(GPT2Config(
        vocab_size=len(known), n_positions=options.length, n_embd=options.size, n_layer=options.layers, n_head=options.heads,
        resid_pdrop=options.dropout, embd_pdrop=options.dropout, attn_pdrop=options.dropout, bos_token_id=0, eos_token_id=0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=0.01, foreach=True)
    an_epoch = math.ceil(len(train) / options.batch_size)
    total = an_epoch * options.epochs
    warmup = round(0.02 * total)

    def loss(rows: list[torch.Tensor], reduction: str) -> torch.Tensor:
        longest = max(len(row) for row in rows)
        inputs = torch.zeros(len(rows), longest - 1, dtype=torch.long)
        targets = torch.full((len(rows), longest - 1), -100)
        for i, row in enumerate(rows):
            inputs[i, : len(row) - 1] = row[:-1]
            targets[i, : len(row) - 1] = row[1:]
        logits = model(input_ids=inputs).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction=reduction)

    begin, step = time.perf_counter(), 0
    for _ in range(options.epochs):
        model.train()
        order = torch.randperm(len(train)).tolist()
        for first in range(0, len(order), options.batch_size):
            for group in optimizer.param_groups:
                group["lr"] = options.lr * factor(step, warmup, total)
            optimizer.zero_grad()
            loss([train[i] for i in order[first : first + options.batch_size]], "mean").backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
    seconds = time.perf_counter() - begin
    model.eval()
    with torch.inference_mode():
        sums = [loss(test[i : i + 64], "sum").item() for i in range(0, len(test), 64)]
    count = sum(len(row) - 1 for row in test)
    print(json.dumps({
        "name": "transformers", "seed": options.seed, "steps": step, "vocabulary": len(known), "tokens": count,
        "parameters": sum(p.numel() for p in model.parameters()), "perplexity": math.exp(sum(sums) / count), "seconds": seconds}))


if __name__ == "__main__":
    main()
