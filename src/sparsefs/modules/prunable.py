# SPDX-License-Identifier: BSD-3-Clause
"""Weights of a module that can be made sparse."""

from __future__ import annotations

from torch import nn


def prunable_weights(module: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights of all linear and convolution layers, without biases and normalisation.

    Parameters
    ----------
    module : torch.nn.Module

    Returns
    -------
    dict of str to Parameter
        Names are those of `module.named_parameters`. A shared weight appears once, under its
        first name.

    Raises
    ------
    ValueError
        If the module has no such weight, or if one is parametrised or pruned by `torch.nn.utils`
        or has no shape yet.

    Examples
    --------
    >>> from torch import nn
    >>> module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 2, bias=False))
    >>> [(name, tuple(weight.shape)) for name, weight in prunable_weights(module).items()]
    [('0.weight', (4, 1, 3, 3)), ('2.weight', (2, 16))]
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"module must be a torch.nn.Module, got {type(module).__name__}.")
    found: dict[str, nn.Parameter] = {}
    seen: set[nn.Parameter] = set()
    for path, layer in module.named_modules():
        if not isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            continue
        name = f"{path}.weight" if path else "weight"
        weight = layer._parameters.get("weight")
        if weight is None:
            raise ValueError(
                f"module: {name} is computed from other parameters; remove its parametrisation "
                "or pruning by torch.nn.utils first."
            )
        if nn.parameter.is_lazy(weight):
            raise ValueError(f"module: {name} has no shape yet; run a batch through it first.")
        if weight not in seen:
            seen.add(weight)
            found[name] = weight
    if not found:
        raise ValueError(
            "module must contain a Linear or a convolution layer, "
            f"{type(module).__name__} has none."
        )
    return found


def named_by(module: nn.Module, weights: dict[str, nn.Parameter], wanted) -> set[str]:
    """Return the names of the weights that `ignore` leaves dense.

    Parameters
    ----------
    module : torch.nn.Module
    weights : dict of str to Parameter
        From :func:`prunable_weights`.
    wanted : str or iterable of str
        Names of weights, or of modules for all weights inside. A shared weight has several names.

    Raises
    ------
    ValueError
        If a name fits no weight.
    """
    names = {id(weight): name for name, weight in weights.items()}
    paths = {
        (f"{path}.weight" if path else "weight"): names[id(weight)]
        for path, layer in module.named_modules(remove_duplicate=False)
        if id(weight := getattr(layer, "weight", None)) in names
    }
    found = set()
    for each in [wanted] if isinstance(wanted, str) else list(wanted):
        hits = {name for path, name in paths.items() if path == each or path.startswith(f"{each}.")}
        if not hits:
            raise ValueError(
                f"ignore: {each!r} is not a linear or convolution layer. Layers: "
                f"{', '.join(weights)}."
            )
        found |= hits
    return found
