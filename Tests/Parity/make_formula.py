"""formula.json: a few values of formula.py as float32 bit patterns, so that the Swift twin is tested before any model."""

import struct

import fixture
import formula


def bits(values: list[float]) -> list[str]:
    return [struct.pack(">f", value).hex() for value in values]


def slow_unit(path: str, index: int) -> float:
    digest = 2166136261
    for byte in path.encode():
        digest = (digest ^ byte) * 16777619 % 2**32
    h = (index * 2654435761 + digest) % 2**32
    h = (h ^ h >> 16) * 0x85EBCA6B % 2**32
    h = (h ^ h >> 13) * 0xC2B2AE35 % 2**32
    return (h ^ h >> 16) / 2**31 - 1


if __name__ == "__main__":
    cases = []
    for path, shape, gain in (
        ("features.0.weight", (64, 3, 3, 3), 1.4),
        ("classifier.1.weight", (512, 512), 3.0),
        ("layer1.0.bn1.weight", (16,), 3.0),
        ("fc.bias", (10,), 3.0),
        ("größe.bias", (5,), 1.0),
    ):
        flat = formula.parameter(path, shape, gain).reshape(-1)
        scale = (3.0 / float(formula.math.prod(shape[1:]))) ** 0.5 * gain
        for index in (0, 1, len(flat) - 1):
            u = slow_unit(path, index)
            if len(shape) > 1:
                expected = scale * u
            else:
                expected = 0.1 * u if path.endswith("bias") else 1 + 0.1 * u
            assert bits([expected]) == bits([flat[index].item()]), (path, index)
        cases.append({"path": path, "shape": shape, "gain": gain, "fnv1a32": formula.fnv1a32(path),
                      "u": formula.unit(path, 4).tolist(),
                      "first": bits(flat[:4].tolist()), "last": bits(flat[-1:].tolist())})
    pictures = formula.pictures("input.0", 4).reshape(-1)
    assert formula.fnv1a32("") == 0x811C9DC5 and formula.fnv1a32("a") == 0xE40C292C  # published test vectors
    fixture.write_json("formula", {
        "parameters": cases,
        "pictures": {"path": "input.0", "shape": [4, 3, 32, 32], "first": bits(pictures[:4].tolist()),
                     "last": bits(pictures[-4:].tolist())},
        "labels": {"count": 8, "classes": 10, "values": formula.labels(8, 10).tolist()},
    })
