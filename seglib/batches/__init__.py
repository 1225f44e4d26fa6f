"""What goes into the network, batch by batch."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "SliceSequence": "slices",
        "PatchSequence": "patches",
        "balanced_rows": "sampling",
        "foreground_weight": "sampling",
        "ImageDataGenerator": "image_data_generator",
        "PUBLISHED_RANGES": "image_data_generator",
        "PairTransformer": "image_data_generator",
        "PairedGenerator": "image_data_generator",
        "TUMOUR_RANGES": "image_data_generator",
        "expand_offline": "image_data_generator",
    },
)
