"""What the package `tokenizers` of Hugging Face makes of texts, for the tests of Basin's own tokenizers.

    make_tokenizers.py [--check] [--data DIR] [--fuzz N SEED FOLDER]

tokenizers.json holds (1) small tokenizers, trained here on made-up text, with made-up texts of every kind of Unicode and, for each
text, checksums of its numbers and offsets; (2) for every text file under DIR/text (the data sets of the tests, $BASIN_TEST_DATA or
../../../shared/data) checksums over all its lines with the published vocabularies of DIR/tokenizer; (3) vocabularies that the trainers
learn. Without DIR the stored checksums of (2) stay. --fuzz writes the cases of (1) for other random texts into a folder instead.

A checksum is the CRC-32 of little-endian int32: for numbers the count, then numbers and types of each sequence; for offsets
begin and end of each token, in UTF-8 bytes. A sequence that cannot be made counts -1."""

import argparse
import array
import json
import os
import random
import zlib
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = Path(__file__).parent / "Fixtures"
SPECIAL_BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SPECIAL_ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True, normalized=False)]
STRATEGIES = {"LongestFirst": "longest_first", "OnlyFirst": "only_first", "OnlySecond": "only_second"}

# Made-up text to learn from.
CORPUS = [
    "The cat sat on the mat, and the dog didn't mind it at all.", "She's seen the sea; they've seen the seashore and its 1,024 shells.",
    "I'll say it's fine: we're here, he'd gone, I'm staying.", "Naïve café façades déjà vu, señor! Straße, Ångström, smörgåsbord.",
    "Numbers 3.14159 and 2,718,281 and 42 are numbers.", "Привет мир, как дела? Хорошо, спасибо, привет.", "日本語の文字と漢字、それに仮名。",
    "한국어 문장도 조금 있습니다.", "the theme of the thesis is the theory of the thing", "running runner runs ran; singing singer sings sang",
    "low lower lowest, new newer newest, wide wider widest", "ＦＵＬＬ ｗｉｄｔｈ ﬁnd ﬂow ½ Ⅷ ² ①",
]
SPACES = [0x20] * 6 + [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0xA0, 0x1680, 0x2000, 0x2003, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x1C, 0x1F]
MARKS = [0x300, 0x301, 0x316, 0x323, 0x327, 0x334, 0x345, 0x302A, 0x302E, 0x3099, 0x344, 0x1D165, 0x1D16D, 0x5B0, 0x64B, 0x94D, 0x93C, 0x20DD]
SPECIAL = ["<mask>", "<s>", "</s>", "<pad>", "[MASK]", "[SEP]", "[CLS]", "  <mask> ", "<mask", "[mask]", "<foo>", " foo ", "Foo bar", "abc"]
WORDS = [
    "the", "The", "don't", "It's", "we're", "I'll", "they've", "O'Neill", "naïve", "Straße", "İstanbul", "ΣΊΣΥΦΟΣ", "ﬁn", "Ⅷ", "½", "²", "한국어",
    "각", "ค่ำ", "नमस्ते", "你好", "日本語", "𝔘𝔫𝔦", "👩‍👩‍👧", "🇩🇪", "e\u0301", "ẛ̣", "sing" * 30, "a" * 101, "é" * 100, "x" * 300, "'s", "''",
    "...", "$3.50", "1,000", "１２３", "\ufffd", "\ufeff", "\u200d", "\u200b", "\u00ad", "\ue000", "\U000f0000", "\U0010ffff", "\u0378",
]


