"""Files: pictures, DICOM frames, NIfTI volumes, contours, annotations, packed sets."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "read_image": "pictures",
        "read_binary_mask": "pictures",
        "resize_image": "resizing",
        "resize_mask": "resizing",
        "resize_mask_smoothly": "resizing",
        "threshold": "resizing",
        "map_labels": "resizing",
        "read_contour": "contours",
        "fill_contour": "contours",
        "fill_rings": "contours",
        "read_dicom": "dicom",
    },
    modules=("annotations", "folders", "nifti", "packed"),
)
