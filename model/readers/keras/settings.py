# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What Keras 2 and 3 write of a layer, and which values lstmcu honours; what is not listed is refused by its name.

A setting stands here for one of three reasons: its value is used; only the value that changes nothing is allowed; or
no value of it changes what the layer computes at inference (``ANY``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from model.errors import UserError

Config = dict[str, Any]
MERGED = {"sum": "add", "ave": "average", "mul": "multiply"}  # what merges the halves of a Bidirectional, if not concat
ACTIVATIONS = (
    "linear", "relu", "sigmoid", "tanh", "softmax", "hard_sigmoid", "softsign", "softplus", "elu", "selu", "silu",
    "swish", "gelu", "exponential", "mish", "relu6", "leaky_relu", "hard_silu", "hard_swish", "hard_tanh",
)  # fmt: skip
ACTIVATION_LAYERS = ("ReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "Softmax")  # may be an activation themselves
FLOATS = ("float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
WHOLES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")  # of an input of ids
POLICIES = ("DTypePolicy", "FloatDTypePolicy", "Policy")  # of Keras 3, 3.0 and 2
OBJECT = ("module", "class_name", "config", "registered_name", "shared_object_id")  # how Keras 3 writes any object
PAIRWISE = ("Add", "Multiply", "Maximum", "Minimum")  # layers that read several, which two by two give the same
JOINS = (*PAIRWISE, "Subtract", "Average", "Concatenate")  # layers that read several
PACKAGES = ("keras", "tf_keras", "tensorflow")  # whose classes are Keras's own


class Rule(NamedTuple):
    """The values a setting may have."""

    says: str  # as the end of "supported: "
    holds: Callable[[Any], bool]


def of_keras(module: Any) -> bool:
    """Whether a module is one of Keras itself, in any of its versions."""
    return isinstance(module, str) and module.split(".")[0] in PACKAGES


def function_name(value: Any) -> str | None:
    """The name of one of Keras's own functions: as a text or, in Keras 2.12, as an object. None for anything else."""
    if value is None:
        return "linear"
    if isinstance(value, dict):
        own = value.get("module", "builtins") == "builtins" or of_keras(value.get("module"))
        plain = value.get("registered_name") in (None, "function", value.get("config"))
        value = value.get("config") if own and plain and set(value) <= set(OBJECT) else None
    return value if isinstance(value, str) else None


def policy_name(value: Any) -> str | None:
    """The name of a dtype policy: a text, or an object of Keras 2 or 3. None for what is no plain policy."""
    if value is None:  # TensorFlow 1's Keras, within wrappers: the default
        return "float32"
    if isinstance(value, dict):
        plain = value.get("class_name") in POLICIES and of_keras(value.get("module", "keras"))
        inner = value.get("config")
        value = inner.get("name") if plain and isinstance(inner, dict) and set(inner) == {"name"} else None
    return value if isinstance(value, str) else None


def _one_of(*values: Any) -> Rule:
    says = " or ".join(str(value) for value in values)
    return Rule(says, lambda given: any(type(given) is type(value) and given == value for value in values))


def is_activation_layer(value: Any) -> bool:
    """Whether an activation is one of Keras's layers."""
    known = isinstance(value, dict) and value.get("class_name") in ACTIVATION_LAYERS
    return known and isinstance(value.get("config"), dict) and of_keras(value.get("module", "keras"))


def _is_numbers(value: Any) -> bool:
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        value = value["config"]["value"]
    if isinstance(value, list):
        return all(_is_numbers(item) for item in value)
    return type(value) in (int, float) and math.isfinite(value)


def number(value: Any) -> float:
    """A number of the configuration; Keras 2 writes some as arrays."""
    held = value["config"]["value"] if isinstance(value, dict) else value
    return float(held)


def _is_number(value: Any) -> bool:
    held = value["config"]["value"] if isinstance(value, dict) and value.get("class_name") == "__numpy__" else value
    return type(held) in (int, float) and math.isfinite(held)


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def _is_one(value: Any) -> bool:
    """Of one dimension, which may stand in a list."""
    return _is_count(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _is_ends(value: Any) -> bool:
    both = value if isinstance(value, list) else [value, value]
    return len(both) == 2 and all(type(n) is int and n >= 0 for n in both)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(n is None or type(n) is int for n in value)


ANY = Rule("anything", lambda value: True)
TEXT = Rule("a text", lambda value: isinstance(value, str))
FLAG = Rule("True or False", lambda value: isinstance(value, bool))
OFF = _one_of(False)
ABSENT = _one_of(None)
COUNT = Rule("a whole number above 0", _is_count)
ONE = Rule("a whole number above 0", _is_one)
MAYBE_ONE = Rule("a whole number above 0", lambda value: value is None or _is_one(value))
ENDS = Rule("one or two whole numbers", _is_ends)
LAST = _one_of("channels_last")
WHOLE = Rule("a whole number", lambda value: type(value) is int)
SHAPE = Rule("a list of whole numbers", _is_shape)
SHARED = Rule("a list of axes", lambda value: value is None or (isinstance(value, list) and all(map(_is_one, value))))
DIMS = Rule("(2, 1)", lambda value: _is_shape(value) and None not in value)
NUMBERS = Rule("numbers", _is_numbers)
MAYBE_NUMBERS = Rule("numbers", lambda value: value is None or _is_numbers(value))
NUMBER = Rule("a number", _is_number)
NOT_NEGATIVE = Rule("a number, 0 at least", lambda value: _is_number(value) and number(value) >= 0)
POSITIVE = Rule("a number above 0", lambda value: _is_number(value) and number(value) > 0)
MAYBE_NUMBER = Rule("a number", lambda value: value is None or _is_number(value))
ACTIVATION = Rule(
    ", ".join((*ACTIVATIONS, *ACTIVATION_LAYERS)),
    lambda value: function_name(value) in ACTIVATIONS or is_activation_layer(value),
)
CELL_ACTIVATION = Rule(
    ", ".join(name for name in ACTIVATION.says.split(", ") if name.lower() != "softmax"),
    lambda value: ACTIVATION.holds(value) and "softmax" not in (function_name(value) or value["class_name"]).lower(),
)
AXIS = Rule("-1", lambda value: value is None or type(value) is int or (_is_shape(value) and None not in value))
DTYPE = Rule(", ".join(FLOATS), lambda value: policy_name(value) in FLOATS)
INPUT_DTYPE = Rule(", ".join(FLOATS + WHOLES), lambda value: policy_name(value) in FLOATS + WHOLES)

COMMON: dict[str, Rule] = {
    "name": TEXT,
    "dtype": DTYPE,
    "batch_input_shape": SHAPE,
    "batch_shape": SHAPE,
    # of training, or said again by other settings
    **dict.fromkeys(("trainable", "activity_regularizer", "dynamic", "input_dim", "input_length"), ANY),
}
NORMALISED: dict[str, Rule] = {
    f"{weights}_{what}": ANY for weights in ("beta", "gamma") for what in ("initializer", "regularizer", "constraint")
}
TRAINED: dict[str, Rule] = {
    f"{weights}_{what}": ANY
    for weights in ("kernel", "recurrent", "depthwise", "pointwise", "bias")
    for what in ("initializer", "regularizer", "constraint")
}

OVER_TIME: dict[str, Rule] = {  # of a layer that runs a cell
    "return_sequences": FLAG,
    "go_backwards": FLAG,
    "return_state": FLAG,  # the states are further outputs, which no layer may read
    "stateful": FLAG,  # here a stream goes on, and a window never does
    "time_major": OFF,
    "zero_output_for_mask": FLAG,  # of masks, which are refused; Bidirectional sets it
    "num_constants": _one_of(None, 0),
    "unroll": ANY,  # how it is computed
}
_CELL: dict[str, Rule] = {
    "units": COUNT,
    "activation": CELL_ACTIVATION,
    "use_bias": FLAG,
    # how it is computed or trained
    **dict.fromkeys(("implementation", "dropout", "recurrent_dropout", "seed"), ANY),
    **TRAINED,
}
CELLS: dict[str, dict[str, Rule]] = {
    "LSTMCell": {**_CELL, "recurrent_activation": CELL_ACTIVATION, "unit_forget_bias": ANY},
    "GRUCell": {**_CELL, "recurrent_activation": CELL_ACTIVATION, "reset_after": FLAG},
    "SimpleRNNCell": _CELL,
    "StackedRNNCells": {"cells": ANY, "reverse_state_order": ANY},  # each checked as the cell it is
}
CONVOLUTION: dict[str, Rule] = {
    "kernel_size": ONE,
    "strides": ONE,
    "padding": _one_of("valid", "same", "causal"),
    "data_format": LAST,
    "dilation_rate": ONE,
    "activation": ACTIVATION,
    "use_bias": FLAG,
    **TRAINED,
}
POOL: dict[str, Rule] = {
    "pool_size": ONE, "strides": MAYBE_ONE, "padding": _one_of("valid", "same"), "data_format": LAST
}  # fmt: skip
GLOBAL_POOL: dict[str, Rule] = {"data_format": LAST, "keepdims": FLAG}

SETTINGS: dict[str, dict[str, Rule]] = {
    "LSTM": {**CELLS["LSTMCell"], **OVER_TIME, "use_cudnn": ANY},
    "GRU": {**CELLS["GRUCell"], **OVER_TIME, "use_cudnn": ANY},
    "SimpleRNN": {**CELLS["SimpleRNNCell"], **OVER_TIME},
    "CuDNNLSTM": {"units": COUNT, **OVER_TIME, "unit_forget_bias": ANY, **TRAINED},
    "CuDNNGRU": {"units": COUNT, **OVER_TIME, **TRAINED},
    "RNN": {"cell": ANY, **OVER_TIME},  # checked as the cell it is
    "Bidirectional": {
        "layer": ANY,  # checked as the layer it is
        "backward_layer": ANY,
        "merge_mode": _one_of("concat", *MERGED),
        "num_constants": _one_of(None, 0),
    },
    "Dense": {
        "units": COUNT,
        "activation": ACTIVATION,
        "use_bias": FLAG,
        "quantization_config": ABSENT,
        **dict.fromkeys(("lora_rank", "lora_alpha"), ANY),  # Keras saves the sum of both kernels
        **TRAINED,
    },
    "TimeDistributed": {"layer": ANY},
    "Activation": {"activation": ACTIVATION},
    "ReLU": {"max_value": MAYBE_NUMBER, "negative_slope": NOT_NEGATIVE, "threshold": NOT_NEGATIVE},
    "LeakyReLU": {"alpha": NUMBER, "negative_slope": NUMBER},
    "ThresholdedReLU": {"theta": NOT_NEGATIVE},
    "ELU": {"alpha": NUMBER},
    "PReLU": {
        "shared_axes": SHARED,
        **dict.fromkeys(("alpha_initializer", "alpha_regularizer", "alpha_constraint"), ANY),
    },
    "Softmax": {"axis": AXIS},
    "Flatten": {"data_format": _one_of("channels_last", "channels_first")},
    "Reshape": {"target_shape": SHAPE},
    "Permute": {"dims": DIMS},
    "RepeatVector": {"n": COUNT},
    "Normalization": {"axis": AXIS, "invert": OFF, "mean": MAYBE_NUMBERS, "variance": MAYBE_NUMBERS},
    "BatchNormalization": {
        "axis": AXIS,
        "epsilon": POSITIVE,
        "scale": FLAG,
        "center": FLAG,
        "renorm": OFF,
        "virtual_batch_size": ABSENT,
        "adjustment": ABSENT,
        # of training
        **dict.fromkeys(("momentum", "synchronized", "fused", "renorm_clipping", "renorm_momentum"), ANY),
        **NORMALISED,
        **{f"moving_{what}_initializer": ANY for what in ("mean", "variance")},
    },
    "LayerNormalization": {
        "axis": AXIS,
        "epsilon": POSITIVE,
        "scale": FLAG,
        "center": FLAG,
        "rms_scaling": OFF,
        **NORMALISED,
    },
    "Rescaling": {"scale": NUMBERS, "offset": NUMBERS},
    "Conv1D": {"filters": COUNT, "groups": COUNT, **CONVOLUTION},
    "DepthwiseConv1D": {"depth_multiplier": COUNT, "groups": _one_of(1), **CONVOLUTION},
    "SeparableConv1D": {"filters": COUNT, "depth_multiplier": COUNT, "groups": _one_of(1), **CONVOLUTION},
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), POOL),
    **dict.fromkeys(("GlobalMaxPooling1D", "GlobalAveragePooling1D"), GLOBAL_POOL),
    "ZeroPadding1D": {"padding": ENDS, "data_format": _one_of("channels_last", None)},
    "Cropping1D": {"cropping": ENDS},
    "Dropout": dict.fromkeys(("rate", "noise_shape", "seed"), ANY),
    **{join: {} for join in JOINS},
    "Concatenate": {"axis": WHOLE},
    "InputLayer": {"sparse": OFF, "ragged": OFF, "optional": OFF, "dtype": INPUT_DTYPE},
    "Embedding": {
        "input_dim": COUNT,
        "output_dim": COUNT,
        "mask_zero": OFF,
        "quantization_config": ABSENT,
        **dict.fromkeys(("lora_rank", "lora_alpha"), ANY),  # Keras saves the sum of both tables
        **{f"embeddings_{what}": ANY for what in ("initializer", "regularizer", "constraint")},
    },
}
KNOWN = SETTINGS | CELLS  # layers, and what stands in them only
NEEDED: dict[str, tuple[str, ...]] = {
    # Keras 2.2 had another default
    **dict.fromkeys(("LSTM", "LSTMCell", "GRU", "GRUCell"), ("units", "activation", "recurrent_activation")),
    **dict.fromkeys(("SimpleRNN", "SimpleRNNCell"), ("units", "activation")),
    **dict.fromkeys(("CuDNNLSTM", "CuDNNGRU"), ("units",)),
    "RNN": ("cell",),
    "StackedRNNCells": ("cells",),
    "Bidirectional": ("layer", "merge_mode"),
    "Dense": ("units",),
    "TimeDistributed": ("layer",),
    "Activation": ("activation",),
    "ELU": ("alpha",),
    "Reshape": ("target_shape",),
    "Permute": ("dims",),
    "RepeatVector": ("n",),
    **dict.fromkeys(("Conv1D", "SeparableConv1D"), ("filters", "kernel_size", "padding")),
    "DepthwiseConv1D": ("kernel_size", "padding"),
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), ("pool_size", "padding")),
    "ZeroPadding1D": ("padding",),
    "Cropping1D": ("cropping",),
    "Rescaling": ("scale", "offset"),
    "Embedding": ("input_dim", "output_dim", "mask_zero"),
    "Concatenate": ("axis",),
}
# arguments of a layer's call but its input
CALL: dict[str, Rule] = {"training": _one_of(None, False), "mask": ABSENT, "initial_state": ABSENT}
SPEC = (*OBJECT, "build_config", "name", "inbound_nodes")
MODEL_SPEC = (*SPEC, "compile_config", "keras_version", "backend")
MODEL_SETTINGS = ("name", "trainable", "dtype", "layers", "build_input_shape", "input_layers", "output_layers")

