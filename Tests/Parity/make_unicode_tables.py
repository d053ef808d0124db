"""Writes Sources/Text/Tokenizers/UnicodeTablesData.swift: the properties of code points as the package `tokenizers` sees them.

That library mixes Unicode versions (its regular expressions, its normalization, its categories and Rust's own lower case are of
different years), and Swift's standard library follows the system's. Ids must not depend on any of this, so each property is asked
of the library itself, for every code point. With --check, compares with the file that is there (half a minute)."""

import sys
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

TARGET = Path(__file__).parent.parent.parent / "Sources/Text/Tokenizers/UnicodeTablesData.swift"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
LETTER, NUMBER, SPACE, PUNCTUATION, REMOVED, NONSPACING, MARK, WORD, IDEOGRAPH = (1 << i for i in range(9))
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Code points with every combining class that Unicode has, for finding the class of any other.
CLASSES = {
    1: 0x334, 6: 0x16FF0, 7: 0x93C, 8: 0x3099, 9: 0x94D, 10: 0x5B0, 11: 0x5B1, 12: 0x5B2, 13: 0x5B3, 14: 0x5B4, 15: 0x5B5, 16: 0x5B6,
    17: 0x5B7, 18: 0x5B8, 19: 0x5B9, 20: 0x5BB, 21: 0x5BC, 22: 0x5BD, 23: 0x5BF, 24: 0x5C1, 25: 0x5C2, 26: 0xFB1E, 27: 0x64B, 28: 0x64C,
    29: 0x64D, 30: 0x64E, 31: 0x64F, 32: 0x650, 33: 0x651, 34: 0x652, 35: 0x670, 36: 0x711, 84: 0xC55, 91: 0xC56, 103: 0xE38, 107: 0xE48,
    118: 0xEB8, 122: 0xEC8, 129: 0xF71, 130: 0xF72, 132: 0xF74, 202: 0x327, 214: 0x1DCE, 216: 0x31B, 218: 0x302A, 220: 0x316, 222: 0x59A,
    224: 0x302E, 226: 0x1D16D, 228: 0x5AE, 230: 0x300, 232: 0x302C, 233: 0x35C, 234: 0x35D, 240: 0x345,
}


def base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if number == 0:
            return text


def bert(**on: bool) -> normalizers.BertNormalizer:
    options = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False} | on
    return normalizers.BertNormalizer(**options)


def flags() -> dict[int, int]:
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bert_words = pre_tokenizers.BertPreTokenizer()
    cleaned, accents, ideographs = bert(clean_text=True), bert(strip_accents=True), bert(handle_chinese_chars=True)
    marks, decomposed = normalizers.StripAccents(), normalizers.NFD()
    single = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    single.add_special_tokens([AddedToken("<!>", single_word=True)])
    found = {}
    for code in CODE_POINTS:
        char = chr(code)
        flag = 0
        if len(byte_level.pre_tokenize_str(f"a{char}a")) == 1:
            flag |= LETTER
        elif len(byte_level.pre_tokenize_str(f"1{char}1")) == 1:
            flag |= NUMBER
        elif len(byte_level.pre_tokenize_str(f"!{char}!")) != 1:
            flag |= SPACE
        parts = len(bert_words.pre_tokenize_str(f"a{char}a"))
        assert (parts == 2) == bool(flag & SPACE), hex(code)
        if parts == 3:
            flag |= PUNCTUATION
        text = cleaned.normalize_str(f"a{char}b")
        if text == "ab":
            flag |= REMOVED
        else:
            assert text == ("a b" if flag & SPACE else f"a{char}b"), hex(code)
        if decomposed.normalize_str(char) == char and accents.normalize_str(char) == "":
            flag |= NONSPACING
        if marks.normalize_str(char) == "":
            flag |= MARK
        if ideographs.normalize_str(char) != char:
            assert ideographs.normalize_str(char) == f" {char} ", hex(code)
            flag |= IDEOGRAPH
        if len(single.encode(char + "<!>").ids) == 1:
            flag |= WORD
        found[code] = flag
    return found


def combining_classes() -> dict[int, int]:
    decomposed = normalizers.NFD()

    def combines(char: str) -> bool:
        low, high = f"a{char}\u0334", f"a\u0345{char}"
        if decomposed.normalize_str(char) != char:
            return False
        return decomposed.normalize_str(low) != low or decomposed.normalize_str(high) != high

    # The library's version of Unicode may lack one, whose class is 0 for it.
    known = {number: other for number, other in CLASSES.items() if combines(chr(other))}
    found = {}
    for code in CODE_POINTS:
        char = chr(code)
        if not combines(char):
            continue
        # The class is the first that this code point does not come after: it stays before a mark of that class, and stays after it.
        for number, other in known.items():
            after, before = f"a{chr(other)}{char}", f"a{char}{chr(other)}"
            if decomposed.normalize_str(after) == after and decomposed.normalize_str(before) == before:
                found[code] = number
                break
        else:
            raise SystemExit(f"U+{code:X} has a combining class that is not in the list")
    return found


