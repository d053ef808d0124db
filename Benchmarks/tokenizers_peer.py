"""Encodes all texts of a labelled CSV file (AG News) with the package tokenizers of Hugging Face, to be timed.

    tokenizers_peer.py FOLDER CSV [--threads N] [--offsets] [--serve]
FOLDER has encoder.json, vocab.bpe and dict.txt (RoBERTa), vocab.json and merges.txt (GPT-2) or vocab.txt (BERT). --offsets: encode_batch,
which gives offsets too; else encode_batch_fast, which does not. Without --serve prints one JSON line."""

import argparse
import csv
import json
import os
import time
from pathlib import Path

import server


def load(folder: Path):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    if (folder / "vocab.txt").exists():
        tokenizer = Tokenizer(models.WordPiece.from_file(str(folder / "vocab.txt"), unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        ids = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=list(ids.items()))
        tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        return tokenizer
    names = ("vocab.json", "merges.txt") if (folder / "vocab.json").exists() else ("encoder.json", "vocab.bpe")
    vocabulary = json.loads((folder / names[0]).read_text())
    merges = [tuple(line.split(" ")) for line in (folder / names[1]).read_text().split("\n") if line and not line.startswith("#version")]
    roberta = (folder / "dict.txt").exists()
    if roberta:
        by_number = {number: token for token, number in vocabulary.items()}
        vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
        for line in (folder / "dict.txt").read_text().rstrip("\n").split("\n"):
            word = line.split(" ")[0]
            vocabulary[by_number[int(word)] if word.isdigit() else word] = len(vocabulary)
        vocabulary["<mask>"] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if roberta:
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
        tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    else:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
        tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("csv")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--offsets", action="store_true")
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    # Read when the package starts its threads.
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if options.threads > 1 else "false"
    import tokenizers

    tokenizer = load(options.folder)
    with open(options.csv, newline="") as file:
        texts = [" ".join(row[1:]) for row in csv.reader(file)]
    encode = tokenizer.encode_batch if options.offsets else tokenizer.encode_batch_fast
    name = f"tokenizers {tokenizers.__version__} {encode.__name__}"
    if options.serve:
        server.serve(name, lambda: encode(texts))
        return
    begin = time.perf_counter()
    encodings = encode(texts)
    milliseconds = (time.perf_counter() - begin) * 1e3
    print(json.dumps({
        "name": name, "texts": len(texts), "bytes": sum(len(t.encode()) for t in texts), "tokens": sum(len(e.ids) for e in encodings),
        "milliseconds": [milliseconds]}))


if __name__ == "__main__":
    main()