def made_up(generator: random.Random) -> str:
    parts = []
    for _ in range(generator.choice([0, 1, 2, 3, 5, 8, 13, 21])):
        kind = generator.random()
        if kind < 0.25:
            parts.append(generator.choice(WORDS))
        elif kind < 0.45:
            parts.append(chr(generator.choice(SPACES)) * generator.choice([1, 1, 1, 2, 3, 7]))
        elif kind < 0.55:
            parts.append(chr(generator.choice(MARKS)))
        elif kind < 0.62:
            parts.append(generator.choice(SPECIAL))
        elif kind < 0.70:
            parts.append(chr(generator.randrange(0x20, 0x7F)))
        elif kind < 0.75:
            parts.append(chr(generator.randrange(0x01, 0x20)))
        elif kind < 0.83:
            parts.append(chr(generator.randrange(0x80, 0x3000)))
        elif kind < 0.88:
            parts.append(chr(generator.choice([generator.randrange(0x3000, 0xD800), generator.randrange(0xE000, 0x10000)])))
        elif kind < 0.90:
            parts.append(chr(generator.randrange(0xAC00, 0xD7A4)))
        elif kind < 0.92:
            parts.append("".join(chr(generator.randrange(0x1100, 0x1200)) for _ in range(3)))
        elif kind < 0.96:
            parts.append("".join(chr(generator.choice(MARKS + [generator.randrange(0x300, 0x370)])) for _ in range(generator.randrange(1, 6))))
        else:
            parts.append(chr(generator.randrange(0x10000, 0x110000)))
    return "".join(parts)


# --- checksums


def sequence(tokenizer: Tokenizer, text: str, pair: str | None, special: bool = True) -> tuple[bytes, bytes]:
    """The int32 that checksums are made of: of numbers and types, and of offsets."""
    try:
        encoding = tokenizer.encode(text, pair, add_special_tokens=special)
    except BaseException:  # the package panics where a text is too short to be cut
        return array.array("i", [-1]).tobytes(), b""
    return content(encoding, text, pair)


def content(encoding: tokenizers.Encoding, text: str, pair: str | None) -> tuple[bytes, bytes]:
    numbers = array.array("i", [len(encoding.ids), *encoding.ids, *encoding.type_ids])
    offsets = encoding.offsets
    if not text.isascii() or (pair is not None and not pair.isascii()):
        first, second = byte_table(text), byte_table(pair or "")
        table = [first if source in (0, None) else second for source in encoding.sequence_ids]
        offsets = [(t[a], t[b]) for t, (a, b) in zip(table, offsets)]
    return numbers.tobytes(), array.array("i", [x for pair_ in offsets for x in pair_]).tobytes()


def byte_table(text: str) -> list[int]:
    places = [0]
    for char in text:
        places.append(places[-1] + len(char.encode()))
    return places


# --- small tokenizers

def trained_bytes() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=380, min_frequency=2, special_tokens=SPECIAL_ROBERTA, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    return tokenizer


def roberta(normalizer=None, prefix=False) -> Tokenizer:
    tokenizer = trained_bytes()
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def bert(normalizer=normalizers.BertNormalizer(), cleanup=True) -> Tokenizer:
    """A vocabulary by hand: the package's own trainer numbers tokens by chance."""
    letters = sorted(set("".join(CORPUS).lower()) | set("abcdefghijklmnopqrstuvwxyz0123456789.,'!?<>[]") - {" "})
    words = ["the", "cat", "sat", "##at", "mat", "see", "##ea", "##en", "run", "##ning", "##ner", "##s", "sing", "##ing", "naive", "cafe", "café", "##é",
             "low", "##er", "##est", "new", "##sing", "don", "it", "strasse", "straße", "привет", "мир"]
    tokens = list(dict.fromkeys([*SPECIAL_BERT, *letters, *("##" + x for x in letters), *words]))
    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=cleanup)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.add_special_tokens(SPECIAL_BERT)
    return tokenizer


