"""Networks for the camera that `camera_search.py` tries beside kit's own: kit networks benchmarks/camera_networks.py.

Each takes pictures of any size. The multiply-accumulates are those at 96 x 96, unless it says otherwise.
"""

from keras import layers

RECIPE = {
    "epochs": 26, "batch_size": 128, "optimizer": "muon", "learning_rate": 0.016, "schedule": "one-cycle",
    "warm_up": 0.12,
}  # fmt: skip


def conv(x, filters, size, strides=1):
    """Convolution, batch normalisation, relu, as kit's own networks have them."""
    x = layers.Conv2D(filters, size, strides, "same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def body(x, widths=(32, 48, 72, 72, 96, 128)):
    """The convolutions of `camera` behind its first: three of stride 2 among six."""
    for filters, strides in zip(widths, (2, 1, 2, 1, 2, 1), strict=True):
        x = conv(x, filters, 3, strides)
    return x


def fine(x):
    """`camera` with a first convolution of stride 2, for pictures of 64 x 64: 13 million there."""
    return layers.GlobalAveragePooling2D()(body(conv(x, 16, 5, 2)))


def peaked(x):
    """The mean and the maximum over the picture, where a digit fills a small part of it. 14 million."""
    x = body(conv(x, 24, 7, 3))
    return layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])


def wide(x):
    """An eighth to a half more filters behind the first convolution. 21 million."""
    return layers.GlobalAveragePooling2D()(body(conv(x, 24, 7, 3), (36, 56, 88, 104, 128, 152)))


def squeezed(x):
    """Weighs its channels by what the whole picture holds (Hu et al. 2018), twice. 14 million."""

    def weighed(x, filters):
        whole = layers.GlobalAveragePooling2D(keepdims=True)(x)
        whole = layers.Conv2D(filters // 8, 1, activation="relu")(whole)
        return layers.Multiply()([x, layers.Conv2D(filters, 1, activation="sigmoid")(whole)])

    x = conv(x, 24, 7, 3)
    for filters, strides in ((32, 2), (48, 1), (72, 2), (72, 1)):
        x = conv(x, filters, 3, strides)
    x = conv(weighed(x, 72), 96, 3, 2)
    return layers.GlobalAveragePooling2D()(weighed(conv(x, 128, 3), 128))


def two_scales(x):
    """The picture as it is, and its half as `fine` sees it, put together at an eighth of the side. 26 million."""
    half = layers.AveragePooling2D(2)(x)
    near = conv(conv(conv(x, 16, 5, 4), 32, 3), 40, 3, 2)
    far = conv(conv(half, 16, 5, 2), 40, 3, 2)
    x = layers.Concatenate()([near, far])
    for filters, strides in ((72, 1), (72, 1), (96, 2), (128, 1)):
        x = conv(x, filters, 3, strides)
    return layers.GlobalAveragePooling2D()(x)
