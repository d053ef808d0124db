"""Steps of text models in Hugging Face's `transformers`: batches of real lengths padded to their longest sentence, with a mask.

    text_peer.py DATA_ROOT [--model roberta-base|roberta-256|trec-small] [--mode eager|compile] [--evaluate]
                 [--optimizer sgd|adamw] [--batch-size 32] [--steps N | --serve | --peak]

roberta-base and roberta-256 (6 layers of 256, 4 heads) take MRPC's pairs as RoBERTa's tokens, at most 128, and its vocabulary of 50,265;
trec-small takes TREC's questions (2 layers of 128, 4 heads). Weights are random: speed does not depend on them."""

import argparse
import json
import random
import re
import resource
from pathlib import Path

import torch
from transformers import RobertaConfig, RobertaForSequenceClassification

import server

SIZES = {  # hidden, layers, heads
    "roberta-base": (768, 12, 12),
    "roberta-256": (256, 6, 4),
    "trec-small": (128, 2, 4),
}
PADDING = 1


def mrpc(root: Path) -> tuple[list[list[int]], int]:
    """Ids of `<s> first </s></s> second </s>`. RoBERTa numbers the same tokens in another order, which changes no cost."""
    from tokenizers import ByteLevelBPETokenizer

    folder = root / "tokenizer" / "gpt2-hf"
    tokenizer = ByteLevelBPETokenizer(str(next(folder.glob("*vocab.json"))), str(next(folder.glob("*merges.txt"))))
    rows = (root / "text" / "glue" / "MRPC" / "train.tsv").read_text(encoding="utf-8").splitlines()[1:]
    examples = []
    for row in rows:
        first, second = (tokenizer.encode(text).ids for text in row.split("\t")[3:5])
        while len(first) + len(second) > 124:
            (first if len(first) > len(second) else second).pop()
        examples.append([0, *(i + 4 for i in first), 2, 2, *(i + 4 for i in second), 2])
    return examples, 50265


def trec(root: Path) -> tuple[list[list[int]], int]:
    """Words that occur twice, as Basin's set; `[CLS]` first."""
    lines = (root / "text" / "sent-conv" / "raw" / "TREC.train").read_text(encoding="latin-1").splitlines()
    texts = [re.findall(r"\w+|[^\w\s]", line.split(" ", 1)[1].lower()) for line in lines]
    counts: dict[str, int] = {}
    for word in (word for text in texts for word in text):
        counts[word] = counts.get(word, 0) + 1
    numbers = {word: 4 + i for i, word in enumerate(word for word, count in counts.items() if count > 1)}
    return [[0, *(numbers.get(word, 3) for word in text)][:64] for text in texts], len(numbers) + 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", choices=SIZES, default="roberta-base")
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--evaluate", action="store_true", help="forward passes in evaluation instead of training steps")
    parser.add_argument("--optimizer", choices=["sgd", "adamw"], default="sgd")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", action="store_true", help="speak the protocol of server.py")
    parser.add_argument("--peak", action="store_true", help="print the peak of resident memory before the model, and after the steps")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    examples, vocabulary = (trec if options.model == "trec-small" else mrpc)(options.data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    hidden, layers, heads = SIZES[options.model]
    model = RobertaForSequenceClassification(RobertaConfig(
        vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * hidden,
        max_position_embeddings=130, type_vocab_size=1, pad_token_id=PADDING, num_labels=6 if options.model == "trec-small" else 2,
        hidden_dropout_prob=options.dropout, attention_probs_dropout_prob=options.dropout))
    model.train(not options.evaluate)
    kinds = {"sgd": lambda p: torch.optim.SGD(p, lr=1e-4, momentum=0.9, weight_decay=1e-2, foreach=True),
             "adamw": lambda p: torch.optim.AdamW(p, lr=1e-4, weight_decay=1e-2, foreach=True)}
    optimizer = kinds[options.optimizer](model.parameters())
    forward = torch.compile(model, dynamic=True) if options.mode == "compile" else model

    def batches():
        generator = random.Random(0)
        while True:
            order = generator.sample(range(len(examples)), len(examples))
            for begin in range(0, len(order) - options.batch_size + 1, options.batch_size):
                rows = [examples[i] for i in order[begin:begin + options.batch_size]]
                longest = max(map(len, rows))
                tokens = torch.tensor([row + [PADDING] * (longest - len(row)) for row in rows])
                yield tokens, (tokens != PADDING).long(), torch.tensor([i % model.config.num_labels for i in range(len(rows))])

    source = batches()

    def step() -> None:
        tokens, mask, labels = next(source)
        if options.evaluate:
            with torch.inference_mode():
                forward(input_ids=tokens, attention_mask=mask)
            return
        optimizer.zero_grad()
        forward(input_ids=tokens, attention_mask=mask, labels=labels).loss.backward()
        optimizer.step()

    for _ in range(options.warmup):
        step()
    name = f"transformers {options.model} {options.mode} {'evaluation' if options.evaluate else options.optimizer}"
    if options.peak:
        for _ in range(options.steps):
            step()
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"name": name, "before": before * 1024, "peak": after * 1024}))
    elif options.serve:
        server.serve(name, step)
    else:
        server.report(name, step, options.steps, threads=options.threads, batch=options.batch_size, torch=torch.__version__)


if __name__ == "__main__":
    main()