def with_added(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.add_tokens([
        AddedToken("<foo>", lstrip=True, rstrip=True), AddedToken("foo", single_word=True), AddedToken("Foo bar", normalized=True),
        AddedToken("ab", normalized=False), AddedToken("abc", normalized=False, rstrip=True), AddedToken("é", normalized=True),
        AddedToken("STRASSE", normalized=True),
    ])
    return tokenizer


def changed(tokenizer: Tokenizer, **sections) -> Tokenizer:
    for name, value in sections.items():
        setattr(tokenizer, name, value)
    return tokenizer


def model_changed(tokenizer: Tokenizer, **options) -> Tokenizer:
    document = json.loads(tokenizer.to_str())
    document["model"].update(options)
    return Tokenizer.from_str(json.dumps(document))


def truncating(tokenizer: Tokenizer, **options) -> Tokenizer:
    tokenizer.enable_truncation(**options)
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>", direction="left", pad_to_multiple_of=8)
    return tokenizer


def cases() -> dict[str, Tokenizer]:
    n = normalizers
    template = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)])
    return {
        "roberta": roberta(), "roberta-prefix": roberta(prefix=True), "roberta-added": with_added(roberta()),
        "roberta-nfc": roberta(n.NFC()), "roberta-nfkc-prefix-added": with_added(roberta(n.NFKC(), True)),
        "roberta-nfd": roberta(n.NFD()), "roberta-strip": roberta(n.Sequence([n.NFKD(), n.StripAccents(), n.Lowercase(), n.Strip()])),
        "roberta-whole": changed(roberta(), pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)),
        "roberta-ignores-merges": model_changed(roberta(), ignore_merges=True),
        "roberta-truncates": truncating(roberta(), max_length=9, stride=2, direction="left", strategy="only_first"),
        "gpt2": changed(roberta(), post_processor=processors.ByteLevel(trim_offsets=False)),
        "sequence": changed(roberta(), post_processor=processors.Sequence([processors.ByteLevel(trim_offsets=True), template])),
        "bert": bert(), "bert-cased": bert(n.BertNormalizer(lowercase=False)), "bert-added": with_added(bert()),
        "bert-accents": bert(n.BertNormalizer(lowercase=True, strip_accents=False), cleanup=False),
        "bert-plain": bert(n.BertNormalizer(clean_text=False, handle_chinese_chars=False)),
        "bert-nfc": bert(n.Sequence([n.NFC(), n.Lowercase()])),
        "bert-processing": changed(bert(), post_processor=processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))),
    }


def case(name: str, tokenizer: Tokenizer, texts: list[str]) -> dict:
    pairs = [texts[(i + 1) % len(texts)] for i in range(len(texts))]
    text = tokenizer.to_str(pretty=True)
    single = Tokenizer.from_str(text)
    # Padding belongs to batches; Basin's are packed. The package fails where what stays is no longer than the stride, which matters
    # only for the parts cut off.
    single.no_padding()
    if single.truncation:
        single.enable_truncation(**single.truncation | {"stride": 0})
    checks = [[f"{zlib.crc32(part):08x}" for part in sequence(single, t, None)] for t in texts]
    both = [[f"{zlib.crc32(part):08x}" for part in sequence(single, a, b)] for a, b in zip(texts, pairs)]
    bare = zlib.crc32(b"".join(b"".join(sequence(single, a, b, special=False)) for a, b in zip(texts, pairs)))
    decoded = [single.decode(single.encode(t).ids, skip_special_tokens=skip) for t in texts for skip in (True, False)]
    cut = {}
    for strategy, other in STRATEGIES.items():
        for maximum in (5, 7, 12, 30):
            short = Tokenizer.from_str(text)
            short.no_padding()
            short.enable_truncation(maximum, strategy=other)
            parts = [b"".join(sequence(short, a, b)) for a, b in zip(texts, pairs)]
            cut[f"{strategy} {maximum}"] = f"{zlib.crc32(b''.join(parts)):08x}"
    return {
        "name": name, "tokenizer": text, "single": "".join(x[0] + x[1] for x in checks), "pair": "".join(x[0] + x[1] for x in both),
        "bare": f"{bare:08x}", "cut": {} if name == "roberta-truncates" else cut,
        "decoded": f"{zlib.crc32(chr(10).join(decoded).encode()):08x}",
    }


# --- published vocabularies

def published(root: Path) -> dict[str, Tokenizer]:
    folder = root / "tokenizer"
    encoder = json.loads((folder / "gpt2/encoder.json").read_text())
    merges = [tuple(line.split(" ")) for line in (folder / "gpt2/vocab.bpe").read_text().split("\n") if line and not line.startswith("#version")]
    by_number = {number: token for token, number in encoder.items()}
    dictionary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    for line in (folder / "fairseq-gpt2_bpe/dict.txt").read_text().split("\n")[:50260]:
        word = line.split(" ")[0]
        dictionary[by_number[int(word)] if word.isdigit() else word] = len(dictionary)
    dictionary["<mask>"] = len(dictionary)

    def byte_level(vocabulary: dict[str, int], prefix: bool) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE(vocabulary, merges))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        if "<s>" in vocabulary:
            tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=prefix)
            tokenizer.add_special_tokens(SPECIAL_ROBERTA)
        else:
            tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
            tokenizer.add_special_tokens(["<|endoftext|>"])
        return tokenizer

    def word_piece(lowercase: bool) -> Tokenizer:
        tokenizer = Tokenizer(models.WordPiece.from_file(str(folder / "bert-base-uncased/vocab.txt"), unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 101), ("[SEP]", 102)])
        tokenizer.add_special_tokens(SPECIAL_BERT)
        return tokenizer

    return {
        "gpt2": byte_level(json.loads((folder / "gpt2-hf/vocab.json").read_text()), False), "roberta": byte_level(dictionary, False),
        "roberta-prefix": byte_level(dictionary, True), "bert": word_piece(True), "bert-cased": word_piece(False),
    }


