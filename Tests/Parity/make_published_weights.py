"""densenet-published, densenet-parallel: a state dict of torchvision's DenseNet as PyTorch's users save it, by the package
safetensors: for 10 classes in float32, and for 7 in float16 without counters and with the prefix of parallel training."""

import sys

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

import fixture
import formula
import vision_models


def trained(classes: int) -> dict[str, torch.Tensor]:
    model = vision_models.densenet((1, 1, 1), 4, True, "norm_final")
    model.classifier = torch.nn.Linear(model.classifier.in_features, classes)
    formula.fill(model, 1.4)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for _ in range(3):  # so that statistics and counters are not those of a fresh network
        optimizer.zero_grad()
        F.cross_entropy(model(formula.pictures("published", 4, 16)), formula.labels(4, classes)).backward()
        optimizer.step()
    return {name: tensor.contiguous() for name, tensor in model.state_dict().items()}


def write(name: str, state: dict[str, torch.Tensor]) -> None:
    path = fixture.FOLDER / f"{name}.safetensors"
    if "--check" in sys.argv:
        stored = load_file(path)
        assert stored.keys() == state.keys()
        for key, tensor in state.items():
            assert stored[key].dtype == tensor.dtype and fixture.relative_error(tensor, stored[key]) < 1e-3, key
        print(f"{path.name}: as stored")
        return
    save_file(state, path, metadata={"format": "pt"})
    print(f"{path.name}: {len(state)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    write("densenet-published", trained(10))
    write("densenet-parallel", {
        f"module.{name}": tensor.half() for name, tensor in trained(7).items() if not name.endswith("num_batches_tracked")
    })