def runs(values: dict[int, int], names: dict[int, str]) -> str:
    text, last, count = [], None, 0
    for code in range(0x110000):
        value = values.get(code, 0)
        if value != last and count:
            text.append(base36(count) + names[last])
            count = 0
        last, count = value, count + 1
    text.append(base36(count) + names[last])
    return "".join(text)


def mapping(function) -> dict[int, list[int]]:
    # Hangul syllables decompose by arithmetic.
    mapped = {c: [ord(x) for x in function(chr(c))] for c in CODE_POINTS if not 0xAC00 <= c <= 0xD7A3}
    return {c: to for c, to in mapped.items() if to != [c]}


def encoded(table: dict[int, list[int]]) -> str:
    """Each entry `STEP:TO.TO,` in base 36: the distance from the last code point, and what it becomes."""
    text, last = [], 0
    for code, to in sorted(table.items()):
        text.append(base36(code - last) + ":" + ".".join(map(base36, to)))
        last = code
    return ",".join(text)


def literal(name: str, comment: str, text: str) -> str:
    lines = [text[i:i + 110] for i in range(0, len(text), 110)]
    body = " \\\n    ".join(lines).replace(" \\", "\\")
    return f'  /// {comment}\n  static let {name}: StaticString = """\n    {body}\n    """\n'


def main() -> None:
    properties = flags()
    kinds = sorted(set(properties.values()) | {0})
    assert len(kinds) <= 26
    names = {flag: chr(ord("A") + i) for i, flag in enumerate(kinds)}
    classes = combining_classes()
    numbers = sorted(set(classes.values()) | {0})
    nfd, nfkd, nfc, lower = (getattr(normalizers, n)() for n in ("NFD", "NFKD", "NFC", "Lowercase"))
    canonical = mapping(nfd.normalize_str)
    compatible = {c: to for c, to in mapping(nfkd.normalize_str).items() if canonical.get(c) != to}
    # What composes again: the last character of a decomposition, with the composition of those before it.
    composed = {}
    for code, to in canonical.items():
        if len(to) > 1 and nfc.normalize_str(chr(code)) == chr(code):
            first = nfc.normalize_str("".join(map(chr, to[:-1])))
            if len(first) == 1 and nfc.normalize_str(first + chr(to[-1])) == chr(code):
                composed[code] = [ord(first), to[-1]]
    text = "\n".join([
        f"// Written by Tests/Parity/make_unicode_tables.py from the package tokenizers {tokenizers.__version__}. Do not edit.",
        "",
        "/// Properties of code points as the reference implementation of tokenizers has them; read by ``UnicodeTables``.",
        "enum UnicodeTablesData {",
        "  /// The bits of each kind of code point, in the order of the letters in `kindRuns`.",
        f"  static let kinds: [UInt16] = [{', '.join(map(str, kinds))}]",
        literal("kindRuns", "Runs of code points of one kind from U+0000 on: length in base 36, then the kind's letter.", runs(properties, names)),
        "  /// The combining classes, in the order of the numbers in `classRuns`.",
        f"  static let classes: [UInt8] = [{', '.join(map(str, numbers))}]",
        literal("classRuns", "Code points with a combining class: the step from the last one, and the index in `classes`.",
                encoded({c: [numbers.index(n)] for c, n in classes.items()})),
        literal("canonical", "Full canonical decompositions without Hangul: `STEP:TO.TO` in base 36, separated by commas.", encoded(canonical)),
        literal("compatible", "Full compatibility decompositions, where they differ from the canonical ones.", encoded(compatible)),
        literal("compositions", "Pairs that compose, by the code point they give.", encoded(composed)),
        literal("lowercase", "Lower case, without ASCII.", encoded({c: t for c, t in mapping(lower.normalize_str).items() if c > 127})),
    ]).rstrip("\n") + "\n}\n"
    if "--check" in sys.argv[1:]:
        if TARGET.read_text() != text:
            raise SystemExit(f"{TARGET.name} differs from what tokenizers {tokenizers.__version__} says")
        print(f"{TARGET.name}: as stored")
        return
    TARGET.write_text(text)
    print(f"{TARGET.name}: {len(text)} bytes, {len(kinds)} kinds, {len(classes)} combining, {len(canonical)} canonical, "
          f"{len(compatible)} compatible, {len(composed)} compositions")


if __name__ == "__main__":
    main()