WAYS_OUT = {
    "merge_mode": "set one of them, or use two layers, the second with go_backwards=True",
    "time_major": "save the model with time_major=False and windows of (steps, features)",
    "quantization_config": "save the model before model.quantize(); lstmcu quantises it itself, by quant=",
    "dtype": "save the model in one of these, before any model.quantize(); lstmcu quantises it itself, by quant=",
    "data_format": "train the model with channels_last: (steps, features)",
    "mask_zero": "train on windows of one length with mask_zero=False",
    "mask": "train on windows of one length and call the layer without mask=",
    "initial_state": "call the layer without initial_state=; it starts from zeros",
    "training": "call the layer without training=",
    "ragged": "save the model with an input of fixed shape",
    "sparse": "save the model with a dense input",
    "optional": "save the model with an input that is always given",
}
# kinds of layers that people have and lstmcu does not, the most telling first
OTHER_KINDS = {
    "Masking": "train on windows of one length, without Masking; where no step is masked this trained model gives the "
    "same without it: keras.Sequential([each for each in model.layers if not isinstance(each, keras.layers.Masking)])",
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D"), "train an LSTM or GRU"),
    **dict.fromkeys(("Attention", "AdditiveAttention", "MultiHeadAttention"), "train without attention"),
    **dict.fromkeys(("Lambda", "TFOpLambda"), "do what it does in your own code, before or after the model"),
}


