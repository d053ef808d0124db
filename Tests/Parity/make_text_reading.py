"""text-reading.json: counts and digests of what the published text files hold, read as the reference does it.

GLUE is read as Hugging Face's `glue` reads it: Python's csv with QUOTE_NONE, columns by name, CoLA's train and dev by number, rows
that lack a field passed over; AG News with quoting; language models as PyTorch's word_language_model (`line.split() + ['<eos>']`).
A digest is length and CRC-32 (zlib's) of UTF-8 `first<TAB>second<TAB>label` lines (no `second` where there is one sentence; AG News: title, a
space, description, each as it stands), of language models of the words each followed by a newline.

The files are not part of the repository: BASIN_TEST_DATA names their folder (default: ../shared/data beside the checkout).
Without them nothing is made."""

import csv
import io
import os
import sys
import zipfile
import zlib
from pathlib import Path

import fixture

ROOT = Path(os.environ.get("BASIN_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "text"
WORDS = {
    "RTE": ["entailment", "not_entailment"],
    "MRPC": ["0", "1"], "SST-2": ["0", "1"], "CoLA": ["0", "1"],
}
COLUMNS = {
    "SST-2": (["sentence"], "label"), "MRPC": (["#1 String", "#2 String"], "Quality"),
    "RTE": (["sentence1", "sentence2"], "label"), "STS-B": (["sentence1", "sentence2"], "score"),
}


def digest(lines: list[str]) -> dict:
    data = "".join(line + "\n" for line in lines).encode()
    return {"count": len(lines), "bytes": len(data), "crc32": zlib.crc32(data)}


def glue(task: str, name: str, labelled: bool) -> list[str]:
    with open(ROOT / "glue" / task / name, encoding="utf8") as file:
        text = file.read().removeprefix("\ufeff")
    if task == "CoLA" and labelled:
        rows = csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
        return [f"{row[3]}\t{row[1]}" for row in rows]
    columns, label = COLUMNS.get(task, (["sentence"], "label"))
    lines = []
    for row in csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE):
        if not labelled:
            lines.append("\t".join([row[c] for c in columns] + [row["index"]]))
        elif task == "STS-B":
            lines.append("\t".join([row[c] for c in columns] + [f"{float(row[label]):.3f}"]))
        else:
            lines.append("\t".join([row[c] for c in columns] + [str(WORDS[task].index(row[label]))]))
    return lines


def words(text: str) -> list[str]:
    return [word for line in io.StringIO(text) for word in line.split() + ["<eos>"]]


if __name__ == "__main__":
    if not ROOT.is_dir():
        print(f"text-reading: skipped, {ROOT} is not there")
        sys.exit()
    document: dict[str, object] = {}
    for task, name in (("CoLA", "cola"), ("SST-2", "sst2"), ("MRPC", "mrpc"), ("RTE", "rte"), ("STS-B", "stsb")):
        parts = {split: digest(glue(task, f"{file}.tsv", True)) for split, file in (("train", "train"), ("test", "dev"))}
        document[name] = parts | {"unlabelled": digest(glue(task, "test.tsv", False))}
    whole = glue("MRPC", "msr_paraphrase_train.txt", True)
    with open(ROOT / "glue/MRPC/msr_paraphrase_train.txt", encoding="utf-8-sig") as file:
        ids = [(r["#1 ID"], r["#2 ID"]) for r in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    with open(ROOT / "glue/MRPC/dev_ids.tsv", encoding="utf8") as file:
        dev = {tuple(row) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    document["mrpc-raw"] = {
        "train": digest([line for line, pair in zip(whole, ids) if pair not in dev]),
        "validation": digest([line for line, pair in zip(whole, ids) if pair in dev]),
        "test": digest(glue("MRPC", "msr_paraphrase_test.txt", True)),
    }
    with open(ROOT / "ag_news_csv/test.csv", encoding="utf8", newline="") as file:
        rows = [f"{row[1]} {row[2]}\t{int(row[0]) - 1}" for row in csv.reader(file)]
    document["ag-news-subset"] = {"train": digest(rows)}
    with zipfile.ZipFile(ROOT / "ptb/ptb.zip") as archive:
        texts = {s: archive.read(f"ptb.{n}.txt").decode() for s, n in (("train", "train"), ("validation", "valid"), ("test", "test"))}
    document["ptb"] = {split: digest(words(text)) for split, text in texts.items()}
    document["ptb"]["vocabulary"] = len(set(words(texts["train"])))
    texts = {s: (ROOT / f"wikitext-2/{n}.txt").read_text(encoding="utf8") for s, n in (("validation", "valid"), ("test", "test"))}
    document["wikitext-2"] = {split: digest(words(text)) for split, text in texts.items()}
    document["wikitext-2"]["vocabulary"] = len(set(words(texts["validation"])))
    fixture.write_json("text-reading", document)