def lines_of(path: Path) -> list[str]:
    data = path.read_bytes()
    try:
        return data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return data.decode("latin-1").split("\n")


def files(root: Path) -> dict[str, dict]:
    found = {}
    ready = published(root)
    paths = sorted(p for p in (root / "text").rglob("*") if p.is_file() and p.suffix != ".zip")
    for path in paths:
        lines = lines_of(path)
        entry = {"lines": len(lines)}
        for name, tokenizer in ready.items():
            parts = [content(e, line, None) for e, line in zip(tokenizer.encode_batch(lines), lines)]
            numbers, offsets = (zlib.crc32(b"".join(p[i] for p in parts)) for i in (0, 1))
            entry[name] = f"{numbers:08x}{offsets:08x}"
        found[str(path.relative_to(root))] = entry
        print(path.name, entry["lines"], flush=True)
    return found


# --- training

def trained() -> list[dict]:
    """Byte-level vocabularies are the package's, number for number: the checksum of its tokens and merges."""
    generator = random.Random(5)
    words = ["".join(generator.choice("abcdeé ") for _ in range(generator.randrange(1, 9))) for _ in range(40)]
    texts = CORPUS + [" ".join(generator.choice(words) for _ in range(12)) for _ in range(60)]
    found = []
    for size, minimum in ((300, 0), (420, 2), (700, 3), (2000, 0)):
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
            vocab_size=size, min_frequency=minimum, special_tokens=["<s>", "<unk>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
        model = json.loads(tokenizer.to_str())["model"]
        tokens = sorted(model["vocab"], key=model["vocab"].get)
        text = "\n".join(tokens + [" ".join(pair) for pair in model["merges"]])
        found.append({"size": size, "minimum": minimum, "tokens": len(tokens), "merges": len(model["merges"]), "crc": f"{zlib.crc32(text.encode()):08x}"})
    return [{"texts": texts, "vocabularies": found}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("BASIN_TEST_DATA", str(Path(__file__).parent / "../../../shared/data"))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--fuzz", nargs=3, metavar=("N", "SEED", "FOLDER"))
    options = parser.parse_args()
    count, seed = (int(x) for x in options.fuzz[:2]) if options.fuzz else (160, 1)
    generator = random.Random(seed)
    texts = [made_up(generator) for _ in range(count)]
    texts += ["x<foo>y <foo> foo", "  <foo>  <foo>\u2003z", "straße STRASSE strasse", "a b ab abc", "Foo fOO Foo bar", "é e\u0301 É", ""]
    document = {"tokenizers": tokenizers.__version__, "texts": texts, "cases": [case(n, t, texts) for n, t in cases().items()]}
    target = FOLDER / "tokenizers.json"
    if options.fuzz:
        target = Path(options.fuzz[2]) / "tokenizers.json"
        document |= {"training": [], "files": {}}
    else:
        document["training"] = trained()
        stored = json.loads(target.read_text()) if target.exists() else {}
        document["files"] = files(options.data) if (options.data / "tokenizer").is_dir() else stored.get("files", {})
    text = json.dumps(document, indent=None, ensure_ascii=True, separators=(",", ":")) + "\n"
    if options.check:
        if target.read_text() != text:
            raise SystemExit(f"{target.name} differs")
        print(f"{target.name}: as stored")
        return
    target.write_text(text)
    print(f"{target.name}: {len(text)} bytes, {len(document['cases'])} tokenizers, {len(texts)} texts, {len(document['files'])} files")


if __name__ == "__main__":
    main()
