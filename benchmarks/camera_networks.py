"""Networks for the camera that `camera_search.py` tries beside kit's own: kit networks benchmarks/camera_networks.py.

Each takes pictures of any size. The multiply-accumulates, in millions, are those at 64 x 64 and at 96 x 96.
"""

from keras import layers

RECIPE = {
    "epochs": 40, "batch_size": 128, "optimizer": "muon", "learning_rate": 0.016, "schedule": "one-cycle",
    "warm_up": 0.12,
}  # fmt: skip


def conv(x, filters, size, strides=1):
    """Convolution, batch normalisation, relu, as kit's own networks have them."""
    x = layers.Conv2D(filters, size, strides, "same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def body(x, widths):
    """The convolutions of `camera` behind its first: three of stride 2 among six."""
    for filters, strides in zip(widths, (2, 1, 2, 1, 2, 1), strict=True):
        x = conv(x, filters, 3, strides)
    return x


def coarse(x):
    """A first convolution of stride 3: at 96 x 96 what follows costs what `camera` costs at 64 x 64.  7, 14"""
    return layers.GlobalAveragePooling2D()(body(conv(x, 24, 7, 3), (32, 48, 72, 72, 96, 128)))


def peaked(x):
    """`camera` with the mean and the maximum over the picture, where a digit fills a small part of it.  13, 29"""
    x = body(conv(x, 16, 5, 2), (32, 48, 72, 72, 96, 128))
    return layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])


def peaked_coarse(x):
    """Both of the above.  7, 14"""
    x = body(conv(x, 24, 7, 3), (32, 48, 72, 72, 96, 128))
    return layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])


def wide(x):
    """`camera` with half as many filters again behind its first convolutions.  21, 47"""
    return layers.GlobalAveragePooling2D()(body(conv(x, 16, 5, 2), (36, 56, 88, 104, 128, 152)))


def wide_coarse(x):
    """The same behind a first convolution of stride 3.  10, 22"""
    return layers.GlobalAveragePooling2D()(body(conv(x, 24, 7, 3), (36, 56, 88, 104, 128, 152)))


def squeezed(x):
    """`camera` that weighs its channels by what the whole picture holds (Hu et al. 2018), twice.  13, 29"""

    def weighed(x, filters):
        whole = layers.GlobalAveragePooling2D(keepdims=True)(x)
        whole = layers.Conv2D(filters // 8, 1, activation="relu")(whole)
        return layers.Multiply()([x, layers.Conv2D(filters, 1, activation="sigmoid")(whole)])

    x = conv(x, 16, 5, 2)
    for filters, strides in ((32, 2), (48, 1), (72, 2), (72, 1)):
        x = conv(x, filters, 3, strides)
    x = conv(weighed(x, 72), 96, 3, 2)
    return layers.GlobalAveragePooling2D()(weighed(conv(x, 128, 3), 128))


def two_scales(x):
    """The picture as it is, and its half as `camera` sees it, put together at an eighth of the side.  15, 34"""
    half = layers.AveragePooling2D(2)(x)
    near = conv(conv(conv(x, 16, 5, 4), 32, 3), 40, 3, 2)
    far = conv(conv(half, 16, 5, 2), 40, 3, 2)
    x = layers.Concatenate()([near, far])
    for filters, strides in ((72, 1), (72, 1), (96, 2), (128, 1)):
        x = conv(x, filters, 3, strides)
    return layers.GlobalAveragePooling2D()(x)