def shown(value: Any) -> str:
    """A value in a complaint: of an object the name it is registered by, or that of its class."""
    if isinstance(value, dict):
        inner, kind = value.get("config"), value.get("class_name")
        if kind in ("__numpy__", "__keras_tensor__"):
            return "an array" if kind == "__numpy__" else "the output of a layer"
        policy = inner if isinstance(inner, dict) and "Policy" in str(kind) else {}
        names = [value.get("registered_name"), inner, policy.get("name"), policy.get("mode"), kind]
        texts = [name for name in names if isinstance(name, str) and name != "function"]
        value = texts[0] if texts else value
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return f"[{', '.join(shown(item) for item in value[:3])}{', ...' if len(value) > 3 else ''}]"
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


# the kinds of layers supported within a layer
_SINGLE = ("LSTMCell", "GRUCell", "SimpleRNNCell")
INNER: dict[str, tuple[str, ...]] = {
    "Bidirectional": ("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "RNN"),
    "TimeDistributed": (
        *("Dense", "Activation", *ACTIVATION_LAYERS, "Dropout", "Flatten", "Reshape"),
        *("BatchNormalization", "LayerNormalization"),
    ),
    "RNN": (*_SINGLE, "StackedRNNCells"),
    "StackedRNNCells": _SINGLE,
}


def inner_layers(spec: Config) -> dict[str, Config]:
    """The layers within a layer, by setting. Keras leaves backward_layer out, or null, where it follows from layer."""
    if spec["class_name"] not in INNER:
        return {}
    held = {key: spec["config"].get(key) for key in ("layer", "backward_layer", "cell")}
    held |= {f"cell {number}": cell for number, cell in enumerate(spec["config"].get("cells") or ())}
    return {key: layer for key, layer in held.items() if layer is not None}


def check_value(key: str, value: Any, rule: Rule, where: str) -> None:
    """Refuse a value that is not supported."""
    if not rule.holds(value):
        way_out = f"; {WAYS_OUT[key]}" if key in WAYS_OUT else ""
        raise UserError(f"{where}: {key}={shown(value)} is not supported; supported: {rule.says}{way_out}")


def _check_settings(kind: str, config: Config, where: str) -> None:
    """Refuse a layer's settings that are unknown, missing or of a value that is not supported."""
    known = {**COMMON, **KNOWN[kind]}
    for key in config:
        if key not in known:
            raise UserError(
                f"{where}: has the setting '{key}', which lstmcu does not know; save the model without it, with a "
                "layer of Keras's own"
            )
    for key in NEEDED.get(kind, ()):
        if key not in config:
            raise UserError(f"{where}: does not say its {key}; save the model again with Keras 2 or 3")
    for key, value in config.items():
        check_value(key, value, known[key], where)


def _check_class(spec: Config, where: str) -> None:
    """Refuse a class that is not Keras's own, and an object with more to it than is known."""
    kind, registered = spec["class_name"], spec.get("registered_name")
    if registered not in (None, kind) or not of_keras(spec.get("module", "keras")):
        own = registered if isinstance(registered, str) else kind
        raise UserError(
            f"{where}: is a class of your own, registered as {shown(own)}, of which the file does not say what it "
            f"computes; build the model with Keras's {kind}"
        )
    for key in spec:
        if key not in SPEC:
            raise UserError(f"{where}: has '{key}' beside its settings, which lstmcu does not know; save it without")


def check_layer(spec: Config, where: str) -> None:
    """Refuse a layer, or one within it, that is not Keras's own with settings that are known and supported."""
    _check_class(spec, where)
    kind = spec["class_name"]
    _check_settings(kind, spec["config"], where)
    for key, inner in inner_layers(spec).items():
        if inner["class_name"] not in INNER[kind]:
            name = inner["class_name"]
            raise UserError(f"{where}: of a {name} is not supported; supported: {kind}({', '.join(INNER[kind])})")
        check_layer(inner, f"{where}: its {key}")
